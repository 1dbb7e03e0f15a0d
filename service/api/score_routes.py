"""`/v1/scores`: scores by filter."""

from typing import Annotated

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from bulletins import columns
from bulletins.form import RISK_LEVELS
from service.api.current import chosen_bulletin, is_stale, used_bulletin
from service.api.examples import problems_of
from service.api.forms import NOWHERE, Page, chosen_form, described, in_form
from service.api.paging import Place, next_address, read_cursor
from service.api.queries import ScoreQuery
from service.api.risk import risk_of_scores
from service.api.routing import QueryRoute
from service.api.schemas import ScoreList, list_head
from service.api.score_text import score_text
from service.api.selection import Selected, select_scores
from service.store.bulletins import LATEST, Bulletin
from service.store.places import outlines_of

router = APIRouter(prefix="/v1/scores", tags=["scores"], route_class=QueryRoute)

_AT_ONCE = 1000
"""So many scores are written without letting others wait; for more, others go first."""


@router.get(
    "", response_model=ScoreList, responses=problems_of("/v1/scores", 406) | described(ScoreList)
)
async def list_scores(request: Request, query: Annotated[ScoreQuery, Query()]) -> Response:
    """Scores that pass every filter, highest probability first.

    A country, region, level, target or horizon that the bulletin does not score is a 404; an
    empty list means that what you asked about is scored, and that no score passes.
    """
    is_quick = query.bulletin == LATEST and query.limit <= _AT_ONCE and query.threshold is None
    if is_quick and query.format in (None, "json", "ndjson"):
        return _answer(request, query)
    return await run_in_threadpool(_answer, request, query)


def _answer(request: Request, query: ScoreQuery) -> Response:
    form = chosen_form(request, query.format)
    place = read_cursor(request)
    if place is None:
        bulletin = chosen_bulletin(request, query)
        place = Place(bulletin.manifest.id, 0)
    else:
        bulletin = used_bulletin(request, place.bulletin)
    selected = select_scores(bulletin, query)
    end = Place(bulletin.manifest.id, place.position + query.limit)
    total = len(selected.rows)
    here = selected.at(place.position, end.position)
    return in_form(
        Page(
            head=list_head(bulletin, total, stale=is_stale(request)),
            items=score_text(bulletin).of(*here),
            outlines=lambda: _outlines(bulletin, here),
            table=lambda: score_table(bulletin, here),
            next=next_address(request, end) if end.position < total else None,
        ),
        form,
    )


def score_table(bulletin: Bulletin, selected: Selected) -> pa.Table:
    """Return scores as a table: the members of a `Score`, the quantiles a column each."""
    rows, manifest = selected.rows, bulletin.manifest
    table = bulletin.scores.take(rows)
    nothing = np.full(len(rows), np.nan)
    exceedance = nothing if selected.exceedance is None else selected.exceedance
    risk = columns.choices(risk_of_scores(bulletin)[rows], RISK_LEVELS)
    after = table.schema.get_field_index("probability") + 1
    table = table.add_column(after, "risk_level", risk)
    table = table.append_column("exceedance", columns.numbers(exceedance))
    issue = {
        "origin": manifest.origin,
        "issued_at": manifest.issued_at.isoformat(),
        "bulletin": manifest.id,
        "simulated": "true" if manifest.simulated else "false",
    }
    for name, value in issue.items():
        table = table.append_column(name, columns.texts([value] * len(rows)))
    return table


def _outlines(bulletin: Bulletin, selected: Selected) -> list[bytes]:
    known = outlines_of(bulletin)
    names = bulletin.scores.take(selected.rows)["region"].to_pylist()
    return [known.get(name, NOWHERE) for name in names]
