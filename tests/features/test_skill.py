import numpy as np
import pytest

from features.skill import share_saved


def test_skill_is_the_share_of_a_loss_that_is_saved() -> None:
    loss, reference = np.array([1.0, 0.0, 0.5, 3.0]), np.array([1.0, 1.0, 2.0, 2.0])
    assert share_saved(loss, reference) == pytest.approx([0, 1, 0.75, -0.5])


def test_there_is_none_over_a_reference_that_is_hardly_ever_wrong() -> None:
    assert np.isnan(share_saved(np.array([370.0]), np.array([0.99])))
