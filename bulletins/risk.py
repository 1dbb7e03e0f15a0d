"""Which risk level a score has, by the scales of its bulletin's manifest."""

import numpy as np
from numpy.typing import NDArray

from bulletins.manifest import Manifest, RiskScale
from features.arrays import FloatArray
from features.words import RISK_LEVELS, SPECS, Target

NO_LEVEL = -1
"""The place of a score for which there is no scale."""


def scale_of(manifest: Manifest, level: str, target: Target) -> RiskScale | None:
    """Return the scale of a target at a level of regions, None if it has none."""
    cell = (level, SPECS[target].shares)
    return next((s for s in manifest.risk_scales if (s.level, s.target) == cell), None)


def risk_places(scale: RiskScale, probability: FloatArray) -> NDArray[np.int8]:
    """Return the place in RISK_LEVELS (n,) of probabilities (n,) on a scale."""
    lowest = [risk.lowest for risk in scale.levels]
    places = np.array([RISK_LEVELS.index(risk.name) for risk in scale.levels], np.int8)
    return places[np.searchsorted(lowest, probability, side="right") - 1]
