"""JSON records as web services deliver them, read one by one, so that a file may be large.

A file is a list of records, or an answer of a service with one; several of them may stand behind
each other, as pages that were joined. Or it has a record a line (NDJSON). Features of GeoJSON are
records too, their points in the fields longitude and latitude. Every field becomes text.

A streaming parser (ijson on yajl) is no faster, refuses raw control characters, writes numbers
anew, and takes memory with the square of the depth, so that 100 kB of opening brackets end the
process.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.errors import InputError
from features.sources.reading.csvfile import LONGEST_RECORD
from features.sources.reading.layout import page_notes
from features.sources.reading.unpack import Content
from features.sources.source import LINE, LINES, numbered_rows, own_name

OTHERS = "other fields"  # as JSON: those that none of the first records nor the source has
_LISTS = frozenset({"data", "result", "results", "records", "features", "value"})
_COUNTS = ("count", "total_count", "totalcount", "total", "numbermatched")
_MESSAGES = ("message", "messages")
_SPACE = re.compile(r"\s*")
_BATCH = 20_000  # [records]
Record = dict[str, Any]


def is_json(content: Content) -> bool:
    """Tell whether a file begins as JSON does; raises InputError when it cannot be unpacked."""
    return content.head().lstrip()[:1] in (b"{", b"[")


class JsonRows:
    """The records of a JSON file; LINE is the number of the record, from 1.

    `first` are the fields of the first records; the columns `fields` are there even if no record
    has them. Raises InputError for any other file.
    """

    def __init__(self, path: Path, content: Content, fields: Sequence[str]) -> None:
        self._content = content
        self._file = _Documents(path, content)
        records = self._file.records()
        start = list(islice(records, _BATCH))
        self._all = chain(start, records)
        self.first = list(dict.fromkeys(name for record in start for name in record))
        self._others = [name for name in fields if name not in self.first]
        self.name_columns(self.first)

    def name_columns(self, names: Sequence[str], *, has_header: bool = True) -> None:  # noqa: ARG002
        """Name the columns, as many as `first` has fields."""
        own = [f"{name} (delivered)" if name == OTHERS else own_name(name) for name in names]
        more = [name for name in self._others if name not in own]
        self.columns = (*own, *more, OTHERS)
        self._fields = (*self.first, *more)

    @property
    def sha256(self) -> str:
        """The hash of the delivered content, once all of it is read."""
        return self._content.sha256

    @property
    def notes(self) -> tuple[str, ...]:
        """What the file says of itself, once all of it is read."""
        return self._file.notes()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some fields as text, all by default; raises InputError for broken JSON."""
        start = 1
        while records := list(islice(self._all, _BATCH)):
            yield self._batch(records, start).select([*(columns or self.columns), LINE, LINES])
            start += len(records)

    def _batch(self, records: list[Record], start: int) -> pa.RecordBatch:
        own = frozenset(self._fields)
        columns = [[_text(record.get(name)) for record in records] for name in self._fields]
        others = [{k: v for k, v in record.items() if k not in own} for record in records]
        columns.append([_text(fields or None) for fields in others])
        texts = [pa.array(column, pa.string()) for column in columns]
        return numbered_rows(texts, self.columns, range(start, start + len(records)))


