"""The colours of a map and the words of its legend: by risk level, by deaths, or by change."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from bulletins.manifest import RiskScale
from bulletins.risk import scale_of
from bulletins.wording import expected_deaths
from features.language import Language, message
from features.words import RISK_LEVELS, Level, RiskName, Target
from service.api.queries import ScoreFilter
from service.api.selection import select_scores
from service.pages.view import View
from service.store.bulletins import Bulletin
from service.store.derived import unscored_because

DEATHS: dict[Level, tuple[float, ...]] = {
    "country": (1, 10, 100, 1000),
    "admin1": (1, 5, 25, 100),
    "priogrid": (0.1, 1, 5, 25),
}
"""Where the bands of expected deaths above the first begin [deaths/month]."""

POINTS = (-0.15, -0.05, -0.01, 0.01, 0.05, 0.15)
"""Where the bands of change above the first begin [probability]."""

RATIOS = (1 / 4, 1 / 2, 1 / 1.25, 1.25, 2, 4)
"""Where the bands of change of expected deaths above the first begin, as now / before."""

_FLOOR = 0.5
"""Added to expected deaths before they are divided, so that little is not said to be doubled."""

NO_SCORE = "x"


class Figure(NamedTuple):
    """What is forecast for a region: a probability, and deaths [deaths/month] or None."""

    probability: float
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Band:
    """One colour: its class in the style, what it stands for, and how many regions have it now.

    `scores` and `came_true` are of the backtest, None where there is none of the kind; `low` and
    `high` are the ends of the interval of `came_true`.
    """

    style: str
    text: str
    range: str = ""
    count: int = 0
    scores: int | None = None
    came_true: float | None = None
    low: float | None = None
    high: float | None = None


def figures_of(bulletin: Bulletin, level: Level, target: Target, horizon: int) -> dict[str, Figure]:
    """Return the figures of a level's regions by id, at a target and horizon; there may be none."""
    if horizon not in bulletin.horizons.get(target, ()) or level not in bulletin.manifest.levels:
        return {}
    asked = ScoreFilter(level=level, target=target, horizon=[horizon])
    table = bulletin.scores.take(select_scores(bulletin, asked).rows)
    columns = ("region", "probability", "mean", "q05", "q95")
    rows = zip(*(table[column].to_pylist() for column in columns), strict=True)
    return {region: Figure(*figures) for region, *figures in rows}


