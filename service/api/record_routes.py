"""`/v1/track-record`: how earlier bulletins came out."""

from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from bulletins.form import TRACK_RECORD_FILE
from features.words import SPECS, Level, Target
from service.api.bodies import TrackRecord, TrackRecordList
from service.api.examples import problems_of
from service.api.listing import json_list, next_page, start_of
from service.api.queries import TrackRecordQuery
from service.api.routing import QueryRoute
from service.errors import UnknownError
from service.store.bulletins import Bulletin
from service.store.derived import derived

Row = dict[str, Any]
Kind = tuple[Level, Target, int]

_SCORE = "score"
_MEANS = (
    *("observed", "forecasted", "brier", "log_score", "auc"),
    *("quantile_score", "within_90"),
)

router = APIRouter(prefix="/v1/track-record", tags=["bulletins"], route_class=QueryRoute)


@router.get("", response_model=TrackRecordList, responses=problems_of("/v1/track-record"))
async def show_record(request: Request, query: Annotated[TrackRecordQuery, Query()]) -> Response:
    """How the bulletins of the last 24 origins came out, beside the reference forecasts.

    By what was known at the origin of the bulletin that is asked. Empty while nothing of what was
    forecast has been observed.
    """
    bulletin, start = start_of(request, query)
    rows = record_of(bulletin)
    if query.of is not None:
        rows = [row for row in rows if row["bulletin"] == query.of]
        if not rows:
            raise UnknownError(
                f"bulletin {bulletin.manifest.id} does not judge bulletin {query.of}: it is too "
                "old, not there, or nothing of it has been observed"
            )
    found = [record for record in pooled(rows) if _is_asked(record, query)]
    return json_list(
        request,
        bulletin,
        found[start : start + query.limit],
        total=len(found),
        following=next_page(request, bulletin, start, query.limit, len(found)),
    )


@derived
def record_of(bulletin: Bulletin) -> list[Row]:
    """Return the track record of a bulletin, a row a bulletin judged, cell and forecast."""
    rows: list[Row] = bulletin.part(TRACK_RECORD_FILE).whole().to_pylist()
    return rows


def pooled(rows: list[Row]) -> list[TrackRecord]:
    """Return the means over bulletins, weighed by forecasts, by level, target and horizon."""
    by_kind: dict[Kind, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_kind[row["level"], row["target"], row["horizon"]][row["forecast"]].append(row)
    records: list[TrackRecord] = []
    for (level, target, horizon), by_forecast in sorted(by_kind.items()):
        means = {name: _means(of_one) for name, of_one in by_forecast.items()}
        measure = "quantile_score" if SPECS[target].is_distribution else "brier"
        best = min((m[measure] for n, m in means.items() if n != _SCORE), default=None)
        records += [
            TrackRecord(
                level=level,
                target=target,
                horizon=horizon,
                forecast=name,
                bulletins=len(by_forecast[name]),
                skill=1 - mean[measure] / best if best else None,
                **mean,
            )
            for name, mean in means.items()
        ]
    return records


def _means(rows: list[Row]) -> Row:
    total = sum(row["n"] for row in rows)
    means: Row = {"n": total}
    for name in _MEANS:
        known = [(row["n"], row[name]) for row in rows if row[name] is not None]
        weight = sum(n for n, _ in known)
        means[name] = sum(n * value for n, value in known) / weight if weight else None
    return means


def _is_asked(record: TrackRecord, query: TrackRecordQuery) -> bool:
    return (
        query.level in (None, record.level)
        and query.target in (None, record.target)
        and (not query.horizon or record.horizon in query.horizon)
    )
