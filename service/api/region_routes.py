"""`/v1/regions`: the regions that the events observe, and what happened in them."""

from collections.abc import Callable
from typing import Annotated

import orjson
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response

from bulletins.form import HISTORY_FILE, HISTORY_SCHEMA, REGIONS_FILE
from features.arrow import optional
from service.api import bodies
from service.api.current import chosen_bulletin, summary_of
from service.api.lists import (
    NULL,
    Page,
    chosen_form,
    form_responses,
    in_form,
    json_response,
    of_bulletin,
    of_models,
)
from service.api.queries import HistoryQuery, RegionDetailQuery, RegionQuery
from service.api.routing import QueryRoute
from service.api.schemas import Region, RegionList
from service.api.selection import find_region, find_scored_region, regions_at, select_regions
from service.errors import UnknownError
from service.forms.rows import table_of
from service.store.bulletins import Bulletin
from service.store.derived import neighbours_of, outlines_of
from service.store.series import series_of

router = APIRouter(prefix="/v1/regions", tags=["regions"], route_class=QueryRoute)


@router.get("", response_model=RegionList, responses=form_responses(RegionList, on_map=True))
def list_regions(request: Request, query: Annotated[RegionQuery, Query()]) -> Response:
    """Observed regions, by level and id, with the reason where one has no score.

    As GeoJSON they have their outlines. With `target`, regions without a score of it are named too.
    """
    bulletin = chosen_bulletin(request, query)
    rows = select_regions(bulletin, query)
    page = Page(
        bulletin,
        len(rows),
        **of_bulletin(request, bulletin),
        **of_models(Region, lambda here: regions_at(bulletin, rows[here], query.target)),
        key=("id",),
    )
    return in_form(request, query, page)


@router.get("/{region}", response_model=bodies.RegionAnswer)
def show_region(
    request: Request, region: str, query: Annotated[RegionDetailQuery, Query()]
) -> Response:
    """One region, its neighbours and, if asked for, its outline."""
    bulletin = chosen_bulletin(request, query)
    summary = find_region(bulletin, region)
    outline = None
    if query.geometry and REGIONS_FILE in bulletin.parts:
        outline = orjson.loads(outlines_of(bulletin).get(region, NULL))
    body = bodies.RegionAnswer(
        bulletin=summary_of(request, bulletin),
        region=bodies.RegionDetail(
            **summary.model_dump(), neighbours=neighbours_of(bulletin, region), geometry=outline
        ),
    )
    return json_response(body)


@router.get(
    "/{region}/history",
    response_model=bodies.RegionHistory,
    responses=form_responses(bodies.RegionHistory),
)
def show_history(
    request: Request, region: str, query: Annotated[HistoryQuery, Query()]
) -> Response:
    """Events, deaths and indicators of a region by month, as they were known at the origin.

    A bulletin has ten years of events and deaths, and three of indicators. A file has a row a month
    and three columns an indicator: value, own and all percentile.
    """
    bulletin = chosen_bulletin(request, query)
    summary = find_scored_region(bulletin, region)

    def is_within(month: str) -> bool:
        return (query.first or month) <= month <= (query.last or month)

    rows = bulletin.part(HISTORY_FILE).of_region(region, list(bodies.HistoryMonth.model_fields))
    history = bodies.RegionHistory(
        bulletin=summary_of(request, bulletin),
        region=summary,
        months=[bodies.HistoryMonth(**row) for row in rows.to_pylist() if is_within(row["month"])],
        indicators=_indicators(bulletin, region, query.indicator, is_within),
    )
    if chosen_form(request, query) == "json":
        return json_response(history)
    table = _as_table(history)
    page = Page(bulletin, len(table), **of_bulletin(request, bulletin), table=table.__getitem__)
    return in_form(request, query, page)


def _as_table(history: bodies.RegionHistory) -> pa.Table:
    """Return a history with a row a month and three columns an indicator."""
    place = {"region": history.region.id, "level": history.region.level}
    by_month = {month.month: place | month.model_dump() for month in history.months}
    kinds = ("", "_own_percentile", "_all_percentile")
    for series in history.indicators:
        columns = [series.name + kind for kind in kinds]
        for one in series.values:
            row = by_month.setdefault(one.month, place | {"month": one.month})
            figures = (one.value, one.own_percentile, one.all_percentile)
            row.update(zip(columns, figures, strict=True))
    names = [series.name + kind for series in history.indicators for kind in kinds]
    # Of no month, and of one that only indicators have, nothing is known.
    history_columns = [pa.field(column.name, column.type) for column in HISTORY_SCHEMA]
    schema = pa.schema([*history_columns, *optional(pa.float64(), *names)])
    return table_of(list(by_month.values()), schema)


def _indicators(
    bulletin: Bulletin, region: str, names: list[str], is_within: Callable[[str], bool]
) -> list[bodies.IndicatorSeries]:
    """Return the indicators that are kept; raises UnknownError for a name that is not."""
    kept = series_of(bulletin, region)
    unknown = [name for name in names if name not in kept]
    if unknown:
        raise UnknownError(
            f"bulletin {bulletin.manifest.id} keeps no values of an indicator '{unknown[0]}': it "
            f"has {', '.join(kept)}"
        )
    return [
        bodies.IndicatorSeries(
            **bulletin.words_of_indicator(name),
            values=[
                bodies.IndicatorMonth(
                    month=month, value=value, own_percentile=own, all_percentile=among
                )
                for month, value, own, among in zip(*series, strict=True)
                if is_within(month)
            ],
        )
        for name, series in kept.items()
        if not names or name in names
    ]
