"""`drivers.parquet`: why scores are what they are, as contributions and changes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from bulletins.form import DRIVERS_SCHEMA, DriverKind
from experiments.backtest.grid import Jobs, in_parallel
from experiments.publishing.earlier import EarlierBulletin, PreviousScores
from experiments.publishing.scores import LevelForecast, is_scored
from experiments.samples import RegionMonths, Samples
from features.arrays import BoolArray, FloatArray, IntArray, Matrix, ObjectArray
from features.indicators.catalogue import select
from features.indicators.indicator import Indicator
from features.indicators.state import StateIndicator
from features.language import ENGLISH
from features.words import Target
from models.explanation import (
    LONGEST_PAST,
    Contributions,
    Probability,
    explain,
    log_odds,
    single_effects,
    usual_indicators,
)
from models.forecaster import cell_key
from models.record import signed_odds

STRONGEST = 3
"""The most single indicators that a score names besides the families."""

_OWN = "history"

_NOTHING = 1e-9
"""Log-odds this near to 0 are rounding errors."""

Indicators = tuple[Indicator | StateIndicator, ...]
Block = dict[str, npt.NDArray[np.generic]]
"""Rows of one kind, by column."""


@dataclass(frozen=True, eq=False)
class Question:
    """The scores of n regions at one target and horizon, to be explained.

    `present` and `usual` are (n, K + 1): indicators and RECORD, which is part of the history; (n,
    K) of a model that reads no record. `is_own` (n,) is true where the usual ones are from the
    region's own past. `before` is None without a previous bulletin.
    """

    probability: Probability
    indicators: Indicators
    regions: ObjectArray
    present: Matrix
    usual: Matrix
    is_own: BoolArray
    before: PreviousScores | None

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the columns, in order."""
        return self._families[0]

    @property
    def groups(self) -> IntArray:
        """The number of each column's family, (K + 1,)."""
        return self._families[1]

    @property
    def names(self) -> ObjectArray:
        """The name of each indicator, (K,)."""
        return np.array([indicator.name for indicator in self.indicators], dtype=object)

    @property
    def _families(self) -> tuple[tuple[str, ...], IntArray]:
        return _families(self.indicators, self.present.shape[1] - len(self.indicators))


def drivers_of(
    forecast: LevelForecast, previous: EarlierBulletin | None, jobs: Jobs
) -> pd.DataFrame:
    """Return the drivers (DRIVERS_SCHEMA) of a level's scores at the newest month of its samples.

    A score is compared with the previous bulletin's at the same horizon, which has the same model.
    """
    level = forecast.forecaster.level
    with threadpool_limits(1, user_api="blas"):
        tasks = {
            cell_key(target, horizon): (question, level, target, horizon)
            for target, horizon, question in _questions(forecast, previous)
        }
        parts = dict(in_parallel(_explain_cell, tasks, jobs, prefer="threads"))
    drivers: pd.DataFrame = pd.concat([parts[key] for key in tasks], ignore_index=True)
    return drivers


def driver_rows(question: Question) -> pd.DataFrame:
    """Return the drivers of one cell, without the columns `level`, `target` and `horizon`."""
    contributions = explain(question.probability, question.present, question.usual, question.groups)
    return _table(question, contributions, _moves(question))


def family_moves(before: LevelForecast, after: LevelForecast) -> pd.DataFrame:
    """Return what moved scores from one forecast to another of the same regions, months and model.

    A row a score of both and a family that moved it: region, target, horizon, family and change
    [log-odds]; the changes of a score add up. They are exact Shapley values, of the move itself.
    """
    ids = after.panel.regions.table["id"].to_numpy(dtype=object)
    indicators = select(after.samples.names)
    newest = len(after.samples.months) - 1
    parts = []
    for target, horizon in after.forecaster.cell_names:
        shared = is_scored(target, before.samples) & is_scored(target, after.samples)
        was, now = (
            _read_at(forecast.samples, newest, target, horizon)[shared]
            for forecast in (before, after)
        )
        learner = after.forecaster.cell(target, horizon).learner
        rows = moves_between(learner.probability, indicators, ids[shared], was, now)
        parts.append(rows.assign(target=target, horizon=horizon))
    return pd.concat(parts, ignore_index=True)


