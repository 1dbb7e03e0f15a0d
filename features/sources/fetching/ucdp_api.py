"""Gather a release from the UCDP API, page by page, into a CSV file of the official layout.

A page is JSON: TotalCount (events of the release), TotalPages, NextPageUrl (empty after the last)
and Result, a list of events by column. The API counts events that it does not give: what shows that
nothing is missing is the number of pages.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import requests

from features.disk import sync
from features.errors import InputError
from features.sources.fetching.download import Check, DownloadedFile, PartialFile, make_file
from features.sources.fetching.transport import NotThereError, TemporaryError, Transport
from features.sources.ucdp import OFFICIAL_COLUMNS

_HEADER = "x-ucdp-access-token"
_PAGE_SIZE = 1000  # [events]
_NEEDED = ("id", "country_id", "date_start", "date_end")
_Value = str | int | float | bool | None


class _Page(NamedTuple):
    totals: list[int]
    next: int | None
    events: list[dict[str, _Value]]


class _Progress(NamedTuple):
    """How many pages have come, in `size` bytes; `page` comes next, if any.

    `totals`: the events and pages that the API says there are.
    """

    address: str
    page: int | None = 0
    totals: list[int] | None = None
    size: int = 0
    pages: int = 0


def gather(
    address: str,
    target: Path,
    client: Transport,
    token: str,
    *,
    check: Check,
    advice: Mapping[int, str],
) -> DownloadedFile:
    """Gather the release at an API address (`.../gedevents/24.1`) into the CSV file `target`,
    unless that is there and passes the check.

    Pages that came before are not asked for again. Raises InputError when the server refuses, when
    the release changes meanwhile, or when pages are missing or events repeated at the end; in the
    last two cases what came is thrown away.
    """
    headers = {_HEADER: _valid_token(token)}
    remarks: list[str] = []

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
        try:
            remarks.extend(_on_numbers(partial.path, progress))
        except InputError:
            partial.discard()
            raise

    file = make_file(target, check, complete)
    return replace(file, remark="".join(remarks))


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


def _page(response: requests.Response, client: Transport) -> _Page:
    """Return the page in an answer; raises TemporaryError when it holds none."""
    content = client.json(response)
    try:
        events, following = content["Result"], content["NextPageUrl"]
        totals = [int(content[name]) for name in ("TotalCount", "TotalPages")]
        numbers = parse_qs(urlsplit(following or "").query).get("page")
        page = _Page(totals, int(numbers[-1]) if numbers else None, list(events))
        complete = all(event[name] is not None for event in page.events for name in _NEEDED)
        flat = not any(isinstance(v, dict | list) for e in page.events for v in e.values())
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise TemporaryError("the answer is not a page of events") from error
    if not (complete and flat):
        raise TemporaryError("the answer holds events without id, country or day")
    return page


def _append_page(partial: PartialFile, progress: _Progress, page: _Page) -> _Progress:
    """Append a page to what has come and note it; only then does it count as come."""
    turns_back = page.next is not None and page.next <= (progress.page or 0)
    if turns_back or progress.totals not in (None, page.totals):
        partial.discard()
        raise InputError(
            f"'{progress.address}' changed while its pages were fetched, and they no longer belong "
            "together: fetch it again from the start"
        )
    rows = [[_text(event.get(name)) for name in OFFICIAL_COLUMNS] for event in page.events]
    size = _append(partial, rows)
    progress = _Progress(progress.address, page.next, page.totals, size, progress.pages + 1)
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


def _on_numbers(path: Path, progress: _Progress) -> Iterator[str]:
    """Say if the API counts other events than it gave.

    Raises InputError unless all pages came, and each event once; NotThereError if there is none.
    """
    total, pages = progress.totals or (0, 0)
    with path.open(encoding="utf-8", newline="") as file:
        ids = [row[0] for row in csv.reader(file)][1:]
    if not ids:
        raise NotThereError(
            f"'{progress.address}' has no events: the release is not, or not yet, there"
        )
    if progress.pages != pages or len(set(ids)) != len(ids):
        raise InputError(
            f"'{progress.address}' has {total:,} events on {pages:,} pages, of which "
            f"{len(set(ids)):,} came in {len(ids):,} rows on {progress.pages:,}: fetch it again "
            "from the start"
        )
    if total != len(ids):
        came = f"gives {len(ids):,}, on all of its {pages:,} pages"
        yield f"the API counts {total:,} events and {came}"
