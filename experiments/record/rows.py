"""Scores and references beside what came: the rows of the track record."""

from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulletins.form import DISTRIBUTIONS_FILE
from bulletins.manifest import Manifest
from bulletins.reading import read_file
from bulletins.record import ROWS_SCHEMA, SCORE
from bulletins.tables import Part
from experiments.backtest.rolling import deaths_measures, reference_probabilities
from experiments.coups.backtest import COUP_REFERENCES
from experiments.judging.outcomes import cells_of
from experiments.record.coups import StateConditions
from experiments.samples import Samples, samples_at
from features.archive.vintage import Vintage
from features.arrays import FloatArray, IntArray
from features.arrow import optional
from features.months import parse_month
from features.panel.panel import read_panel
from features.words import DISTRIBUTIONS, SPECS, TARGETS, Level, Outcome, Target
from models.distribution import DeathsDistribution
from models.references import REFERENCES, reference_deaths

_REFERENCES: dict[Outcome, tuple[str, ...]] = {
    "violence": REFERENCES,
    "coups": COUP_REFERENCES,
}
_NAMES = tuple(chain(*_REFERENCES.values()))

ROWS = pa.schema([*ROWS_SCHEMA, *optional(pa.float64(), *_NAMES)])
"""The columns of `rows.parquet`."""

KEYS = ["level", "region", "target", "horizon"]
"""What tells one score of a bulletin from others."""


def references_of(target: Target) -> tuple[str, ...]:
    """Return the references that scores of a target are set against."""
    return _REFERENCES[SPECS[target].counts]


def forecasts_of(target: Target) -> tuple[str, ...]:
    """Return the names of the scores of a target and of its references."""
    return (SCORE, *references_of(target))


@dataclass(frozen=True, eq=False)
class Conditions:
    """What the references of a level may read: the bulletin's own releases, as of its day.

    `samples` end at its origin; `regions` are their ids.
    """

    samples: Samples
    regions: pd.Index

    @classmethod
    def of(cls, vintage: Vintage, manifest: Manifest, level: Level) -> "Conditions":
        """Read them from a vintage of the bulletin's releases; raises CoverageError without any."""
        (model,) = (model for model in manifest.models if model.level == level)
        panel = read_panel(replace(vintage, summary_events=model.summary_events), level)
        samples = samples_at(panel, parse_month(manifest.origin), manifest.thresholds[level])
        return cls(samples, pd.Index(panel.regions.table["id"]))

    def probabilities(
        self, target: Target, horizon: int, region: IntArray
    ) -> dict[str, FloatArray]:
        """Return the references' probabilities of some regions, (n,) each."""
        where = (np.full(len(region), len(self.samples.months) - 1), region)
        return reference_probabilities(self.samples, target, horizon, where)

    def crps(self, horizon: int, region: IntArray, outcome: FloatArray) -> dict[str, FloatArray]:
        """Return the references' CRPS for some regions' outcomes [deaths/month], (n,) each."""
        row = len(self.samples.months) - 1
        scores: dict[str, FloatArray] = {}
        for reference in REFERENCES:
            deaths = reference_deaths(reference, self.samples.deaths, row, horizon).of(region)
            scores[reference] = deaths_measures(outcome, deaths)[0]
        return scores