def moves_between(
    probability: Probability, indicators: Indicators, regions: ObjectArray, was: Matrix, now: Matrix
) -> pd.DataFrame:
    """Return the families that moved scores of n regions, from what was read to what is now.

    Both are (n, K), or (n, K + 1) with RECORD. Columns: region, family, change [log-odds].
    """
    families, groups = _families(indicators, now.shape[1] - len(indicators))
    moves = explain(probability, now, was, groups).groups
    row, family = np.nonzero(np.abs(moves) > _NOTHING)
    names = np.array(families, dtype=object)[family]
    return pd.DataFrame({"region": regions[row], "family": names, "change": moves[row, family]})


def _families(indicators: Indicators, records: int) -> tuple[tuple[str, ...], IntArray]:
    """Return the families of indicators and so many records, and the number of each column's."""
    of_columns = [*(indicator.family for indicator in indicators), *[_OWN] * records]
    families = tuple(dict.fromkeys(of_columns))
    return families, np.array([families.index(family) for family in of_columns], dtype=np.int64)


def _explain_cell(question: Question, level: str, target: Target, horizon: int) -> pd.DataFrame:
    # OpenMP counts its threads for each calling thread, so each job sets its own limit.
    with threadpool_limits(1, user_api="openmp"):
        rows = driver_rows(question)
    drivers: pd.DataFrame = rows.assign(level=level, target=target, horizon=horizon)
    return drivers[list(DRIVERS_SCHEMA.names)]


def _questions(
    forecast: LevelForecast, previous: EarlierBulletin | None
) -> Iterator[tuple[Target, int, Question]]:
    samples, forecaster = forecast.samples, forecast.forecaster
    usual, is_own = usual_indicators(samples.indicators, samples.kept)
    ids = forecast.panel.regions.table["id"].to_numpy(dtype=object)
    indicators = select(samples.names)
    for target, horizon in forecaster.cell_names:
        here = is_scored(target, samples)
        question = Question(
            probability=forecaster.cell(target, horizon).learner.probability,
            indicators=indicators,
            regions=ids[here],
            present=_read_at(samples, len(samples.months) - 1, target, horizon)[here],
            usual=np.column_stack([usual, _usual_records(samples, target, horizon)])[here],
            is_own=is_own[here],
            before=_before(forecast, previous, target, horizon),
        )
        yield target, horizon, question


def _usual_records(samples: Samples, target: Target, horizon: int) -> Matrix:
    """Return each region's usual RECORD, (R, 1)."""
    months = np.arange(len(samples.months))[-LONGEST_PAST:]
    probability = samples.record_probability(target, horizon, _places(samples, months))
    record = signed_odds(probability).astype(np.float32).reshape(len(months), -1, 1)
    return usual_indicators(record, samples.eligible[months])[0]


def _read_at(samples: Samples, month: int, target: Target, horizon: int) -> Matrix:
    """Return what a cell reads of every region at a month [index], (R, K + 1)."""
    return samples.predictors(target, horizon, _places(samples, np.array([month]))).indicators


def _places(samples: Samples, months: IntArray) -> RegionMonths:
    """Return every region in each of some months [index], month by month."""
    regions = samples.deaths.shape[1]
    return np.repeat(months, regions), np.tile(np.arange(regions), len(months))


def _before(
    forecast: LevelForecast, previous: EarlierBulletin | None, target: Target, horizon: int
) -> PreviousScores | None:
    samples, regions = forecast.samples, forecast.panel.regions
    if previous is None or previous.origin < samples.months[-len(samples.indicators)]:
        return None
    here = is_scored(target, samples)
    ids = regions.table["id"].to_numpy(dtype=object)[here]
    scores = previous.of(regions.level, target, horizon, ids)
    return PreviousScores(
        probability=scores["probability"].to_numpy(dtype=np.float64),
        is_same_model=(scores["model_version"] == forecast.model.label).to_numpy(dtype=bool),
        indicators=_read_at(samples, previous.origin - samples.months[0], target, horizon)[here],
    )


def _moves(question: Question) -> FloatArray:
    """Return what moved each score since the previous bulletin, (n, F + 1) [log-odds].

    A column a family, then revisions. NaN where there was no score, or another model's.
    """
    moves = np.full((len(question.present), len(question.families) + 1), np.nan)
    if question.before is not None:
        is_same = question.before.is_same_model
        then = question.before.indicators[is_same]
        since = explain(question.probability, question.present[is_same], then, question.groups)
        revised = since.baseline - log_odds(question.before.probability[is_same])
        moves[is_same] = np.column_stack([since.groups, revised])
    return moves


