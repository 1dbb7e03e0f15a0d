"""The panel: every region x every month, zeros included, and missing where nothing was observed."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd

from features.archive.monthly import counted_regions, monthly_counts
from features.archive.schemas import TYPES_OF_VIOLENCE, UNTYPED
from features.archive.unknown import unknown_cells
from features.archive.vintage import Vintage, vintage_of
from features.arrays import BoolArray, FloatArray, MonthArray
from features.errors import CoverageError
from features.months import format_month, month_of
from features.panel.incidents import Incidents, no_incidents, read_incidents
from features.panel.late_reporting import AGES, VINTAGES, Reports, factors, growth
from features.places.matching import counted_map
from features.places.regions import Regions, load_regions
from features.words import Level, Measure, Violence

Detail = Literal["events", "types of events", "types of deaths", "actors", "places", "texts"]
"""What a history may hold beside deaths by region and month."""

ALL_DETAILS: frozenset[Detail] = frozenset(get_args(Detail))
_OF_INCIDENTS: frozenset[Detail] = frozenset({"actors", "places", "texts"})


@dataclass(frozen=True, eq=False)
class Panel:
    """Monthly events and deaths of the regions of one level.

    `months` are T contiguous month numbers [months since 1970-01]; `observed` is (T, R); `events`
    [events/month] and `deaths` [deaths/month] are (4, T, R), by type of violence in the order
    state-based, non-state, one-sided, not told apart; NaN where not observed. `incidents` are the
    events behind them, `details` what the history holds. `neighbour_count` (R,) is how many regions
    of the map touch each one; `regions.neighbours` has only those of the panel, which depend on
    what is observed later. `measure` and `violence` say what is forecast: the deaths or the events
    of some types of violence, or, where it is None, of all. `reports` are the deaths of the newest
    months as they were known before, None where late reporting is not corrected.
    """

    regions: Regions
    months: MonthArray
    observed: BoolArray
    events: FloatArray
    deaths: FloatArray
    neighbour_count: FloatArray
    details: frozenset[Detail] = ALL_DETAILS
    incidents: Incidents = field(default_factory=no_incidents)
    measure: Measure = "deaths"
    violence: tuple[Violence, ...] | None = None
    reports: Reports | None = None

    @cached_property
    def counts(self) -> FloatArray:
        """What is forecast, (T, R) [a month]: the measure, of the types of violence that count."""
        values = self.deaths if self.measure == "deaths" else self.events
        if self.violence is None:
            return np.asarray(values.sum(axis=0))
        types = list(TYPES_OF_VIOLENCE.values())
        return np.asarray(values[[types.index(kind) for kind in self.violence]].sum(axis=0))

    @cached_property
    def total_deaths(self) -> FloatArray:
        """Deaths of all types together, (T, R) [deaths/month]."""
        return np.asarray(self.deaths.sum(axis=0))

    @cached_property
    def total_events(self) -> FloatArray:
        """Events of all types together, (T, R) [events/month]."""
        return np.asarray(self.events.sum(axis=0))

    def counting(self, measure: Measure, violence: tuple[Violence, ...] | None) -> "Panel":
        """Return the panel with another measure or types of violence to be forecast.

        Raises CoverageError when the history does not have them.
        """
        needs: set[Detail] = {"events"} if measure == "events" else set()
        if violence is not None:
            needs.add("types of events" if measure == "events" else "types of deaths")
        missing = ", ".join(sorted(needs - self.details))
        if missing:
            raise CoverageError(
                f'the history does not have {missing}: choose another measure or violence = "all"'
            )
        return replace(self, measure=measure, violence=violence)

    def row(self, month: int) -> int:
        """Return the index of a month; raises CoverageError when the panel does not hold it."""
        index = month - int(self.months[0])
        if not 0 <= index < len(self.months):
            first, last = format_month(int(self.months[0])), format_month(int(self.months[-1]))
            raise CoverageError(
                f"the events observe {first} to {last}, not {format_month(month)}: "
                "choose another month or ingest a release that covers it"
            )
        return index

    def until(self, origin: int) -> "Panel":
        """Return what was known at an origin: the same panel without any later month."""
        end = self.row(origin) + 1
        past = replace(
            self,
            months=self.months[:end],
            observed=self.observed[:end],
            events=self.events[:, :end],
            deaths=self.deaths[:, :end],
            reports=None if self.reports is None else self.reports.until(origin),
        )
        return past.with_incidents(self.incidents.until(origin))

    def with_incidents(self, incidents: Incidents) -> "Panel":
        """Return the panel with other incidents; details that none of them has are missing."""
        present: dict[Detail, bool] = {
            "actors": bool((incidents.actors >= 0).any()),
            "places": bool(np.isfinite(incidents.latitude).any()),
            "texts": bool(incidents.has_text.any()),
        }
        missing = {detail for detail, is_there in present.items() if not is_there}
        return replace(self, incidents=incidents, details=self.details - missing)

    def corrected(self) -> "Panel":
        """Return the panel with the deaths that its newest months are expected to end up with.

        The types of violence grow alike; events stay. Without `reports` nothing changes.
        """
        if self.reports is None:
            return self
        age = self.reports.known[-1] - 1 - self.months
        factor = factors(growth(self.reports), age, np.nan_to_num(self.total_deaths))
        return replace(self, deaths=self.deaths * factor, reports=None)

    def observed_throughout(self, months: int) -> BoolArray:
        """Return (T, R): was the region observed in each of the `months` months to this one?"""
        run = np.cumsum(self.observed, axis=0)
        run[months:] = run[months:] - run[:-months].copy()
        return np.asarray(run == months)

    def digest(self) -> str:
        """Return a hash of level, months and every region ever observed: row, borders, figures."""
        regions = np.flatnonzero(self.observed.any(axis=0))
        links = self.regions.neighbours[regions][:, regions].sorted_indices()
        borders = self.regions.borders[regions][:, regions].sorted_indices()
        content = hashlib.sha256(self.regions.level.encode())
        content.update(self.regions.table.iloc[regions].to_csv(index=False).encode())
        for array in (
            self.months,
            links.indptr.astype(np.int64),
            links.indices.astype(np.int64),
            borders.indptr.astype(np.int64),
            borders.indices.astype(np.int64),
            borders.data,
            self.neighbour_count[regions],
            self.observed[:, regions],
            self.events[:, :, regions],
            self.deaths[:, :, regions],
        ):
            content.update(np.ascontiguousarray(array).tobytes())
        content.update(self.incidents.digest().encode())
        if self.reports is not None:
            content.update(self.reports.digest().encode())
        return content.hexdigest()


def build_panel(
    counts: pd.DataFrame,
    observed: pd.DataFrame,
    regions: Regions,
    only: Collection[str] | None = None,
    details: frozenset[Detail] = ALL_DETAILS,
    unknown: pd.DataFrame | None = None,
) -> Panel:
    """Spread sparse monthly counts over dense month x region arrays.

    `counts` has a row a region, month and type with events or deaths (region, month,
    type_of_violence, events, deaths); `observed` has runs of observed months (country, first_month,
    last_month), `unknown` the months of regions that are not observed all the same (region, month).
    Left out are regions of countries never observed or not among `only`, counts of
    months not observed, and types that are no organised violence. Raises CoverageError when nothing
    was observed.
    """
    covered = regions.within(sorted(set(observed["country"])))
    if only is not None:
        covered = covered.only(only)
    if observed.empty or len(covered) == 0:
        raise CoverageError(
            f"no {regions.level} region is covered by the events: ingest a release that does"
        )
    months = np.arange(observed["first_month"].min(), observed["last_month"].max() + 1)
    is_observed = _observed_months(observed, months, covered)
    if unknown is not None:
        known = unknown[unknown["region"].isin(covered.ids)]
        columns = pd.Index(covered.ids).get_indexer(pd.Index(known["region"]))
        is_observed[known["month"].to_numpy(dtype=np.int64) - months[0], columns] = False
    inside = regions.table["id"].isin(covered.table["id"]).to_numpy()
    return Panel(
        regions=covered,
        months=months.astype(np.int64),
        observed=is_observed,
        events=_dense(counts, "events", months, covered, is_observed),
        deaths=_dense(counts, "deaths", months, covered, is_observed),
        neighbour_count=np.asarray(regions.neighbours.sum(axis=1), dtype=np.float64)[inside],
        details=details,
    )


def _dense(
    counts: pd.DataFrame, measure: str, months: MonthArray, regions: Regions, observed: BoolArray
) -> FloatArray:
    """Return a measure by type of violence, (4, T, R), UNTYPED last; NaN where not observed."""
    rows = counts[
        counts["region"].isin(regions.table["id"])
        # A month before the first would otherwise be counted from the end of the array.
        & counts["month"].isin(months)
        & counts["type_of_violence"].isin([UNTYPED, *TYPES_OF_VIOLENCE])
    ]
    cells = (
        rows["type_of_violence"].to_numpy(dtype=np.int64) - 1,  # UNTYPED goes last
        rows["month"].to_numpy(dtype=np.int64) - months[0],
        pd.Index(regions.table["id"]).get_indexer(rows["region"]),
    )
    values = np.zeros((len(TYPES_OF_VIOLENCE) + 1, len(months), len(regions)))
    np.add.at(values, cells, rows[measure].to_numpy(dtype=np.float64))
    values[:, ~observed] = np.nan
    return values


def _observed_months(observed: pd.DataFrame, months: MonthArray, regions: Regions) -> BoolArray:
    countries = regions.table["country"].to_numpy()
    is_observed = np.zeros((len(months), len(regions)), dtype=bool)
    for country, first, last in observed[["country", "first_month", "last_month"]].itertuples(
        index=False
    ):
        start, end = first - months[0], last - months[0] + 1
        is_observed[start:end, countries == country] = True
    return is_observed


def read_panel(vintage: Vintage, level: Level, needs: frozenset[Detail] = frozenset()) -> Panel:
    """Return a vintage's panel with what `needs` says; raises CoverageError if it has no region."""
    counts, observed = monthly_counts(vintage, level), vintage.observed()
    unknown = unknown_cells(vintage, level)
    if vintage.level is None:
        panel = build_panel(counts, observed, load_regions(level), unknown=unknown)
        if not needs & _OF_INCIDENTS:
            return panel
        with_topics = "texts" in needs
        return panel.with_incidents(read_incidents(vintage, panel.regions, with_topics=with_topics))
    if vintage.level != level:
        regions = load_regions(level)
        return build_panel(counts, observed, regions, None, _details(counts), unknown)
    own = counted_regions(vintage)
    ids = own["id"].tolist()
    return build_panel(counts, observed, counted_map(level, own), ids, _details(counts), unknown)


