"""Simulate the world, and draw from the true distribution of its future in any month."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import FloatArray, IntArray
from features.errors import InputError
from features.months import format_month, parse_month
from features.places.regions import Regions
from features.sources.simulation.events import events_table
from features.sources.simulation.parameters import SimulationParameters
from features.sources.simulation.process import (
    EventDraws,
    Setting,
    State,
    draw_setting,
    initial_state,
    step,
)

# Every use of a seed has a stream of its own, so no draw for the truth can repeat the real path.
_SETTING, _PATH, _EVENTS, _TRUTH = range(4)


@dataclass(frozen=True, eq=False)
class World:
    """One simulated history with all that is hidden in a real one.

    `months` (M,) [months since 1970-01]; `events` in the normal form, by day; `deaths` (M, R)
    [deaths/month] and `counts` (M, R) [events/month] with R in the order of `regions.table`;
    `states` holds the latent state at the END of each month in place of paths.
    """

    parameters: SimulationParameters
    regions: Regions
    seed: int
    months: IntArray
    setting: Setting
    states: State
    events: pd.DataFrame
    deaths: IntArray
    counts: IntArray


def simulate(parameters: SimulationParameters, regions: Regions, seed: int) -> World:
    """Simulate the world on the given admin1 regions; the same seed gives the same world.

    Raises InputError when the regions are of another level, or none, or the seed is negative.
    """
    if regions.level != "admin1" or regions.table.empty:
        raise InputError(
            f"the simulated world needs admin1 regions, not {len(regions.table)} of level "
            f"{regions.level}: load them with load_regions('admin1')"
        )
    _check_seed(seed)
    setting = draw_setting(parameters, regions.neighbours, _stream(seed, _SETTING))
    first, last = parse_month(parameters.first_month), parse_month(parameters.last_month)
    months = np.arange(first, last + 1, dtype=np.int64)
    states, draws = _walk(setting, months, _stream(seed, _PATH))
    rng = _stream(seed, _EVENTS)
    events = events_table(regions, months, states, draws, parameters.towns, seed, rng)
    shape = (len(months), len(regions.table))
    return World(
        parameters=parameters,
        regions=regions,
        seed=seed,
        months=months,
        setting=setting,
        states=states,
        events=events,
        deaths=_tally(draws, shape, draws.deaths),
        counts=_tally(draws, shape, np.ones_like(draws.deaths)),
    )


def conditional_draws(world: World, origin: int, horizons: int, paths: int, seed: int) -> IntArray:
    """Draw deaths after an origin from the true law, given the full latent state at its end.

    Regions and months of one path belong together, so any target can be computed path by path.

    Parameters
    ----------
    origin
        Last known month [months since 1970-01], within the world.
    horizons
        Months drawn: origin + 1 to origin + horizons.
    paths
        Independent futures. Memory grows by about 70 bytes a path, group and region.
    seed
        Any whole number from 0; draws never repeat the world's own path, not even for its seed.

    Returns
    -------
    Deaths [deaths/month], (paths, horizons, R).

    Raises InputError when the origin is outside the world or a number is out of range.
    """
    if not world.months[0] <= origin <= world.months[-1]:
        raise InputError(
            f"the simulated world has no month {format_month(origin)}: choose an origin from "
            f"{world.parameters.first_month} to {world.parameters.last_month}"
        )
    if horizons < 1 or paths < 1:
        raise InputError(f"cannot draw {paths} paths of {horizons} months: both must be at least 1")
    _check_seed(seed)
    rng = _stream(seed, _TRUTH, world.seed, origin)
    state = world.states.of_path(origin - int(world.months[0]), copies=paths)
    shape = (paths, len(world.regions.table))
    deaths = np.empty((paths, horizons, shape[1]), dtype=np.int64)
    for h in range(horizons):
        state, draws = step(world.setting, state, origin + 1 + h, rng)
        deaths[:, h] = _tally(draws, shape, draws.deaths)
    return deaths


def true_probability(draws: IntArray, threshold: int) -> FloatArray:
    """Return P(deaths in month origin+h >= threshold), (horizons, R), from conditional draws.

    A Monte Carlo mean: its standard error is sqrt(p (1 - p) / paths).
    """
    probability: FloatArray = (draws >= threshold).mean(axis=0)
    return probability


def _walk(setting: Setting, months: IntArray, rng: np.random.Generator) -> tuple[State, EventDraws]:
    """Walk one path through the warm-up and the months.

    Returns the states and the events of the months, both with month numbers in place of paths.
    """
    state = initial_state(setting)
    states: list[State] = []
    draws: list[EventDraws] = []
    for month in range(int(months[0]) - setting.parameters.warm_up, int(months[-1]) + 1):
        state, events = step(setting, state, month, rng)
        if month >= months[0]:
            states.append(state)
            draws.append(events)
    joined = State(
        np.concatenate([s.mood for s in states]),
        np.concatenate([s.presence for s in states]),
        np.concatenate([s.memory for s in states]),
    )
    number = np.repeat(np.arange(len(months)), [len(events.deaths) for events in draws])
    return joined, EventDraws(
        number,
        np.concatenate([events.group for events in draws]),
        np.concatenate([events.region for events in draws]),
        np.concatenate([events.type_of_violence for events in draws]),
        np.concatenate([events.deaths for events in draws]),
    )


def _tally(draws: EventDraws, shape: tuple[int, int], amounts: IntArray) -> IntArray:
    """Sum amounts over events by path and region."""
    cells = draws.path * shape[1] + draws.region
    total = np.zeros(shape[0] * shape[1], dtype=np.int64)
    np.add.at(total, cells, amounts)
    return total.reshape(shape)


def _stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise InputError(f"{seed} cannot be a seed: give a whole number from 0")
