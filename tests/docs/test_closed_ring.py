import numpy as np
import pandas as pd
import pytest
from closed_ring import CLOSED, HORIZONS, Rings

from features.months import parse_month
from features.places.regions import capitals, load_regions
from features.states.history import StateHistory
from tests.features.indicators.worlds import incidents_of, panel_of
from tests.states import states

FIRST, MONTHS = parse_month("2017-01"), 60  # to 2021-12
CLOSES = 30


@pytest.fixture(scope="module")
def history() -> StateHistory:
    """Mali and Senegal from 1990 on, with an attempt in Mali five months after its ring closes."""
    attempt = FIRST - parse_month("1990-01") + CLOSES + 5
    return states({"MLI": [(attempt, "failed")], "SEN": []}, attempt + 60)


@pytest.fixture(scope="module")
def rings(history: StateHistory) -> Rings:
    """A month of violence on six sides of Bamako, and war in the city ten months later."""
    regions = load_regions("admin1", ["MLI", "SEN"])
    seat = capitals().set_index("country").loc["MLI"]
    angles = np.radians(45 * np.arange(CLOSED))
    rows = [
        (FIRST + CLOSES, 0, seat["latitude"] + np.cos(a), seat["longitude"] + np.sin(a), 9.0, 1)
        for a in angles
    ]
    incidents = incidents_of([(*row, "a", "b") for row in rows], None)
    deaths = np.zeros((4, MONTHS, len(regions)))
    deaths[0, CLOSES, list(regions.ids).index("MLI-kayes")] = 54
    deaths[0, CLOSES + 10, list(regions.ids).index("MLI-bamako")] = 7
    number = len(regions)
    panel = panel_of(
        regions.table, np.ones((MONTHS, number), bool), np.zeros_like(deaths), deaths,
        np.zeros((number, number)), np.zeros(number), FIRST, incidents,
    )  # fmt: skip
    return Rings(panel, history)


def test_a_capital_has_a_region_a_ring_and_a_country(rings: Rings) -> None:
    assert rings.countries == ["MLI", "SEN"]
    assert rings.panel.regions.ids[rings.seats].tolist() == ["MLI-bamako", "SEN-dakar"]
    assert np.flatnonzero(rings.closed[:, 0]).tolist() == list(range(CLOSES, CLOSES + 12))
    assert not rings.closed[:, 1].any()
    assert np.flatnonzero(rings.at_war[:, 0]).tolist() == list(range(CLOSES, CLOSES + 12))
    assert rings.attempts[:, 0].sum() == 1


def test_a_ring_is_followed_by_violence_a_coup_or_neither(rings: Rings) -> None:
    rates = dict(rings.rates())
    closed = {name: rate.with_it * rate.n_with for name, rate in rates.items()}
    assert {rate.n_without for rate in rates.values()} == {0}  # no other war
    assert len(closed) == 4 * len(HORIZONS)
    # Of its twelve months, three, six and ten are at most so long before the violence.
    for months, expected in ((3, 3), (6, 6), (12, 10)):
        name = f"5 deaths in a month in the capital's region within {months} months"
        assert closed[name] == pytest.approx(expected)
    for months, expected in ((3, 3), (6, 5), (12, 5)):
        assert closed[f"an attempt of a coup within {months} months"] == pytest.approx(expected)
    # Neither within three months: before the attempt is near, between, and after the violence.
    assert closed["neither within 3 months"] == pytest.approx(12 - 3 - 3)


def test_a_closing_is_told_once(rings: Rings) -> None:
    (closing,) = rings.closings().to_dict("records")
    assert closing == {
        "country": "MLI",
        "closed": "2019-07",
        "months": 12,
        "violence": 1.0,
        "coup": 1.0,
        "quiet": "True",
    }


def test_any_month_is_beside_it(rings: Rings) -> None:
    table = pd.DataFrame(rings.base_rates(), columns=["any", "share", "n"]).set_index("any")
    row = table.loc["violence within 12 months"]
    # Of two capitals; months whose twelve before are observed and twelve after are known.
    assert (row["share"] * row["n"], row["n"]) == (pytest.approx(12), 2 * (MONTHS - 11 - 12))
