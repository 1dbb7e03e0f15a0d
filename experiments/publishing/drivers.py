"""Why the scores of a level are what they are: contributions, changes and sentences, as a table."""

from collections.abc import Iterator
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from bulletins.form import DRIVERS_SCHEMA, DriverKind
from experiments.publishing.earlier import Before, Previous
from experiments.publishing.phrases import REVISION
from experiments.publishing.scores import Issue, is_scored
from experiments.publishing.sentences import Cause, Earlier, Usual, is_shown, sentence
from features.arrays import BoolArray, FloatArray, IntArray, Matrix, ObjectArray
from features.indicators.catalogue import select
from features.indicators.indicator import Indicator
from features.words import Target
from models.explanation import (
    Contributions,
    Probability,
    explain,
    log_odds,
    single_effects,
    usual_indicators,
)
from models.forecaster import FITTED_CELLS

STRONGEST = 3
"""Single indicators that are named beside the families, at most."""

_NOTHING = 1e-9
"""Log-odds no further from 0 than this are what sums of rounded numbers leave behind."""


@dataclass(frozen=True, eq=False)
class Question:
    """The scores of n regions at one target and horizon, to be explained.

    `present` and `usual` are (n, K) indicators: now, and those that are usual. `is_own` (n,) tells
    whether the usual ones are from the region's own past. Without a previous bulletin `before` is
    None.
    """

    probability: Probability
    indicators: tuple[Indicator, ...]
    regions: ObjectArray
    present: Matrix
    usual: Matrix
    is_own: BoolArray
    before: Before | None

    @property
    def families(self) -> tuple[str, ...]:
        """The families that the model may read, in their order."""
        return tuple(dict.fromkeys(indicator.family for indicator in self.indicators))

    @property
    def groups(self) -> IntArray:
        """The number of each column's family, (K,)."""
        families = self.families
        return np.array([families.index(i.family) for i in self.indicators], dtype=np.int64)


def drivers_of(issue: Issue, previous: Previous | None, jobs: int) -> pd.DataFrame:
    """Return the drivers (DRIVERS_SCHEMA) of a level's scores at the newest month of its samples.

    A score is set beside the previous bulletin's at the same horizon, not the same target month:
    one horizon has one model, so what changed lies in the indicators; another horizon has another
    model, and a change would mix the two.
    """
    level = issue.forecaster.level
    with threadpool_limits(1, user_api="blas"):
        parts = joblib.Parallel(n_jobs=jobs, prefer="threads")(
            joblib.delayed(_answer)(question, level, target, horizon)
            for target, horizon, question in _questions(issue, previous)
        )
    drivers: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return drivers


def explained(question: Question) -> pd.DataFrame:
    """Return the drivers of one cell, without the columns `level`, `target` and `horizon`."""
    made = explain(question.probability, question.present, question.usual, question.groups)
    whys, effects = _causes(question, made.groups, question.usual, made.score)
    moves = _moves(question)
    usual, present = expit(made.baseline), expit(made.score)
    earlier = _earlier(question, moves, made.score)
    sentences = [
        sentence(float(present[i]), Usual(float(usual[i]), bool(is_own), whys[i]), earlier[i])
        for i, is_own in enumerate(question.is_own)
    ]
    return _table(question, made, moves, effects, sentences)


def _answer(question: Question, level: str, target: Target, horizon: int) -> pd.DataFrame:
    # The number of OpenMP threads belongs to the thread that asks for them: each job sets its own.
    with threadpool_limits(1, user_api="openmp"):
        rows = explained(question)
    placed: pd.DataFrame = rows.assign(level=level, target=target, horizon=horizon)
    return placed[list(DRIVERS_SCHEMA.names)]


def _questions(issue: Issue, previous: Previous | None) -> Iterator[tuple[Target, int, Question]]:
    samples, forecaster = issue.samples, issue.forecaster
    usual, is_own = usual_indicators(samples.indicators, samples.eligible)
    ids = issue.panel.regions.table["id"].to_numpy(dtype=object)
    indicators = select(samples.names)
    for target, horizon in FITTED_CELLS:
        here = is_scored(target, samples)
        question = Question(
            probability=forecaster.cell(target, horizon).probability,
            indicators=indicators,
            regions=ids[here],
            present=samples.indicators[-1][here],
            usual=usual[here],
            is_own=is_own[here],
            before=_before(issue, previous, target, horizon),
        )
        yield target, horizon, question


def _before(issue: Issue, previous: Previous | None, target: Target, horizon: int) -> Before | None:
    samples, regions = issue.samples, issue.panel.regions
    if previous is None or previous.origin < samples.months[0]:
        return None
    here = is_scored(target, samples)
    ids = regions.table["id"].to_numpy(dtype=object)[here]
    said = previous.of(regions.level, target, horizon, ids)
    return Before(
        probability=said["probability"].to_numpy(dtype=np.float64),
        is_same_model=(said["model_version"] == issue.model.label).to_numpy(dtype=bool),
        indicators=samples.indicators[previous.origin - samples.months[0]][here],
    )


