"""The panel of a scenario: its statements put into the coming months of a continuation.

Arrays say what is counted, incidents where it was and who fought, and both change together. Where
only incidents tell what belongs to a place, as along a corridor, the arrays change by what the
incidents come to. A history of counts has no incidents, and changes in its arrays alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from features.archive.schemas import TYPES_OF_VIOLENCE
from features.arrays import BoolArray, FloatArray, IntArray
from features.errors import InputError
from features.months import format_month, parse_month
from features.panel.incidents import Incidents
from features.panel.panel import Panel
from features.panel.topics import TOPICS
from features.scenarios.continuation import continued, joined
from features.scenarios.places import (
    along_corridor,
    country_numbers,
    moved_into,
    region_at,
    region_number,
    region_numbers,
)
from features.scenarios.statements import (
    QUARTER,
    EventStatement,
    Pattern,
    Scenario,
    ViolenceStatement,
)

_TYPES = tuple(TYPES_OF_VIOLENCE.values())
_NOT_TOLD = len(_TYPES)  # the layer of types that are not told apart


class ScenarioPanels(NamedTuple):
    """Two panels of the same months: without the statements, and with them."""

    continuation: Panel
    scenario: Panel


def scenario_panels(panel: Panel, scenario: Scenario) -> ScenarioPanels:
    """Return what a panel that ends at the origin becomes.

    Raises InputError for a statement that names what the panel does not have, CoverageError for
    months that it does not hold.
    """
    continuation = changed = continued(panel, scenario.months)
    for number, statement in enumerate(scenario.violence, start=1):
        with _naming(f"violence {number}"):
            changed = _with_violence(changed, scenario.months, statement)
    for number, event in enumerate(scenario.events, start=1):
        with _naming(f"events {number}"):
            changed = _with_events(changed, scenario.months, event)
    return ScenarioPanels(continuation, changed)


@contextmanager
def _naming(statement: str) -> Iterator[None]:
    """Say which statement an error is of."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{statement}: {error}") from error


def _with_violence(panel: Panel, months: int, statement: ViolenceStatement) -> Panel:
    if statement.corridor is not None:
        return _along_corridor(panel, months, statement.corridor, statement)
    find = region_numbers if statement.regions else country_numbers
    numbers = find(panel, statement.regions or statement.countries)
    own = _coming(panel, months) & np.isin(panel.incidents.region, numbers)
    if isinstance(statement.likeness, Pattern):
        return _as_region(panel, months, numbers, statement.likeness, own)
    times = 1.0 if statement.times is None else statement.times
    factor = np.ones(panel.observed.shape)
    factor[-months:, numbers] = times
    return replace(
        panel,
        events=panel.events * factor,
        deaths=panel.deaths * factor,
        incidents=_repeated(panel.incidents, own, times),
    )


def _coming(panel: Panel, months: int) -> BoolArray:
    """Return which incidents (n,) are of the last `months` months of a panel."""
    return np.asarray(panel.incidents.month > panel.months[-1] - months)


def _repeated(incidents: Incidents, own: BoolArray, times: float) -> Incidents:
    """Return incidents, those of a mask so many times; of a fraction some are there once more."""
    copies = np.ones(len(incidents), dtype=np.int64)
    copies[own] = np.diff(np.floor(np.arange(own.sum() + 1) * times)).astype(np.int64)
    return incidents.at(np.repeat(np.arange(len(incidents)), copies))


def _along_corridor(
    panel: Panel, months: int, corridor: str, statement: ViolenceStatement
) -> Panel:
    """Multiply what happens along a corridor or, without `times`, put its worst quarter there."""
    times = statement.times
    near = along_corridor(panel, corridor)
    own = near & _coming(panel, months)
    events, deaths = _sums(panel, panel.incidents.at(own))
    if times is None:
        first = panel.months[0] if statement.since is None else parse_month(statement.since)
        past = panel.incidents.at(near & ~own & (panel.incidents.month >= first))
        if len(past) == 0:
            raise InputError(f"nothing has happened along corridor '{corridor}' in that time")
        quarter = _worst_quarter(panel, months, past)
        more_events, more_deaths = _sums(panel, quarter)
        more_events, more_deaths = more_events - events, more_deaths - deaths
        incidents = joined(panel.incidents.at(~own), quarter)
    else:
        more_events, more_deaths = events * (times - 1), deaths * (times - 1)
        incidents = _repeated(panel.incidents, own, times)
    return replace(
        panel,
        events=np.maximum(panel.events + more_events, 0),
        deaths=np.maximum(panel.deaths + more_deaths, 0),
        incidents=incidents,
    )


def _sums(panel: Panel, incidents: Incidents) -> tuple[FloatArray, FloatArray]:
    """Return events and deaths of incidents as the arrays of a panel have them, (4, T, R)."""
    placed = incidents.at(incidents.region >= 0)
    cells = placed.type_of_violence - 1, placed.month - panel.months[0], placed.region
    events, deaths = np.zeros(panel.events.shape), np.zeros(panel.deaths.shape)
    np.add.at(events, cells, 1.0)
    np.add.at(deaths, cells, placed.deaths)
    return events, deaths


