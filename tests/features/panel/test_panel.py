from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from features.arrays import IntArray
from features.errors import CoverageError, InputError
from features.indicators.catalogue import indicator_table
from features.months import parse_month
from features.panel.panel import ALL_DETAILS, Detail, Panel, build_panel
from features.places.regions import Regions, load_regions
from features.words import Measure, Violence

NAN = np.nan
JANUARY = parse_month("2020-01")

# The districts of a small map: two of Mali, one of Niger, one of Chad that is never observed.
LINKS = np.array([[0, 0, 1, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 0]], dtype=float)
MAP = Regions(
    "admin1",
    pd.DataFrame(
        {
            "id": ["MLI-gao", "MLI-mopti", "NER-tahoua", "TCD-lac"],
            "country": ["MLI", "MLI", "NER", "TCD"],
        }
    ),
    csr_array(LINKS),
)
WORLD = load_regions("country")
COUNTRIES = ["BEN", "BFA", "MLI", "NER", "NGA", "TGO"]

Count = tuple[str, int, int, int, int]
Span = tuple[str, int, int]


def counts(rows: Iterable[Count]) -> pd.DataFrame:
    columns = ["region", "month", "type_of_violence", "events", "deaths"]
    return pd.DataFrame(list(rows), columns=columns).astype({"region": "str", "month": "int64"})


def spans(rows: Iterable[Span]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["country", "first_month", "last_month"])


@pytest.fixture
def panel() -> Panel:
    return build_panel(
        counts(
            [
                ("MLI-gao", JANUARY, 1, 2, 10),
                ("MLI-gao", JANUARY, 3, 1, 0),
                ("MLI-gao", JANUARY + 2, 1, 1, 7),
                ("MLI-mopti", JANUARY + 4, 2, 3, 5),
                ("NER-tahoua", JANUARY + 1, 1, 4, 20),
            ]
        ),
        spans(
            [
                ("MLI", JANUARY, JANUARY + 2),
                ("MLI", JANUARY + 4, JANUARY + 4),
                ("NER", JANUARY + 1, JANUARY + 3),
            ]
        ),
        MAP,
    )


def test_counts_are_spread_over_regions_months_and_types(panel: Panel) -> None:
    assert_array_equal(panel.regions.ids, ["MLI-gao", "MLI-mopti", "NER-tahoua"])
    assert_array_equal(panel.months, JANUARY + np.arange(5))
    state_based = [[10, 0, NAN], [0, 0, 20], [7, 0, 0], [NAN, NAN, 0], [0, 0, NAN]]
    non_state = [[0, 0, NAN], [0, 0, 0], [0, 0, 0], [NAN, NAN, 0], [0, 5, NAN]]
    one_sided = [[0, 0, NAN], [0, 0, 0], [0, 0, 0], [NAN, NAN, 0], [0, 0, NAN]]
    untyped = [[0, 0, NAN], [0, 0, 0], [0, 0, 0], [NAN, NAN, 0], [0, 0, NAN]]
    assert_array_equal(panel.deaths, [state_based, non_state, one_sided, untyped])
    assert_array_equal(
        panel.total_deaths, [[10, 0, NAN], [0, 0, 20], [7, 0, 0], [NAN, NAN, 0], [0, 5, NAN]]
    )
    assert_array_equal(panel.events[:, 0, 0], [2, 0, 1, 0])
    assert_array_equal(
        panel.total_events, [[3, 0, NAN], [0, 0, 4], [1, 0, 0], [NAN, NAN, 0], [0, 3, NAN]]
    )


# One region of one month: events and deaths of each type, those not told apart first.
OF_TYPES = [
    ("MLI-gao", JANUARY, 0, 1, 100),
    ("MLI-gao", JANUARY, 1, 2, 20),
    ("MLI-gao", JANUARY, 2, 3, 3),
    ("MLI-gao", JANUARY, 3, 4, 0),
]


@pytest.mark.parametrize(
    ("measure", "violence", "expected"),
    [
        ("deaths", None, 123),
        ("deaths", ("state-based",), 20),
        ("deaths", ("one-sided",), 0),
        ("deaths", ("non-state", "state-based"), 23),
        ("deaths", ("state-based", "non-state", "one-sided"), 23),
        ("events", None, 10),
        ("events", ("state-based",), 2),
        ("events", ("one-sided", "non-state"), 7),
        ("events", ("state-based", "non-state", "one-sided"), 9),
    ],
)
def test_what_counts_is_a_measure_of_some_types_of_violence_or_of_all(
    measure: Measure, violence: tuple[Violence, ...] | None, expected: int
) -> None:
    """Where all types count, so does what is not told apart; where some do, it does not."""
    panel = build_panel(counts(OF_TYPES), spans([("MLI", JANUARY, JANUARY + 1)]), MAP)
    counted = panel.counting(measure, violence)
    assert (counted.measure, counted.violence) == (measure, violence)
    assert_array_equal(counted.counts, [[expected, 0], [0, 0]])
    assert_array_equal(counted.until(JANUARY).counts, [[expected, 0]])
    assert_array_equal(counted.total_deaths, [[123, 0], [0, 0]])
    assert_array_equal(counted.total_events, [[10, 0], [0, 0]])
    assert counted.digest() == panel.digest()


