"""Parquet files: every column that holds single values is handed on as text, days as ISO 8601."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import InputError
from features.sources.csvfile import open_csv
from features.sources.rows import LINE, LINES, Rows, column_names
from features.sources.unpack import require_file

_MAGIC = b"PAR1"
_BATCH = 50_000  # [rows]


@contextmanager
def open_table(path: Path) -> Iterator[Rows]:
    """Open a Parquet or CSV file (plain, `.gz`, `.zip`), whichever it is by its first bytes.

    Raises InputError when there is no file, or it is damaged or neither.
    """
    require_file(path)
    with path.open("rb") as file:
        is_parquet = file.read(len(_MAGIC)) == _MAGIC
    if is_parquet:
        with open_parquet(path) as rows:
            yield rows
        return
    with open_csv(path) as records:
        records.name_columns(column_names(records.first, path))
        yield records


@contextmanager
def open_parquet(path: Path) -> Iterator["ParquetRows"]:
    """Open a Parquet file; raises InputError when it is damaged."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        opened = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error
    with opened:
        yield ParquetRows(path, opened, sha256)


class ParquetRows:
    """The rows of a Parquet file; LINE is the number of the row, from 1."""

    def __init__(self, path: Path, file: pq.ParquetFile, sha256: str) -> None:
        self._path = path
        self._file = file
        self.sha256 = sha256
        schema = file.schema_arrow
        positions = [n for n, field in enumerate(schema) if _is_text_like(field.type)]
        self._names = [schema.names[n] for n in positions]
        names = column_names(schema.names, path)
        self.columns = tuple(names[n] for n in positions)
        others = [name for name in schema.names if name not in self._names]
        self.notes = (f"columns without single values were left out: {', '.join(others)}",) * bool(
            others
        )

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns of the rows as text, all by default.

        Raises InputError when the file is damaged.
        """
        start = 1
        try:
            for batch in self._file.iter_batches(_BATCH, columns=self._names):
                yield self._as_text(batch, start).select([*(columns or self.columns), LINE, LINES])
                start += batch.num_rows
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self._path, error) from error

    def _as_text(self, batch: pa.RecordBatch, start: int) -> pa.RecordBatch:
        texts = [batch.column(name).cast(pa.string()) for name in self._names]
        numbers = pa.array(range(start, start + batch.num_rows), pa.int64())
        ones = pa.array([1] * batch.num_rows, pa.int64())
        return pa.RecordBatch.from_arrays(
            [*texts, numbers, ones], names=[*self.columns, LINE, LINES]
        )


def _is_text_like(of: pa.DataType) -> bool:
    """Tell whether values can be written as text; bytes may be anything, so they cannot."""
    if isinstance(of, pa.BaseExtensionType):
        return False
    if pa.types.is_binary(of) or pa.types.is_large_binary(of) or pa.types.is_binary_view(of):
        return False
    if pa.types.is_fixed_size_binary(of) or pa.types.is_nested(of):
        return False
    return not pa.types.is_interval(of)


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        f"'{path}' cannot be read as Parquet ({str(error).splitlines()[0]}): fetch it again"
    )
