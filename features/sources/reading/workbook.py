"""Workbooks (`.xlsx`, `.xlsm`, `.xlsb`, `.xls`, `.ods`) as text separated by commas.

A row of the sheet becomes a line, so that lines and rows have the same numbers. Numbers and days
are what the cells hold, not what they show.
"""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

from features.errors import InputError
from features.sources.reading.unpack import DAMAGE, damaged, refuse_endless

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how `.xls` begins
_ZIPPED = b"PK\x03\x04"
_PARTS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_ROWS = 5_000  # a chunk
_CHUNK, _LONGEST_TAG = 1 << 20, 256  # [bytes]
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_PLACE = re.compile(
    rb"<(?:\w+:)?(?:c|row)\s[^<>]{0,200}?\br\s*=\s*[\"']([A-Za-z]{0,3})([0-9]{1,7})[\"']"
)
"""Where a cell or row of an `.xlsx` file says that it lies: letters of its column, its number."""
_ALWAYS_ALLOWED, _MOST_TIMES_WIDER = 10_000_000, 20
"""The area of a sheet [cells], and how many times that of its filled cells it may be."""
Cell = bool | int | float | str | date | time | datetime | timedelta


def is_workbook(path: Path) -> bool:
    """Tell whether a file is a workbook, by what it holds."""
    try:
        with path.open("rb") as file:
            begin = file.read(len(_OLD))
            if not begin.startswith(_ZIPPED):
                return begin == _OLD
            with zipfile.ZipFile(file) as packed:
                return any(part in packed.namelist() for part in _PARTS)
    except (OSError, zipfile.BadZipFile):
        return False


def read_sheet(path: Path, sheet: str | None) -> tuple[str, list[list[Cell]]]:
    """Return a sheet's name and cells, of the only one with content unless it is named.

    Raises InputError when there is none of that name, or several to choose from.
    """
    _refuse_bombs(path)
    try:
        workbook = CalamineWorkbook.from_path(path)
        names = [sheet] if sheet is not None else workbook.sheet_names
        sheets = {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in names
        }
    except WorksheetNotFound as error:
        raise InputError(
            f"'{path}' has no sheet '{sheet}': it has {_listed(workbook.sheet_names)}"
        ) from error
    except (CalamineError, OSError) as error:
        raise InputError(
            f"'{path}' is an Excel workbook that cannot be read ({error}): open it and save the "
            "sheet as CSV"
        ) from error
    filled = {name: rows for name, rows in sheets.items() if any(map(_filled, rows))}
    if len(filled) > 1:
        raise InputError(
            f"'{path}' is an Excel workbook with several sheets ({_listed(filled)}): name the one "
            "that is meant with --sheet"
        )
    if not filled:
        raise InputError(f"'{path}' is an Excel workbook without content: fetch it again")
    return next(iter(filled.items()))


def _refuse_bombs(path: Path) -> None:
    """Raise InputError when a workbook unpacks to far more, or its cells lie far apart.

    The library holds every cell between them; of `.ods` it bounds them itself.
    """
    with path.open("rb") as file:
        if file.read(len(_ZIPPED)) != _ZIPPED:
            return
    size = 0
    try:
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                size = _measure(path, packed, name, size)
    except DAMAGE as error:
        raise damaged(path, error) from error


def _measure(path: Path, packed: zipfile.ZipFile, name: str, size: int) -> int:
    """Return the size of all that was unpacked so far, with one more part [bytes]."""
    cells, wide, long, left = 0, b"", 0, b""
    with packed.open(name) as part:
        for chunk in iter(partial(part.read, _CHUNK), b""):
            size += len(chunk)
            refuse_endless(path, size)
            text = left + chunk
            left = text[-_LONGEST_TAG:]
            cells += len(_CELL.findall(text))
            places = _PLACE.findall(text)
            wide = max({wide, *(column.upper() for column, _ in places)}, key=_column)
            long = max(long, *map(int, {row for _, row in places}), 0)
    if _column(wide) * long > max(_ALWAYS_ALLOWED, _MOST_TIMES_WIDER * cells):
        raise InputError(
            f"'{path}' is an Excel workbook whose {cells:,} cells lie as far apart as "
            f"{wide.decode()}{long}: open it, remove what is far from the table and save it again"
        )
    return size


def _column(letters: bytes) -> int:
    """Return the number of a column: 1 of A, 27 of AA."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _listed(names: Sequence[str] | dict[str, list[list[Cell]]]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _filled(row: Sequence[Cell]) -> bool:
    return any(cell != "" for cell in row)


class SheetContent:
    """A sheet as the content of a CSV file; the hash is that of the whole workbook."""

    def __init__(self, path: Path, rows: Sequence[Sequence[Cell]]) -> None:
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._rows = rows

    def head(self) -> bytes:
        """Return the first chunk, which `chunks` yields all the same."""
        return next(self.chunks(), b"")

    def chunks(self) -> Iterator[bytes]:
        """Yield the rows, each in one line."""
        for start in range(0, len(self._rows), _ROWS):
            text = io.StringIO(newline="")
            writer = csv.writer(text, lineterminator="\n")
            for row in self._rows[start : start + _ROWS]:
                writer.writerow([_text(cell) for cell in row] if _filled(row) else [])
            yield text.getvalue().encode(errors="replace")


def _text(cell: Cell) -> str:
    """Return what a cell holds in one line of text; of a day without a time, the day only."""
    if isinstance(cell, datetime):
        return str(cell.date()) if cell.time() == time() else str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return " ".join(str(cell).splitlines())
