"""Skill: the share of a reference's loss that a forecast saves, at most 1."""

import numpy as np

from features.arrays import FloatArray

LEAST_LOSS = 1.0
"""The least sum of a reference's losses of which a share means something.

With less, all its errors together are less than one event missed, or one death.
"""


def share_saved(loss: FloatArray, reference: FloatArray) -> FloatArray:
    """Return the skill for sums of losses, (n,) each; NaN where the reference's are too small."""
    nothing = np.full(np.shape(loss), np.nan)
    told = reference >= LEAST_LOSS
    return np.asarray(np.divide(reference - loss, reference, out=nothing, where=told))
