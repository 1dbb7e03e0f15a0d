"""`/v1/bulletins` and `/v1/track-record`: what has been published, and how it came out."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from bulletins.form import CARD_FILES
from bulletins.manifest import Manifest
from bulletins.record import Division, State
from features.strict import Strict
from features.words import MODELS, Level, Target
from service.api.current import address_of, listing_of, record_of, summary_of, used_bulletin
from service.api.lists import (
    RANGES,
    Page,
    as_file,
    form_responses,
    in_form,
    json_response,
    links_of,
    next_address,
    next_page,
    of_models,
)
from service.api.queries import BulletinListQuery, TrackRecordQuery
from service.api.routing import QueryRoute
from service.api.schemas import BulletinList, ListBody, Number
from service.api.selection import find_country
from service.errors import ParameterError, UnknownError
from service.store.bulletins import Bulletin
from service.store.derived import regions_of
from service.store.record import Record

_PARQUET = "application/vnd.apache.parquet"
_HTML, _MARKDOWN = "text/html", "text/markdown"
_REPORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'"
}
"""A report has its styles and pictures in it, and no script."""

router = APIRouter(prefix="/v1", tags=["bulletins"], route_class=QueryRoute)


class TrackRecord(Strict):
    """How forecasts of one kind came out, in one edition of the track record."""

    edition: int = Field(description="Of the track record; each adds to those before.")
    as_of: date = Field(description="The day whose vintage its outcomes are from.")
    state: State = Field(description="By outcomes as first known, or once they were final.")
    level: Level
    target: Target
    by: Division = Field(description="What the record is divided by.")
    group: str = Field(
        description="The part: `all`, months ahead, a country, a risk level, the lower end of a "
        "tenth of probability, the last of twelve months of origins, or a bulletin."
    )
    forecast: str = Field(description="`score`, or the name of a reference forecast.")
    n: int = Field(description="Number of forecasts whose outcome is known.")
    hindsight: int = Field(
        description="How many of them were computed when their month was already over."
    )
    origins: int = Field(description="Number of origins that they were issued at.")
    attempts: int | None = Field(
        description="Of `coup`, by `all` and `horizon`: the fewest attempts that make its outcomes "
        "true; one makes many."
    )
    observed: Number = Field(
        description="The share that came true; for `fatalities` mean deaths [deaths/month]."
    )
    observed_low: Number | None = Field(
        description="Lower end of the 95 % interval of the share, by `risk_level` and "
        "`probability`; null with fewer than 24 origins, and of `coup` with fewer than 30 attempts."
    )
    observed_high: Number | None = Field(description="The upper end.")
    forecasted: Number | None = Field(
        description="The mean probability; for `fatalities` the mean deaths of the scores."
    )
    brier: Number | None
    log_score: Number | None
    crps: Number | None = Field(description="[deaths/month]; `fatalities` only.")
    first_loss: Number | None = Field(
        description="Of `final` scores: their Brier score, or CRPS, by outcomes as first known."
    )
    within_90: Number | None = Field(
        description="Share of outcomes from q05 to q95; `fatalities` only."
    )
    calibration_error: Number | None = Field(
        description="Mean distance of scores and frequencies, in 20 bins; of scores, by `all` and "
        "`horizon`."
    )
    skill: Number | None = Field(
        description="Of a reference: the share of its Brier score, or CRPS, that the scores save: "
        "0 is no better, 1 is perfect, below 0 is worse; null where it was hardly ever wrong: its "
        "losses sum to less than 1."
    )
    skill_low: Number | None = Field(
        description="Lower end of its 95 % interval; null with fewer than 24 origins, and of "
        "`coup` with fewer than 30 attempts."
    )
    skill_high: Number | None = Field(description="The upper end.")
    log_skill: Number | None = Field(description="The same of the logarithmic score.")
    log_skill_low: Number | None
    log_skill_high: Number | None


class TrackRecordList(ListBody[TrackRecord]):
    """One page of an edition of the track record; empty while no outcome is known.

    `bulletin` is the newest.
    """

    caution: str | None = Field(
        description="Why the record of coups proves nothing yet; null once it has 30 attempts, and "
        "without scores of coups."
    )


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
        subject="#meta+id",
    )
    return in_form(request, query, page)


@router.get("/bulletins/{bulletin}", response_model=Manifest)
async def show_bulletin(request: Request, bulletin: str) -> Response:
    """What one bulletin is: its origin, vintage, releases, model versions and their skill.

    Its `Link` names the page of each model's card.
    """
    used = used_bulletin(request, bulletin)
    response = json_response(used.manifest)
    cards = [of for of in MODELS if CARD_FILES[of] in used.documents]
    if cards:
        models = address_of(request, "/models")
        response.headers["Link"] = ", ".join(
            f'<{models}/{of}?bulletin={used.manifest.id}>; rel="related"; title="Model card"'
            for of in cards
        )
    return response


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
    links = {"Link": links_of(request, used.manifest, [used.manifest.id])}
    headers = RANGES | links | as_file(f"tocsin-{used.manifest.id}-{name}")
    return Response(used.parts[name].content, headers=headers, media_type=_PARQUET)


@router.get(
    "/track-record", response_model=TrackRecordList, responses=form_responses(TrackRecordList)
)
async def show_track_record(
    request: Request, query: Annotated[TrackRecordQuery, Query()]
) -> Response:
    """How issued scores came out, beside the reference forecasts of the same day.

    Each is judged as soon as its outcome is known (`first`), and once more when that is final
    (`final`). Of bulletins of one origin the first counts. Empty while no outcome is known.
    """
    bulletin = used_bulletin(request)
    record = record_of(request, query.edition)
    rows: list[TrackRecord] = []
    pinned: dict[str, str] = {}
    caution = None
    if record is not None:
        caution = record.caution()
        rows = [_judged(record, row) for row in _selected(record, bulletin, query)]
        pinned = {"edition": str(record.edition.number)}
    page = Page(
        bulletin,
        len(rows),
        members={"bulletin": summary_of(request, bulletin), "caution": caution},
        following=lambda here: next_page(request, here, len(rows), **pinned),
        **of_models(TrackRecord, rows.__getitem__),
    )
    return in_form(request, query, page)


def manifests_after(bulletin: str | None, manifests: list[Manifest]) -> list[Manifest]:
    """Return the bulletins that follow one, or all: a new one would shift numbers of pages."""
    if bulletin is None:
        return manifests
    ids = [manifest.id for manifest in manifests]
    if bulletin not in ids:
        raise UnknownError(f"after: bulletin {bulletin} is gone or was never there; leave it out")
    return manifests[ids.index(bulletin) + 1 :]


def _selected(record: Record, bulletin: Bulletin, query: TrackRecordQuery) -> list[dict[str, Any]]:
    by, groups = _division(bulletin, query)
    named = {"state": query.state, "level": query.level, "target": query.target}
    values = {name: str(value) for name, value in named.items() if value is not None}
    rows = record.rows(by, groups, **values)
    if query.bulletin is not None and not record.rows("bulletin", groups):
        raise UnknownError(
            f"the track record has nothing of bulletin {query.bulletin}: it is not there, or "
            "nothing of it has been observed"
        )
    return rows


def _division(bulletin: Bulletin, query: TrackRecordQuery) -> tuple[Division, list[str] | None]:
    """Return what a query divides by and of which groups; raises ParameterError for several."""
    asked: dict[Division, list[str]] = {
        "horizon": [str(horizon) for horizon in query.horizon],
        "country": [find_country(bulletin, name, regions_of(bulletin)) for name in query.country],
        "bulletin": [] if query.bulletin is None else [query.bulletin],
    }
    wanted = [by for by, groups in asked.items() if groups]
    if query.by is not None:
        wanted = [query.by, *(by for by in wanted if by != query.by)]
    if len(wanted) > 1:
        raise ParameterError(
            f"{wanted[1]}: the record is divided by {wanted[0]} already; ask for one at a time"
        )
    by = wanted[0] if wanted else "all"
    return by, asked.get(by) or None


def _judged(record: Record, row: dict[str, Any]) -> TrackRecord:
    return TrackRecord(edition=record.edition.number, as_of=record.edition.as_of, **row)
