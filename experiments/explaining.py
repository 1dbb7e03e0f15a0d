"""Why the scores of a level are what they are: contributions, changes and sentences, as a table."""

from collections.abc import Iterator
from dataclasses import dataclass

import joblib
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from experiments.phrases import BASELINE
from experiments.previous import Before, Previous
from experiments.scoring import Issue, is_scored
from experiments.wording import Cause, Earlier, Usual, sentence
from features.catalogue import select
from features.indicators.indicator import Indicator
from features.panel import BoolArray, FloatArray
from features.targets import Target
from models.bulletin import DRIVERS_SCHEMA, DriverKind
from models.explanation import (
    Contributions,
    Matrix,
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

    `present`, `usual` and `earlier` are (n, K) indicators: now, those that are usual, and those of
    the previous bulletin's origin as they are known now. `is_own` (n,) tells whether the usual ones
    are from the region's own past. Without a previous bulletin `before` is None.
    """

    probability: Probability
    indicators: tuple[Indicator, ...]
    regions: npt.NDArray[np.object_]
    present: Matrix
    usual: Matrix
    is_own: BoolArray
    earlier: Matrix
    before: Before | None

    @property
    def families(self) -> tuple[str, ...]:
        """The families that the model may read, in their order."""
        return families_of(self.indicators)

    @property
    def groups(self) -> npt.NDArray[np.int64]:
        """The number of each column's family, (K,)."""
        families = self.families
        return np.array([families.index(i.family) for i in self.indicators], dtype=np.int64)


def families_of(indicators: tuple[Indicator, ...]) -> tuple[str, ...]:
    """Return the families of indicators, in their order."""
    return tuple(dict.fromkeys(indicator.family for indicator in indicators))


def drivers_of(issue: Issue, previous: Previous | None, jobs: int) -> pd.DataFrame:
    """Return the drivers (DRIVERS_SCHEMA) of a level's scores at the newest month of its samples.

    A score is set beside the previous bulletin's at the same horizon, not the same target month:
    one horizon has one model, so what changed lies in the indicators; another horizon has another
    model, and a difference of contributions would mix the two.
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
    """Return the drivers of one target and horizon, without these three columns."""
    made = explain(question.probability, question.present, question.usual, question.groups)
    off = np.column_stack([made.groups, np.zeros(len(made.score))])
    whys, effects = _causes(question, off, question.usual, made.score)
    change = _changes(question, made)
    changed, _ = _causes(question, np.nan_to_num(change), question.earlier, made.score)
    usual, sentences = expit(made.baseline), []
    for row, probability in enumerate(expit(made.score)):
        own = Usual(float(usual[row]), bool(question.is_own[row]), whys[row])
        earlier = _earlier(question.before, row, changed[row])
        sentences.append(sentence(float(probability), own, earlier))
    return _table(question, made, change, effects, sentences)


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
    month = -1 if previous is None else previous.origin - int(samples.months[0])
    last = None if previous is None or month < 0 else previous.at_level(forecaster.level)
    for target, horizon in FITTED_CELLS:
        here = is_scored(target, samples)
        families, label = families_of(indicators), issue.model.label
        yield (
            target,
            horizon,
            Question(
                probability=forecaster.cell(target, horizon).probability,
                indicators=indicators,
                regions=ids[here],
                present=samples.indicators[-1][here],
                usual=usual[here],
                is_own=is_own[here],
                earlier=samples.indicators[month][here],
                before=None
                if last is None
                else last.of(target, horizon, ids[here], families, label),
            ),
        )


def _changes(question: Question, made: Contributions) -> FloatArray:
    """Return by how much each part moved since the previous bulletin, (n, F + 1), NaN: unknown."""
    parts = np.column_stack([made.groups, made.baseline])
    if question.before is None:
        return np.full(parts.shape, np.nan)
    known = question.before.is_explained[:, None]
    return np.where(known, parts - question.before.parts, np.nan)


def _causes(
    question: Question, parts: FloatArray, other: Matrix, score: FloatArray
) -> tuple[list[Cause], FloatArray]:
    """Return what moved each score most, and single indicators' effects beside `other`, (n, K).

    `parts` (n, F + 1) [log-odds] are those of the families and the baseline; their sum is the move.
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
    names = [*question.families, BASELINE]
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


def _earlier(before: Before | None, row: int, cause: Cause) -> Earlier | None:
    if before is None or np.isnan(before.probability[row]):
        return None
    return Earlier(
        probability=float(before.probability[row]),
        cause=cause if before.is_explained[row] else None,
        is_same_model=bool(before.is_same_model[row]),
    )


def _table(
    question: Question,
    made: Contributions,
    change: FloatArray,
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
        _rows("baseline", every, made.baseline, change=change[:, -1], name=whose),
        *(
            _rows("family", every, made.groups[:, f], change=change[:, f], name=family)
            for f, family in enumerate(question.families)
        ),
    ]
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
    kind: DriverKind, row: npt.NDArray[np.int64], contribution: FloatArray, **columns: object
) -> pd.DataFrame:
    """Return rows of one kind; columns that are not given are missing."""
    missing = {"name": None, "change": np.nan, "value": np.nan, "baseline_value": np.nan}
    content = {"row": row, "kind": kind, "contribution": contribution, "sentence": None}
    table = pd.DataFrame(content | missing | columns)
    numbers = ["change", "value", "baseline_value"]
    return table.astype(
        dict.fromkeys(numbers, np.float64) | dict.fromkeys(["name", "sentence"], object)
    )
