"""Separated text as it is delivered: of mixed encoding, with stray quotes, half broken.

Arrow's fast reader takes text whose quotation marks conform to RFC 4180 and whose records are of
one width; the standard library's slow one, which loses nothing, takes the rest. (DuckDB's drops
characters next to a stray mark, and pandas' drops records that are too long.)

A misplaced quotation mark must not make one event of two, so a record of several lines whose marks
do not conform is split into its lines.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from features.arrays import IntArray
from features.arrow import in_arrow_memory
from features.errors import InputError
from features.sources.reading.layout import MOST_ABOVE, Layout, layout_of, page_notes
from features.sources.reading.unpack import Content, decode_text, unlikely_word
from features.sources.source import BEYOND, LINE, LINES, SPACE, SURPLUS

LONGEST_RECORD = 1 << 24  # [bytes]
_PART = 20_000  # [records]
_FIRST_LINES = 1 << 20  # [bytes]
_FIRST_RECORDS = 2 * MOST_ABOVE + 30  # of which the layout is told
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()
Bytes = npt.NDArray[np.uint8]


class CsvRows:
    """The records of separated text, read once; blank lines are none.

    `first` is the header, or the first record; its fields name the columns until others are given.
    """

    def __init__(self, path: Path, content: Content) -> None:
        self._path = path
        self._content = content
        self._nuls = self._rows = 0
        self._has_other_bytes = False
        self._line = 1
        self._layout = self._first_records(content.head())
        self.first = self._layout.header
        if not self.first:
            raise InputError(f"'{path}' is empty: give a file as its source delivers it")
        self.name_columns(self.first)

    def name_columns(self, names: Sequence[str], *, has_header: bool = True) -> None:
        """Name the columns, as many as `first` has fields, and say whether that is a header."""
        self._names, self._has_header = names, has_header
        self.columns = (*names, BEYOND)

    @property
    def sha256(self) -> str:
        """The hash of the delivered content, once all of it is read."""
        return self._content.sha256

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be mended to read the file, once all of it is read."""
        other = ("some bytes are not UTF-8 and were read as Windows-1252",) * self._has_other_bytes
        nuls = (f"{self._nuls} NUL bytes were replaced",) * (self._nuls > 0)
        return (*self._layout.notes, *other, *nuls, *page_notes(self._rows))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns of the records, all by default, and LINE and LINES; null is no field.

        Raises InputError for a damaged file or an endless record.
        """
        skip = self._layout.above + self._layout.has_tags + self._has_header
        data, enough = b"", 0
        chunks = ((chunk, False) for chunk in self._content.chunks())
        for chunk, final in chain(chunks, [(b"", True)]):
            self._nuls += chunk.count(b"\0")
            data += chunk.replace(b"\0", _REPLACEMENT)
            if len(data) < min(enough, LONGEST_RECORD) and not final:
                continue
            table, used, lines = self._records(data, columns, final=final)
            if not (used or final) and len(data) >= LONGEST_RECORD:
                raise InputError(
                    f"'{self._path}' is not separated text: the record that begins on line "
                    f"{self._line} is longer than {LONGEST_RECORD >> 20} MB; close the quotation "
                    "mark that it opens"
                )
            data = data[used:]
            enough = 2 * len(data)  # or a long record would be looked at again and again
            self._line += lines
            dropped = min(skip, table.num_rows)
            skip -= dropped
            self._rows += table.num_rows - dropped
            selected = [*(columns or self.columns), LINE, LINES]
            yield from table.slice(dropped).select(selected).to_batches()

    def _first_records(self, start: bytes) -> Layout:
        begin = start[:_FIRST_LINES].replace(b"\0", _REPLACEMENT)
        lines = list(io.StringIO(decode_text(begin).text, newline=""))

        def records_with(separator: str) -> list[list[str]]:
            spans = _spans(lines, separator)
            records = (record for span in spans for record in _parted(span, lines, separator))
            return [record.fields for record in islice(records, _FIRST_RECORDS)]

        with _long_fields():
            return layout_of(records_with)

    def _records(
        self, data: bytes, columns: Sequence[str] | None, *, final: bool
    ) -> tuple[pa.Table, int, int]:
        """Return the records that end within `data`, and how many bytes and lines they take."""
        separator = self._layout.separator
        bounds = _record_bounds(data, separator, final=final)
        if bounds is not None:
            part = data[: bounds.used]
            table = _quick(part, self._names, columns, bounds, self._line, separator)
            if table is None and (text := decode_text(part)).is_mended:
                encoded = text.text.encode()
                table = _quick(encoded, self._names, columns, bounds, self._line, separator)
                if table is not None:
                    self._take_for_windows_1252(part)
            if table is not None:
                return table, bounds.used, bounds.newlines
        return self._exact(data, final=final)

    def _exact(self, data: bytes, *, final: bool) -> tuple[pa.Table, int, int]:
        """Return what `_records` does, for any text."""
        separator = self._layout.separator
        last = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1))  # a last \r may belong to a \n
        raw = data[: len(data) if final else last + 1].splitlines(keepends=True)
        if any(decode_text(line).is_mended for line in raw):
            self._take_for_windows_1252(b"".join(raw))
        lines = [decode_text(line).text for line in raw]
        with _long_fields():
            spans = list(_spans(lines, separator))
            count = len(lines)
            if spans and not final:  # the last record may go on in the next chunk
                count = spans.pop().begin
            records = (it for span in spans for it in _parted(span, lines, separator))
            tables = [_columns([], self._names, self._line, separator)]
            while part := list(islice(records, _PART)):  # of a few at a time: objects are large
                tables.append(_columns(part, self._names, self._line, separator))
        return pa.concat_tables(tables), sum(map(len, raw[:count])), count

    def _take_for_windows_1252(self, data: bytes) -> None:
        """Note that some bytes are not UTF-8; raises InputError for those of other encodings."""
        self._has_other_bytes = True
        lines = data.splitlines()
        words = [(n, unlikely_word(line)) for n, line in enumerate(lines, self._line)]
        found = [(n, word) for n, word in words if word]
        if 2 * len(found) > sum(not line.isascii() for line in lines):
            raise InputError(
                f"'{self._path}' is in an encoding that is neither UTF-8 nor Windows-1252, in "
                f"which line {found[0][0]} would have {found[0][1]!r}: save it in UTF-8"
            )


class _RecordBounds(NamedTuple):
    """First byte, newlines before it and lines of every record (n,); bytes and newlines of all."""

    starts: IntArray
    line: IntArray
    lines: IntArray
    used: int
    newlines: int


def _record_bounds(data: bytes, separator: str, *, final: bool) -> _RecordBounds | None:
    """Find the records that end within `data`; None where its quotation marks are irregular."""
    returns = data.count(b"\r") if b"\r" in data else 0
    if (returns and returns != data.count(b"\r\n")) or data.startswith(codecs.BOM_UTF8):
        return None  # Arrow knows no other line ends, and would drop the byte order mark
    if final and data and not data.endswith(b"\n"):
        data += b"\n"
    content: Bytes = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(content == _QUOTE)
    newlines = np.flatnonzero(content == _NEWLINE)
    ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    if len(ends) == 0:
        return None
    used = int(ends[-1]) + 1
    if (final and used < len(data)) or not _regular(
        content[:used], quotes[quotes < used], separator
    ):
        return None
    starts = np.concatenate([[0], ends[:-1] + 1])
    before = np.searchsorted(newlines, starts)
    lines = np.searchsorted(newlines, ends) + 1 - before
    blank = (content[starts] == _NEWLINE) | (content[starts] == _RETURN)
    newlines_taken = int(before[-1] + lines[-1])
    return _RecordBounds(starts[~blank], before[~blank], lines[~blank], used, newlines_taken)


def _regular(content: Bytes, quotes: IntArray, separator: str) -> bool:
    """Tell whether every quotation mark opens a field, closes one, or is doubled in between."""
    if len(quotes) % 2:
        return False
    mark = ord(separator)
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, content[opening - 1], _NEWLINE)
    after = content[closing + 1]  # the last byte is a newline
    return bool(
        np.isin(before, (_NEWLINE, mark, _QUOTE)).all()
        and np.isin(after, (_NEWLINE, _RETURN, mark, _QUOTE)).all()
    )


def _quick(
    data: bytes,
    names: Sequence[str],
    columns: Sequence[str] | None,
    bounds: _RecordBounds,
    line: int,
    separator: str,
) -> pa.Table | None:
    """Read regular text; return None when it is not UTF-8 or its records not of one width."""
    try:
        table = pyarrow.csv.read_csv(
            in_arrow_memory(data),
            pyarrow.csv.ReadOptions(column_names=list(names), block_size=max(len(data), 1)),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                include_columns=None if columns is None else [n for n in columns if n in names],
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(bounds.starts):
        return None
    return (
        table.append_column(BEYOND, pa.nulls(len(table), pa.string()))
        .append_column(SURPLUS, pa.nulls(len(table), pa.string()))
        .append_column(LINE, pa.array(bounds.line + line))
        .append_column(LINES, pa.array(bounds.lines))
    )


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let the standard library read fields of any length; LONGEST_RECORD bounds them."""
    before = csv.field_size_limit(2 * LONGEST_RECORD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class _Span(NamedTuple):
    """A record: the line on which it begins, counted from 0, how many it takes, its fields."""

    begin: int
    lines: int
    fields: list[str]


def _spans(lines: Sequence[str], separator: str) -> Iterator[_Span]:
    """Yield the records of lines, as the standard library's reader finds them."""
    reader = csv.reader(lines, delimiter=separator)
    before = 0
    for fields in reader:
        if fields:
            yield _Span(before, reader.line_num - before, fields)
        before = reader.line_num


def _parted(span: _Span, lines: Sequence[str], separator: str) -> Iterator[_Span]:
    """Yield a record, or its lines as records where a misplaced quotation mark joined them."""
    own = lines[span.begin : span.begin + span.lines]
    if span.lines == 1 or _is_regular("".join(own), separator):
        yield span
        return
    for number, line in enumerate(own, start=span.begin):
        records = csv.reader([line], delimiter=separator)
        yield from (_Span(number, 1, fields) for fields in records if fields)


def _is_regular(record: str, separator: str) -> bool:
    content: Bytes = np.frombuffer(record.encode() + b"\n", dtype=np.uint8)
    return _regular(content, np.flatnonzero(content == _QUOTE), separator)


def _columns(records: Sequence[_Span], names: Sequence[str], line: int, separator: str) -> pa.Table:
    """Return records as columns of text, null where they have no field; `line` is the first's."""
    width = len(names)
    of_each = [record.fields for record in records]
    columns = {
        name: pa.array([f[n] if n < len(f) else None for f in of_each], pa.string())
        for n, name in enumerate(names)
    }
    beyond = [separator.join(f[width:]) if len(f) > width else None for f in of_each]
    columns[BEYOND] = pa.array(beyond, pa.string())
    surplus = ["".join(f[width:]).strip(SPACE) or None for f in of_each]
    columns[SURPLUS] = pa.array(surplus, pa.string())
    columns[LINE] = pa.array([line + record.begin for record in records], pa.int64())
    columns[LINES] = pa.array([record.lines for record in records], pa.int64())
    return pa.table(columns)
