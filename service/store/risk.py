"""Risk levels: a word for a probability, by the scales of the bulletin."""

import numpy as np
from numpy.typing import NDArray

from bulletins.form import Manifest, RiskScale
from features.words import RISK_LEVELS, SPECS, RiskName, Target
from service.store.bulletins import Bulletin, derived

NO_LEVEL = -1

RiskCodes = NDArray[np.int8]
"""Places in RISK_LEVELS, NO_LEVEL where there is no scale."""


def scale_of(manifest: Manifest, level: str, target: Target) -> RiskScale | None:
    """Return the scale of a target at a level of regions, None if it has none."""
    for scale in manifest.risk_scales:
        if (scale.level, scale.target) == (level, SPECS[target].shares):
            return scale
    return None


def risk_name(code: int) -> RiskName | None:
    """Return the name for a place in RISK_LEVELS; None for NO_LEVEL."""
    return None if code == NO_LEVEL else RISK_LEVELS[code]


@derived
def risk_of_scores(bulletin: Bulletin) -> RiskCodes:
    """Return the risk level of every score of a bulletin, in the order of its rows."""
    scores = bulletin.scores
    probability = scores.numbers("probability")
    codes = np.full(len(scores), NO_LEVEL, np.int8)
    for level in scores.values("level"):
        for target in scores.values("target"):
            scale = scale_of(bulletin.manifest, level, target)
            if scale is not None:
                here = scores.among("level", [level]) & scores.among("target", [target])
                lowest = [risk.lowest for risk in scale.levels]
                codes[here] = np.searchsorted(lowest, probability[here], side="right") - 1
    return codes
