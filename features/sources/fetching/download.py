"""Files that come over the network: continued where they broke off, and invisible until whole.

    .NAME.part         what has come so far
    .NAME.part.json    where it comes from, so that only the same thing is continued
    .NAME.json         the same of the whole file, so that the server can tell whether it changed
    .fetch.lock        held by the one process that fetches into the folder

Range requests and their conditions are those of RFC 9110, sections 13.1.5 and 14.
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests

from features.disk import locked, sync, write_whole
from features.errors import InputError
from features.sources.fetching.transport import TemporaryError, Transport

_STATUSES = frozenset({200, 206, 416})
_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<size>\d+|\*)")

Check = Callable[[Path], None]
"""Raises InputError for a file that is not what it should be."""


@dataclass(frozen=True)
class DownloadedFile:
    """A whole file, whether it was there already, its size [bytes], and what there is to say."""

    path: Path
    was_there: bool
    bytes: int
    remark: str = ""


class PartialFile:
    """What has come of the file that is to be `target`, and a note of where it comes from."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.part.json")

    @property
    def size(self) -> int:
        """How much has come [bytes]."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def note(self) -> dict[str, Any]:
        """Return the note, empty if there is none or it is illegible."""
        return _read_note(self._note)

    def write_note(self, note: Mapping[str, Any]) -> None:
        """Replace the note, whole or not at all."""
        write_whole(self._note, json.dumps(note).encode())

    def cut(self, size: int) -> None:
        """Keep the first `size` bytes, none or more."""
        with self.path.open("ab") as file:
            file.truncate(size)

    def discard(self) -> None:
        """Remove what has come and the note."""
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def move_into_place(self) -> DownloadedFile:
        """Make it the file itself, in one step and on the disk for good."""
        size = self.size
        sync(self.path)
        self.path.replace(self.target)
        self._note.replace(_note_of(self.target))
        sync(self.target.parent)
        return DownloadedFile(self.target, was_there=False, bytes=size)


def _note_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.json")


def _read_note(path: Path) -> dict[str, Any]:
    with suppress(FileNotFoundError, ValueError):
        note = json.loads(path.read_text(encoding="utf-8"))
        return note if isinstance(note, dict) else {}
    return {}


def existing_file(target: Path, check: Check) -> DownloadedFile | None:
    """Return an existing file that passes its check, else None; raises InputError if unreadable."""
    try:
        with suppress(InputError):
            if target.is_file():
                check(target)
                return DownloadedFile(target, was_there=True, bytes=target.stat().st_size)
    except OSError as error:
        raise InputError(
            f"'{target}' cannot be read ({error.strerror or error}): see to its permissions"
        ) from error
    return None


def has_changed(
    address: str, file: Path, client: Transport, *, advice: Mapping[int, str]
) -> bool | None:
    """Ask whether an address has another version of a file than the one kept; None: no answer.

    A file without a note of its version is asked for by its own day and size.
    """
    kept, size = _read_note(_note_of(file)), file.stat().st_size
    day = kept.get("last_modified") or formatdate(file.stat().st_mtime, usegmt=True)
    condition = {"If-Modified-Since": day}
    if "etag" in kept:
        condition["If-None-Match"] = kept["etag"]

    def is_other(response: requests.Response) -> bool:
        if response.status_code == requests.codes.not_modified:
            return False
        now = _note(response, address)
        if "etag" in kept and "etag" in now:
            return bool(kept["etag"] != now["etag"])
        newer = _seconds(now.get("last_modified")) > _seconds(day)
        return newer or now.get("size", size) != size

    with suppress(InputError):
        once = replace(client, attempts=1)
        return once.get(
            address,
            is_other,
            headers=lambda: condition,
            statuses=frozenset({200, 304}),
            advice=advice,
        )
    return None


def _seconds(day: str | None) -> float:
    """Return an HTTP date as seconds since 1970-01-01, 0 if it is none."""
    with suppress(TypeError, ValueError):
        return parsedate_to_datetime(day or "").timestamp()
    return 0.0


def make_file(
    target: Path,
    check: Check,
    complete: Callable[[PartialFile], None],
    *,
    anew: bool = False,
) -> DownloadedFile:
    """Return the file `target`, fetched by `complete` if it is not there; one process at a time.

    `anew`: another file is fetched in its place even if it is there.

    Raises InputError, keeping what has come, when the disk refuses, and what `complete` raises.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.parent / ".fetch.lock"):
            if not anew and (file := existing_file(target, check)):
                return file
            partial = PartialFile(target)
            complete(partial)
            try:
                check(partial.path)
            except InputError:
                partial.discard()
                raise
            return partial.move_into_place()
    except OSError as error:
        raise InputError(
            f"'{target}' cannot be written ({error.strerror or error}): see to the disk and its "
            "permissions, then fetch again; what has come is kept"
        ) from error


