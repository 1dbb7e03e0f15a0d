import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.indicators.catalogue import indicator_table
from features.indicators.encirclement import sector_of
from features.indicators.near import great_circle_km
from features.months import parse_month
from features.panel.panel import Panel
from features.places.regions import capitals, load_regions
from features.signs.capitals import DIRECTIONS, capital_rings, capital_sectors
from tests.features.indicators.worlds import incidents_of, panel_of, panels
from tests.features.signs.rows import rows_by

LATITUDE, LONGITUDE = 12.64, -8.0  # Bamako
KM = 1 / 111.195  # degrees of latitude
FIRST, MONTHS = parse_month("2019-01"), 60  # to 2023-12


def mali(rows: list[tuple[int, float, float, float]]) -> Panel:
    """Mali, observed for five years, with incidents (month index, km north, km east, deaths)."""
    regions = load_regions("admin1", ["MLI"])
    east = KM / np.cos(np.radians(LATITUDE))
    told = [
        (FIRST + month, 0, LATITUDE + north * KM, LONGITUDE + right * east, deaths, 1, "a", "b")
        for month, north, right, deaths in sorted(rows)
    ]
    number = len(regions)
    nothing = np.zeros((4, MONTHS, number))
    return panel_of(
        regions.table, np.ones((MONTHS, number), bool), nothing, nothing,
        np.zeros((number, number)), np.zeros(number), FIRST, incidents_of(told),
    )  # fmt: skip


NOW = [
    (57, 0.0, 3.0, 7.0),  # in the city
    (57, 80.0, 0.0, 1.0),  # north
    (59, 0.0, 150.0, 10.0),  # east
    (58, 0.0, 160.0, 20.0),  # east
]
BEFORE = [
    (55, 0.0, 150.0, 100.0),  # east, the quarter before, and so two of three months before
    (30, 0.0, 150.0, 44.0),  # east
    (3, -90.0, 0.0, 9.0),  # south, before the three years
]


def test_wedges_have_the_violence_of_the_quarter_and_of_three_years_before() -> None:
    rows = rows_by(capital_sectors(mali(NOW + BEFORE)), "direction", "to_km")
    assert len(rows) == 1 + 8 * 4

    def figures(direction: str | None, to_km: float) -> list[float]:
        names = ("events", "deaths", "events_before", "deaths_before")
        return [rows[direction, to_km][name] for name in names]

    assert figures(None, 5.0) == [1, 7, 0, 0]
    assert figures("N", 100.0) == [1, 1, 0, 0]
    assert figures("E", 200.0) == [2, 30, 2 / 12, 144 / 12]
    assert figures("S", 100.0) == [0, 0, 0, 0]
    assert rows["E", 200.0]["since"] == FIRST + 55
    assert rows["N", 100.0]["since"] == FIRST + 57
    assert rows["E", 200.0]["percentile"] == 100  # none of the 19 earlier quarters had two


def test_land_that_nobody_observes_has_no_figures() -> None:
    rows = rows_by(capital_sectors(mali(NOW)), "direction", "to_km")
    assert rows["N", 100.0]["observed"] == 1
    guinea = rows["SW", 400.0]
    assert guinea["observed"] == 0
    assert [guinea[name] for name in ("events", "events_before", "since")] == [None] * 3
    assert 0 < rows["NW", 400.0]["observed"] < 1  # Mali and Mauritania


def test_rings_say_how_much_is_closed_since_when_and_how_much_usually_is() -> None:
    table = capital_rings(mali(NOW + BEFORE))
    rows = rows_by(table, "radius_km")
    assert list(rows) == [50, 100, 200, 400]
    assert table["closed"].tolist() == [0, 1, 2, 2]
    assert table["closed_before"].tolist() == [0, 0, 2 / 12, 2 / 12]
    assert table["closed_most"].tolist() == [0, 0, 1, 1]
    assert table["closed_12"].tolist() == [0, 1, 2, 2]
    assert table["events_12"].tolist() == [0, 1, 4, 4]
    assert table["deaths_12"].tolist() == [0, 1, 131, 131]
    assert_array_equal(table["since"] - FIRST, [np.nan, 57, 57, 57])
    assert table["events"].tolist() == [0, 1, 3, 3]
    assert table["deaths"].tolist() == [0, 1, 31, 31]
    assert table["deaths_before"].tolist() == [0, 0, 12, 12]
    assert rows[200]["percentile"] == 100
    assert rows[50]["unobserved"] == 0
    assert rows[400]["unobserved"] >= 1


@settings(max_examples=40)
@given(panel=panels(min_months=3))
def test_rings_are_those_of_the_indicators_and_wedges_add_up_to_the_incidents(
    panel: Panel,
) -> None:
    rings, sectors = capital_rings(panel), capital_sectors(panel)
    for radius in (50, 100, 200, 400):
        names = [f"capital_ring_{radius}km_{months}" for months in (3, 12)]
        values = indicator_table(panel, names).values[-1]
        own = rings[rings["radius_km"] == radius].set_index("country")
        for country, value in zip(panel.regions.table["country"], values, strict=True):
            if not np.isnan(value).any() and country in own.index:
                shares = own.loc[country, ["closed", "closed_12"]] / 8
                assert shares.tolist() == value.tolist()
    is_late = panel.incidents.month > panel.months[-1] - 3
    incidents = panel.incidents.at(is_late & ~np.isnan(panel.incidents.latitude))
    for country, rows in sectors.groupby("country"):
        here = capitals()[capitals()["country"] == country]
        place = here["latitude"].to_numpy(), here["longitude"].to_numpy()
        km = great_circle_km(*place, incidents.latitude, incidents.longitude)
        assert rows["events"].sum() == (km <= 400).sum()
        sector = sector_of(*place, incidents.latitude, incidents.longitude)
        for one in np.flatnonzero((km >= 5) & (km <= 400))[:3]:
            in_band = (rows["from_km"] < km[one]) & (rows["to_km"] >= km[one])
            wedge = rows[in_band & (rows["direction"] == DIRECTIONS[sector[one]])].iloc[0]
            assert wedge["events"] >= 1
            assert wedge["deaths"] >= incidents.deaths[one]


@settings(max_examples=20)
@given(panel=panels(min_months=8), ago=st.integers(1, 5))
def test_nothing_after_the_last_month_is_read(panel: Panel, ago: int) -> None:
    last = int(panel.months[-1]) - ago
    quiet = panel.with_incidents(panel.incidents.until(last))
    for table in (capital_rings, capital_sectors):
        pd.testing.assert_frame_equal(table(panel.until(last)), table(quiet.until(last)))


def test_a_country_that_is_no_longer_observed_has_no_ring() -> None:
    panel = mali(NOW)
    panel.observed[-1] = False
    assert capital_rings(panel).empty
    assert capital_sectors(panel).empty