def _moves(question: Question) -> FloatArray:
    """Return what moved each score since the previous bulletin, (n, F + 1) [log-odds].

    By family, and last by revisions: what the model would have said then of the record as it is
    now, less what was published. NaN where there was no score, or another model's.
    """
    moves = np.full((len(question.present), len(question.families) + 1), np.nan)
    if question.before is not None:
        known = question.before.is_same_model
        then = question.before.indicators[known]
        since = explain(question.probability, question.present[known], then, question.groups)
        revised = since.baseline - log_odds(question.before.probability[known])
        moves[known] = np.column_stack([since.groups, revised])
    return moves


def _earlier(question: Question, moves: FloatArray, score: FloatArray) -> list[Earlier | None]:
    """Return what the previous bulletin said, and what moved each score (n, F + 1) since."""
    before = question.before
    if before is None:
        return [None] * len(score)
    pairs = zip(before.probability, expit(score), strict=True)
    shown = np.array([is_shown(then, now) for then, now in pairs], dtype=bool)
    told = np.where(shown[:, None], np.nan_to_num(moves), 0)
    causes, _ = _causes(question, told, before.indicators, score)
    return [
        None if np.isnan(then) else Earlier(float(then), cause if is_same_model else None)
        for then, is_same_model, cause in zip(
            before.probability, before.is_same_model, causes, strict=True
        )
    ]


def _causes(
    question: Question, parts: FloatArray, other: Matrix, score: FloatArray
) -> tuple[list[Cause], FloatArray]:
    """Return what moved each score most, and single indicators' effects beside `other`, (n, K).

    `parts` [log-odds] are those of the families, (n, F), or of these and of revisions, (n, F + 1);
    their sum is the move.
    Effects are computed for the family that moved the score most its way and for the largest part.
    """
    way = np.where(parts.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    pushed = np.maximum(way * parts, 0)
    strongest, largest = pushed.argmax(axis=1), np.abs(parts).argmax(axis=1)
    in_strongest = question.groups == strongest[:, None]
    asked = in_strongest | (question.groups == largest[:, None])
    asked &= np.abs(parts).max(axis=1, keepdims=True) > _NOTHING
    effects = single_effects(question.probability, question.present, other, asked, score)
    single = np.where(in_strongest, way * effects, 0)
    names = [*question.families, REVISION]
    causes = []
    for row, family in enumerate(strongest):
        is_most = bool(pushed[row, family] >= pushed[row].sum() / 2)
        column = int(single[row].argmax())
        cause = Cause(names[family], is_most)
        if single[row, column] > _NOTHING:
            now, then = float(question.present[row, column]), float(other[row, column])
            cause = Cause(names[family], is_most, question.indicators[column], now, then)
        causes.append(cause)
    return causes, effects


def _table(
    question: Question,
    made: Contributions,
    moves: FloatArray,
    effects: FloatArray,
    sentences: list[str],
) -> pd.DataFrame:
    every, own = np.arange(len(made.score)), question.is_own
    before = question.before
    moved = np.nan if before is None else made.score - log_odds(before.probability)
    usual = {"value": expit(made.score), "baseline_value": expit(made.baseline)}
    whose = np.where(own, "own", "all regions")
    blocks = [
        _rows("score", every, made.score, change=moved, sentence=sentences, **usual),
        _rows("baseline", every, made.baseline, name=whose),
        *(
            _rows("family", every, made.groups[:, f], change=moves[:, f], name=family)
            for f, family in enumerate(question.families)
        ),
    ]
    known = every[~np.isnan(moves[:, -1])]
    blocks.append(_rows("revision", known, np.zeros(len(known)), change=moves[known, -1]))
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :STRONGEST]
    names = np.array([indicator.name for indicator in question.indicators], dtype=object)
    for column in order.T:
        row = every[np.abs(effects[every, column]) > _NOTHING]
        at = row, column[row]
        values = {"value": question.present[at], "baseline_value": question.usual[at]}
        blocks.append(_rows("indicator", row, effects[at], name=names[at[1]], **values))
    table = pd.concat(blocks).sort_values("row", kind="stable", ignore_index=True)
    return table.assign(region=question.regions[table["row"]])


def _rows(
    kind: DriverKind, row: IntArray, contribution: FloatArray, **columns: object
) -> pd.DataFrame:
    """Return rows of one kind; columns that are not given are missing."""
    missing = {"name": None, "change": np.nan, "value": np.nan, "baseline_value": np.nan}
    content = {"row": row, "kind": kind, "contribution": contribution, "sentence": None}
    table = pd.DataFrame(content | missing | columns)
    numbers = ["change", "value", "baseline_value"]
    return table.astype(
        dict.fromkeys(numbers, np.float64) | dict.fromkeys(["name", "sentence"], object)
    )