@dataclass(frozen=True, eq=False)
class Distributions:
    """The distributions of deaths that a bulletin issued at a level.

    Row i of `keys` (region, horizon) has the numbers of deaths [deaths/month] from `ends[i]` to
    `ends[i + 1]`, ascending, and the probabilities of at least so many.
    """

    keys: pd.MultiIndex
    ends: IntArray
    deaths: FloatArray
    exceedance: FloatArray

    @classmethod
    def of(cls, folder: Path, manifest: Manifest, level: Level) -> "Distributions | None":
        """Read them; None in older bulletins. Raises BulletinError when they are damaged."""
        if DISTRIBUTIONS_FILE not in manifest.hashes:
            return None
        content = read_file(folder, DISTRIBUTIONS_FILE, manifest.hashes[DISTRIBUTIONS_FILE])
        table = Part(content).whole()
        table = table.filter(pc.equal(table["level"], level)).combine_chunks()
        keys = table.select(["region", "horizon"]).to_pandas()
        deaths, exceedance = (table[name].combine_chunks() for name in ("deaths", "exceedance"))
        return cls(
            pd.MultiIndex.from_frame(keys),
            deaths.value_lengths().to_numpy().cumsum(),
            deaths.flatten().to_numpy(),
            exceedance.flatten().to_numpy(),
        )

    def at(self, horizon: int, regions: pd.Series) -> DeathsDistribution:
        """Return those of some regions at a horizon; shorter ones are filled with no weight."""
        wanted = pd.MultiIndex.from_arrays([regions, np.full(len(regions), horizon)])
        row = self.keys.get_indexer(wanted)
        begin = np.concatenate([[0], self.ends])[row][:, None]
        last = self.ends[row][:, None] - 1
        place = begin + np.arange((last - begin).max() + 1)
        here, after = np.minimum(place, last), np.minimum(place + 1, last)
        beyond = np.where(place < last, self.exceedance[after], 0.0)
        weights = np.where(place <= last, self.exceedance[here] - beyond, 0.0)
        return DeathsDistribution(self.deaths[here], weights)


def judged_rows(
    scores: pd.DataFrame,
    conditions: Conditions | StateConditions,
    distributions: Distributions | None = None,
) -> pd.DataFrame:
    """Return a level's scores with outcomes beside the references: what ROWS says of forecasts.

    `scores` are as in SCORES_SCHEMA with `outcome`. One of a region that the map no longer has is
    left out.
    """
    parts = []
    for target, horizon, part in cells_of(scores, TARGETS):
        region = conditions.regions.get_indexer(pd.Index(part["region"]))
        own, place = part[region >= 0], region[region >= 0]
        outcome = own["outcome"].to_numpy(np.float64)
        columns: dict[str, FloatArray]
        if (
            isinstance(conditions, Conditions)
            and distributions is not None
            and SPECS[target].is_distribution
        ):
            issued = distributions.at(horizon, own["region"])
            measures = deaths_measures(outcome, issued)
            columns = dict(zip((SCORE, "mean", "below", "upto"), measures, strict=True))
            columns |= conditions.crps(horizon, place, outcome)
        else:
            unknown = np.full(len(own), np.nan)
            columns = dict.fromkeys(("mean", "below", "upto"), unknown)
            columns |= {SCORE: own["probability"].to_numpy(np.float64)}
            columns |= conditions.probabilities(target, horizon, place)
        parts.append(own.drop(columns=["mean"]).assign(**columns))
    return pd.concat(parts, ignore_index=True)


def losses_of(rows: pd.DataFrame) -> FloatArray:
    """Return the loss of each score, (n,): squared error, or CRPS [deaths/month]."""
    score, outcome = (rows[name].to_numpy(np.float64) for name in (SCORE, "outcome"))
    is_crps = rows["target"].isin(DISTRIBUTIONS).to_numpy()
    return np.where(is_crps, score, (score - outcome) ** 2)


def risk_levels(manifest: Manifest, level: Level, scores: pd.DataFrame) -> pd.Series:
    """Return the risk level of each score, (n,); None where the bulletin has no scale."""
    names = pd.Series(None, scores.index, dtype="object")
    for scale in manifest.risk_scales:
        own = scores.index[scores["target"] == scale.target]
        if scale.level == level and len(own):
            bounds = [risk.lowest for risk in scale.levels]
            probability = scores.loc[own, "probability"].to_numpy()
            place = np.searchsorted(bounds, probability, side="right") - 1
            names[own] = [scale.levels[number].name for number in place]
    return names
