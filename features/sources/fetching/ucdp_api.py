"""Gather a release from the UCDP API, page by page, into a CSV file of the official layout.

A page is JSON: TotalCount (events of the release), NextPageUrl (empty after the last) and Result, a
list of events by column.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import requests

from features.disk import sync
from features.errors import InputError
from features.sources.fetching.download import Check, DownloadedFile, PartialFile, make_file
from features.sources.fetching.http import HttpClient, NotThereError, TemporaryError
from features.sources.ucdp import OFFICIAL_COLUMNS

_HEADER = "x-ucdp-access-token"
_PAGE_SIZE = 1000  # [events]
_NEEDED = ("id", "country_id", "date_start", "date_end")
_Value = str | int | float | bool | None


class _Page(NamedTuple):
    total: int
    next: int | None
    events: list[dict[str, _Value]]


class _Progress(NamedTuple):
    """How many of `total` events have come, in `size` bytes; `page` comes next, if any."""

    address: str
    page: int | None = 0
    total: int | None = None
    size: int = 0


def gather(
    address: str,
    target: Path,
    client: HttpClient,
    token: str,
    *,
    check: Check,
    advice: Mapping[int, str],
) -> DownloadedFile:
    """Gather the release at an API address (`.../gedevents/24.1`) into the CSV file `target`,
    unless that is there and passes the check.

    Pages that came before are not asked for again. Raises InputError when the server refuses, when
    the release changes meanwhile, or when events are missing or repeated at the end; in the last
    two cases what came is thrown away.
    """
    headers = {_HEADER: _valid_token(token)}

    def complete(partial: PartialFile) -> None:
        progress = _begin(partial, f"{address}?pagesize={_PAGE_SIZE}")
        while progress.page is not None:
            page = client.get(
                f"{progress.address}&page={progress.page}",
                lambda response: _page(response, client),
                headers=lambda: headers,
                advice=advice,
                redirects=False,  # no other address may learn the token
            )
            progress = _append_page(partial, progress, page)
            if progress.size > client.largest:
                partial.discard()
                client.refuse_too_large(progress.size, progress.address)
        _refuse_other_events(partial, address)

    return make_file(target, check, complete)


def _valid_token(token: str) -> str:
    """Return a token fit for a header; its error must not repeat it."""
    if re.fullmatch(r"[!-~]+", token.strip()) is None:
        raise InputError(
            "the UCDP token is empty or has characters that no token has: copy it again, without "
            "spaces or line breaks"
        )
    return token.strip()


def _begin(partial: PartialFile, address: str) -> _Progress:
    """Return what an earlier run gathered from the same address, or begin with the header."""
    try:
        progress = _Progress(**partial.note())
    except TypeError:
        progress = _Progress("")
    if progress.address == address and 0 < progress.size <= partial.size:
        partial.cut(progress.size)
        return progress
    partial.discard()
    return _Progress(address, size=_append(partial, [list(OFFICIAL_COLUMNS)]))


def _page(response: requests.Response, client: HttpClient) -> _Page:
    """Return the page in an answer; raises TemporaryError when it holds none."""
    content = client.json(response)
    try:
        events, total, following = (content[n] for n in ("Result", "TotalCount", "NextPageUrl"))
        numbers = parse_qs(urlsplit(following or "").query).get("page")
        page = _Page(int(total), int(numbers[-1]) if numbers else None, list(events))
        complete = all(event[name] is not None for event in page.events for name in _NEEDED)
        flat = not any(isinstance(v, dict | list) for e in page.events for v in e.values())
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise TemporaryError("the answer is not a page of events") from error
    if not (complete and flat):
        raise TemporaryError("the answer holds events without id, country or day")
    return page


def _append_page(partial: PartialFile, progress: _Progress, page: _Page) -> _Progress:
    """Append a page to what has come and note it; only then does it count as come."""
    if page.total == 0:
        partial.discard()
        raise NotThereError(
            f"'{progress.address}' has no events: the release is not, or not yet, there"
        )
    turns_back = page.next is not None and (page.next <= (progress.page or 0) or not page.events)
    if turns_back or progress.total not in (None, page.total):
        partial.discard()
        raise InputError(
            f"'{progress.address}' changed while its pages were fetched, and they no longer belong "
            "together: fetch it again from the start"
        )
    rows = [[_text(event.get(name)) for name in OFFICIAL_COLUMNS] for event in page.events]
    size = _append(partial, rows)
    progress = progress._replace(page=page.next, total=page.total, size=size)
    partial.write_note(progress._asdict())
    return progress


def _append(partial: PartialFile, rows: list[list[str]]) -> int:
    """Append rows for good; return the size of all [bytes]."""
    with partial.path.open("a", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file).writerows(rows)
    sync(partial.path)
    return partial.size


def _text(value: _Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _refuse_other_events(partial: PartialFile, address: str) -> None:
    """Raise InputError unless as many events came as there are, each of them once."""
    total = partial.note().get("total")
    with partial.path.open(encoding="utf-8", newline="") as file:
        ids = [row[0] for row in csv.reader(file)][1:]
    if len(ids) != total or len(set(ids)) != total:
        partial.discard()
        raise InputError(
            f"'{address}' has {total} events, of which {len(set(ids))} came in {len(ids)} rows: "
            "fetch it again from the start"
        )