class Shade:
    """How the figures of a view are coloured and written, in a language."""

    def __init__(self, view: View, language: Language) -> None:
        self.view, self._language = view, language
        self._scale = scale_of(view.bulletin.manifest, view.level, view.target)
        self._is_deaths = view.spec.is_distribution

    def of_bulletin(self, bulletin: Bulletin) -> "Shade":
        """Return how the same is coloured and written of another bulletin, on the same scale."""
        shade = Shade(replace(self.view, bulletin=bulletin, other=None), self._language)
        shade._scale = self._scale
        return shade

    @cached_property
    def now(self) -> dict[str, Figure]:
        """The figures of the bulletin by region."""
        return self._figures_of(self.view.bulletin)

    @cached_property
    def before(self) -> dict[str, Figure]:
        """The figures of the bulletin beside it; none without one."""
        return {} if self.view.other is None else self._figures_of(self.view.other)

    def _figures_of(self, bulletin: Bulletin) -> dict[str, Figure]:
        return figures_of(bulletin, self.view.level, self.view.target, self.view.horizon)

    def styles(self, regions: Iterable[str]) -> list[str]:
        """Return the class of each region's colour."""
        return [self.style_in(name) for name in regions]

    def style_in(self, region: str) -> str:
        """Return the class of a region's colour."""
        now, before = self.now.get(region), self.before.get(region)
        return self.style_of_change(before, now) if self.view.is_change else self.style(now)

    def words(self, regions: Iterable[str]) -> list[str]:
        """Return what is said of each region, in words."""
        if self.view.is_change:
            return [self.change(self.before.get(name), self.now.get(name)) for name in regions]
        return [self.text(self.now.get(name), self.reason(name)) for name in regions]

    def reason(self, region: str) -> str | None:
        """Return why a region has no score; None if it has one, or nothing is known."""
        view = self.view
        return unscored_because(view.bulletin, region, view.target, self._language)

    def style(self, figure: Figure | None) -> str:
        """Return the class of a figure."""
        if figure is None:
            return NO_SCORE
        if self._is_deaths:
            return f"b{bisect_right(DEATHS[self.view.level], figure.mean or 0.0)}"
        name = self.risk_name(figure)
        return NO_SCORE if name is None else f"b{RISK_LEVELS.index(name)}"

    def style_of_change(self, before: Figure | None, now: Figure | None) -> str:
        """Return the class of a change."""
        if before is None or now is None:
            return NO_SCORE
        if self._is_deaths:
            ratio = ((now.mean or 0.0) + _FLOOR) / ((before.mean or 0.0) + _FLOOR)
            return f"d{bisect_right(RATIOS, ratio)}"
        return f"d{bisect_right(POINTS, round(now.probability - before.probability, 6))}"

    def risk_name(self, figure: Figure) -> RiskName | None:
        """Return the risk level of a figure; None where the bulletin names none."""
        if self._scale is None:
            return None
        lowest = [level.lowest for level in self._scale.levels]
        return self._scale.levels[max(0, bisect_right(lowest, figure.probability) - 1)].name

    def risk_place(self, figure: Figure) -> int:
        """Return the place of a figure's risk level; the lowest where the bulletin names none."""
        name = self.risk_name(figure)
        return 0 if name is None else RISK_LEVELS.index(name)

    def risk_word(self, figure: Figure) -> str:
        """Return the risk level of a figure in the reader's language; nothing where none is."""
        name = self.risk_name(figure)
        return "" if name is None else self._language.gettext(name)

    def text(self, figure: Figure | None, reason: str | None = None) -> str:
        """Return a figure in words: its level, or the range of deaths; or why there is none."""
        if figure is None:
            nothing = self._language.gettext(message("no score"))
            return nothing if reason is None else f"{nothing}: {reason}"
        if self._is_deaths:
            return self.deaths(figure)
        word = self.risk_word(figure)
        return f"{self._language.percent(figure.probability)}{word and f', {word}'}"

    def deaths(self, figure: Figure) -> str:
        """Return expected deaths with the range of nine cases in ten."""
        return expected_deaths(self._language, figure.mean, figure.low, figure.high)

    def change(self, before: Figure | None, now: Figure | None) -> str:
        """Return a change in words."""
        if before is None or now is None:
            return self._language.gettext(message("no score in both"))
        language = self._language
        if self._is_deaths:
            return f"{language.deaths(before.mean)} → {language.deaths(now.mean)}"
        return f"{language.percent(before.probability)} → {language.percent(now.probability)}"

    def legend(self, styles: Sequence[str]) -> list[Band]:
        """Return the bands, upwards, with how many of some styles each has."""
        counts = Counter(styles)
        if self.view.is_change:
            bands = self._change_bands()
        elif self._is_deaths:
            bands = self._death_bands()
        else:
            bands = [] if self._scale is None else self._risk_bands(self._scale)
        return [Band(**(vars(band) | {"count": counts[band.style]})) for band in bands]

    def _risk_bands(self, scale: RiskScale) -> list[Band]:
        bounds = [*(level.lowest for level in scale.levels), None]
        return [
            Band(
                style=f"b{RISK_LEVELS.index(risk.name)}",
                text=self._language.gettext(risk.name),
                range=self._between(risk.lowest, upper, self._language.percent),
                scores=risk.scores,
                came_true=risk.came_true,
                low=risk.low,
                high=risk.high,
            )
            for risk, upper in zip(scale.levels, bounds[1:], strict=True)
        ]

    def _death_bands(self) -> list[Band]:
        bounds = [0.0, *DEATHS[self.view.level], None]
        return [
            Band(style=f"b{place}", text=self._between(lower or 0.0, upper, self._language.deaths))
            for place, (lower, upper) in enumerate(pairwise(bounds))
        ]

    def _change_bands(self) -> list[Band]:
        _ = self._language.gettext
        texts = (
            (
                message("a quarter or less"),
                message("half or less"),
                message("fewer"),
                message("about the same"),
                message("more"),
                message("double or more"),
                message("four times or more"),
            )
            if self._is_deaths
            else (
                message("down 15 points or more"),
                message("down 5 to 15"),
                message("down 1 to 5"),
                message("about the same"),
                message("up 1 to 5"),
                message("up 5 to 15"),
                message("up 15 points or more"),
            )
        )
        return [Band(style=f"d{place}", text=_(text)) for place, text in enumerate(texts)]

    def _between(self, lower: float, upper: float | None, written: Callable[[float], str]) -> str:
        """Return a band from one number up to another, or to no end, in words."""
        _ = self._language.gettext
        if upper is None:
            return _(message("{lower} or more")).format(lower=written(lower))
        if lower == 0:
            return _(message("below {upper}")).format(upper=written(upper))
        return _(message("{lower} to {upper}")).format(lower=written(lower), upper=written(upper))