class _Documents:
    """The documents of a file, each a list of records or an object with one."""

    def __init__(self, path: Path, content: Content) -> None:
        self._path = path
        self._chunks = self._texts(content)
        self._text, self._position = "", 0
        self._decoder = json.JSONDecoder(
            parse_float=str, parse_int=str, parse_constant=str, strict=False
        )
        self._read = 0
        self._pages: list[int] = []
        self._said: list[str] = []

    def notes(self) -> tuple[str, ...]:
        """Return what the documents say of themselves, and what is odd about them."""
        pages = len(self._pages)
        joined = f"{pages} lists of records stand behind each other, as pages: all were read"
        notes = (*dict.fromkeys(self._said), *(joined,) * (pages > 1))
        return (*notes, *page_notes(self._read))

    def records(self) -> Iterator[Record]:
        """Yield every record; raises InputError for what else the file holds."""
        counted: dict[str, int] = {}
        while self._peek() and self._has_lines:
            yield self._record()
        while start := self._peek():
            before, other = self._read, Record()
            if start == "[":
                yield from self._list()
            elif start == "{":
                yield from self._object(other)
            else:
                raise self._broken(f"has {self._begins()} behind the end of its records")
            self._pages.append(self._read - before)
            counted |= {key: n for key in _COUNTS if (n := _number(other.get(key))) is not None}
        for name, number in counted.items():
            if number > self._read:
                raise InputError(
                    f"'{self._path}' has {self._read:,} records and says that there are "
                    f"{number:,} ({name}): fetch the other pages too and join them in one file"
                )

    def _list(self) -> Iterator[Record]:
        self._position += 1
        is_first = True
        while (mark := self._peek()) != "]":
            if not is_first:
                if mark != ",":
                    raise self._broken("is cut off or no JSON")
                self._position += 1
            is_first = False
            yield self._record()
        self._position += 1

    def _record(self) -> Record:
        """Take the next record."""
        record = self._value()
        if not isinstance(record, dict) or not record:
            raise self._broken("has a record without fields")
        if record.get("type") == "Feature" and "geometry" in record:
            record = self._of_point(record)
        self._read += 1
        return record

    @cached_property
    def _has_lines(self) -> bool:
        """Does the file begin with a record, and another behind it, not with an answer?"""
        try:
            first, end = self._decoder.raw_decode(self._text, self._position)
        except (json.JSONDecodeError, RecursionError):
            return False
        behind = _SPACE.match(self._text, end)
        is_followed = behind is not None and self._text.startswith("{", behind.end())
        return (
            is_followed
            and isinstance(first, dict)
            and not _LISTS.intersection(map(str.lower, first))
        )

    def _object(self, other: Record) -> Iterator[Record]:
        """Yield the records in an object; fill `other` with what else it says, in small letters."""
        begins, has_list = self._begins(), False
        self._position += 1
        while (mark := self._peek()) != "}":
            if mark == ",":
                self._position += 1
            key = self._value() if self._peek() == '"' else None
            if not isinstance(key, str) or self._peek() != ":":
                raise self._broken("is cut off or no JSON")
            self._position += 1
            if self._peek() == "[" and key.lower() in _LISTS:
                has_list = True
                yield from self._list()
            else:
                other[key.lower()] = self._value()
        self._position += 1
        if not has_list:
            raise InputError(
                f"'{self._path}' holds no list of records, it begins with {begins}: give the "
                'answer of the service as it was sent, with its records under "data"'
            )
        self._listen(other)

    def _listen(self, other: Record) -> None:
        """Take down what an answer says of restrictions; refuse other coordinates than degrees."""
        limits = [key for key in other if "restriction" in key or key in _MESSAGES]
        self._said += [
            f"the answer says under {key}: {_text(other[key])}"
            for key in limits
            if _says(other[key])
        ]
        if (crs := _text(other.get("crs"))) and not re.search(r"CRS84|4326", crs):
            raise InputError(
                f"'{self._path}' has its points in other coordinates ({crs}): save it in degrees "
                "(EPSG:4326)"
            )

    def _of_point(self, feature: Record) -> Record:
        """Return the properties of a feature of GeoJSON, with its longitude and latitude."""
        geometry = feature["geometry"] or {"type": "Point", "coordinates": [None, None]}
        at = geometry.get("coordinates") or [None, None]
        if geometry.get("type") != "Point" or len(at) < 2:  # noqa: PLR2004
            raise self._broken(f"has a feature that is no point but {geometry.get('type')}")
        own = feature.get("properties") or {}
        degrees = {"longitude": at[0], "latitude": at[1]}
        identity = {"id": feature["id"]} if "id" in feature and "id" not in own else {}
        return identity | degrees | own

    def _peek(self) -> str:
        """Return the next character that is no space, without taking it; none at the end."""
        while True:
            if space := _SPACE.match(self._text, self._position):
                self._position = space.end()
            if self._position < len(self._text) or not self._more():
                return self._text[self._position : self._position + 1]

    def _value(self) -> object:
        """Take the next value."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._position)
            except RecursionError as error:
                raise self._broken("is nested too deeply") from error
            except json.JSONDecodeError as error:
                if len(self._text) - self._position > LONGEST_RECORD or not self._more():
                    raise self._broken("is cut off or no JSON") from error
                continue
            if end == len(self._text) and self._more():  # a number may go on
                continue
            self._position = end
            return value

    def _more(self) -> bool:
        """Read on, and forget what was taken; False at the end of the file."""
        more = next(self._chunks, "")
        self._text, self._position = self._text[self._position :] + more, 0
        return bool(more)

    def _texts(self, content: Content) -> Iterator[str]:
        try:
            yield from filter(None, codecs.iterdecode(content.chunks(), "utf-8"))
        except UnicodeDecodeError as error:
            raise self._broken("is not in UTF-8") from error

    def _begins(self) -> str:
        return repr(" ".join(self._text[self._position : self._position + 120].split()))

    def _broken(self, how: str) -> InputError:
        return InputError(
            f"'{self._path}' {how} after record {self._read}: fetch it again, in UTF-8"
        )


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _says(value: object) -> bool:
    """Tell whether there is anything in a value: not only empty lists."""
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    return any(map(_says, value)) if isinstance(value, list) else bool(value)


def _text(value: object) -> str | None:
    """Return a field as text that can be written as UTF-8."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text.isascii():
        return text
    return text.encode(errors="replace").decode()
