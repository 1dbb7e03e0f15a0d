from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.indicators.near import violence
from features.indicators.roads import near_roads
from features.months import parse_month
from features.panel.panel import Panel
from features.places.regions import corridors, load_regions
from features.signs.corridors import corridor_pressure, corridor_quarters
from tests.features.indicators.worlds import incidents_of, panel_of, panels
from tests.features.signs.rows import rows_by

FIRST, MONTHS = parse_month("2019-01"), 60  # to 2023-12
KAYES, SIKASSO, TAMBACOUNDA = (14.45, -11.44), (11.32, -5.67), (13.77, -13.67)


def road_world(countries: list[str], topics: dict[int, str] | None = None) -> Panel:
    """Some countries for five years, with attacks at Kayes now and before, and one at Sikasso."""
    regions = load_regions("admin1", countries)
    number = len(regions)
    rows = [
        (FIRST + month, 0, *place, deaths, 1, "a", "b")
        for month, place, deaths in [
            (2, KAYES, 1.0),
            (40, KAYES, 12.0),
            (55, KAYES, 2.0),
            (57, KAYES, 3.0),
            (59, KAYES, 4.0),
            (59, SIKASSO, 5.0),
        ]
    ]
    nothing = np.zeros((4, MONTHS, number))
    return panel_of(
        regions.table, np.ones((MONTHS, number), bool), nothing, nothing,
        np.zeros((number, number)), np.zeros(number), FIRST, incidents_of(rows, topics),
    )  # fmt: skip


def test_a_corridor_has_the_events_along_it_against_its_own_past() -> None:
    rows = rows_by(corridor_pressure(road_world(["MLI", "SEN"], {4: "convoy"})), "corridor")
    dakar = rows["MLI-dakar"]
    assert dakar["country"] == "MLI"
    assert dakar["places"][0] == "Bamako"
    assert dakar["places"][-1] == "Dakar"
    assert dakar["kinds"][-1] == "port"
    assert [dakar[name] for name in ("events", "deaths", "reports")] == [2, 7, 1]
    assert [dakar[name] for name in ("events_before", "deaths_before")] == [2 / 12, 14 / 12]
    assert [dakar["events_12"], dakar["deaths_12"]] == [3, 9]
    assert dakar["percentile"] == 100
    assert dakar["since"] == FIRST + 55
    assert 1150 < dakar["km"] < 1250
    assert dakar["observed"] == 1
    leg = int(dakar["attacked_leg"])
    assert "Kayes" in dakar["places"][leg - 1 : leg + 1]
    assert rows["MLI-abidjan"]["deaths"] == 5
    assert rows["MLI-nouakchott"]["observed"] < 1  # Mauritania is not observed


def test_quarters_tell_of_each_leg_and_add_up() -> None:
    panel = road_world(["MLI", "SEN"])
    table = corridor_quarters(panel)
    dakar = table[table["corridor"] == "MLI-dakar"]
    assert dakar["first_month"].max() == FIRST + 57
    by_quarter = dakar.groupby("first_month")[["events", "deaths"]].sum()
    assert by_quarter["events"].tolist() == [1] + [0] * 12 + [1] + [0] * 4 + [1, 2]
    assert by_quarter["deaths"].sum() == 22
    assert dakar["reports"].isna().all()  # there are no texts


def test_a_leg_into_a_country_that_is_not_observed_has_no_figures() -> None:
    table = corridor_quarters(road_world(["MLI"]))
    dakar = table[table["corridor"] == "MLI-dakar"].groupby("leg")["observed"].all()
    stops = corridors().query("corridor == 'MLI-dakar'")["place_country"].tolist()
    assert dakar.tolist() == [a == b == "MLI" for a, b in pairwise(stops)]
    unobserved = table[~table["observed"]]
    assert unobserved[["events", "deaths"]].isna().all(axis=None)


def test_reports_are_missing_before_the_first_text() -> None:
    panel = road_world(["MLI", "SEN"], {4: "fuel"})
    panel.incidents.has_text[:3] = False
    table = corridor_quarters(panel)
    dakar = table[(table["corridor"] == "MLI-dakar")].groupby("first_month")["reports"]
    told = dakar.sum(min_count=1)
    # The first text is of the first month of the newest quarter.
    assert told.isna().tolist() == [True] * 19 + [False]
    assert told.iloc[-1] == 1


@settings(max_examples=30)
@given(panel=panels(min_months=3))
def test_each_event_near_a_corridor_counts_once_on_one_leg(panel: Panel) -> None:
    table = corridor_quarters(panel)
    incidents = violence(panel)
    near = near_roads(incidents.latitude, incidents.longitude, 25) @ incidents.counts
    names = corridors()["corridor"].drop_duplicates().tolist()
    whole = len(panel.months) % 3
    for name, of_corridor in table.groupby("corridor"):
        if of_corridor["observed"].all():
            events = near[[names.index(name)]].toarray()[0, whole:][-120:]
            assert of_corridor["events"].sum() == events.sum()


@settings(max_examples=15)
@given(panel=panels(min_months=8), ago=st.integers(1, 5))
def test_nothing_after_the_last_month_is_read(panel: Panel, ago: int) -> None:
    last = int(panel.months[-1]) - ago
    quiet = panel.with_incidents(panel.incidents.until(last))
    for table in (corridor_pressure, corridor_quarters):
        pd.testing.assert_frame_equal(table(panel.until(last)), table(quiet.until(last)))


def test_a_country_that_is_no_longer_observed_has_no_corridors() -> None:
    panel = road_world(["MLI", "SEN"])
    panel.observed[-1] = False
    assert corridor_pressure(panel).empty
    assert corridor_quarters(panel).empty
