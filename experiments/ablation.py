"""What each family of indicators adds to a region's own history, and whether it may be luck."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from experiments.backtest import Backtest, Progress, run_backtest
from experiments.configuration import Configuration
from experiments.samples import Samples
from features.errors import ConfigurationError
from features.indicators.catalogue import select
from features.panel.panel import FloatArray
from features.targets import Target
from models.bootstrap import gain
from models.learners import LearnerName
from models.metrics import SMALLEST_PROBABILITY

BASE = "history"
"""The family to which the others are added."""

EVERYTHING = "all families"

CELLS: tuple[tuple[Target, int], ...] = (
    *(("instability", horizon) for horizon in (1, 3, 6, 12)),
    *(("escalation", horizon) for horizon in (3, 6, 12)),
    *(("onset", horizon) for horizon in (3, 6, 12)),
)
"""The cells that are fitted: of the monthly horizons, four tell enough."""


@dataclass(frozen=True, eq=False)
class Ablation:
    """What one addition to the base brings.

    `gains` has a row a target and measure: target, measure (brier, log_score or crps), n
    (forecasts), gain (the share of the base's loss that is saved), low and high (95 % interval).
    """

    added: str
    indicators: int
    gains: pd.DataFrame

    @property
    def has_value(self) -> bool:
        """Is the gain of any target real by its interval?"""
        return bool((self.gains["low"] > 0).any())


def run_ablation(
    samples: Samples, configuration: Configuration, level: str, jobs: int, progress: Progress
) -> Iterator[Ablation]:
    """Yield what each family of the samples, and then all, add to the base, one after another.

    All are judged by the one learner of the configuration, on the same forecasts from its rolling
    origins. Raises ConfigurationError when the samples hold no indicator of the base.
    """
    held = tuple(dict.fromkeys(indicator.family for indicator in select(samples.names)))
    if BASE not in held:
        raise ConfigurationError(f"an ablation adds to the family {BASE}: name it in indicators")
    (learner,) = configuration.learners
    sets = {family: [BASE, family] for family in held if family != BASE}
    if len(sets) > 1:
        sets[EVERYTHING] = list(held)

    def losses(families: Sequence[str], label: str) -> pd.DataFrame:
        chosen = _of_families(samples, families)
        backtest = run_backtest(chosen, configuration, label, jobs, progress, CELLS)
        return losses_of(backtest, learner)

    base = losses([BASE], f"{level}: {BASE}")
    for added, families_of_set in sets.items():
        new = losses(families_of_set, f"{level}: {BASE} + {added}")
        own = len(_of_families(samples, families_of_set).names)
        yield Ablation(added, own, _gains(base, new, configuration.seed))


def losses_of(backtest: Backtest, learner: LearnerName) -> pd.DataFrame:
    """Return a row a forecast and measure: target, measure, horizon, origin, region and loss."""
    told = backtest.probabilities
    outcome = told["outcome"].to_numpy(np.float64)
    probability = told[learner].to_numpy(np.float64)
    parts = [
        told.assign(measure="brier", loss=(probability - outcome) ** 2),
        told.assign(measure="log_score", loss=_log_loss(outcome, probability)),
        backtest.crps.assign(measure="crps", loss=backtest.crps[learner]),
    ]
    columns = ["target", "measure", "horizon", "origin", "region", "loss"]
    return pd.concat([part[columns] for part in parts], ignore_index=True)


def _log_loss(outcome: FloatArray, probability: FloatArray) -> FloatArray:
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.asarray(-(outcome * np.log(p) + (1 - outcome) * np.log1p(-p)))


def _of_families(samples: Samples, families: Sequence[str]) -> Samples:
    """Return the samples with the indicators of some families only."""
    family = {indicator.name: indicator.family for indicator in select(samples.names)}
    kept = [k for k, name in enumerate(samples.names) if family[name] in families]
    names = tuple(samples.names[k] for k in kept)
    return replace(samples, names=names, indicators=samples.indicators[:, :, kept])


def _gains(base: pd.DataFrame, new: pd.DataFrame, seed: int) -> pd.DataFrame:
    rows = []
    for (target, measure), part in base.groupby(["target", "measure"], observed=True):
        loss = new.loc[part.index, "loss"].to_numpy()
        origin = part["origin"].to_numpy()
        found = gain(loss, part["loss"].to_numpy(), origin, seed=seed)
        rows.append((str(target), str(measure), len(part), *found))
    return pd.DataFrame(rows, columns=["target", "measure", "n", "gain", "low", "high"])


def as_table(ablations: Sequence[Ablation]) -> pd.DataFrame:
    """Return all gains in one table, a row an addition, target and measure."""
    parts = [
        ablation.gains.assign(added=ablation.added, indicators=ablation.indicators)
        for ablation in ablations
    ]
    return pd.concat(parts, ignore_index=True)


def as_markdown(table: pd.DataFrame) -> str:
    """Return the gains in per cent as Markdown, a row an addition; real ones are in bold."""
    columns = list(dict.fromkeys(zip(table["target"], table["measure"], strict=True)))
    heads = [f"{target}, {measure.replace('_', ' ')}" for target, measure in columns]
    lines = [f"| added | indicators | {' | '.join(heads)} |", "|---|--:|" + "--:|" * len(heads)]
    for (added, number), part in table.groupby(["added", "indicators"], sort=False):
        cells = part.set_index(["target", "measure"])
        shown = [_in_words(cells.loc[column]) for column in columns]
        lines.append(f"| {added} | {number} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _in_words(row: pd.Series) -> str:
    text = f"{100 * row['gain']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"
    return f"**{text}**" if row["low"] > 0 else text
