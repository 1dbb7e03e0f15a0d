"""Forecasters for SUB-Forecast: logistic regression and boosted trees, and the record alone."""

from dataclasses import dataclass, replace

import numpy as np

from experiments.benchmarks.published import UnitTarget
from experiments.benchmarks.subforecast import UnitForecaster
from experiments.benchmarks.subforecast_data import AdminCounts, labels_of
from experiments.benchmarks.subforecast_history import history
from experiments.benchmarks.subforecast_surroundings import UnitMap, map_of, surroundings
from features.arrays import BoolArray, FloatArray, IntArray, Matrix
from features.indicators.windows import months_since
from models.learners import FEWEST_CASES, BaseRate, Boosting, LogOddsMean, RidgeLogistic
from models.references import reference_probability

FIRST_ROW = 24
"""Months of history that a row to learn from has at least."""

QUIET_ENOUGH = 6
"""Onset is learned from units that were quiet for so many months: they are more, and much alike."""


def indicators_of(counts: AdminCounts, unit_map: UnitMap) -> tuple[tuple[str, ...], Matrix]:
    """Return names (K,) and values (T, N, K) of all columns; each month from those to it."""
    columns = {**history(counts), **surroundings(counts, unit_map)}
    values = np.empty((*counts.events.shape, len(columns)), np.float32)
    for position, column in enumerate(columns.values()):
        values[:, :, position] = column
    return tuple(columns), values


@dataclass(frozen=True, eq=False)
class FittedEnsemble:
    """What was learned: a learner a target, in the order of the targets, and who is near whom."""

    learners: tuple[LogOddsMean | BaseRate, ...]
    unit_map: UnitMap

    def predict(self, counts: AdminCounts) -> FloatArray:
        """Return the probabilities of the next month, (3, N).

        A unit without a name has the mean of the named units that have been quiet the longest.
        """
        named = counts.named
        named_counts = _named(counts)
        _, values = indicators_of(named_counts, self.unit_map)
        quiet = months_since(named_counts.events, 1)[-1]
        probabilities = np.empty((len(self.learners), len(named)))
        for row, learner in zip(probabilities, self.learners, strict=True):
            row[named] = learner.probability(values[-1])
            row[~named] = row[named][quiet == quiet.max()].mean()
        return probabilities


@dataclass(frozen=True)
class UnitEnsemble:
    """Learns each target from the named units, those of all months alike."""

    name = "logistic + boosting"

    def fit(self, counts: AdminCounts, seed: int) -> FittedEnsemble:
        """Learn from months whose next month is known."""
        named_counts = _named(counts)
        unit_map = map_of(named_counts)
        _, values = indicators_of(named_counts, unit_map)
        learners = [
            _learned(target, values[rows], label[rows], np.nonzero(rows)[1], seed)
            for target, (rows, label) in _lessons(named_counts).items()
        ]
        return FittedEnsemble(tuple(learners), unit_map)


def _lessons(counts: AdminCounts) -> dict[UnitTarget, tuple[BoolArray, FloatArray]]:
    """Return by target which rows to learn from, and what came true, (T, N) each."""
    occurrence, escalation, _ = labels_of(counts)
    late_enough = np.arange(len(occurrence))[:, None] >= FIRST_ROW
    is_known = ~np.isnan(occurrence) & late_enough
    quiet = months_since(counts.events, 1) >= QUIET_ENOUGH
    return {
        "occurrence": (is_known, occurrence),
        "escalation": (is_known, escalation),
        "onset": (is_known & quiet, occurrence),
    }


def _learned(
    target: UnitTarget, values: Matrix, outcome: FloatArray, units: IntArray, seed: int
) -> LogOddsMean | BaseRate:
    cases = outcome.sum()
    if min(cases, len(outcome) - cases) < FEWEST_CASES:
        return BaseRate().fit(outcome)
    return LogOddsMean((RidgeLogistic(), _trees(target, seed))).fit(values, outcome, units)


def _trees(target: UnitTarget, seed: int) -> Boosting:
    if target == "onset":  # fewer rows, and fewer still that are true
        return Boosting(iterations=200, learning_rate=0.04, leaves=7, share_tried=0.2, seed=seed)
    return Boosting(iterations=150, leaves=10, share_tried=0.15, seed=seed)


def _named(counts: AdminCounts) -> AdminCounts:
    named = np.flatnonzero(counts.named)
    return replace(
        counts,
        countries=tuple(counts.countries[n] for n in named),
        regions=tuple(counts.regions[n] for n in named),
        events=counts.events[:, named],
        events_by_type=counts.events_by_type[:, named],
        deaths=counts.deaths[:, named],
    )


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

    name = "frequency in the unit"

    def fit(
        self,
        counts: AdminCounts,
        seed: int,  # noqa: ARG002  # nothing is left to chance
    ) -> FittedFrequency:
        """Count how often each target came true."""
        shares = [reference_probability("climatology", label, 1)[-1] for label in labels_of(counts)]
        return FittedFrequency(np.stack(shares))


UNIT_FORECASTER: UnitForecaster = UnitEnsemble()
"""The one that is judged; UnitFrequency is what it must beat."""
