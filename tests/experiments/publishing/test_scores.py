import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.publishing.scores import steps_of
from features.arrays import FloatArray
from features.words import QUANTILES
from models.distribution import Analogues, DeathsDistribution


def test_equal_draws_are_one_step_and_impossible_ones_none() -> None:
    """0 and 0 with a tenth each, 3 with a half, 7 with three tenths, and 9 which never comes."""
    distribution = DeathsDistribution(
        draws=np.array([[0.0, 0, 3, 7, 9]]), weights=np.array([[0.1, 0.1, 0.5, 0.3, 0]])
    )
    ((deaths, exceedance),) = steps_of(distribution)
    assert deaths.tolist() == [0, 3, 7]
    assert exceedance == pytest.approx([1, 0.8, 0.3])


def at_least(values: FloatArray, exceedance: FloatArray, asked: float) -> float:
    place = int(np.searchsorted(values, asked))
    return float(exceedance[place]) if place < len(exceedance) else 0.0


@given(
    st.lists(st.tuples(st.floats(0, 50), st.integers(0, 60)), min_size=2, max_size=40),
    st.floats(0, 1),
    st.integers(0, 60),
)
def test_steps_say_what_the_distribution_says(
    known: list[tuple[float, int]], probability: float, threshold: int
) -> None:
    size, deaths = np.array(known, dtype=float).T
    tau = 5.0
    distribution = (
        Analogues(tau=tau, count=10)
        .fit(size, deaths, size)
        .predict(size[:2], np.full(2, probability), size[:2])
    )
    for row, (values, exceedance) in enumerate(steps_of(distribution)):
        assert (np.diff(values) > 0).all()
        assert (np.diff(exceedance) <= 1e-12).all()
        assert exceedance[0] == 1

        assert at_least(values, exceedance, tau) == pytest.approx(probability, abs=1e-9)
        assert at_least(values, exceedance, threshold) == pytest.approx(
            distribution.exceedance(threshold)[row], abs=1e-9
        )
        chance = -np.diff(np.append(exceedance, 0))
        assert chance @ values == pytest.approx(distribution.mean()[row], abs=1e-6)
        for level, quantile in zip(QUANTILES, distribution.quantiles(QUANTILES)[row], strict=True):
            more = exceedance[values > quantile].max(initial=0)
            assert more <= 1 - level + 1e-9
            assert at_least(values, exceedance, quantile) > 1 - level - 1e-9
