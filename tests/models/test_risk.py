import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk import risk_bands


def test_the_steps_are_those_of_the_odds() -> None:
    """One in four comes true, odds of 1 to 3; three and nine and 27 times that: 1, 3 and 9."""
    outcome = np.array([1.0, 0, 0, 0])
    probability = np.array([0.8, 0.25, 0.2, 0.5])
    bands = risk_bands(probability, outcome)
    assert bands is not None
    assert [band.lowest for band in bands] == pytest.approx([0, 0.25, 0.5, 0.75, 0.9])
    assert [band.scores for band in bands] == [1, 1, 1, 1, 0]
    assert [band.came_true for band in bands] == [0, 0, 0, 1, None]


@pytest.mark.parametrize("outcome", [[], [0.0, 0.0], [1.0, 1.0]])
def test_without_a_base_rate_there_are_no_levels(outcome: list[float]) -> None:
    assert risk_bands(np.full(len(outcome), 0.5), np.array(outcome)) is None


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2).filter(
        lambda rows: 0 < sum(came for _, came in rows) < len(rows)
    )
)
def test_every_score_is_in_one_level_and_levels_climb(rows: list[tuple[float, bool]]) -> None:
    probability, outcome = np.array(rows, dtype=float).T
    bands = risk_bands(probability, outcome)
    assert bands is not None
    lowest = [band.lowest for band in bands]
    assert lowest == sorted(set(lowest))
    assert lowest[0] == 0
    assert lowest[-1] < 1
    assert sum(band.scores for band in bands) == len(rows)
    came = sum(band.scores * (band.came_true or 0) for band in bands)
    assert came == pytest.approx(outcome.sum())
