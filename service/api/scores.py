"""`/v1/scores`: scores by filter. What a score says is defined here, as row, text and object."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
import orjson
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from bulletins.form import UNREPORTED
from bulletins.reading import QUANTILE_COLUMNS
from bulletins.tables import Frame, Rows, as_numbers, number_column, text_column
from features.arrays import FloatArray
from features.words import DISTRIBUTIONS, RISK_LEVELS
from service.api.current import chosen_bulletin
from service.api.lists import NULL, Page, chosen_form, form_responses, in_form, of_bulletin
from service.api.queries import ScoreQuery
from service.api.routing import QueryRoute
from service.api.schemas import Score, ScoreList
from service.api.selection import Selection, select_scores
from service.forms.rows import shorten_all, with_constants
from service.store.bulletins import LATEST, Bulletin
from service.store.derived import code_columns, codes_of, derived, risk_of_scores

router = APIRouter(prefix="/v1/scores", tags=["scores"], route_class=QueryRoute)

_FEW = 1000
"""So many scores are written in the event loop; more are written in a thread."""

_MOST_CACHED = 150_000
"""So many scores of a bulletin are kept as JSON, a kilobyte of memory each while they are written;
those of a grid are written when they are asked for."""

_NO_EXCEEDANCE = b'"exceedance":null'


@router.get("", response_model=ScoreList, responses=form_responses(ScoreList, on_map=True))
async def list_scores(request: Request, query: Annotated[ScoreQuery, Query()]) -> Response:
    """Scores that pass every filter, highest probability first.

    A country, region, level, target or horizon that the bulletin does not score is a 404; an
    empty list means that what you asked about is scored, and that no score passes.
    """
    form = chosen_form(request, query)
    is_small = form == "json" and query.page().stop - query.offset <= _FEW
    if is_small and query.bulletin == LATEST and query.threshold is None:
        return _answer(request, query)
    return await run_in_threadpool(_answer, request, query)


def _answer(request: Request, query: ScoreQuery) -> Response:
    bulletin = chosen_bulletin(request, query)
    selection = select_scores(bulletin, query)
    is_one_a_region = query.target is not None and 1 in {
        len(query.horizon),
        len(query.target_month),
    }
    page = Page(
        bulletin,
        len(selection.rows),
        **of_bulletin(request, bulletin),
        items=lambda here: texts_at(bulletin, selection.page(here)),
        table=lambda here: table_at(bulletin, selection.page(here)),
        key=("region",) if is_one_a_region else ("region", "target", "horizon"),
    )
    return in_form(request, query, page)


def table_at(bulletin: Bulletin, selection: Selection) -> pa.Table:
    """Return scores as a table: the members of a `Score`, a column for each quantile."""
    rows, manifest = selection.rows, bulletin.manifest
    exceedance = pa.nulls(len(rows), pa.float64())
    if selection.exceedance is not None:
        exceedance = number_column(selection.exceedance)
    risk = text_column(risk_of_scores(bulletin)[rows], RISK_LEVELS)
    table = bulletin.scores.take(rows)
    codes = code_columns(bulletin, table["region"].to_pylist())
    for place, name in enumerate(codes, table.column_names.index("level") + 1):
        table = table.add_column(place, name, codes[name])
    table = table.add_column(table.column_names.index("probability") + 1, "risk_level", risk)
    table = table.append_column("exceedance", exceedance)
    issue = {
        "origin": manifest.origin,
        "issued_at": manifest.issued_at.isoformat(),
        "bulletin": manifest.id,
    }
    return with_constants(table, issue)


def scores_at(bulletin: Bulletin, selection: Selection) -> list[Score]:
    """Return scores as objects."""
    return [_score(row) for row in table_at(bulletin, selection).to_pylist()]


def _score(row: dict[str, Any]) -> Score:
    quantiles = {name: row.pop(name) for name in QUANTILE_COLUMNS}
    return Score(**row, quantiles=None if row["mean"] is None else quantiles)


def texts_at(bulletin: Bulletin, selection: Selection) -> list[bytes]:
    """Return scores as JSON."""
    texts = texts_of(bulletin, selection.rows)
    if selection.exceedance is None:
        return texts
    # In a name the quotation marks would be escaped, so that this is found once.
    return [
        text.replace(_NO_EXCEEDANCE, b'"exceedance":' + value)
        for text, value in zip(texts, _numbers(selection.exceedance), strict=True)
    ]


def texts_of(bulletin: Bulletin, rows: Rows) -> list[bytes]:
    """Return scores (n,) as JSON, without exceedances: from memory, unless they are too many."""
    if len(bulletin.scores) > _MOST_CACHED:
        return _written(bulletin, rows)
    return list(map(_all_texts(bulletin).__getitem__, rows.tolist()))


@derived
def _all_texts(bulletin: Bulletin) -> list[bytes]:
    return _written(bulletin, bulletin.scores.rows)


def _written(bulletin: Bulletin, rows: Rows) -> list[bytes]:
    """Write scores (n,) as JSON; by column is four times as quick."""
    scores, manifest = bulletin.scores, bulletin.manifest
    texts = partial(_texts, scores, rows)
    members = {name: texts(name) for name in ("region", "name", "country", "level")}
    for name, codes in codes_of(bulletin).items():
        members[name] = texts("region", codes.get)
    members |= {name: texts(name) for name in ("target", "horizon", "target_month")}
    members |= {name: _numbers(scores.numbers(name)[rows]) for name in ("threshold", "probability")}
    risk = [*(b'"%b"' % name.encode() for name in RISK_LEVELS), NULL]  # -1 is the last
    members["risk_level"] = [risk[code] for code in risk_of_scores(bulletin)[rows].tolist()]
    members["mean"], members["quantiles"] = _deaths(scores, rows)
    members["exceedance"] = [NULL] * len(rows)
    members["model_version"] = texts("model_version")
    members[UNREPORTED] = _numbers(as_numbers(scores.take(rows)[UNREPORTED]))
    issue = {"origin": manifest.origin, "issued_at": manifest.issued_at, "bulletin": manifest.id}
    end = orjson.dumps(issue, option=orjson.OPT_UTC_Z)[1:]
    form = b",".join(b'"%b":%%b' % name.encode() for name in members)
    form = b"{" + form + b"," + end.replace(b"%", b"%%")
    return [form % values for values in zip(*members.values(), strict=True)]


def _texts(
    scores: Frame, rows: Rows, column: str, text_of: Callable[[Any], object] = lambda value: value
) -> list[bytes]:
    """Return a column of few distinct values, or what stands for each of them, as JSON."""
    codes, values = scores.codes(column)
    here, names = codes[rows].tolist(), list(values)
    texts = {code: orjson.dumps(text_of(names[code])) for code in set(here)}
    return [texts[code] for code in here]


def _deaths(scores: Frame, rows: Rows) -> tuple[list[bytes], list[bytes]]:
    """Return the mean and quantiles of scores (n,) as JSON; null but for distributions."""
    mean, quantiles = [NULL] * len(rows), [NULL] * len(rows)
    places = np.flatnonzero(scores.among("target", DISTRIBUTIONS)[rows])
    table = scores.take(rows[places])
    means = _numbers(as_numbers(table["mean"]))
    values = [_numbers(as_numbers(table[name])) for name in QUANTILE_COLUMNS]
    form = b"{" + b",".join(b'"%b":%%b' % name.encode() for name in QUANTILE_COLUMNS) + b"}"
    for place, text, of_row in zip(places.tolist(), means, zip(*values, strict=True), strict=True):
        mean[place], quantiles[place] = text, form % of_row
    return mean, quantiles


def _numbers(values: FloatArray) -> list[bytes]:
    """Return numbers as JSON, null for NaN."""
    if len(values) == 0:
        return []
    return orjson.dumps(shorten_all(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