def _worst_quarter(panel: Panel, months: int, past: Incidents) -> Incidents:
    """Return those of past incidents that are of the deadliest QUARTER, as of the last months.

    The first of those with most deaths, or else events. Its months follow on each other again
    where there are more to come.
    """
    past = past.at(past.month >= panel.months[0])
    row = past.month - panel.months[0]
    width = len(panel.months) - months
    deaths, events = (
        _rolling(np.bincount(row, weights, width).astype(np.float64), QUARTER)
        for weights in (past.deaths, np.ones(len(row)))
    )
    worst = int(np.lexsort([-np.arange(len(deaths)), events, deaths])[-1])
    parts = []
    for coming in range(months):
        of_month = past.at(row == worst + coming % QUARTER)
        parts.append(replace(of_month, month=np.full(len(of_month), panel.months[width + coming])))
    return reduce(joined, parts)


def _rolling(values: FloatArray, months: int) -> FloatArray:
    """Return the sums of so many values on end, by the first of them."""
    return np.asarray(np.convolve(values, np.ones(months), "valid"))


def _as_region(
    panel: Panel, months: int, numbers: IntArray, pattern: Pattern, own: BoolArray
) -> Panel:
    """Put what a region has seen into others: the deadliest months of the period, in order."""
    source, origin = region_number(panel, pattern.region), int(panel.months[-1]) - months
    if parse_month(pattern.period[1]) > origin:
        raise InputError(f"as: {pattern.period[1]} lies after the origin {format_month(origin)}")
    first, last = (panel.row(parse_month(month)) for month in pattern.period)
    if last - first + 1 < months:
        raise InputError(f"as: {last - first + 1} months cannot fill months = {months}")
    if not panel.observed[first : last + 1, source].all():
        raise InputError(f"as: region '{pattern.region}' is not observed in all of the period")
    sums = _rolling(panel.counts[first : last + 1, source], months)
    start = first + int(sums.argmax())
    rows = slice(start, start + months)
    events, deaths = panel.events.copy(), panel.deaths.copy()
    events[:, -months:, numbers] = panel.events[:, rows, [source]]
    deaths[:, -months:, numbers] = panel.deaths[:, rows, [source]]
    since = panel.incidents.month - panel.months[start]
    past = panel.incidents.at((panel.incidents.region == source) & (since >= 0) & (since < months))
    month = past.month - panel.months[start] + panel.months[-months]
    incidents = panel.incidents.at(~own)
    if len(past):
        for number in numbers.tolist():
            here = moved_into(panel, replace(past, month=month), source, number)
            incidents = joined(incidents, here)
    return replace(panel, events=events, deaths=deaths, incidents=incidents)


def _with_events(panel: Panel, months: int, event: EventStatement) -> Panel:
    if event.latitude is None or event.longitude is None:
        number = int(region_numbers(panel, [str(event.region)])[0])
        point = tuple(float(degrees[number]) for degrees in panel.regions.coordinates)
    else:
        number = region_at(panel, event.latitude, event.longitude)
        point = event.latitude, event.longitude
    row = len(panel.months) - months + event.month - 1
    kind = _TYPES.index(event.violence)
    events, deaths = panel.events.copy(), panel.deaths.copy()
    events[kind if "types of events" in panel.details else _NOT_TOLD, row, number] += event.count
    layer = kind if "types of deaths" in panel.details else _NOT_TOLD
    deaths[layer, row, number] += event.count * event.deaths
    incidents = panel.incidents
    if len(incidents):
        more = _incidents_of(event, int(panel.months[row]), number, point, incidents.names)
        incidents = joined(replace(incidents, names=more.names), more)
    return replace(panel, events=events, deaths=deaths, incidents=incidents)


def _incidents_of(
    event: EventStatement, month: int, region: int, point: tuple[float, ...], names: tuple[str, ...]
) -> Incidents:
    """Return the incidents of a statement; actors that are not among the names come after them."""
    every = tuple(dict.fromkeys([*names, *event.actors]))
    sides = [*(every.index(actor) for actor in event.actors), -1, -1][:2]
    count = event.count
    return Incidents(
        month=np.full(count, month),
        region=np.full(count, region),
        latitude=np.full(count, point[0]),
        longitude=np.full(count, point[1]),
        deaths=np.full(count, float(event.deaths)),
        type_of_violence=np.full(count, _TYPES.index(event.violence) + 1),
        actors=np.tile(np.array(sides, dtype=np.int64), (count, 1)),
        topics=np.zeros((count, len(TOPICS)), dtype=np.bool_),
        has_text=np.zeros(count, dtype=np.bool_),
        names=every,
    )
