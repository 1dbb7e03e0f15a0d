"""What the bulletin before said of the same regions, in the form that is set beside the new one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.phrases import BASELINE
from features.panel import BoolArray, FloatArray
from features.targets import Target
from models.bulletin import DRIVERS_SCHEMA


@dataclass(frozen=True, eq=False)
class Before:
    """What was said of n regions at one target and horizon.

    `probability` (n,) is NaN where there was no score. `parts` (n, F + 1) are the contributions of
    the families and, last, the baseline's log-odds: NaN also where another model gave the score,
    or where no contributions were published.
    """

    probability: FloatArray
    is_same_model: BoolArray
    parts: FloatArray

    @property
    def is_explained(self) -> BoolArray:
        """Tell of which regions all parts are known, (n,)."""
        return np.asarray(~np.isnan(self.parts).any(axis=1))


@dataclass(frozen=True, eq=False)
class Previous:
    """A bulletin of an earlier origin [months since 1970-01].

    `scores` are as in SCORES_SCHEMA, `drivers` as in DRIVERS_SCHEMA.
    """

    id: str
    origin: int
    scores: pd.DataFrame
    drivers: pd.DataFrame

    def at_level(self, level: str) -> "Previous":
        """Return what it said at one level."""
        scores, drivers = (t[t["level"] == level] for t in (self.scores, self.drivers))
        return Previous(self.id, self.origin, scores, drivers)

    def of(
        self,
        target: Target,
        horizon: int,
        regions: npt.NDArray[np.object_],
        families: Sequence[str],
        model: str,
    ) -> Before:
        """Return what was said of regions; `model` is the version that the new scores are from."""
        scored = _cell(self.scores, target, horizon).set_index("region").reindex(regions)
        is_same = (scored["model_version"] == model).to_numpy(dtype=bool)
        made = _cell(self.drivers, target, horizon)
        made = made[made["kind"].isin(["baseline", "family"])]
        named = made.assign(name=made["name"].where(made["kind"] == "family", BASELINE))
        table = named.pivot_table("contribution", "region", "name")
        parts = table.reindex(index=regions, columns=[*families, BASELINE])
        return Before(
            probability=scored["probability"].to_numpy(dtype=np.float64),
            is_same_model=is_same,
            parts=np.where(is_same[:, None], parts.to_numpy(dtype=np.float64), np.nan),
        )


def no_drivers() -> pd.DataFrame:
    """Return the drivers of a bulletin that has none."""
    empty: pd.DataFrame = DRIVERS_SCHEMA.empty_table().to_pandas()
    return empty


def _cell(table: pd.DataFrame, target: Target, horizon: int) -> pd.DataFrame:
    return table[(table["target"] == target) & (table["horizon"] == horizon)]
