from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy import stats

from features.arrays import FloatArray, IntArray
from features.places.regions import load_regions
from features.sources.simulation.parameters import SimulationParameters
from features.sources.simulation.world import World, simulate
from tests.features.sources.simulation.truth import conditional_draws, deaths_of

SAHEL = ("BFA", "MLI", "NER")
PATHS = 200


@cache
def long_world() -> World:
    parameters = SimulationParameters(first_month="1990-01", last_month="2024-12", groups=8)
    return simulate(parameters, load_regions("admin1", SAHEL), seed=3)


@cache
def next_month_draws() -> IntArray:
    world = long_world()
    return np.stack(
        [conditional_draws(world, int(origin), 1, PATHS, 17)[:, 0] for origin in world.months[:-1]]
    )


@cache
def next_year_draws() -> IntArray:
    world = long_world()
    return np.stack(
        [conditional_draws(world, int(origin), 12, PATHS, 17) for origin in world.months[:-12:12]]
    )


def ranks(draws: IntArray, outcomes: IntArray) -> FloatArray:
    """Return the randomised ranks in (0, 1) of outcomes (n,) among draws (n, paths)."""
    below = (draws < outcomes[:, None]).sum(axis=1)
    equal = (draws == outcomes[:, None]).sum(axis=1)
    rng = np.random.default_rng(5)
    ranked: FloatArray = (below + rng.random(len(outcomes)) * (equal + 1)) / (draws.shape[1] + 1)
    return ranked


STATISTICS: dict[str, Callable[[IntArray], IntArray]] = {
    "all deaths": lambda deaths: deaths.sum(axis=-1),
    "regions with deaths": lambda deaths: (deaths > 0).sum(axis=-1),
    "worst region": lambda deaths: deaths.max(axis=-1),
    "every third region": lambda deaths: deaths[..., ::3].sum(axis=-1),
}


def test_a_group_enters_only_regions_that_neighbour_one_where_it_stood() -> None:
    world = long_world()
    presence, links = world.states.presence, world.regions.neighbours.toarray() > 0
    entered = presence[1:] & ~presence[:-1]
    reachable = (presence[:-1].astype(float) @ links) > 0
    assert entered.sum() > 100
    assert not (entered & ~reachable).any()


def test_a_group_leaves_regions_but_never_its_home() -> None:
    world = long_world()
    presence = world.states.presence
    assert (presence[:-1] & ~presence[1:]).any()
    assert presence[:, np.arange(len(world.setting.homes)), world.setting.homes].all()


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_ranks_of_what_happened_next_month_are_uniform(statistic: str) -> None:
    measure = STATISTICS[statistic]
    outcome = ranks(measure(next_month_draws()), measure(deaths_of(long_world())[1:]))
    assert stats.kstest(outcome, "uniform").pvalue > 0.01


def test_the_ranks_of_what_happened_in_the_next_year_are_uniform() -> None:
    draws, deaths = next_year_draws(), deaths_of(long_world())
    years = np.stack([deaths[at + 1 : at + 13] for at in range(0, len(deaths) - 12, 12)])
    outcome = ranks(draws.sum(axis=(2, 3)), years.sum(axis=(1, 2)))
    assert stats.kstest(outcome, "uniform").pvalue > 0.01


def test_ranks_among_draws_from_the_state_of_another_time_are_not_uniform() -> None:
    measure = STATISTICS["regions with deaths"]
    stale = ranks(measure(next_month_draws()[:-24]), measure(deaths_of(long_world())[25:]))
    assert stats.kstest(stale, "uniform").pvalue < 1e-6


@pytest.mark.parametrize("threshold", [1, 5, 25])
def test_true_probabilities_are_reliable_in_every_bin(threshold: int) -> None:
    hits = next_month_draws() >= threshold
    happened = deaths_of(long_world())[1:] >= threshold
    sorting, testing = hits[:, : PATHS // 2], hits[:, PATHS // 2 :]
    bins = np.digitize(sorting.mean(axis=1), [0.005, 0.05, 0.15, 0.3, 0.5, 0.7])
    for number in range(7):
        inside = bins == number
        expected = (testing * inside[:, None]).sum(axis=2)
        surplus = (happened & inside).sum(axis=1) - expected.mean(axis=1)
        variance = expected.var(axis=1).sum() * (1 + 2 / PATHS)
        assert abs(surplus.sum()) < 3.5 * np.sqrt(variance) + 1e-9


def test_the_truth_beats_climatology() -> None:
    world, first = long_world(), 60
    happened = deaths_of(world) >= 5
    months = np.arange(1, len(world.months) + 1)[:, None]
    climatology = np.cumsum(happened, axis=0) / months
    truth = (next_month_draws() >= 5).mean(axis=1)
    outcome = happened[first + 1 :]
    brier = ((truth[first:] - outcome) ** 2).mean()
    reference = ((climatology[first:-1] - outcome) ** 2).mean()
    assert brier < 0.85 * reference


def test_quiet_regions_are_in_danger_where_the_truth_says_so() -> None:
    world, at = long_world(), np.arange(24, len(long_world().months) - 12, 12)
    draws = next_year_draws()[2:][:, :, :6]
    quiet = np.stack([~(deaths_of(world)[t - 23 : t + 1] > 0).any(axis=0) for t in at])
    onset = np.stack([(deaths_of(world)[t + 1 : t + 7] > 0).any(axis=0) for t in at])
    probability = (draws > 0).any(axis=2).mean(axis=1)
    assert onset[quiet].sum() > 20
    endangered = probability[quiet & onset].mean()
    assert endangered > 1.5 * probability[quiet & ~onset].mean()
