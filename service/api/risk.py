"""Risk levels: a word for a probability, as the bulletin's scales define it."""

import numpy as np
from numpy.typing import NDArray

from bulletins.form import RISK_LEVELS, Manifest, RiskName, RiskScale
from features.arrays import FloatArray
from features.words import SPECS, Target
from service.store.bulletins import Bulletin
from service.store.derived import derived

NO_LEVEL = -1

RiskCodes = NDArray[np.int8]
"""Places in RISK_LEVELS, NO_LEVEL where there is no scale."""


def scale_of(manifest: Manifest, level: str, target: Target) -> RiskScale | None:
    """Return the scale of a target at a level of regions, null if it has none."""
    wanted = SPECS[target].shares
    for scale in manifest.risk_scales:
        if (scale.level, scale.target) == (level, wanted):
            return scale
    return None


def risk_codes(scale: RiskScale | None, probability: FloatArray) -> RiskCodes:
    """Return the risk levels of probabilities (n,) on a scale, (n,)."""
    if scale is None:
        return np.full(len(probability), NO_LEVEL, np.int8)
    lowest = [level.lowest for level in scale.levels]
    return (np.searchsorted(lowest, probability, side="right") - 1).astype(np.int8)


def risk_name(code: int) -> RiskName | None:
    """Return the word for a place in RISK_LEVELS; None for NO_LEVEL."""
    return None if code == NO_LEVEL else RISK_LEVELS[code]


@derived
def risk_of_scores(bulletin: Bulletin) -> RiskCodes:
    """Return the risk level of every score of a bulletin, in the order of its rows."""
    scores, manifest = bulletin.scores, bulletin.manifest
    probability = scores.numbers("probability")
    codes = np.full(len(scores), NO_LEVEL, np.int8)
    for level in scores.values("level"):
        for target in scores.values("target"):
            here = scores.among("level", [level]) & scores.among("target", [target])
            codes[here] = risk_codes(scale_of(manifest, level, target), probability[here])
    return codes
