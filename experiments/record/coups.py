"""Coups in the track record: what came of their scores, and what references said that day."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from itertools import product

import numpy as np
import pandas as pd

from bulletins.manifest import Manifest
from bulletins.record import SCORE
from experiments.coups.backtest import COUP_REFERENCES, references_at_end
from experiments.coups.fitting import attempt_labels, scored_states
from experiments.coups.judging import redraws
from experiments.coups.settings import CoupSettings, read_coup_settings
from experiments.coups.training import lists_on, states_as_known
from experiments.judging.outcomes import cells_of
from experiments.publishing.coups import lists_named
from features.archive.releases import Archive, Release
from features.arrays import BoolArray, FloatArray, IntArray
from features.errors import BulletinError
from features.months import month_of, parse_month
from features.states.history import StateHistory
from features.words import OF_COUPS, Target
from models.bootstrap import INTERVAL


@dataclass(frozen=True, eq=False)
class StateObservations:
    """The history of states as known on a day, and which of its months are final, (T, C)."""

    history: StateHistory
    is_final: BoolArray

    def outcomes(self, scores: pd.DataFrame, origin: int) -> pd.DataFrame:
        """Return the scores of coups whose outcome is known, with `outcome` and `is_final`.

        `scores` are of an origin [months since 1970-01]. An outcome is known once a list observes
        every month to the horizon, and not before, even where an attempt came early: what is known
        sooner where it came true would count too often.
        """
        parts = [scores.iloc[:0].assign(outcome=0.0, is_final=False)]
        row = origin - self.history.first_month
        for _, horizon, part in cells_of(scores, OF_COUPS):
            if not 0 <= row < len(self.history.months):
                continue
            column = pd.Index(self.history.countries).get_indexer(pd.Index(part["region"]))
            outcome = attempt_labels(self.history, horizon)[row, column]
            is_settled = np.all(self.is_final[row + 1 : row + horizon + 1], axis=0)[column]
            is_known = (column >= 0) & ~np.isnan(outcome)
            parts.append(part.assign(outcome=outcome, is_final=is_settled)[is_known])
        return pd.concat(parts)


def states_outlook(
    archive: Archive, day: date, settled_after: int
) -> Callable[[Manifest], StateObservations | None]:
    """Return what lists of coups tell a bulletin as of a day, None without any; read once.

    A month is final once a list tells it that is public `settled_after` months later; of a
    simulated world at once.
    """

    @cache
    def observations(*, simulated: bool) -> StateObservations | None:
        return _states_observed(archive, day, settled_after, simulated=simulated)

    return lambda manifest: observations(simulated=manifest.simulated)


def _states_observed(
    archive: Archive, day: date, settled_after: int, *, simulated: bool
) -> StateObservations | None:
    history = states_as_known(archive, day, simulated=simulated)
    if history is None:
        return None
    is_final = np.zeros(history.observed.shape, dtype=np.bool_)
    columns = {country: column for column, country in enumerate(history.countries.tolist())}
    for release in lists_on(archive, day, simulated=simulated):
        settled_to = _settled_to(release, settled_after)
        for country, first, last in release.coverage().spans:
            rows = slice(
                max(first - history.first_month, 0),
                max(min(last, settled_to) - history.first_month + 1, 0),
            )
            if country in columns:
                is_final[rows, columns[country]] = True
    return StateObservations(history, is_final & history.observed)


def _settled_to(release: Release, settled_after: int) -> int:
    available = month_of(release.available_on)
    return available if release.simulated else available - settled_after


@dataclass(frozen=True, eq=False)
class StateConditions:
    """What references of coups may read: the lists that a bulletin names, as of its own day.

    `past` ends at its origin.
    """

    past: StateHistory
    settings: CoupSettings

    @classmethod
    def of(cls, archive: Archive, manifest: Manifest) -> "StateConditions":
        """Read them; raises BulletinError when a list is gone."""
        lists, simulated = lists_named(archive, manifest), manifest.simulated
        history = states_as_known(lists, manifest.vintage.as_of, simulated=simulated)
        if history is None:
            raise BulletinError(f"bulletin {manifest.id} names no list of coups")
        return cls(history.until(parse_month(manifest.origin)), read_coup_settings())

    @cached_property
    def regions(self) -> pd.Index:
        """The ids of the countries that may be scored, (n,)."""
        return pd.Index(self.past.countries[scored_states(self.past)])

    def probabilities(self, _: Target, horizon: int, region: IntArray) -> Mapping[str, FloatArray]:
        """Return the references' probabilities of some countries, (n,) each."""
        references = references_at_end(self.past, self.settings, horizon)
        return {name: values[region] for name, values in references.items()}


def fewest_attempts(rows: pd.DataFrame) -> int:
    """Return the fewest attempts that make the outcomes of rows of windows true.

    One attempt makes every window true that holds its month, so that the last months of those that
    end first, one after another, are enough.
    """
    attempts = 0
    came_true = rows[rows["outcome"] > 0]
    for _, own in came_true.groupby("country"):
        last = own["target_month"].map(parse_month).to_numpy(np.int64)
        first = last - own["horizon"].to_numpy(np.int64) + 1
        newest = -1
        for place in np.argsort(last, kind="stable"):
            if first[place] > newest:
                attempts, newest = attempts + 1, int(last[place])
    return attempts


def redrawn_skills(rows: pd.DataFrame) -> Iterator[tuple[float, float]]:
    """Yield the 95 % interval of the share saved of each reference's loss, then of its log score.

    `rows` are as in `summary.with_losses`. Years and countries are both drawn anew, as in the
    backtest of coups.
    """
    pairs = product(("loss", "log"), (SCORE, *COUP_REFERENCES))
    losses = {(kind, name): f"{kind} {name}" for kind, name in pairs}
    year = (rows["month"] + 1) // 12  # in which the window begins
    cells = rows.groupby([year.rename("year"), "country"])[list(losses.values())].sum()
    keys = cells.index.to_frame()
    settings = read_coup_settings().backtest
    weights = np.array(list(redraws(keys["year"].to_numpy(), keys["country"].to_numpy(), settings)))
    sums = {key: weights @ cells[column].to_numpy() for key, column in losses.items()}
    for name in COUP_REFERENCES:
        for kind in ("loss", "log"):
            whole = sums[kind, name]
            drawn = 1 - sums[kind, SCORE][whole > 0] / whole[whole > 0]
            low, high = np.percentile(drawn, INTERVAL)
            yield float(low), float(high)
