"""Dated vintages: a table that holds the same history as it was known on several days."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import InputError
from features.sources.source import LINE, LINES, SPACE, Rows, plain_name

COLUMN = "vintage"
"""What the column is called, in any case, that says on which day a row was known."""

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?)?")


@dataclass(frozen=True)
class DatedVintage:
    """The rows of one day in a table: those whose `column` holds one of the `texts` for it.

    `sha256` is the hash of these rows, whatever other days the table has; `table_sha256` that of
    the whole table.
    """

    day: date
    column: str
    texts: frozenset[str]
    sha256: str
    table_sha256: str


def vintage_column(rows: Rows) -> str | None:
    """Return the name of the column that dates the rows, None where there is none."""
    return next((name for name in rows.columns if plain_name(name) == COLUMN), None)


def dated_vintages(rows: Rows, column: str, path: Path) -> tuple[DatedVintage, ...]:
    """Read a table once and return its vintages, oldest first.

    Raises InputError for a row without a day, YYYY-MM-DD, and what reading raises.
    """
    others = [name for name in rows.columns if name != column]
    days: dict[str, date] = {}
    hashes: dict[date, Any] = {}
    for batch in rows.batches([*others, column]):
        texts = pc.fill_null(batch.column(column), "")
        lines = pc.binary_join_element_wise(
            *(batch.column(name) for name in others), "\x1f", null_handling="replace"
        )
        for text in pc.unique(texts).to_pylist():
            is_own = pc.equal(texts, text)
            if text not in days:
                days[text] = _day(text, batch.filter(is_own).column(LINE)[0].as_py(), path)
            own = hashes.setdefault(days[text], hashlib.sha256())
            own.update("".join(f"{line}\n" for line in lines.filter(is_own).to_pylist()).encode())
    return tuple(
        DatedVintage(
            day=day,
            column=column,
            texts=frozenset(text for text in days if days[text] == day),
            sha256=hashes[day].hexdigest(),
            table_sha256=rows.sha256,
        )
        for day in sorted(hashes)
    )


def _day(text: str, line: int, path: Path) -> date:
    match = _DAY.fullmatch(text.strip(SPACE))
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise InputError(
            f"'{path}', line {line}: the {COLUMN} '{text}' is no day: write it as YYYY-MM-DD"
        ) from None


class VintageRows:
    """The rows of one vintage of a table, numbered as they are there."""

    def __init__(self, rows: Rows, vintage: DatedVintage) -> None:
        self._rows = rows
        self._vintage = vintage
        self.first = rows.first

    def name_columns(self, names: Sequence[str], *, has_header: bool = True) -> None:
        """Name the columns of the table."""
        self._rows.name_columns(names, has_header=has_header)

    @property
    def columns(self) -> Sequence[str]:
        """The columns of the table."""
        return self._rows.columns

    @property
    def sha256(self) -> str:
        """The hash of the table, once it is read."""
        return self._rows.sha256

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be mended to read the table."""
        return self._rows.notes

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns, or all, of the vintage's rows, as `Rows.batches` does."""
        names = list(self.columns if columns is None else columns)
        texts = pa.array(sorted(self._vintage.texts))
        for batch in self._rows.batches(list(dict.fromkeys([*names, self._vintage.column]))):
            of_day = pc.fill_null(batch.column(self._vintage.column), "")
            yield batch.filter(pc.is_in(of_day, texts)).select([*names, LINE, LINES])