def download(
    address: str,
    target: Path,
    client: Transport,
    *,
    check: Check,
    advice: Mapping[int, str],
    anew: bool = False,
) -> DownloadedFile:
    """Download an address to `target`, unless that exists, passes the check and is not wanted anew.

    `advice` is by status code. Raises InputError; half a download is kept, hidden, and continued.
    """

    def complete(partial: PartialFile) -> None:
        client.get(
            address,
            lambda response: _receive(response, address, partial, client),
            headers=lambda: _continuation(address, partial),
            statuses=_STATUSES,
            advice=advice,
        )

    return make_file(target, check, complete, anew=anew)


def _continuation(address: str, partial: PartialFile) -> dict[str, str]:
    """Return the headers that ask for the rest of a file; none, for all, if it may have changed."""
    note = partial.note()
    etag = note.get("etag", "")
    # A weak tag may stand for other bytes.
    version = etag if etag.startswith('"') else note.get("last_modified")
    if partial.size and note.get("address") == address and version:
        return {"Range": f"bytes={partial.size}-", "If-Range": version}
    partial.discard()
    return {}


def _receive(
    response: requests.Response, address: str, partial: PartialFile, client: Transport
) -> None:
    """Append an answer to what has come, or begin afresh with it."""
    if response.status_code == requests.codes.ok:
        note = _note(response, address)
        partial.cut(0)
        partial.write_note(note)
        size = note.get("size")
    else:
        size = _whole_size(response, partial)
    try:
        client.refuse_too_large(size or 0, address)
        with partial.path.open("ab") as file:
            for chunk in client.body(response, partial.size):
                file.write(chunk)
    except InputError:
        partial.discard()
        raise
    if size is not None and partial.size != size:
        raise TemporaryError(f"{partial.size:,} bytes came of {size:,}")


def _whole_size(response: requests.Response, partial: PartialFile) -> int | None:
    """Return the size of the file of which an answer is the rest [bytes], None if unknown.

    Raises TemporaryError, having thrown away what came, when it is the rest of something else.
    """
    headers, before = response.headers, partial.note()
    part = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    size = int(part["size"]) if part and part["size"] != "*" else before.get("size")
    now = {"etag": headers.get("ETag"), "last_modified": headers.get("Last-Modified"), "size": size}
    # An answer to If-Range need not repeat them all.
    changed = any(now[name] not in (None, before[name]) for name in now if name in before)
    if part is None or int(part["first"]) != partial.size or changed:
        partial.discard()
        raise TemporaryError("the file changed on the server, or another part of it came")
    return size


def _note(response: requests.Response, address: str) -> dict[str, Any]:
    """Return where an answer comes from, and by what the same file can be told.

    The tag, date and size of a packed answer are those of its packed form: of no use.
    """
    note: dict[str, Any] = {"address": address}
    if "Content-Encoding" in response.headers:
        return note
    for name, header in (("etag", "ETag"), ("last_modified", "Last-Modified")):
        if header in response.headers:
            note[name] = response.headers[header]
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit():
        note["size"] = int(length)
    return note
