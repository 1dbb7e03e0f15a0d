"""How a file writes its numbers: one decimal sign a file, told from its content or given.

`1.000` is one or a thousand: what it means follows from the other values of the file, or the file
is refused with the value. Degrees tell most: read as thousands, `14.567` is not on the globe.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import InputError
from features.sources.source import LINE, Sign

_OTHER: dict[str, Sign] = {".": ",", ",": "."}
_GAPS = " '\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{RIGHT SINGLE QUOTATION MARK}"
_NUMBER = re.compile(rf"[+-]?\d+(?:[{_GAPS}.,]\d+)*", re.ASCII)
_GROUPED = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:[{_GAPS}]\d{{3}})+(?:[.,]\d+)?", re.ASCII)


@dataclass(frozen=True)
class NumberColumns:
    """Columns of whole numbers and of degrees; `decimal` is their decimal sign, if it is given."""

    whole: tuple[str, ...] = ()
    degrees: tuple[str, ...] = ()
    decimal: Sign | None = None


class _Value(NamedTuple):
    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"'{self.text}' ({self.column}, line {self.line})"


class Numbers:
    """The numbers of a file, written plainly batch by batch: `1 234,5` becomes `1234.5`."""

    def __init__(self, path: Path, columns: NumberColumns) -> None:
        self._path = path
        self._columns = columns
        self._decimal = columns.decimal
        self._thousands: dict[str, _Value] = {}
        self._with_decimals: set[str] = set()  # columns where one value begins with 0 and the sign

    @property
    def notes(self) -> tuple[str, ...]:
        """What was told from the values, once all are read."""
        return (
            *("its decimal sign is a comma",) * (self._decimal == ","),
            *(f"{value} was read as thousands" for value in self._thousands.values()),
        )

    def plain(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return rows with plain numbers; raises InputError for a value that means two things."""
        odd = {
            name: self._odd(batch, name)
            for name in (*self._columns.whole, *self._columns.degrees)
            if name in batch.schema.names
        }
        values = sorted(value for column in odd.values() for value in column)
        self._decide(values)
        for name, column in odd.items():
            if column and name in self._columns.whole:
                self._refuse_ambiguous(column, batch.column(name))
            if column and (self._decimal == "," or name in self._columns.whole):
                texts = {value.text: self._plain(value) for value in column}
                batch = _replaced(batch, name, texts)
        return batch

    def _odd(self, batch: pa.RecordBatch, name: str) -> list[_Value]:
        """Return the numbers with more than digits in a column, each text once."""
        column = batch.column(name)
        if name in self._columns.degrees and self._decimal == "." and not _has(column, b","):
            return []
        if not _has(column, b".,\xc2\xe2' "):
            return []
        first: dict[str, int] = {}
        for row, text in enumerate(column.to_pylist()):
            if text is not None and text not in first and not text.isdigit():
                first[text] = row
        lines = batch.column(LINE)
        return [
            _Value(lines[row].as_py(), name, text)
            for text, row in first.items()
            if _NUMBER.fullmatch(text.strip()) and not text.strip().lstrip("+-").isdigit()
        ]

    def _decide(self, values: Sequence[_Value]) -> None:
        """Tell the decimal sign, if it is not known, from the first value that leaves no doubt."""
        for value in values:
            told = _decimal_of(value.text, is_degree=value.column in self._columns.degrees)
            if told is None:
                continue
            if self._decimal is None:
                self._decimal, self._told = told, value
            elif told != self._decimal and self._decimal == "," and self._columns.decimal is None:
                raise InputError(
                    f"'{self._path}' writes numbers in two ways, {self._told} and {value}: write "
                    "all with the same decimal sign"
                )

    def _refuse_ambiguous(self, values: Sequence[_Value], column: pa.Array) -> None:
        """Raise InputError for a value that may be one or a thousand."""
        if self._columns.decimal is not None:
            return
        for value in values:
            sign = _only_sign(value.text)
            if sign is None or not _is_thousands(value.text, sign) or self._decimal == _OTHER[sign]:
                continue
            if value.text.count(sign) == 1 and not self._has_three_decimals(value, column, sign):
                small, large = value.text.replace(sign, "."), value.text.replace(sign, "")
                raise InputError(
                    f"'{self._path}' is refused: {value} may be {large} with a thousands sign, or "
                    f"{float(small):g} with decimals, and nothing in the file tells which: write "
                    'it as one of them, or give decimal = "," or "." in the mapping of a table, '
                    "--decimal for counts"
                )

    def _has_three_decimals(self, value: _Value, column: pa.Array, sign: Sign) -> bool:
        """Tell whether a column has three decimals everywhere, as programs write: `0.000`."""
        texts = pc.utf8_trim_whitespace(column.drop_null())
        mark, texts = re.escape(sign), texts.filter(pc.not_equal(texts, ""))
        if pc.any(pc.match_substring_regex(texts, rf"^[+-]?0{mark}")).as_py():
            self._with_decimals.add(value.column)
        same = pc.all(pc.match_substring_regex(texts, rf"^[+-]?\d+{mark}\d{{3}}$")).as_py()
        return bool(same) and value.column in self._with_decimals

    def _plain(self, value: _Value) -> str:
        """Return a number with a point and nothing else; as it came where that is not how it is."""
        text = value.text.strip()
        decimal = self._decimal or "."
        if _GROUPED.fullmatch(text) or _is_thousands(text, _OTHER[decimal]):
            grouped = re.sub(rf"[{_GAPS}{re.escape(_OTHER[decimal])}]", "", text)
            self._thousands.setdefault(value.column, value)
            return grouped.replace(decimal, ".")
        return text.replace(",", ".") if decimal == "," and text.count(",") == 1 else value.text


def _decimal_of(text: str, *, is_degree: bool) -> Sign | None:
    """Return the decimal sign that a number leaves no doubt of."""
    text = text.strip()
    points, commas = text.count("."), text.count(",")
    if points and commas:
        last: Sign = "." if text.rindex(".") > text.rindex(",") else ","
        is_grouped = (points if last == "." else commas) == 1
        return last if is_grouped and _is_thousands(text, _OTHER[last]) else None
    sign = _only_sign(text)
    if sign is None:
        return None
    if text.count(sign) > 1:
        return _OTHER[sign] if not is_degree and _is_thousands(text, sign) else None
    return sign if is_degree or not _is_thousands(text, sign) else None


def _only_sign(text: str) -> Sign | None:
    """Return the one of both signs that a number has."""
    if ("." in text) == ("," in text):
        return None
    return "." if "." in text else ","


def _is_thousands(text: str, sign: str) -> bool:
    """Tell whether a sign parts a number into thousands; decimals may follow."""
    mark, other = re.escape(sign), re.escape(_OTHER[sign])
    return bool(
        re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(?:{mark}\d{{3}})+(?:{other}\d+)?", text.strip())
    )


def _has(column: pa.Array, characters: bytes) -> bool:
    """Tell whether a column of text has any of these bytes; much faster than to look at each."""
    _, offsets, data = column.buffers()
    if data is None:
        return False
    bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    content = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    return any(bool((content == byte).any()) for byte in characters)


def _replaced(batch: pa.RecordBatch, name: str, texts: dict[str, str]) -> pa.RecordBatch:
    column = [texts.get(text, text) for text in batch.column(name).to_pylist()]
    return batch.set_column(batch.schema.get_field_index(name), name, pa.array(column, pa.string()))