def with_reports(panel: Panel, vintage: Vintage) -> Panel:
    """Return a panel with what earlier vintages told of its newest months, one a month.

    The last of them is the vintage itself, as known in the month of its newest release.
    """
    by_month = pd.Series([month_of(release.available_on) for release in vintage.available])
    known = np.unique(by_month)[-VINTAGES:]
    layers = [
        _reported(
            vintage_of(
                [r for r, month in zip(vintage.available, by_month, strict=True) if month <= last],
                vintage.as_of,
                vintage.summary_events,
            ),
            panel.regions,
            int(last),
        )
        for last in known
    ]
    return replace(panel, reports=Reports(known.astype(np.int64), np.stack(layers)))


def _reported(vintage: Vintage, regions: Regions, known: int) -> FloatArray:
    """Return the deaths by age that a vintage tells of regions, (AGES, R) [deaths/month]."""
    earlier = read_panel(vintage, regions.level)
    column = pd.Index(earlier.regions.table["id"]).get_indexer(pd.Index(regions.table["id"]))
    row = known - 1 - np.arange(AGES) - earlier.months[0]
    is_there = ((row >= 0) & (row < len(earlier.months)))[:, None] & (column >= 0)
    places = np.clip(row, 0, len(earlier.months) - 1)[:, None], column
    return np.where(is_there, earlier.total_deaths[places], np.nan)


def _details(counts: pd.DataFrame) -> frozenset[Detail]:
    """Return the details that aggregated counts hold."""
    typed = counts["type_of_violence"] != UNTYPED
    details: dict[Detail, bool] = {
        "events": bool(counts["events"].sum()),
        "types of events": bool(counts.loc[typed, "events"].sum()),
        "types of deaths": bool(counts.loc[typed, "deaths"].sum()),
    }
    return frozenset(detail for detail, is_there in details.items() if is_there)
