"""Download one file: continued where it broke off, checked, and not visible until it is whole.

Range requests and their conditions are those of RFC 9110, sections 13.1.5 and 14.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from features.errors import InputError
from features.sources.fetching.partial import Fetched, Partial, found, sole_writer
from features.sources.fetching.transport import PassingFault, Transport

_ANSWERS = frozenset({200, 206, 416})
_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<size>\d+|\*)")


def download(
    address: str,
    target: Path,
    transport: Transport,
    *,
    check: Callable[[Path], None],
    advice: Mapping[int, str] | None = None,
) -> Fetched:
    """Download what is at an address to `target`, unless that is there and passes the check.

    `check` raises InputError for a file that is not what it should be; what came is then thrown
    away. `advice` says what to do about a status code. Raises InputError; what came of a download
    that broke off is kept, hidden, and the next one continues it, if the server still has the
    same file.
    """
    with sole_writer(target):
        if there := found(target, check):
            return there
        partial = Partial(target)
        transport.ask(
            address,
            lambda response: _receive(response, address, partial, transport),
            headers=lambda: _continuation(address, partial),
            answers=_ANSWERS,
            advice=advice,
        )
        try:
            check(partial.path)
        except InputError:
            partial.discard()
            raise
        return partial.move_into_place()


def _continuation(address: str, partial: Partial) -> dict[str, str]:
    """Return the headers that ask for what is still to come, none to ask for all of it.

    Without a word from the server by which to know the file again there is no continuing it: it
    may have changed.
    """
    note = partial.note()
    known_by = note.get("etag") or note.get("last_modified")
    if partial.size and note.get("address") == address and isinstance(known_by, str):
        return {"Range": f"bytes={partial.size}-", "If-Range": known_by}
    partial.discard()
    return {}


def _receive(
    response: requests.Response, address: str, partial: Partial, transport: Transport
) -> None:
    """Append an answer to what has come, or begin afresh with it."""
    if response.status_code == requests.codes.ok:
        note = _note(response, address)
        partial.cut(0)
        partial.write_note(note)
        expected = note.get("size")
    else:
        expected = _continued(response, partial)
    try:
        transport.refuse_too_large(expected or 0, address)
        with partial.path.open("ab") as file:
            for chunk in transport.body(response, partial.size):
                file.write(chunk)
    except InputError:
        partial.discard()
        raise
    if expected is not None and partial.size != expected:
        raise PassingFault(f"{partial.size:,} bytes came of {expected:,}")


def _continued(response: requests.Response, partial: Partial) -> int | None:
    """Return the size of the whole file [bytes], if the answer says it, of which this is the rest.

    Raises PassingFault, having thrown away what came, when it is the rest of something else.
    """
    said = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    begun = partial.note()
    size = int(said["size"]) if said and said["size"] != "*" else begun.get("size")
    now = {
        "etag": response.headers.get("ETag"),
        "last_modified": response.headers.get("Last-Modified"),
        "size": size,
    }
    # An answer to If-Range need not repeat them all.
    changed = any(now[by] not in (None, begun[by]) for by in now if by in begun)
    if said is None or int(said["first"]) != partial.size or changed:
        partial.discard()
        raise PassingFault("the file changed on the server, or another part of it came")
    return size


def _note(response: requests.Response, address: str) -> dict[str, Any]:
    """Return what an answer says by which the same file can be known again, and its size [bytes].

    Of a packed answer they are of no use: they are those of its packed form.
    """
    note: dict[str, Any] = {"address": address}
    if "Content-Encoding" in response.headers:
        return note
    etag, length = (response.headers.get(name, "") for name in ("ETag", "Content-Length"))
    if etag.startswith('"'):  # a weak tag may stand for other bytes
        note["etag"] = etag
    if "Last-Modified" in response.headers:
        note["last_modified"] = response.headers["Last-Modified"]
    if length.isascii() and length.isdigit():
        note["size"] = int(length)
    return note
