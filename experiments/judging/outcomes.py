"""What came of scores by a vintage, and whether that is final."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Protocol

import numpy as np
import pandas as pd

from bulletins.manifest import Manifest
from features.archive.releases import Archive, Release
from features.archive.vintage import SummaryEvents, Vintage, vintage_of
from features.arrays import BoolArray, FloatArray
from features.months import month_of
from features.panel.panel import Panel, read_panel
from features.targets import came_true
from features.words import OF_VIOLENCE, SPECS, Level, Target

SETTLED_AFTER = 18
"""The age at which a month of counts is final, when a release tells it again [months]."""


@dataclass(frozen=True, eq=False)
class Observations:
    """The panel of a level by a vintage, and which of its region-months are final, (T, R)."""

    panel: Panel
    is_final: BoolArray

    def outcomes(self, scores: pd.DataFrame, origin: int) -> pd.DataFrame:
        """Return the scores of `known_outcomes`, and whether their months `is_final`."""
        return known_outcomes(self.panel, scores, origin, self.is_final)


def known_outcomes(
    panel: Panel, scores: pd.DataFrame, origin: int, is_final: BoolArray | None = None
) -> pd.DataFrame:
    """Return the scores of violence whose outcome a panel knows, with `outcome` and `is_final`.

    `scores` are a level's, of an origin [months since 1970-01]. `outcome` is 0 or 1 by the
    threshold that was issued, or deaths [deaths/month]. `is_final` (T, R) are region-months of the
    panel; none by default.
    """
    ids = pd.Index(panel.regions.table["id"])
    final = np.zeros_like(panel.observed) if is_final is None else is_final
    parts = [scores.iloc[:0].assign(outcome=0.0, is_final=False)]
    for target, horizon, part in cells_of(scores, OF_VIOLENCE):
        months = _months(panel, target, origin, horizon)
        if months is None:
            continue
        region = ids.get_indexer(part["region"])
        mean = panel.counts[months].mean(axis=0)[region]
        # A later vintage may lack a region, whose index is then -1, or not observe its months.
        is_known = (region >= 0) & ~np.isnan(mean)
        outcome = _outcome(target, mean, part["threshold"].to_numpy(np.float64))
        is_settled = np.all(final[months], axis=0)[region]
        parts.append(part.assign(outcome=outcome, is_final=is_settled)[is_known])
    return pd.concat(parts)


def _months(panel: Panel, target: Target, origin: int, horizon: int) -> slice | None:
    """Return the rows of a target's months; None where the panel does not have them all."""
    last = origin + horizon - int(panel.months[0])
    first = last - horizon + 1 if SPECS[target].is_window else last
    return slice(first, last + 1) if first >= 0 and last < len(panel.months) else None


def cells_of(
    scores: pd.DataFrame, targets: Iterable[Target]
) -> Iterator[tuple[Target, int, pd.DataFrame]]:
    """Yield the scores of each of some targets and horizon, in order."""
    for target in targets:
        own = scores[scores["target"] == target]
        for horizon in map(int, sorted(own["horizon"].unique())):
            yield target, horizon, own[own["horizon"] == horizon]


def _outcome(target: Target, mean: FloatArray, needed: FloatArray) -> FloatArray:
    if SPECS[target].is_distribution:
        return mean
    return came_true(target, mean, needed).astype(np.float64)


class Outlook(Protocol):
    """What a day's archive tells of the months that a bulletin forecast."""

    def __call__(self, manifest: Manifest, level: Level) -> Observations | None:
        """Return the observations of a level; None where the archive tells nothing of it."""


def outlook_on(archive: Archive, as_of: date, settled_after: int = SETTLED_AFTER) -> Outlook:
    """Return what an archive tells as of a day, each panel read once."""

    public = [release for release in archive.releases() if release.available_on <= as_of]

    @cache
    def of_history(history: str, summary: SummaryEvents, level: Level) -> Observations | None:
        own = [release for release in public if release.history == history]
        if not own:
            return None
        vintage = vintage_of(own, as_of, summary)
        panel = read_panel(vintage, level)
        return Observations(panel, final_months(vintage, panel, settled_after))

    def outlook(manifest: Manifest, level: Level) -> Observations | None:
        (model,) = (model for model in manifest.models if model.level == level)
        return of_history(manifest.vintage.history, model.summary_events, level)

    return outlook


def final_months(vintage: Vintage, panel: Panel, settled_after: int) -> BoolArray:
    """Return which region-months of a panel no later release is expected to change, (T, R).

    They are those that a final release tells; a release of counts, whose source does not say what
    is final, tells those that are at least `settled_after` months old when it is public.
    """
    bases = vintage.bases
    settled_to = np.array([_settled_to(release, settled_after) for release in vintage.releases])
    is_final = bases["month"].to_numpy() <= settled_to[bases["release"].to_numpy()]
    final = bases[is_final]
    table = np.zeros(panel.observed.shape, dtype=np.bool_)
    countries = panel.regions.table["country"].to_numpy()
    for country, months in final.groupby("country")["month"]:
        rows = months.to_numpy() - int(panel.months[0])
        rows = rows[(rows >= 0) & (rows < len(table))]
        table[np.ix_(rows, countries == country)] = True
    return table & panel.observed


def _settled_to(release: Release, settled_after: int) -> int:
    """Return the last month that is final by a release; -1 for none."""
    if release.kind != "final":
        return -1
    available = month_of(release.available_on)
    return available if release.level is None else available - settled_after
