"""`/track-record`: what was said, and what came."""

from functools import partial
from itertools import groupby
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bulletins.record import SCORE, Division, State, rival_of
from features.language import message
from features.words import DISPLAYED, RISK_LEVELS, SPECS, Level, Target, TargetSpec
from service.api.current import reader_language, record_of, used_bulletin
from service.api.queries import LanguageChoice, LevelFilter, NoParameters
from service.api.routing import QueryRoute
from service.pages.environment import render
from service.pages.reading.glossary import GLOSSARY
from service.pages.view import LEVEL_NAMES, LEVELS
from service.store.record import Record

router = APIRouter(include_in_schema=False, route_class=QueryRoute)

STATES: dict[State, str] = {
    "first": message("As first known"),
    "final": message("Once final"),
}
ALARMS = RISK_LEVELS[3:]
"""The risk levels that people take for a warning: high and critical."""

_PARTS: tuple[Division, ...] = ("horizon", "year", "country")

Row = dict[str, Any]


class TrackRecordView(NoParameters):
    """Which level of regions, by which outcomes."""

    level: LevelFilter = None
    state: State = "first"
    lang: LanguageChoice = None


class Outcome(NamedTuple):
    """How the scores of one part came out, and the simple forecast beside them."""

    score: Row
    rival: Row

    @property
    def verdict(self) -> Literal["better", "worse", "even", "unsure", "untold"]:
        """Whether scores were better than the simple forecast, as far as that can be told.

        Without an interval it is `unsure`; with one that holds zero they were `even`.
        """
        skill, low, high = (self.rival[name] for name in ("skill", "skill_low", "skill_high"))
        if skill is None:
            return "untold"
        if low is None:
            return "unsure"
        return "better" if low > 0 else "worse" if high < 0 else "even"


class TargetRecord(NamedTuple):
    """The record of one target: over all, and in parts.

    `warnings` are the scores that were called high or critical, and how many of them came true.
    """

    spec: TargetSpec
    overall: Outcome
    horizons: list[Outcome]
    years: list[Outcome]
    countries: list[Outcome]
    bands: list[Row]
    tenths: list[Row]

    @property
    def warnings(self) -> tuple[int, int]:
        """Return the number of warnings, and how many came true."""
        rows = [row for row in self.bands if row["group"] in ALARMS]
        return sum(row["n"] for row in rows), sum(round(row["n"] * row["observed"]) for row in rows)


@router.get("/track-record")
def show_track_record(request: Request, query: Annotated[TrackRecordView, Query()]) -> HTMLResponse:
    """Show what was said, and what came."""
    bulletin = used_bulletin(request)
    record = record_of(request)
    levels = [] if record is None else levels_in(record)
    level = query.level if query.level in levels else next(iter(levels), None)
    asked = query.model_dump(exclude_defaults=True)
    language = reader_language(request, query.lang)
    return render(
        request,
        "track-record.html",
        language,
        manifest=bulletin.manifest,
        edition=None if record is None else record.edition,
        level=level,
        level_names=LEVEL_NAMES,
        levels={name: "?" + urlencode(asked | {"level": name}) for name in levels},
        state=query.state,
        state_names=STATES,
        states={name: "?" + urlencode(asked | {"state": name}) for name in STATES},
        targets=[] if record is None or level is None else targets_of(record, level, query.state),
        caution=None if record is None else record.caution(language),
        glossary=GLOSSARY,
    )


def levels_in(record: Record) -> list[Level]:
    """Return the levels that a record judges, in the order in which people choose them."""
    return [level for level in LEVELS if level in record.summary.values("level")]


def targets_of(record: Record, level: Level, state: State) -> list[TargetRecord]:
    """Return the record of a level by target, by outcomes in a state."""
    records = []
    for target in DISPLAYED:
        rows = partial(record.rows, level=level, state=state, target=target)
        overall = outcomes_of(rows("all"))
        if overall:
            horizons, years, countries = (outcomes_of(rows(by)) for by in _PARTS)
            bands, tenths = rows("risk_level"), rows("probability")
            spec = SPECS[target]
            records.append(
                TargetRecord(spec, overall[0], horizons, years, countries, bands, tenths)
            )
    return records


def overall_of(record: Record, level: Level, target: Target) -> Outcome | None:
    """Return how all scores of a target came out, by outcomes as first known; None without any."""
    rows = record.rows("all", level=level, target=target, state="first")
    return next(iter(outcomes_of(rows)), None)


def outcomes_of(rows: list[Row]) -> list[Outcome]:
    """Return the rows of each part, that of the scores beside that of the simple forecast."""
    outcomes = []
    for _, group in groupby(rows, key=lambda row: row["group"]):
        by_forecast = {row["forecast"]: row for row in group}
        target: Target = by_forecast[SCORE]["target"]
        outcomes.append(Outcome(by_forecast[SCORE], by_forecast[rival_of(target)]))
    return outcomes