def test_all_deaths_count_unless_something_else_is_asked_for(panel: Panel) -> None:
    assert (panel.measure, panel.violence) == ("deaths", None)
    assert_array_equal(panel.counts, panel.total_deaths)
    events = panel.counting("events", None)
    assert_array_equal(events.counts, panel.total_events)
    assert_array_equal(events.counting("deaths", None).counts, panel.total_deaths)
    assert_array_equal(panel.counts, panel.total_deaths)


def test_what_is_not_observed_does_not_count_as_none(panel: Panel) -> None:
    fighting = panel.counting("events", ("non-state",)).counts
    expected = [[0, 0, NAN], [0, 0, 0], [0, 0, 0], [NAN, NAN, 0], [0, 3, NAN]]
    assert_array_equal(fighting, expected)


@pytest.mark.parametrize(
    ("absent", "measure", "violence", "missing"),
    [
        ({"events"}, "events", None, "events"),
        ({"types of deaths"}, "deaths", ("one-sided",), "types of deaths"),
        ({"types of events"}, "events", ("one-sided",), "types of events"),
        (
            {"events", "types of events", "types of deaths"},
            "events",
            ("non-state",),
            "events, types of events",
        ),
    ],
)
def test_what_a_history_does_not_tell_cannot_count(
    panel: Panel,
    absent: set[Detail],
    measure: Measure,
    violence: tuple[Violence, ...] | None,
    missing: str,
) -> None:
    untold = replace(panel, details=ALL_DETAILS - absent)
    with pytest.raises(CoverageError, match=f"the history does not have {missing}: choose anothe"):
        untold.counting(measure, violence)


@pytest.mark.parametrize(
    ("absent", "measure", "violence"),
    [
        (ALL_DETAILS, "deaths", None),
        (ALL_DETAILS - {"events"}, "events", None),
        (ALL_DETAILS - {"types of deaths"}, "deaths", ("one-sided",)),
        (ALL_DETAILS - {"events", "types of events"}, "events", ("one-sided",)),
    ],
)
def test_a_count_needs_no_other_detail(
    panel: Panel,
    absent: frozenset[Detail],
    measure: Measure,
    violence: tuple[Violence, ...] | None,
) -> None:
    sparse = replace(panel, details=ALL_DETAILS - absent)
    expected = panel.counting(measure, violence).counts
    assert_array_equal(sparse.counting(measure, violence).counts, expected)


def test_months_outside_the_coverage_are_missing_and_months_inside_without_events_are_zero(
    panel: Panel,
) -> None:
    for figures in (panel.events, panel.deaths):
        assert_array_equal(np.isnan(figures), np.broadcast_to(~panel.observed, figures.shape))
    assert_array_equal(panel.observed[:, 0], [True, True, True, False, True])
    assert_array_equal(panel.observed[:, 2], [False, True, True, True, False])


def test_neighbours_are_those_of_the_panel_and_their_number_that_of_the_map(panel: Panel) -> None:
    assert_array_equal(panel.regions.neighbours.toarray(), LINKS[:3, :3])
    assert_array_equal(panel.neighbour_count, [1, 2, 2])


def test_counts_of_regions_and_months_that_are_not_observed_are_left_out() -> None:
    stray = counts(
        [
            ("MLI-gao", JANUARY - 1, 1, 1, 100),
            ("MLI-gao", JANUARY + 3, 1, 1, 100),
            ("MLI-gao", JANUARY + 9, 1, 1, 100),
            ("TCD-lac", JANUARY, 1, 1, 100),
        ]
    )
    seen = spans([("MLI", JANUARY, JANUARY + 2), ("MLI", JANUARY + 4, JANUARY + 4)])
    quiet = build_panel(stray, seen, MAP)
    assert_array_equal(np.nansum(quiet.deaths, axis=(0, 1)), [0, 0])


def test_counts_in_several_rows_add_up() -> None:
    twice = counts([("MLI-gao", JANUARY, 1, 2, 3), ("MLI-gao", JANUARY, 1, 1, 4)])
    both = build_panel(twice, spans([("MLI", JANUARY, JANUARY)]), MAP)
    assert both.deaths[0, 0, 0] == 7
    assert both.events[0, 0, 0] == 3


def test_a_world_without_any_event_is_all_zero() -> None:
    quiet = build_panel(counts([]), spans([("NER", JANUARY, JANUARY + 1)]), MAP)
    assert_array_equal(quiet.deaths, np.zeros((4, 2, 1)))


@pytest.mark.parametrize("seen", [[], [("FRA", JANUARY, JANUARY)]])
def test_a_panel_of_no_region_is_refused(seen: list[Span]) -> None:
    with pytest.raises(CoverageError, match="no admin1 region is covered by the events"):
        build_panel(counts([]), spans(seen), MAP)


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="XXX"):
        build_panel(counts([]), spans([("XXX", JANUARY, JANUARY)]), MAP)


