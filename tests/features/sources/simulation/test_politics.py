import math
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from features.archive.folders import RECORDS
from features.archive.releases import Archive
from features.months import parse_month
from features.places.regions import load_regions
from features.sources.simulation.parameters import PoliticalParameters, SimulationParameters
from features.sources.simulation.politics import Politics, simulate_politics
from features.sources.simulation.world import World, deliver_states, simulate
from features.states.history import StateHistory, read_state_history

STATES = ("BFA", "MLI", "NER")
LAW = PoliticalParameters()
END = parse_month("2014-12")


def politics(seed: int = 1, end: int = END, law: PoliticalParameters = LAW) -> Politics:
    return simulate_politics(law, STATES, end, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def small_world() -> World:
    parameters = SimulationParameters(first_month="2010-01", last_month="2014-12", groups=2)
    return simulate(parameters, load_regions("admin1", STATES), 5)


def test_a_later_end_changes_nothing_before() -> None:
    short, long = politics(), politics(end=END + 60)
    assert_array_equal(short.attempt, long.attempt[: len(short.attempt)])
    coups = long.tables["coups"]
    before = coups[pd.to_datetime(coups["date"]) < pd.Timestamp("2015-01-01")]
    pd.testing.assert_frame_equal(
        short.tables["coups"], before.reset_index(drop=True), check_dtype=False
    )


def test_the_chance_of_an_attempt_is_what_the_law_says() -> None:
    law = PoliticalParameters(base=-5, trap=2, trap_months=30, rule=0, poverty=0, success=0)
    world = politics(law=law)
    coups = world.tables["coups"]
    coups = coups[(coups["outcome"] == "failed") & (coups["country"] == "MLI")]
    first = parse_month(law.first_month)
    attempts = [day.year * 12 + day.month - 1 - 1970 * 12 - first for day in coups["date"]]
    assert len(attempts) > 1
    last = -240
    for month, chance in enumerate(world.attempt[:, STATES.index("MLI")]):
        logit = -5 + 2 * math.exp(-(month - last) / 30)
        assert chance == pytest.approx(1 / (1 + math.exp(-logit)))
        if month in attempts:
            last = month


def test_attempts_come_as_often_as_their_chances_say() -> None:
    worlds = [politics(seed) for seed in range(30)]
    expected = sum(world.attempt.sum() for world in worlds)
    number = sum(
        ((coups["outcome"] != "plot") & (coups["actor"] == "military")).sum()
        for coups in (world.tables["coups"] for world in worlds)
    )
    assert abs(number - expected) < 3 * math.sqrt(expected)
    assert number > 50


def history(home: Path, world: World, day: date) -> StateHistory:
    for delivery in deliver_states(world, day):
        Archive(home).add(delivery)
    return read_state_history(Archive(home), day)


def test_a_delivery_holds_what_was_known_on_its_day(small_world: World, tmp_path: Path) -> None:
    early, late = date(2012, 7, 10), date(2015, 3, 1)
    first, second = (history(tmp_path / str(day), small_world, day) for day in (early, late))
    june = parse_month("2012-06")
    assert (first.coverage_end, int(first.months[-1])) == (june, june)
    assert second.coverage_end == END
    assert first.until(june).digest() == second.until(june).digest()
    assert first.countries.tolist() == list(STATES)
    assert not np.isnan(first.election_within_6).any()
    assert {"military_role", "infant_mortality", "military_regime"} <= first.conditions.keys()
    archive = Archive(tmp_path / str(late))
    releases = [release for records in RECORDS for release in archive.releases(records)]
    assert {release.name for release in releases} == {"simulation seed-5-2014-12"}
    assert all(release.simulated for release in releases)
    assert [archive.add(d).is_new for d in deliver_states(small_world, late)] == [False] * 3


def test_a_coup_that_succeeds_brings_soldiers_to_power_and_ends_the_vote_that_was_due() -> None:
    always = PoliticalParameters(base=-4, success=1, plot=0, seizure=0)
    tables = politics(law=always).tables
    coups, votes = tables["coups"], tables["elections"]
    regime = tables["conditions"].query("variable == 'military_regime'")
    taken = regime[regime["value"] == 1]
    assert set(zip(coups["country"], coups["date"], strict=True)) == set(
        zip(taken["country"], taken["published"], strict=True)
    )
    withdrawn = votes.dropna(subset="withdrawn")
    assert set(withdrawn["withdrawn"]) <= set(coups["date"])
    assert (withdrawn["withdrawn"] > withdrawn["published"]).all()
    assert len(withdrawn) > 3
