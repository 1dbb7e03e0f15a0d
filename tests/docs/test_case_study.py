from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from case_mali import picture
from case_study import Case, Study, lead_table, study, wolf_table
from scipy.sparse import csr_array

from features.errors import CoverageError
from features.months import parse_month
from features.panel.panel import Panel
from features.places.regions import Regions

FIRST = parse_month("2010-01")
ARRIVAL = FIRST + 40
SENSES = {"neighbour_deaths": 1, "season_sine": -1}
NAMES = tuple(SENSES)


@pytest.fixture(scope="module")
def results() -> Study:
    """Five regions. B fights from the month 30 on; its neighbour A is reached in the month 40."""
    table = pd.DataFrame(
        {
            "id": list("ABCDE"),
            "name": list("ABCDE"),
            "country": ["MLI", "MLI", "MLI", "NER", "NER"],
            "latitude": 14.0,
            "longitude": [-5.0, -4.0, -3.0, 2.0, 3.0],
        }
    )
    links = np.zeros((5, 5))
    links[0, 1] = links[1, 0] = 1
    deaths = np.zeros((4, 60, 5))
    deaths[0, 30:, 1] = 20
    deaths[0, 40:, 0] = 9
    panel = Panel(
        regions=Regions("admin1", table, csr_array(links)),
        months=FIRST + np.arange(60),
        observed=np.ones((60, 5), dtype=bool),
        events=np.ceil(deaths / 10),
        deaths=deaths,
        neighbour_count=links.sum(axis=1),
    )
    return study(panel, SENSES)


def test_a_region_is_quiet_until_five_are_killed_within_a_year(results: Study) -> None:
    assert not results.quiet[:11].any()
    assert results.quiet[11:30].all()
    assert not results.quiet[30:, 1].any()
    assert results.quiet[11:40, 0].all()
    assert not results.quiet[40:, 0].any()


def test_ranks_are_among_quiet_regions_and_ties_stand_in_the_middle(results: Study) -> None:
    np.testing.assert_allclose(results.rank[20, :, 0], 0.5)
    # Of the four that are quiet, three have a smaller value than A, which counts half itself.
    assert results.rank[35, 0, 0] == pytest.approx(3.5 / 4)
    np.testing.assert_allclose(results.rank[35, 2:, 0], 1.5 / 4)
    np.testing.assert_allclose(results.rank[35, :, 1], 0.5)


def test_violence_is_known_to_follow_or_not_within_a_year(results: Study) -> None:
    assert results.struck[17, 1] == 0
    assert results.struck[18, 1] == 1
    assert (results.struck[:48, 2] == 0).all()
    assert np.isnan(results.struck[48:, 2]).all()


def test_the_lead_of_an_alarm_is_counted_back_from_the_arrival(results: Study) -> None:
    alarming = Study(
        results.panel, NAMES, np.where(results.rank > 0.8, 1, 0.5), results.quiet, results.struck
    )
    table: Any = lead_table(alarming, Case("A", "A", ARRIVAL)).set_index("indicator")
    assert table.loc["neighbour_deaths"].tolist() == [10, "2012-07", 10, 1.0]
    assert table.loc["season_sine"].tolist() == [0, "", 0, 0.5]


def test_false_alarms_are_counted_too(results: Study) -> None:
    alarming = Study(
        results.panel, NAMES, np.where(results.rank > 0.8, 1, 0.5), results.quiet, results.struck
    )
    table: Any = wolf_table(alarming, ["MLI", "NER"], FIRST + 24, FIRST + 47).set_index("indicator")
    near = table.loc["neighbour_deaths"]
    # A is quiet for 16 months, 12 of them before violence; B for 6, all of them.
    assert near["months"] == 16 + 6 + 3 * 24
    assert near["base_rate"] == pytest.approx(18 / 94)
    assert near["alarms"] == 10
    assert near["right"] == 1
    assert near["caught"] == pytest.approx(10 / 18)
    assert np.isnan(table.loc["season_sine", "right"])


def test_a_case_that_is_not_observed_is_refused(results: Study) -> None:
    with pytest.raises(CoverageError, match="do not observe F for 24 months before 2013-05"):
        lead_table(results, Case("F", "F", ARRIVAL))
    with pytest.raises(CoverageError):
        lead_table(results, Case("A", "A", FIRST + 20))


def test_the_picture_shows_deaths_above_and_a_row_an_indicator_below(
    results: Study, tmp_path: Path
) -> None:
    drawn = picture(results, Case("A", "A", ARRIVAL))
    above, below = drawn.axes[:2]
    assert len(above.patches) == 42
    assert [label.get_text() for label in below.get_yticklabels()] == [
        "neighbourhood: neighbour_deaths",
        "season: season_sine",
    ]
    drawn.savefig(tmp_path / "a.png")