def _causes(question: Question, moves: FloatArray, score: FloatArray) -> tuple[Block, ...]:
    """Return the row, for each visible change, of the indicator that did most for it."""
    before = question.before
    if before is None:
        return ()
    pairs = zip(before.probability, expit(score), strict=True)
    shown = np.array([ENGLISH.percent(then) != ENGLISH.percent(now) for then, now in pairs], bool)
    visible = np.where(shown[:, None], np.nan_to_num(moves), 0)
    effects, strongest = _effects(question, visible, before.indicators, score)
    row = np.flatnonzero(strongest >= 0)
    at = row, strongest[row]
    values = {"value": question.present[at], "baseline_value": before.indicators[at]}
    name = question.names[at[1]]
    return (_rows("cause", row, np.zeros(len(row)), name=name, change=effects[at], **values),)


def _effects(
    question: Question, parts: FloatArray, other: Matrix, score: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Return single indicators' effects against `other`, (n, K + 1), and the strongest, (n,).

    `parts` [log-odds] of families, (n, F), or of these and revisions, (n, F + 1), sum to the move.
    Effects are of two families: the strongest in the move's direction, and the largest. The
    strongest indicator is the one of the first that did most in that direction; -1 for none.
    """
    way = np.where(parts.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    strongest, largest = (way * parts).argmax(axis=1), np.abs(parts).argmax(axis=1)
    in_strongest = question.groups == strongest[:, None]
    mask = in_strongest | (question.groups == largest[:, None])
    mask &= np.abs(parts).max(axis=1, keepdims=True) > _NOTHING
    mask[:, len(question.indicators) :] = False  # the records are no single indicator
    effects = single_effects(question.probability, question.present, other, mask, score)
    pushed = np.where(in_strongest, way * effects, 0)
    return effects, np.where(pushed.max(axis=1) > _NOTHING, pushed.argmax(axis=1), -1)


def _indicators(question: Question, contributions: Contributions) -> Iterator[Block]:
    """Yield the rows of the single indicators of every score: its strongest, then the largest."""
    effects, strongest = _effects(
        question, contributions.groups, question.usual, contributions.score
    )
    size = np.abs(effects)
    row = np.flatnonzero(strongest >= 0)
    size[row, strongest[row]] = np.inf
    for column in np.argsort(-size, axis=1, kind="stable")[:, :STRONGEST].T:
        every = np.arange(len(column))
        row = every[np.abs(effects[every, column]) > _NOTHING]
        at = row, column[row]
        values = {"value": question.present[at], "baseline_value": question.usual[at]}
        yield _rows("indicator", row, effects[at], name=question.names[at[1]], **values)


def _table(question: Question, contributions: Contributions, moves: FloatArray) -> pd.DataFrame:
    every, own = np.arange(len(contributions.score)), question.is_own
    before = question.before
    moved = np.nan if before is None else contributions.score - log_odds(before.probability)
    usual = {"value": expit(contributions.score), "baseline_value": expit(contributions.baseline)}
    whose = np.where(own, "own", "all regions")
    compared = every[~np.isnan(moves[:, -1])]
    blocks = [
        _rows("score", every, contributions.score, change=moved, **usual),
        _rows("baseline", every, contributions.baseline, name=whose),
        *(
            _rows("family", every, contributions.groups[:, f], change=moves[:, f], name=family)
            for f, family in enumerate(question.families)
        ),
        _rows("revision", compared, np.zeros(len(compared)), change=moves[compared, -1]),
        *_causes(question, moves, contributions.score),
        *_indicators(question, contributions),
    ]
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in _TYPES}
    order_of_rows = columns["row"].argsort(kind="stable")
    region = question.regions[columns.pop("row")]
    # A series of its own keeps None, which a table would turn into NaN.
    names = pd.Series(columns["name"], dtype=object)
    table = pd.DataFrame(columns | {"name": names, "region": region})
    return table.take(order_of_rows).reset_index(drop=True)


_TYPES = {
    "row": np.int64,
    "kind": object,
    "contribution": np.float64,
    "name": object,
    "change": np.float64,
    "value": np.float64,
    "baseline_value": np.float64,
}
"""The types of the columns of drivers; `row` is the number of the region."""


def _rows(kind: DriverKind, row: IntArray, contribution: FloatArray, **columns: object) -> Block:
    """Return rows of one kind, by column; other columns are missing values."""
    missing = {"name": None, "change": np.nan, "value": np.nan, "baseline_value": np.nan}
    content = {"row": row, "kind": kind, "contribution": contribution}
    values = content | missing | columns
    return {
        name: np.broadcast_to(np.asarray(values[name], of_type), row.shape)
        for name, of_type in _TYPES.items()
    }