def test_a_row_is_found_by_its_month(panel: Panel) -> None:
    assert [panel.row(JANUARY), panel.row(JANUARY + 4)] == [0, 4]


@pytest.mark.parametrize(("month", "written"), [(JANUARY - 1, "2019-12"), (JANUARY + 5, "2020-06")])
def test_a_month_that_the_panel_does_not_hold_is_refused(
    panel: Panel, month: int, written: str
) -> None:
    with pytest.raises(CoverageError, match=f"observe 2020-01 to 2020-05, not {written}"):
        panel.row(month)
    with pytest.raises(CoverageError, match="choose another month"):
        panel.until(month)


def test_until_an_origin_holds_no_later_month(panel: Panel) -> None:
    known = panel.until(JANUARY + 1)
    assert_array_equal(known.months, [JANUARY, JANUARY + 1])
    assert_array_equal(known.observed, panel.observed[:2])
    assert_array_equal(known.deaths, panel.deaths[:, :2])
    assert_array_equal(known.events, panel.events[:, :2])
    assert_array_equal(known.total_deaths, panel.total_deaths[:2])


def test_observed_throughout_wants_every_month_of_the_window(panel: Panel) -> None:
    two = [[False] * 3, [True, True, False], [True] * 3, [False, False, True], [False] * 3]
    assert_array_equal(panel.observed_throughout(2), two)
    assert_array_equal(panel.observed_throughout(1), panel.observed)
    assert_array_equal(panel.observed_throughout(5), np.zeros((5, 3), dtype=bool))
    assert_array_equal(panel.observed_throughout(100), np.zeros((5, 3), dtype=bool))


def copied(panel: Panel) -> Panel:
    arrays = ("months", "observed", "events", "deaths", "neighbour_count")
    return replace(panel, **{name: getattr(panel, name).copy(order="F") for name in arrays})


def test_equal_content_has_an_equal_digest(panel: Panel) -> None:
    assert copied(panel).digest() == panel.digest()


@pytest.mark.parametrize("field", ["months", "events", "deaths", "neighbour_count"])
def test_any_figure_changes_the_digest(panel: Panel, field: str) -> None:
    for place in np.ndindex(getattr(panel, field).shape):
        changed = copied(panel)
        getattr(changed, field)[place] = 99
        assert changed.digest() != panel.digest(), place


def test_what_was_observed_changes_the_digest(panel: Panel) -> None:
    for place in np.ndindex(panel.observed.shape):
        changed = copied(panel)
        changed.observed[place] ^= True
        assert changed.digest() != panel.digest(), place


def test_level_ids_and_borders_change_the_digest(panel: Panel) -> None:
    regions = panel.regions
    others = [
        replace(regions, level="priogrid"),
        replace(regions, table=regions.table.assign(id=["MLI-gao", "MLI-segou", "NER-tahoua"])),
        replace(regions, neighbours=csr_array(np.ones((3, 3)) - np.eye(3))),
        replace(regions, neighbours=csr_array(np.array([[0.0, 1, 0], [0, 0, 1], [1, 1, 0]]))),
        replace(regions, table=regions.table.assign(area=[1.0, 2, 3])),
        replace(regions, lengths=csr_array(np.array([[0.0, 9, 0], [9, 0, 0], [0, 0, 0]]))),
    ]
    digests = [replace(panel, regions=other).digest() for other in others]
    assert len({panel.digest(), *digests}) == 1 + len(others)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Span], list[Count], int]:
    observed: dict[str, tuple[int, int]] = {}
    for country in draw(st.lists(st.sampled_from(COUNTRIES), min_size=1, unique=True)):
        first = draw(st.integers(0, 30))
        observed[country] = (first, first + draw(st.integers(0, 30)))
    rows: list[Count] = [
        (country, month, draw(st.integers(1, 3)), 1, draw(st.integers(0, 99)))
        for country, (first, last) in observed.items()
        for month in draw(st.lists(st.integers(first, last), max_size=4))
    ]
    first_of_all = min(first for first, _ in observed.values())
    origin = draw(st.integers(first_of_all, max(last for _, last in observed.values())))
    return [(country, *span) for country, span in observed.items()], rows, origin


def rows_of(panel: Panel, ids: npt.NDArray[np.str_]) -> IntArray:
    return np.searchsorted(panel.regions.ids, ids)


@settings(max_examples=50)
@given(delivered=deliveries())
def test_what_is_delivered_of_later_months_changes_nothing_at_an_origin(
    delivered: tuple[list[Span], list[Count], int],
) -> None:
    seen, rows, origin = delivered
    known = [(c, first, min(last, origin)) for c, first, last in seen if first <= origin]
    cut = build_panel(counts(r for r in rows if r[1] <= origin), spans(known), WORLD)
    full = build_panel(counts(rows), spans(seen), WORLD).until(
        min(origin, max(last for _, _, last in known))
    )
    assert full.digest() == cut.digest()
    then = indicator_table(full).values[:, rows_of(full, cut.regions.ids)]
    assert then.tobytes() == indicator_table(cut).values.tobytes()
