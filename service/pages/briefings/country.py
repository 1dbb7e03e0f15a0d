"""What a bulletin says of one country: its regions, what moved in them, and its neighbours."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from bulletins.form import DRIVERS_FILE, HISTORY_FILE, REGIONS_FILE
from bulletins.reasons import reasons_of
from bulletins.tables import Frame, Rows
from features.language import Language, message
from features.words import DISPLAYED, DISTRIBUTIONS, Level, Target
from service.api.bodies import Mover
from service.api.change_routes import ScoreDrivers, movers_at, previous_of_scores
from service.api.queries import RegionFilter, ScoreFilter
from service.api.schemas import Region, Score
from service.api.scores import scores_at
from service.api.selection import (
    Selection,
    find_country,
    regions_at,
    select_regions,
    select_scores,
)
from service.pages.deaths import months_ahead, months_so_far
from service.pages.drawing.charts import deaths_chart
from service.pages.view import LEVELS
from service.store.bulletins import Bulletin
from service.store.derived import unscored_because


class RegionRisk(NamedTuple):
    """The scores of a region at their nearest horizons: the leading one, and all by target."""

    leading: Score
    by_target: dict[Target, Score]


@dataclass(frozen=True, eq=False)
class Country:
    """A country in a bulletin, shown by its regions of a level, which a target ranks."""

    bulletin: Bulletin
    code: str
    level: Level
    leading: Target

    @classmethod
    def of(cls, bulletin: Bulletin, name: str) -> "Country":
        """Return a country by a code or a name; raises UnknownError when it has no scores.

        Its regions are of the first of LEVELS that it has, the target the first that is displayed.
        """
        code = find_country(bulletin, name, bulletin.scores)
        rows = select_scores(bulletin, ScoreFilter(country=[code])).rows
        scored = bulletin.scores.take(rows).select(["level", "target"]).to_pylist()
        level = min((row["level"] for row in scored), key=LEVELS.index)
        targets = {row["target"] for row in scored if row["level"] == level}
        return cls(bulletin, code, level, min(targets, key=DISPLAYED.index))

    @cached_property
    def places(self) -> list[Region]:
        """The regions, with scores or without."""
        query = RegionFilter(level=self.level, country=[self.code])
        return regions_at(self.bulletin, select_regions(self.bulletin, query))

    @cached_property
    def risks(self) -> list[RegionRisk]:
        """The risks of the regions that have scores, the highest first."""
        return self._risks(self.level)

    @cached_property
    def whole(self) -> RegionRisk | None:
        """The risk of the country as one region; None where countries have no scores."""
        risks = self._risks("country") if "country" in self.bulletin.manifest.levels else []
        return risks[0] if risks else None

    def deaths_so_far(self) -> dict[str, float | None]:
        """Return the deaths in the country, or in its scored regions, by month [deaths/month].

        A month is None where none of them was observed. Older bulletins have no months.
        """
        if HISTORY_FILE not in self.bulletin.parts:
            return {}
        counted = [self.whole] if self.whole else self.risks
        regions = [risk.leading.region for risk in counted]
        history = Frame(self.bulletin.part(HISTORY_FILE).whole(["region", "month", "deaths"]))
        rows = history.take(history.rows[history.among("region", regions)]).to_pylist()
        deaths: dict[str, float | None] = {row["month"]: None for row in rows}
        for row in rows:
            if row["deaths"] is not None:
                deaths[row["month"]] = (deaths[row["month"]] or 0.0) + row["deaths"]
        return deaths

    def deaths_chart(self, language: Language) -> Markup | None:
        """Return the chart of deaths so far and of distributions ahead; None without either."""
        past = months_so_far(self.deaths_so_far(), language)
        ahead = months_ahead(self.distributions, language)
        name = language.gettext(message("Deaths a month, so far and forecast"))
        chart = deaths_chart(past, ahead, language.number, name)
        return Markup(chart.svg) if past or ahead else None  # noqa: S704

    @property
    def distributions(self) -> list[Score]:
        """The distributions of deaths in the whole country, by horizon; there may be none."""
        scored = [target for target in DISTRIBUTIONS if target in self.bulletin.horizons]
        if self.whole is None or not scored:
            return []
        region = self.whole.leading.region
        query = ScoreFilter(region=[region], target=scored[0], sort="horizon")
        return scores_at(self.bulletin, select_scores(self.bulletin, query))

    def unscored(self, language: Language) -> dict[str, list[Region]]:
        """Return the regions without any score by the reason, in a language."""
        reasons: dict[str, list[Region]] = {}
        for place in self.places:
            reason = unscored_because(self.bulletin, place.id, language=language)
            if reason is not None:
                reasons.setdefault(reason, []).append(place)
        return reasons

    def moves(self, most: int, language: Language) -> list[Mover]:
        """Return the largest changes that whole per cent show since the bulletin before."""
        if self.bulletin.manifest.previous is None or DRIVERS_FILE not in self.bulletin.parts:
            return []
        rows, before = self._leading_rows, previous_of_scores(self.bulletin)
        now = self.bulletin.scores.numbers("probability")
        change = np.nan_to_num(np.abs(now[rows] - before[rows]))
        moved = rows[np.argsort(-change, kind="stable")[:most]]
        movers = movers_at(self.bulletin, moved, before, ScoreDrivers(self.bulletin), language)
        write = language.percent
        return [m for m in movers if write(m.probability) != write(m.previous_probability)]

    def reasons(self, most: int, language: Language) -> list[tuple[str, str]]:
        """Return the regions with the highest scores, and how these differ from what is usual."""
        if DRIVERS_FILE not in self.bulletin.parts:
            return []
        rows = self._leading_rows[:most]
        names = self.bulletin.scores.take(rows)["name"].to_pylist()
        drivers = ScoreDrivers(self.bulletin).of_rows(rows)
        return [
            (name, reasons_of(of_score, None, self.bulletin.listed, language).usual)
            for name, of_score in zip(names, drivers, strict=True)
        ]

    def neighbours(self, most: int) -> list[Score]:
        """Return the highest scores next door: of countries where they are scored.

        Elsewhere they are of the regions that touch the country.
        """
        if REGIONS_FILE not in self.bulletin.parts:
            return []
        level: Level = "country" if self.whole is not None else self.level
        columns = ["country", "level", "neighbours"]
        near = {
            neighbour
            for row in self.bulletin.part(REGIONS_FILE).whole(columns).to_pylist()
            if (row["level"], row["country"]) == (level, self.code)
            for neighbour in row["neighbours"]
        }
        scores = self._nearest(self.leading, region=sorted(near)) if near else []
        return [score for score in scores if score.country != self.code][:most]

    @cached_property
    def _leading_rows(self) -> Rows:
        """The rows of the leading scores, the highest first."""
        return self._select(self.leading, level=self.level, country=[self.code])

    def _risks(self, level: Level) -> list[RegionRisk]:
        by_region: dict[str, dict[Target, Score]] = {}
        for target in self.bulletin.targets:
            for score in self._nearest(target, level=level, country=[self.code]):
                by_region.setdefault(score.region, {})[target] = score
        risks = [
            RegionRisk(of[self.leading], of) for of in by_region.values() if self.leading in of
        ]
        return sorted(risks, key=lambda risk: -risk.leading.probability)

    def _nearest(self, target: Target, **filters: Any) -> list[Score]:
        """Return scores of a target at its nearest horizon, the highest first."""
        return scores_at(self.bulletin, Selection(self._select(target, **filters)))

    def _select(self, target: Target, **filters: Any) -> Rows:
        horizon = min(self.bulletin.horizons[target])
        query = ScoreFilter(target=target, horizon=[horizon], **filters)
        return select_scores(self.bulletin, query).rows
