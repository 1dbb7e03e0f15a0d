"""Opens a delivered file by what it holds, not by its name."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from features.errors import InputError
from features.sources.reading.csvfile import CsvRows
from features.sources.reading.jsonfile import JsonRows, is_json
from features.sources.reading.parquet import MAGIC, open_parquet
from features.sources.reading.unpack import open_content, require_file
from features.sources.reading.workbook import SheetContent, is_workbook, read_sheet
from features.sources.source import Rows

_MOST_COLUMNS = 2_000
_LEFT_TO_READ = 4096  # [bytes] of a page or document that are looked at
_OTHERS = {
    b"<!doctype html": "a web page, not data: log in where it comes from and fetch it again",
    b"<html": "a web page, not data: log in where it comes from and fetch it again",
    b"<head": "a web page, not data: log in where it comes from and fetch it again",
    b"<table": "a web page, not a workbook: open it and save its table as CSV",
    b"<": "XML, not a table: fetch it as CSV or JSON",
    b"%pdf": "a PDF document, not data: fetch the table that it was made from",
    b"{\\rtf": "a text document, not data: save its table as CSV",
    b"version https://git-lfs": "a pointer of Git LFS, not the file: fetch it with git lfs pull",
    b"sqlite format 3": "an SQLite database: export its table as CSV",
    b"rar!": "packed with RAR: unpack it",
    b"7z\xbc\xaf": "packed with 7-Zip: unpack it",
    b"\xfd7zxz": "packed with xz: unpack it",
    b"bzh": "packed with bzip2: unpack it",
    b"\x28\xb5\x2f\xfd": "packed with Zstandard: unpack it",
    b"\x89png": "a picture, not data",
    b"\xff\xd8\xff": "a picture, not data",
    b"$fl2": "a file of SPSS: save it as CSV",
    b"$fl3": "a file of SPSS: save it as CSV",
    b"<stata_dta>": "a file of Stata: save it as CSV",
    b"rdx": "a file of R: save it as CSV",
    b"\0\0\x27\x0a": "a shapefile: save its points as GeoJSON or CSV",
}
"""How files begin that cannot be read, in small letters -> what they are, and what to do."""


@contextmanager
def open_rows(
    path: Path, *, sheet: str | None = None, fields: Sequence[str] = ()
) -> Iterator[Rows]:
    """Open a table: separated text, JSON, GeoJSON of points, Parquet or a workbook.

    Text and JSON may be packed (`.gz`, `.zip`). `sheet` is that of a workbook; `fields` are those
    that records of JSON may have though the first ones lack them. Raises InputError for any other
    file.
    """
    require_file(path)
    if is_workbook(path):
        name, cells = read_sheet(path, sheet)
        try:
            yield _narrow(path, CsvRows(path, SheetContent(path, cells)))
        except InputError as error:
            raise InputError(f"{error} (in sheet '{name}' of an Excel workbook)") from error
        return
    if sheet is not None:
        raise InputError(f"'{path}' is no workbook and has no sheet '{sheet}': leave out --sheet")
    with path.open("rb") as file:
        is_parquet = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest() if is_parquet else ""
    if is_parquet:
        with open_parquet(path, sha256) as rows:
            yield _narrow(path, rows)
        return
    with open_content(path) as content:
        _refuse_others(path, content.head())
        is_text = not is_json(content)
        yield _narrow(path, CsvRows(path, content) if is_text else JsonRows(path, content, fields))


def _narrow(path: Path, rows: Rows) -> Rows:
    """Return rows of no more columns than a table of events may have."""
    if len(rows.columns) > _MOST_COLUMNS:
        raise InputError(
            f"'{path}' has {len(rows.columns):,} columns, and no table of events has more than "
            f"{_MOST_COLUMNS:,}: give one with a row an event or region and month"
        )
    return rows


def _refuse_others(path: Path, head: bytes) -> None:
    begin = head[:_LEFT_TO_READ].lstrip().lower()
    for signature, what in sorted(_OTHERS.items(), key=lambda it: -len(it[0])):
        if begin.startswith(signature):
            raise InputError(f"'{path}' is {what}")
