"""Read the tables of a benchmark, and write results whole or not at all."""

import csv
import gzip
import io
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pydantic_core import to_jsonable_python

from experiments.backtest.rolling import Progress
from features.disk import whole_file
from features.errors import InputError
from features.files import open_file
from features.months import parse_month

_MOST = 1 << 28  # [bytes] of a table, unpacked
Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def read_csv(path: Path) -> pd.DataFrame:
    """Return a CSV file, plain or .gz, as text; raises InputError when it is none or cut short."""
    try:
        with open_file(path) as packed:
            file = gzip.GzipFile(fileobj=packed) if path.suffix == ".gz" else packed
            content = file.read(_MOST + 1)
        if len(content) > _MOST:
            raise ValueError(f"larger than {_MOST >> 20} MB")  # noqa: TRY301
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        head, *rows = list(csv.reader(text, strict=True)) or [[]]
    except FileNotFoundError:
        raise InputError(f"'{path}' is not there: check its name") from None
    except (OSError, EOFError, ValueError, zlib.error, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read as CSV ({error}): get it anew") from error
    wrong = next((k for k, row in enumerate(rows) if len(row) != len(head)), None)
    if wrong is not None or len(set(head)) < len(head):
        where = "its first row" if wrong is None else f"data row {wrong + 1}"
        raise InputError(f"'{path}' has a column too many or too few in {where}: get it anew")
    return pd.DataFrame(rows, columns=head, dtype="str")


def read_parquet(path: Path) -> pd.DataFrame:
    """Return a Parquet file, its index as columns; raises InputError when it is none."""
    try:
        with open_file(path) as file:
            return pd.read_parquet(file).reset_index()
    except FileNotFoundError:
        raise InputError(f"'{path}' is not there: check its name") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"'{path}' cannot be read as Parquet ({error}): get it anew") from error


def need_columns(table: pd.DataFrame, columns: list[str], path: Path) -> None:
    """Raise InputError when columns are missing."""
    missing = [name for name in columns if name not in table]
    if missing:
        raise InputError(
            f"'{path}' lacks the columns {', '.join(missing)}: it is not a table of this benchmark"
        )


def numbers(text: pd.Series, path: Path, *, may_be_empty: bool = False) -> pd.Series:
    """Return counts (n,) from text; raises InputError unless they are whole numbers from 0 up.

    Empty cells are NaN where they are allowed.
    """
    whole = text.str.fullmatch(r"\d{1,15}(\.0*)?")
    wrong = text[~whole & ((text != "") | (not may_be_empty))]
    if len(wrong):
        raise InputError(
            f"'{path}' has '{wrong.iloc[0]}' in column {text.name}, data row "
            f"{int(wrong.index[0]) + 1}: counts are whole numbers from 0 up"
        )
    return text.where(whole).astype("float64")


def month_numbers(text: pd.Series, path: Path) -> pd.Series:
    """Return months (n,) [since 1970-01] from text, YYYY-MM; raises InputError for any other."""
    try:
        number = {month: parse_month(str(month)) for month in text.unique()}
    except InputError as error:
        raise InputError(f"'{path}': {error}") from None
    return text.map(number).astype("int64")


def need_once(table: pd.DataFrame, keys: list[str], path: Path) -> None:
    """Raise InputError when two rows have the same keys, or there are no rows."""
    if len(table) == 0:
        raise InputError(f"'{path}' has no rows: get it anew")
    twice = table[table.duplicated(keys)]
    if len(twice):
        where = ", ".join(f"{key} {twice[key].iloc[0]}" for key in keys)
        raise InputError(f"'{path}' has {where} twice: keep one")


def need_place_for(*paths: Path | None) -> None:
    """Raise InputError unless there is a folder for each file, before long work is done for it."""
    for path in paths:
        if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
            raise InputError(f"'{path}' cannot be written: name a file in a folder that is there")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path to write to, moved into place on success; raises InputError if the disk fails."""
    try:
        with whole_file(path) as hidden:
            yield hidden
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be written ({error.strerror}): see to the disk and its permissions"
        ) from error


def write_json(path: Path, content: Json) -> None:
    """Write figures; what is not a number becomes null. Raises InputError like `written_whole`."""
    figures = to_jsonable_python(content, inf_nan_mode="null")
    text = json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False)
    with written_whole(path) as hidden:
        hidden.write_text(text + "\n", encoding="utf-8")


def figure(value: float, digits: int) -> str:
    """Return a number with so many decimals, and a dash for none."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


@dataclass(frozen=True)
class Run:
    """How many fits side by side, what shows progress, and files to write, if any."""

    jobs: int
    progress: Progress
    json_path: Path | None = None
    predictions_path: Path | None = None
