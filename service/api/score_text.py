"""Scores as JSON text, put together from pieces that were written once a bulletin.

Most of a score is said again and again: its region, its cell, its bulletin. So a score is a piece
of its region, a piece of its cell, a piece of its own and an end, joined in some hundred
nanoseconds; to write it out would take some ten microseconds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from bulletins.columns import as_numbers
from bulletins.form import RISK_LEVELS
from bulletins.frame import Frame, Rows
from bulletins.reading import QUANTILE_COLUMNS, REGION
from features.arrays import FloatArray, IntArray
from features.words import DISTRIBUTIONS
from service.api.risk import risk_of_scores
from service.store.bulletins import Bulletin
from service.store.derived import derived

_CELL = ("target", "horizon", "target_month")


class ScoreText:
    """The scores of one bulletin as JSON objects; each is as the `Score` body says."""

    def __init__(self, bulletin: Bulletin) -> None:
        scores = bulletin.scores
        self._regions, self._region_of = _pieces(scores, REGION)
        self._cells, self._cell_of = _pieces(scores, _CELL)
        models, self._model_of = _pieces(scores, ("model_version",))
        manifest = bulletin.manifest
        issue = orjson.dumps(
            {
                "origin": manifest.origin,
                "issued_at": manifest.issued_at,
                "bulletin": manifest.id,
            },
            option=orjson.OPT_UTC_Z,
        )
        self._ends = [b"," + model + b"," + issue[1:-1] + b"}" for model in models]
        own = _own_pieces(bulletin)
        self._own = b"".join(own)
        self._own_ends = np.cumsum([0, *map(len, own)], dtype=np.int64)

    def of(self, rows: Rows, exceedance: FloatArray | None = None) -> list[bytes]:
        """Return the scores in some rows (n,), each with its exceedance (n,), NaN for none."""
        own, at = self._own, self._own_ends
        told = [b"null"] * len(rows) if exceedance is None else _numbers(exceedance)
        pieces = zip(
            self._region_of[rows].tolist(),
            self._cell_of[rows].tolist(),
            at[rows].tolist(),
            at[rows + 1].tolist(),
            told,
            self._model_of[rows].tolist(),
            strict=True,
        )
        regions, cells, ends = self._regions, self._cells, self._ends
        return [
            b"{%b,%b,%b%b%b" % (regions[r], cells[c], own[begin:end], value, ends[m])
            for r, c, begin, end, value, m in pieces
        ]


@derived
def score_text(bulletin: Bulletin) -> ScoreText:
    """Return the scores of a bulletin as text."""
    return ScoreText(bulletin)


def _pieces(scores: Frame, columns: Sequence[str]) -> tuple[list[bytes], IntArray]:
    """Return every combination of some columns as text without braces, and which one a row has."""
    firsts, number = scores.combinations(*columns)
    table = scores.take(firsts).select(list(columns))
    return [orjson.dumps(row)[1:-1] for row in table.to_pylist()], number


def _own_pieces(bulletin: Bulletin) -> list[bytes]:
    """Return what is each score's own, in the order of the rows, up to the exceedance."""
    scores = bulletin.scores
    names = [b'"%b"' % name.encode() for name in RISK_LEVELS] + [b"null"]  # the last is for -1
    risk = [names[code] for code in risk_of_scores(bulletin).tolist()]
    threshold, probability = (_numbers(scores.numbers(c)) for c in ("threshold", "probability"))
    deaths = _deaths(scores)
    return [
        b'"threshold":%b,"probability":%b,"risk_level":%b,%b,"exceedance":' % piece
        for piece in zip(threshold, probability, risk, deaths, strict=True)
    ]


def _deaths(scores: Frame) -> list[bytes]:
    """Return mean and quantiles of every score; null where it is of no number of deaths."""
    told = [b'"mean":null,"quantiles":null'] * len(scores)
    rows = scores.rows[scores.among("target", DISTRIBUTIONS)]
    table = scores.take(rows)
    columns = [_numbers(as_numbers(table[name])) for name in ("mean", *QUANTILE_COLUMNS)]
    quantiles = b",".join(b'"%b":%%b' % name.encode() for name in QUANTILE_COLUMNS)
    form = b'"mean":%b,"quantiles":{' + quantiles + b"}"
    for row, values in zip(rows.tolist(), zip(*columns, strict=True), strict=True):
        told[row] = form % values
    return told


def _numbers(values: NDArray[Any]) -> list[bytes]:
    """Return numbers as JSON, null for NaN."""
    if len(values) == 0:
        return []
    contiguous = np.ascontiguousarray(values)
    return orjson.dumps(contiguous, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
