"""The forecasters that the benchmarks judge, and those without a model, which they must beat."""

from dataclasses import dataclass

import numpy as np

from experiments.benchmarks.country_pool import CountryPool
from experiments.benchmarks.subforecast import UnitForecaster
from experiments.benchmarks.subforecast_data import AdminCounts, labels_of
from experiments.benchmarks.subforecast_forecaster import UnitEnsemble
from experiments.benchmarks.views import CountryForecaster, Draws
from experiments.benchmarks.views_data import CountryHistory
from features.arrays import FloatArray
from models.references import reference_probability

COUNTRY_FORECASTER: CountryForecaster = CountryPool()
UNIT_FORECASTER: UnitForecaster = UnitEnsemble()
SEED = 1


@dataclass(frozen=True)
class RecentMonths:
    """Conflictology: each of a country's last twelve months is as likely to come again."""

    draws: int = 1000
    months: int = 12

    @property
    def name(self) -> str:
        """What the tables call it."""
        return "last 12 months"

    def forecast(
        self,
        history: CountryHistory,
        origin_row: int,
        months_ahead: range,
        seed: int,  # noqa: ARG002  # nothing is left to chance
    ) -> Draws:
        """Return the last months, each as often as the others, (months ahead, N, draws)."""
        recent = np.nan_to_num(history.deaths[: origin_row + 1][-self.months :])
        drawn = np.arange(self.draws) * len(recent) // self.draws
        draws = recent[drawn].T.astype(np.float32)
        return np.broadcast_to(draws, (len(months_ahead), *draws.shape))


@dataclass(frozen=True, eq=False)
class FittedFrequency:
    """The share of months in which each target came true in each unit, (3, N)."""

    probability: FloatArray

    def predict(self, counts: AdminCounts) -> FloatArray:  # noqa: ARG002  # it learned them before
        """Return the shares, whatever happened since, (3, N)."""
        return self.probability


@dataclass(frozen=True)
class UnitFrequency:
    """Climatology: a unit's own record, shrunk to that of all units by the weight of a month."""

    @property
    def name(self) -> str:
        """What the tables call it."""
        return "frequency in the unit"

    def fit(
        self,
        counts: AdminCounts,
        seed: int,  # noqa: ARG002  # nothing is left to chance
    ) -> FittedFrequency:
        """Count how often each target came true."""
        shares = [reference_probability("climatology", label, 1)[-1] for label in labels_of(counts)]
        return FittedFrequency(np.stack(shares))
