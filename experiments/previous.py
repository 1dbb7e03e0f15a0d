"""What the bulletin before said of the same regions, in the form that is set beside the new one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.panel.panel import BoolArray, FloatArray
from features.places.regions import Level
from features.targets import Target
from models.explanation import Matrix


@dataclass(frozen=True, eq=False)
class Before:
    """The scores that n regions had at one target and horizon.

    `probability` (n,) is NaN where there was none; `is_same_model` (n,) tells whether the model
    that gives the new scores gave them. `indicators` (n, K) are those of the previous bulletin's
    origin, as they are known now.
    """

    probability: FloatArray
    is_same_model: BoolArray
    indicators: Matrix


@dataclass(frozen=True, eq=False)
class Previous:
    """A bulletin of an earlier origin [months since 1970-01]; `scores` are as in SCORES_SCHEMA."""

    id: str
    origin: int
    scores: pd.DataFrame

    def of(
        self, level: Level, target: Target, horizon: int, regions: npt.NDArray[np.object_]
    ) -> pd.DataFrame:
        """Return `probability` and `model_version` of regions, a row each; missing: no score."""
        table = self.scores
        is_asked = (
            (table["level"] == level) & (table["target"] == target) & (table["horizon"] == horizon)
        )
        found = table[is_asked].set_index("region")[["probability", "model_version"]]
        return found.reindex(regions)
