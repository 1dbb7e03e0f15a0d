"""The law of the simulated world: one month, for many paths at once.

P paths, G groups, R regions throughout. The formulas stand in the package's docstring.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, diags_array

from features.arrays import BoolArray, FloatArray, IntArray
from features.sources.simulation.parameters import SimulationParameters

STATE_BASED, NON_STATE, ONE_SIDED = 1, 2, 3
"""Types of violence, as in `archive.schemas.TYPES_OF_VIOLENCE`."""


class Mood(IntEnum):
    """What a group is bent on; the numbers index `SimulationParameters.conducts`."""

    DORMANT = 0
    ACTIVE = 1
    OFFENSIVE = 2
    LULL = 3
    TRUCE = 4


@dataclass(frozen=True, eq=False)
class Setting:
    """What never changes in one world.

    `susceptibility` (R,) [1], mean about 1; `homes` (G,) region numbers; `neighbours` (R, R) 0/1.
    """

    parameters: SimulationParameters
    susceptibility: FloatArray
    homes: IntArray
    neighbours: csr_array

    @cached_property
    def spread(self) -> csr_array:
        """(R, R): row n holds 1 / (number of neighbours of n) for each of its neighbours."""
        degrees = np.asarray(self.neighbours.sum(axis=1), dtype=float)
        return csr_array(diags_array(1 / np.maximum(degrees, 1)) @ self.neighbours)


class State(NamedTuple):
    """All that the future depends on, at the end of a month.

    `mood` (P, G); `presence` (P, G, R), True where a group stands; `memory` (P, G, R), past
    events with fading weights [events/month].
    """

    mood: IntArray
    presence: BoolArray
    memory: FloatArray


class EventDraws(NamedTuple):
    """The events of one month, one element an event, in order of path, group and region."""

    path: IntArray
    group: IntArray
    region: IntArray
    type_of_violence: IntArray
    deaths: IntArray


def draw_setting(
    parameters: SimulationParameters, neighbours: csr_array, rng: np.random.Generator
) -> Setting:
    """Draw where groups live and how susceptible regions are, alike among neighbours.

    A home always has a neighbour if any region has one: an island would hold its group for ever.
    """
    links = neighbours.astype(np.float64)
    degrees = np.asarray(links.sum(axis=1), dtype=float)
    noise = rng.standard_normal(len(degrees))
    smooth = (noise + links @ noise) / np.sqrt(1 + degrees)
    spread = parameters.susceptibility_spread
    susceptibility = np.exp(spread * smooth - spread**2 / 2)
    weight = susceptibility * (degrees > 0) if degrees.any() else susceptibility
    homes = rng.choice(len(degrees), size=parameters.groups, p=weight / weight.sum())
    return Setting(parameters, susceptibility, homes.astype(np.int64), links)


def initial_state(setting: Setting) -> State:
    """Return one path on which every group is dormant at home."""
    groups, regions = len(setting.homes), len(setting.susceptibility)
    mood = np.full((1, groups), Mood.DORMANT, dtype=np.int64)
    return State(mood, _at_home(setting)[None], np.zeros((1, groups, regions)))


def step(
    setting: Setting, state: State, month: int, rng: np.random.Generator
) -> tuple[State, EventDraws]:
    """Draw one month [months since 1970-01] on every path: the state at its end and its events."""
    mood = _next_mood(setting.parameters, state.mood, rng)
    presence = _next_presence(setting, mood, state, rng)
    rates = event_rates(setting, State(mood, presence, state.memory), month)
    counts = np.zeros(presence.shape, dtype=np.int64)
    counts[presence] = rng.poisson(rates[presence])
    decay = setting.parameters.decay
    memory = decay * state.memory + (1 - decay) * counts
    after = State(mood, presence, memory)
    return after, _draw_events(setting.parameters, after, counts, rng)


def event_rates(setting: Setting, state: State, month: int) -> FloatArray:
    """Return the rates (P, G, R) [events/month] of a month.

    `state` has the month's own moods and presence, and the memory at the end of the month before.
    """
    parameters = setting.parameters
    activity, excitation, _ = _factors(parameters, state.mood)
    phase = 2 * math.pi * (month % 12 + 1 - parameters.season_peak) / 12
    season = 1 + parameters.season_amplitude * math.cos(phase)
    background = activity * (parameters.background * season) * setting.susceptibility
    offspring = parameters.self_excitation * state.memory
    offspring += parameters.neighbour_excitation * _times(state.memory, setting.spread)
    return np.where(state.presence, background + excitation * offspring, 0.0)


def mood_chain(parameters: SimulationParameters) -> FloatArray:
    """Return the monthly transition probabilities between moods, (5, 5), rows sum to 1."""
    leave = np.array([1 / conduct.months for conduct in parameters.conducts])
    chain = np.diag(1 - leave)
    chain[Mood.DORMANT, Mood.OFFENSIVE] = leave[Mood.DORMANT]
    for mood in (Mood.OFFENSIVE, Mood.LULL, Mood.TRUCE):
        chain[mood, Mood.ACTIVE] = leave[mood]
    successors = [Mood.OFFENSIVE, Mood.LULL, Mood.TRUCE, Mood.DORMANT]
    chain[Mood.ACTIVE, successors] = leave[Mood.ACTIVE] * np.array(parameters.after_active)
    return chain


def _next_mood(
    parameters: SimulationParameters, mood: IntArray, rng: np.random.Generator
) -> IntArray:
    bounds = np.cumsum(mood_chain(parameters), axis=1)[:, :-1]
    return np.asarray((rng.random(mood.shape)[..., None] >= bounds[mood]).sum(axis=-1))


def _next_presence(
    setting: Setting, mood: IntArray, state: State, rng: np.random.Generator
) -> BoolArray:
    """Let groups leave, enter and withdraw; entries start only from where a group stood before."""
    parameters = setting.parameters
    _, _, mobility = _factors(parameters, mood)
    fighting = state.memory / (1 + state.memory)
    pressure = _times(np.where(state.presence, fighting, 0.0), setting.neighbours)
    entering = parameters.mobility * mobility * setting.susceptibility * pressure
    hazard = np.where(state.presence, parameters.leaving * (1 - fighting), entering)
    change = rng.random(hazard.shape) < -np.expm1(-hazard)
    home = _at_home(setting)
    moved = (state.presence ^ change) | home
    return np.where((mood == Mood.DORMANT)[..., None], home, moved)


def _draw_events(
    parameters: SimulationParameters, state: State, counts: IntArray, rng: np.random.Generator
) -> EventDraws:
    cells = np.repeat(np.flatnonzero(counts), counts[counts > 0])
    path, group, region = np.unravel_index(cells, counts.shape)
    standing = state.presence & (state.mood != Mood.DORMANT)[..., None]
    contested = standing.sum(axis=1)[path, region] > 1
    types = _draw_types(parameters, contested, rng)
    deaths = draw_deaths(parameters, types, rng)
    numbers = (number.astype(np.int64) for number in (path, group, region))
    return EventDraws._make([*numbers, types, deaths])


def _draw_types(
    parameters: SimulationParameters, contested: BoolArray, rng: np.random.Generator
) -> IntArray:
    """Draw types of violence 1-3; without a rival the non-state share falls to the other two."""
    state_based, non_state, one_sided = parameters.shares
    fight = contested & (rng.random(len(contested)) < non_state)
    against_state = rng.random(len(contested)) < state_based / (state_based + one_sided)
    types = np.where(fight, NON_STATE, np.where(against_state, STATE_BASED, ONE_SIDED))
    return types.astype(np.int64)


def draw_deaths(
    parameters: SimulationParameters, types: IntArray, rng: np.random.Generator
) -> IntArray:
    """Draw the deaths of events (n,) of the given types of violence (n,), 1-3."""
    severities = (parameters.state_based, parameters.non_state, parameters.one_sided)
    laws = np.array([(law.no_deaths, law.scale, law.shape) for law in severities])
    no_deaths, scale, shape = laws[types - 1].T
    deadly = rng.random(len(types)) >= no_deaths
    tail = scale * ((1 - rng.random(len(types))) ** (-1 / shape) - 1)
    deaths = np.minimum(1 + np.floor(tail), parameters.most_deaths)
    return np.where(deadly, deaths, 0).astype(np.int64)


def _factors(
    parameters: SimulationParameters, mood: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return activity, excitation and mobility of each group's mood, each (P, G, 1)."""
    table = np.array([(c.activity, c.excitation, c.mobility) for c in parameters.conducts])
    activity, excitation, mobility = np.moveaxis(table[mood], -1, 0)[..., None]
    return activity, excitation, mobility


def _at_home(setting: Setting) -> BoolArray:
    """Return the flags (G, R) of each group's home."""
    return np.asarray(setting.homes[:, None] == np.arange(len(setting.susceptibility)))


def _times(values: FloatArray, matrix: csr_array) -> FloatArray:
    """Return values (P, G, R) times matrix (R, R); sparse, so the order of sums is fixed."""
    product = values.reshape(-1, values.shape[-1]) @ matrix
    return np.asarray(product, dtype=float).reshape(values.shape)
