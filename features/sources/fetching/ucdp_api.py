"""Gather a release from the UCDP API, page by page, into a CSV file of the official layout.

A page is JSON: TotalCount (events of the release), TotalPages, PreviousPageUrl, NextPageUrl
(empty after the last) and Result, a list of events by column.
"""

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from features.disk import sync
from features.errors import InputError
from features.sources.fetching.partial import Fetched, Partial, found, sole_writer
from features.sources.fetching.transport import NotThereError, PassingFault, Transport
from features.sources.ucdp import OFFICIAL_COLUMNS

_HEADER = "x-ucdp-access-token"
_NEEDED = ("id", "country_id", "date_start", "date_end")
_Value = str | int | float | bool | None


@dataclass(frozen=True)
class _Page:
    total: int
    next: int | None
    events: list[dict[str, _Value]]


@dataclass(frozen=True)
class _Gathered:
    """What has come: so many events of `total` in `size` bytes; `page` comes next, if any."""

    address: str
    page: int | None = 0
    total: int | None = None
    size: int = 0


def gather(
    address: str,
    target: Path,
    transport: Transport,
    token: str,
    *,
    check: Callable[[Path], None],
    page_size: int = 1000,
    advice: Mapping[int, str] | None = None,
) -> Fetched:
    """Gather the release at an API address (`.../gedevents/24.1`) into the CSV file `target`,
    unless that is there and passes the check.

    Pages that came before are not asked for again. Raises InputError when the server refuses,
    when the release changes meanwhile, or when events are missing or repeated at the end; in the
    last two cases what came is thrown away.
    """
    headers = {_HEADER: _sound(token)}
    with sole_writer(target):
        if there := found(target, check):
            return there
        partial = Partial(target)
        done = _begun(partial, f"{address}?pagesize={page_size}")
        _gather_rest(partial, done, transport, headers, advice)
        _refuse_other_events(partial, address)
        return partial.move_into_place()


def _gather_rest(
    partial: Partial,
    done: _Gathered,
    transport: Transport,
    headers: Mapping[str, str],
    advice: Mapping[int, str] | None,
) -> None:
    while done.page is not None:
        page = transport.ask(
            f"{done.address}&page={done.page}",
            lambda response: _page(response, transport),
            headers=lambda: headers,
            advice=advice,
            redirects=False,  # no other address may learn the token
        )
        done = _added(partial, done, page)
        if done.size > transport.largest:
            partial.discard()
            transport.refuse_too_large(done.size, done.address)


def _sound(token: str) -> str:
    """Return a token fit for a header; its error must not repeat it."""
    if re.fullmatch(r"[!-~]+", token.strip()) is None:
        raise InputError(
            "the UCDP token is empty or has characters that no token has: copy it again, without "
            "spaces or line breaks"
        )
    return token.strip()


def _begun(partial: Partial, address: str) -> _Gathered:
    """Return what an earlier run gathered from the same address, or begin with the header."""
    try:
        done = _Gathered(**partial.note())
    except TypeError:
        done = _Gathered("")
    if done.address == address and 0 < done.size <= partial.size:
        partial.cut(done.size)
        return done
    partial.discard()
    size = _append(partial, [list(OFFICIAL_COLUMNS)])
    return _Gathered(address, size=size)


def _page(response: requests.Response, transport: Transport) -> _Page:
    """Return the page in an answer; raises PassingFault when it holds none."""
    said = transport.json(response)
    try:
        events, total, following = said["Result"], said["TotalCount"], said["NextPageUrl"]
        numbers = parse_qs(urlsplit(following or "").query).get("page")
        page = _Page(int(total), int(numbers[-1]) if numbers else None, list(events))
        complete = all(event[name] is not None for event in page.events for name in _NEEDED)
        flat = not any(isinstance(v, dict | list) for e in page.events for v in e.values())
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise PassingFault("the answer is not a page of events") from error
    if not (complete and flat):
        raise PassingFault("the answer holds events without id, country or day")
    return page


def _added(partial: Partial, done: _Gathered, page: _Page) -> _Gathered:
    """Append a page to what has come and note it; only then does it count as come."""
    if page.total == 0:
        partial.discard()
        raise NotThereError(
            f"'{done.address}' has no events: the release is not, or not yet, there"
        )
    turns_back = page.next is not None and (page.next <= (done.page or 0) or not page.events)
    if turns_back or done.total not in (None, page.total):
        partial.discard()
        raise InputError(
            f"'{done.address}' changed while its pages were fetched, and they no longer belong "
            "together: fetch it again from the start"
        )
    rows = [[_text(event.get(name)) for name in OFFICIAL_COLUMNS] for event in page.events]
    size = _append(partial, rows)
    done = replace(done, page=page.next, total=page.total, size=size)
    partial.write_note(vars(done))
    return done


def _append(partial: Partial, rows: list[list[str]]) -> int:
    """Append rows for good; return the size of all [bytes]."""
    with partial.path.open("a", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file).writerows(rows)
    sync(partial.path)
    return partial.size


def _text(value: _Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _refuse_other_events(partial: Partial, address: str) -> None:
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
