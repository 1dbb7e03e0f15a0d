"""Comma-separated files as they come: plain, gzipped or zipped, of mixed encoding, half broken.

Every field is handed on as text; what it means is the source's own business.
"""

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import pandas as pd
import pyarrow as pa

from features.errors import InputError

_CHUNK = 1 << 20  # [characters]
_BATCH = 20_000  # [records]
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Records:
    """The records of a file, the header (if it has one) among them; blank lines are none.

    `fields` has one row a record: columns 0 .. n-1 are the n fields of the first record, column n
    all that a record has beyond them; text, null where a record has no such field. Its index is
    the line on which a record begins, counted from 1. `lines` says, on the same index, how many
    lines a record takes. `notes` say what had to be mended to read the file at all.
    """

    fields: pd.DataFrame
    lines: pd.Series
    notes: tuple[str, ...]


def read_records(path: Path) -> Records:
    """Read a `.csv`, `.csv.gz` or `.zip` file; the last must hold exactly one CSV file.

    Raises InputError when the path is no file, the file is empty, damaged or no CSV at all.
    """
    require_file(path)
    with TemporaryDirectory(prefix="tocsin-") as folder:
        text = Path(folder) / "records.csv"
        notes = _write_clean_text(path, text)
        try:
            fields, lines = _parse(text)
        except csv.Error as error:
            raise InputError(f"'{path}' is not comma-separated text: {error}") from error
    if fields.empty:
        raise InputError(f"'{path}' is empty: give a CSV file as its source delivers it")
    return Records(fields, lines, notes)


def require_file(path: Path) -> None:
    """Raise InputError unless there is a file at the path."""
    if not path.is_file():
        wrong = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"'{path}' {wrong}: give the path of one .csv, .csv.gz or .zip file")


def _write_clean_text(path: Path, text: Path) -> tuple[str, ...]:
    """Unpack a file as UTF-8 without NUL bytes; return notes on what had to be mended."""
    try:
        try:
            return _copy(path, text, errors="strict")
        except UnicodeDecodeError:
            note = "some bytes are not UTF-8 and were read as Windows-1252"
            return (note, *_copy(path, text, errors=_WINDOWS_1252))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise InputError(
            f"'{path}' cannot be unpacked ({error}): it is damaged or not what its name says; "
            "fetch it again"
        ) from error


def _copy(path: Path, text: Path, errors: str) -> tuple[str, ...]:
    nuls = 0
    with _opened(path) as packed, text.open("w", encoding="utf-8", newline="") as copy:
        encoding = "utf-16" if packed.read(2) in _UTF16 else "utf-8-sig"
        packed.seek(0)
        reader = io.TextIOWrapper(packed, encoding, errors, newline="")
        while chunk := reader.read(_CHUNK):
            nuls += chunk.count("\0")
            copy.write(chunk.replace("\0", "\N{REPLACEMENT CHARACTER}"))
    return (f"{nuls} NUL bytes were replaced",) if nuls else ()


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file for reading, unpacked as its name says."""
    match path.suffix.lower():
        case ".gz":
            with gzip.open(path) as file:
                yield file
        case ".zip":
            with zipfile.ZipFile(path) as packed, packed.open(_only_csv(packed, path)) as file:
                yield file
        case _:
            with path.open("rb") as file:
                yield file


def _only_csv(packed: zipfile.ZipFile, path: Path) -> str:
    """Return the name of the one CSV file in a zip file."""
    names = [name for name in packed.namelist() if name.lower().endswith(".csv")]
    names = [name for name in names if not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise InputError(
            f"'{path}' holds {len(names)} CSV files where exactly one is expected: unpack it and "
            "give the one that is meant"
        )
    return names[0]


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that are not UTF-8 as Windows-1252, the commonest other encoding."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", errors="replace"), error.end


_WINDOWS_1252 = "tocsin-windows-1252"
codecs.register_error(_WINDOWS_1252, _windows_1252)


def _parse(text: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Return the records of clean UTF-8 text and the lines that each takes.

    The standard library's reader is the one that is both lenient and exact: DuckDB drops
    characters next to a stray quotation mark and pandas drops records that are too long.
    """
    batches: list[pa.Table] = []
    with text.open(encoding="utf-8", newline="") as file:
        numbered = _numbered(file)
        width: int | None = None
        while batch := list(islice(numbered, _BATCH)):
            width = width or len(batch[0][2])
            batches.append(_columns(batch, width))
    if not batches:
        return pd.DataFrame(), pd.Series(dtype="int64")
    table = pa.concat_tables(batches).to_pandas().set_index("line")
    return table.drop(columns="lines").rename(columns=int), table["lines"]


def _numbered(file: Iterable[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield where each record begins, how many lines it takes, and its fields."""
    reader = csv.reader(file)
    before = 0
    try:
        for fields in reader:
            if fields:
                yield before + 1, reader.line_num - before, fields
            before = reader.line_num
    except csv.Error as error:
        raise csv.Error(
            f"the record that begins on line {before + 1} never ends ({error}); close the "
            "quotation mark that it opens"
        ) from error


def _columns(batch: list[tuple[int, int, list[str]]], width: int) -> pa.Table:
    """Return records as columns of text, padded or gathered to one more than `width`."""
    begins, lines, records = zip(*batch, strict=True)
    padded = (fields if len(fields) == width + 1 else _fitted(fields, width) for fields in records)
    columns = zip(*padded, strict=True)
    text = {str(number): pa.array(column, pa.string()) for number, column in enumerate(columns)}
    return pa.table({"line": begins, "lines": lines, **text})


def _fitted(fields: list[str], width: int) -> list[str | None]:
    """Return exactly `width` fields and one with all that goes beyond them."""
    beyond = ",".join(fields[width:]) if len(fields) > width else None
    return [*fields[:width], *[None] * (width - len(fields)), beyond]
