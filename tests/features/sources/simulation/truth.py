"""What came in a simulated world, and draws from the true law of its future."""

import numpy as np

from features.arrays import IntArray
from features.errors import InputError
from features.months import format_month
from features.sources.simulation.process import State, step
from features.sources.simulation.world import World

_TRUTH = 3  # a stream of its own beside those of the world, so that its path is never repeated


def deaths_of(world: World) -> IntArray:
    """Return the deaths (M, R) [deaths/month], in the order of `regions.table`."""
    return _tally(world, world.draws.deaths)


def counts_of(world: World) -> IntArray:
    """Return the events (M, R) [events/month], in the order of `regions.table`."""
    return _tally(world, np.ones_like(world.draws.deaths))


def _tally(world: World, amounts: IntArray) -> IntArray:
    total = np.zeros((len(world.months), len(world.regions)), dtype=np.int64)
    np.add.at(total, (world.draws.path, world.draws.region), amounts)
    return total


def copies_of(states: State, path: int, copies: int) -> State:
    """Return the state of one path, repeated."""
    return State._make(values[[path] * copies] for values in states)


def conditional_draws(world: World, origin: int, horizons: int, paths: int, seed: int) -> IntArray:
    """Draw deaths (paths, horizons, R) [deaths/month] after an origin from the true law.

    It is given the full latent state at the end of `origin` [months since 1970-01]. Regions and
    months of one path belong together, so any target can be computed path by path. Memory grows by
    about 70 bytes a path, group and region.
    """
    if not world.months[0] <= origin <= world.months[-1]:
        raise InputError(f"the simulated world has no month {format_month(origin)}")
    if horizons < 1 or paths < 1:
        raise InputError(f"cannot draw {paths} paths of {horizons} months: both must be at least 1")
    key = (_TRUTH, world.seed, origin)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
    state = copies_of(world.states, origin - int(world.months[0]), paths)
    deaths = np.zeros((paths, horizons, len(world.regions)), dtype=np.int64)
    for h in range(horizons):
        state, draws = step(world.setting, state, origin + 1 + h, rng)
        np.add.at(deaths[:, h], (draws.path, draws.region), draws.deaths)
    return deaths
