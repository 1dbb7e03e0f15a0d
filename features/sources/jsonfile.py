"""JSON records as web services deliver them, read one by one, so that a file may be large.

A file is a list of records, or an object whose "data" is one. Every field becomes text.

A streaming parser (ijson on yajl) refuses raw control characters, writes numbers anew, and takes
memory with the square of the depth, so that 100 kB of opening brackets end the process.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.errors import InputError
from features.sources.csvfile import LONGEST_RECORD
from features.sources.source import LINE, LINES, numbered_rows
from features.sources.unpack import FileContent

OTHERS = "other fields"  # as JSON: those that neither the first record nor the source has
_DATA = re.compile(r'(?<!\\)"data"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_BATCH = 20_000  # [records]
Record = dict[str, Any]


def is_json(content: FileContent) -> bool:
    """Tell whether a file begins as JSON does; raises InputError when it cannot be unpacked."""
    return content.head().lstrip()[:1] in (b"{", b"[")


class JsonRows:
    """The records of a JSON file; LINE is the number of the record, from 1.

    The columns `names` are there even if no record has them. Raises InputError for any other file.
    """

    def __init__(self, path: Path, content: FileContent, names: Sequence[str]) -> None:
        self._path = path
        self._content = content
        self._chunks = self._texts()
        self._read = 0
        records = self._records()
        first = next(records, {})
        self._all = chain([first] if first else [], records)
        self.has = frozenset(first)
        """The fields of the first record."""
        reserved = {name.lower() for name in (*names, OTHERS, LINE, LINES)}
        self.columns = (*names, *(name for name in first if name.lower() not in reserved), OTHERS)
        self.notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the delivered content, once all of it is read."""
        return self._content.sha256

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some fields as text, all by default; raises InputError for broken JSON."""
        start = 1
        while records := list(islice(self._all, _BATCH)):
            yield self._batch(records, start).select([*(columns or self.columns), LINE, LINES])
            start += len(records)

    def _batch(self, records: list[Record], start: int) -> pa.RecordBatch:
        names = self.columns[:-1]
        own = frozenset(names)
        columns = [[_text(record.get(name)) for record in records] for name in names]
        others = [{k: v for k, v in record.items() if k not in own} for record in records]
        columns.append([_text(fields or None) for fields in others])
        texts = [pa.array(column, pa.string()) for column in columns]
        return numbered_rows(texts, self.columns, range(start, start + len(records)))

    def _texts(self) -> Iterator[str]:
        try:
            yield from codecs.iterdecode(self._content.chunks(), "utf-8")
        except UnicodeDecodeError as error:
            raise self._broken("is not in UTF-8") from error

    def _records(self) -> Iterator[Record]:
        """Yield every record, then read to the end of the file."""
        decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)
        text, position = self._start()
        while True:
            position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]
            if text.startswith("]", position):
                break
            try:
                record, position = decoder.raw_decode(text, position)
            except RecursionError as error:
                raise self._broken("is nested too deeply") from error
            except json.JSONDecodeError as error:
                more = next(self._chunks, "")
                text, position = text[position:] + more, 0
                if not more or len(text) > LONGEST_RECORD:
                    raise self._broken("is cut off or no JSON") from error
                continue
            if not isinstance(record, dict) or not record:
                raise self._broken("has a record without fields")
            self._read += 1
            yield record
        for _ in self._chunks:
            pass

    def _start(self) -> tuple[str, int]:
        """Return the first text of the file, and where in it the first record may be."""
        text = next(self._chunks, "")
        if text.lstrip()[:1] == "[":
            return text, text.index("[") + 1
        if match := _DATA.search(text):
            return text, match.end()
        begins = " ".join(text[:120].split())
        raise InputError(
            f"'{self._path}' holds no list of records, it begins with {begins!r}: give the answer "
            'of the service as it was sent, with its records under "data"'
        )

    def _broken(self, how: str) -> InputError:
        return InputError(
            f"'{self._path}' {how} after record {self._read}: fetch it again, in UTF-8"
        )


def _text(value: object) -> str | None:
    """Return a field as text that can be written as UTF-8."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text.isascii():
        return text
    return text.encode(errors="replace").decode()
