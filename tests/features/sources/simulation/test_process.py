import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.sparse import csr_array

from features.errors import ConfigurationError
from features.months import parse_month
from features.sources.simulation.parameters import Conduct, Severity, SimulationParameters
from features.sources.simulation.process import (
    Mood,
    Setting,
    State,
    draw_deaths,
    draw_setting,
    event_rates,
    initial_state,
    mood_chain,
    step,
)
from tests.features.sources.simulation.truth import copies_of

LINE = csr_array(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=float))
JANUARY = parse_month("2020-01")


def in_mood(setting: Setting, mood: Mood, paths: int, memory: float = 1.0) -> State:
    shape = (paths, len(setting.homes), len(setting.susceptibility))
    moods = np.full(shape[:2], mood, dtype=np.int64)
    return State(moods, np.ones(shape, dtype=bool), np.full(shape, memory))


def even_setting(**changes: object) -> Setting:
    fields = {"groups": 1, "susceptibility_spread": 0, **changes}
    parameters = SimulationParameters.model_validate(fields)
    return Setting(parameters, np.ones(3), np.array([0]), LINE)


def test_a_group_kills_only_where_it_stands_and_only_while_it_is_not_dormant() -> None:
    setting = draw_setting(SimulationParameters(groups=3), LINE, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    state = copies_of(initial_state(setting), 0, 50)
    seen = 0
    for month in range(JANUARY, JANUARY + 120):
        state, drawn = step(setting, state, month, rng)
        seen += len(drawn.deaths)
        assert state.presence[drawn.path, drawn.group, drawn.region].all()
        assert (state.mood[drawn.path, drawn.group] != Mood.DORMANT).all()
    assert seen > 1000


def test_rates_follow_the_formula() -> None:
    setting = even_setting(
        background=0.5,
        self_excitation=0.4,
        neighbour_excitation=0.2,
        season_amplitude=0.5,
        season_peak=1,
        offensive=Conduct(months=5, activity=3, excitation=0.5, mobility=1),
    )
    state = State(
        np.array([[Mood.OFFENSIVE]]),
        np.array([[[True, True, False]]]),
        np.array([[[2.0, 0.0, 1.0]]]),
    )
    january = [0.5 * 3 * 1.5 + 0.5 * 0.4 * 2, 0.5 * 3 * 1.5 + 0.5 * 0.2 * (2 + 1), 0]
    july = [0.5 * 3 * 0.5 + 0.5 * 0.4 * 2, 0.5 * 3 * 0.5 + 0.5 * 0.2 * (2 + 1), 0]
    assert event_rates(setting, state, JANUARY)[0, 0] == pytest.approx(january)
    assert event_rates(setting, state, JANUARY + 6)[0, 0] == pytest.approx(july)


def test_memory_fades_by_the_decay_and_weighs_an_event_once() -> None:
    setting = even_setting(background=0, self_excitation=0, neighbour_excitation=0)
    state = in_mood(setting, Mood.ACTIVE, paths=1, memory=4.0)
    after, drawn = step(setting, state, JANUARY, np.random.default_rng(1))
    assert len(drawn.deaths) == 0
    assert after.memory == pytest.approx(4.0 * np.exp(-1 / setting.parameters.memory_months))
    decay = setting.parameters.decay
    assert sum((1 - decay) * decay**k for k in range(200)) == pytest.approx(1)


def test_a_steady_group_reaches_the_mean_of_hawkes() -> None:
    for_ever = Conduct(months=1e9, activity=1, excitation=1, mobility=0)
    parameters = SimulationParameters(
        groups=1,
        background=2,
        susceptibility_spread=0,
        season_amplitude=0,
        self_excitation=0.4,
        neighbour_excitation=0.2,
        leaving=0,
        active=for_ever,
    )
    setting = Setting(parameters, np.ones(2), np.array([0]), csr_array(np.eye(2)[::-1]))
    state, rng = in_mood(setting, Mood.ACTIVE, paths=1000), np.random.default_rng(1)
    counts = np.zeros(1000, dtype=np.int64)
    for month in range(JANUARY, JANUARY + 60):
        state, drawn = step(setting, state, month, rng)
        counts = np.bincount(drawn.path, minlength=1000)
    error = counts.std() / np.sqrt(len(counts))
    assert counts.mean() == pytest.approx(2 * 2 / (1 - 0.6), abs=4 * error)


def test_a_truce_lowers_activity_and_an_offensive_raises_it() -> None:
    setting, means = even_setting(), {}
    for mood in (Mood.TRUCE, Mood.LULL, Mood.ACTIVE, Mood.OFFENSIVE):
        state = in_mood(setting, mood, paths=4000)
        _, drawn = step(setting, state, JANUARY, np.random.default_rng(1))
        means[mood] = len(drawn.deaths) / 4000
    assert means[Mood.TRUCE] < 0.3 * means[Mood.ACTIVE]
    assert means[Mood.TRUCE] < means[Mood.LULL] < means[Mood.ACTIVE]
    assert means[Mood.OFFENSIVE] > 1.2 * means[Mood.ACTIVE]


def test_an_offensive_carries_a_group_farther_than_a_truce() -> None:
    setting, entered = even_setting(), {}
    for mood in (Mood.TRUCE, Mood.ACTIVE, Mood.OFFENSIVE):
        state = in_mood(setting, mood, paths=4000, memory=2.0)
        held = np.zeros_like(state.presence)
        held[:, :, 0] = True
        after, _ = step(
            setting, State(state.mood, held, state.memory), JANUARY, np.random.default_rng(1)
        )
        entered[mood] = after.presence[:, 0, 1].mean()
        assert not after.presence[:, 0, 2].any()
    assert 3 * entered[Mood.TRUCE] < entered[Mood.ACTIVE] < entered[Mood.OFFENSIVE] / 3


def test_moods_change_by_a_proper_chain_that_reaches_every_mood() -> None:
    chain = mood_chain(SimulationParameters())
    assert chain.sum(axis=1) == pytest.approx(1)
    assert (chain >= 0).all()
    assert (np.linalg.matrix_power(chain, 5) > 0).all()
    assert chain[Mood.DORMANT, Mood.OFFENSIVE] == pytest.approx(1 / 60)
    assert chain[Mood.ACTIVE, Mood.TRUCE] == pytest.approx(0.12 / 12)


@given(
    no_deaths=st.floats(0, 1),
    scale=st.floats(0.01, 100),
    shape=st.floats(0.1, 5),
    most=st.integers(1, 1000),
)
def test_deaths_never_pass_the_cap(no_deaths: float, scale: float, shape: float, most: int) -> None:
    severity = Severity(no_deaths=no_deaths, scale=scale, shape=shape)
    parameters = SimulationParameters(most_deaths=most, non_state=severity)
    deaths = draw_deaths(parameters, np.full(200, 2), np.random.default_rng(1))
    assert deaths.min() >= 0
    assert deaths.max() <= most


def test_deaths_follow_the_lomax_law() -> None:
    parameters = SimulationParameters(
        state_based=Severity(no_deaths=0.25, scale=7, shape=1.7), most_deaths=100
    )
    deaths = draw_deaths(parameters, np.full(100_000, 1), np.random.default_rng(1))
    assert (deaths == 0).mean() == pytest.approx(0.25, abs=0.006)
    for least in (2, 5, 20, 100):
        expected = 0.75 * (1 + (least - 1) / 7) ** -1.7
        assert (deaths >= least).mean() == pytest.approx(expected, abs=0.006)
    assert deaths.max() == 100


@given(own=st.floats(0, 3), neighbours=st.floats(0, 3))
def test_only_subcritical_parameters_are_accepted(own: float, neighbours: float) -> None:
    fields = {"self_excitation": own, "neighbour_excitation": neighbours}
    if own + neighbours < 1:
        assert SimulationParameters.model_validate(fields).branching_ratio == own + neighbours
    else:
        with pytest.raises(ConfigurationError, match="explode"):
            SimulationParameters.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"first_month": "2020-01", "last_month": "2019-12"},
        {"shares": (0.5, 0.2, 0.2)},
        {"shares": (0, 1, 0)},
        {"after_active": (1.2, -0.2, 0, 0)},
    ],
)
def test_contradictory_parameters_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        SimulationParameters.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"groups": 0},
        {"groups": 10_000},
        {"selfexcitation": 0.1},
        {"background": float("inf")},
        {"offensive": {"months": 5, "activity": 5, "excitation": 1.1, "mobility": 6}},
    ],
)
def test_fields_out_of_bounds_or_unknown_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SimulationParameters.model_validate(fields)
