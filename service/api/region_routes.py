"""`/v1/regions`: the regions that the events observe, and what happened in them."""

from collections.abc import Callable
from typing import Annotated

import orjson
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response

from bulletins.form import HISTORY_FILE, HISTORY_SCHEMA, INDICATOR_VALUES_FILE, REGIONS_FILE
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

    A bulletin has ten years of events and deaths, and one of indicators. A file has a row a month
    and a column an indicator.
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
    """Return a history with a row a month and a column an indicator."""
    place = {"region": history.region.id, "level": history.region.level}
    by_month = {month.month: place | month.model_dump() for month in history.months}
    for series in history.indicators:
        for value in series.values:
            by_month.setdefault(value.month, place | {"month": value.month})
            by_month[value.month][series.name] = value.value
    names = [series.name for series in history.indicators]
    # Of no month, and of one that only indicators have, nothing is known.
    history_columns = [pa.field(column.name, column.type) for column in HISTORY_SCHEMA]
    schema = pa.schema([*history_columns, *optional(pa.float64(), *names)])
    return table_of(list(by_month.values()), schema)


def _indicators(
    bulletin: Bulletin, region: str, names: list[str], is_within: Callable[[str], bool]
) -> list[bodies.IndicatorSeries]:
    """Return what the models read, by indicator; raises UnknownError for a name they do not."""
    table = bulletin.part(INDICATOR_VALUES_FILE).of_region(region)
    months = table["month"].to_pylist()
    read = [name for name in table.column_names if name not in {"region", "level", "month"}]
    unknown = [name for name in names if name not in read]
    if unknown:
        raise UnknownError(
            f"bulletin {bulletin.manifest.id} keeps no values of an indicator '{unknown[0]}': it "
            f"has {', '.join(read)}"
        )
    return [
        bodies.IndicatorSeries(
            **bulletin.words_of_indicator(name),
            values=[
                bodies.IndicatorMonth(month=month, value=value)
                for month, value in zip(months, table[name].to_pylist(), strict=True)
                if is_within(month)
            ],
        )
        for name in read
        if not names or name in names
    ]
