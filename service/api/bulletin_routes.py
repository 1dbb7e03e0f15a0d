"""`/v1/bulletins` and `/v1/track-record`: what has been published, and how it came out."""

from collections import defaultdict
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from bulletins.form import TRACK_RECORD_FILE
from bulletins.manifest import Manifest
from features.skill import share_saved
from features.words import SPECS, Level, Target
from service.api.bodies import TrackRecord, TrackRecordList
from service.api.current import chosen_bulletin, listing_of, used_bulletin
from service.api.lists import (
    RANGES,
    Page,
    as_file,
    form_responses,
    in_form,
    json_response,
    links_of,
    model_page,
    next_address,
    of_models,
)
from service.api.queries import BulletinListQuery, TrackRecordQuery
from service.api.routing import QueryRoute
from service.api.schemas import BulletinList
from service.errors import UnknownError
from service.store.bulletins import Bulletin
from service.store.derived import derived

Row = dict[str, Any]

_PARQUET = "application/vnd.apache.parquet"
_HTML, _MARKDOWN = "text/html", "text/markdown"
_REPORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'"
}
"""A report has its styles and pictures in it, and no script."""

SCORE = "score"
"""The name of our own forecasts beside the references."""
_MEANS = (
    *("observed", "forecasted", "brier", "log_score", "auc"),
    *("quantile_score", "within_90"),
)

router = APIRouter(prefix="/v1", tags=["bulletins"], route_class=QueryRoute)


@router.get("/bulletins", response_model=BulletinList, responses=form_responses(BulletinList))
async def list_bulletins(
    request: Request, query: Annotated[BulletinListQuery, Query()]
) -> Response:
    """All bulletins, newest first: by origin, then by time of issue."""
    newest = used_bulletin(request)
    manifests = list(listing_of(request).manifests.values())
    following = manifests_after(query.after, manifests)

    def find_next(here: slice) -> str | None:
        is_last = here.stop is None or here.stop >= len(following)
        return None if is_last else next_address(request, after=following[here.stop - 1].id)

    page = Page(
        newest,
        len(manifests),
        members={"simulated": newest.manifest.simulated},
        **of_models(Manifest, following.__getitem__),
        following=find_next,
    )
    return in_form(request, query, page)


@router.get("/bulletins/{bulletin}", response_model=Manifest)
async def show_bulletin(request: Request, bulletin: str) -> Response:
    """What one bulletin is: its origin, vintage, releases, model versions and their skill."""
    return json_response(used_bulletin(request, bulletin).manifest)


@router.get(
    "/bulletins/{bulletin}/files/{name}",
    response_class=Response,
    responses={
        200: {
            "content": {kind: {} for kind in (_PARQUET, _HTML, _MARKDOWN)},
            "description": "The file as it was published.",
        }
    },
)
async def show_file(request: Request, bulletin: str, name: str) -> Response:
    """One file of a bulletin, as it was published: a table, or a level's report or model card.

    The manifest gives its hash.
    """
    used = used_bulletin(request, bulletin)
    if name in used.documents:
        is_page = name.endswith(".html")
        return Response(
            used.documents[name],
            headers=_REPORT_HEADERS if is_page else None,
            media_type=_HTML if is_page else _MARKDOWN,
        )
    if name not in used.parts:
        names = ", ".join([*used.parts, *used.documents])
        raise UnknownError(f"bulletin {used.manifest.id} has no file '{name}': it has {names}")
    links = {"Link": links_of(used.manifest, [used.manifest.id])}
    headers = RANGES | links | as_file(f"tocsin-{used.manifest.id}-{name}")
    return Response(used.parts[name].content, headers=headers, media_type=_PARQUET)


@router.get(
    "/track-record", response_model=TrackRecordList, responses=form_responses(TrackRecordList)
)
async def show_track_record(
    request: Request, query: Annotated[TrackRecordQuery, Query()]
) -> Response:
    """How the bulletins of the last 24 origins came out, beside the reference forecasts.

    By what was known at the origin of the bulletin that is asked. Empty while nothing of what was
    forecast has been observed.
    """
    bulletin = chosen_bulletin(request, query)
    rows = track_record_of(bulletin)
    if query.of is not None:
        rows = [row for row in rows if row["bulletin"] == query.of]
        if not rows:
            raise UnknownError(
                f"bulletin {bulletin.manifest.id} does not judge bulletin {query.of}: it is too "
                "old, not there, or nothing of it has been observed"
            )
    records = [
        record
        for record in pooled(rows)
        if query.level in (None, record.level)
        and query.target in (None, record.target)
        and (not query.horizon or record.horizon in query.horizon)
    ]
    page = model_page(request, bulletin, TrackRecord, records)
    return in_form(request, query, page)


def manifests_after(bulletin: str | None, manifests: list[Manifest]) -> list[Manifest]:
    """Return the bulletins that follow one, or all: a new one would shift numbers of pages."""
    if bulletin is None:
        return manifests
    ids = [manifest.id for manifest in manifests]
    if bulletin not in ids:
        raise UnknownError(f"after: bulletin {bulletin} is gone or was never there; leave it out")
    return manifests[ids.index(bulletin) + 1 :]


@derived
def track_record_of(bulletin: Bulletin) -> list[Row]:
    """Return the rows of a bulletin's track record; raises UnknownError when it has none."""
    return list(bulletin.part(TRACK_RECORD_FILE).whole().to_pylist())


def pooled(rows: list[Row]) -> list[TrackRecord]:
    """Return the means over bulletins, weighed by forecasts, by level, target and horizon."""
    by_cell: dict[tuple[Level, Target, int], dict[str, list[Row]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows:
        by_cell[row["level"], row["target"], row["horizon"]][row["forecast"]].append(row)
    records: list[TrackRecord] = []
    for (level, target, horizon), by_forecast in sorted(by_cell.items()):
        means = {name: _means(of_one) for name, of_one in by_forecast.items()}
        loss = "quantile_score" if SPECS[target].is_distribution else "brier"
        best = min((m[loss] for name, m in means.items() if name != SCORE), default=0.0)
        records += [
            TrackRecord(
                level=level,
                target=target,
                horizon=horizon,
                forecast=name,
                bulletins=len(by_forecast[name]),
                skill=_skill(mean["n"] * mean[loss], mean["n"] * best),
                **mean,
            )
            for name, mean in means.items()
        ]
    return records


def _skill(loss: float, reference: float) -> float | None:
    skill = float(share_saved(np.array(loss), np.array(reference)))
    return None if np.isnan(skill) else skill


def _means(rows: list[Row]) -> Row:
    means: Row = {"n": sum(row["n"] for row in rows)}
    for name in _MEANS:
        weighted = [(row["n"], row[name]) for row in rows if row[name] is not None]
        weight = sum(n for n, _ in weighted)
        means[name] = sum(n * value for n, value in weighted) / weight if weight else None
    return means
