"""Parquet as rows of text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import InputError
from features.sources.reading.layout import NAMELESS_FIRST, is_tags
from features.sources.reading.unpack import refuse_endless
from features.sources.source import LINE, LINES, numbered_rows, own_name

MAGIC = b"PAR1"
_BATCH = 50_000  # [rows]
_INDEX = "__index_level_0__"  # what pandas calls the numbers of rows


@contextmanager
def open_parquet(path: Path, sha256: str) -> Iterator["ParquetRows"]:
    """Open a Parquet file with this hash; raises InputError for a damaged or far too large one."""
    try:
        schema = pq.read_schema(path)
        # Texts that recur are unpacked only once their size is known.
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        opened = pq.ParquetFile(path, read_dictionary=texts)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error
    with opened:
        refuse_endless(path, opened.metadata.num_rows * opened.metadata.num_columns)
        yield ParquetRows(path, opened, sha256)


class ParquetRows:
    """The rows of a Parquet file; LINE is the number of the row, from 1."""

    def __init__(self, path: Path, file: pq.ParquetFile, sha256: str) -> None:
        self._path = path
        self._file = file
        self.sha256 = sha256
        schema = file.schema_arrow
        self._places = [n for n, field in enumerate(schema) if _is_text_like(field.type)]
        self.first = ["" if field.name == _INDEX else field.name for field in schema]
        others = [field.name for field in schema if not _is_text_like(field.type)]
        left_out = f"columns without single values were left out: {', '.join(others)}"
        has_nameless = bool(self.first) and not self.first[0].strip()
        self.notes = ((left_out,) * bool(others)) + (NAMELESS_FIRST,) * has_nameless
        self.name_columns(self.first)

    def name_columns(self, names: Sequence[str], *, has_header: bool = True) -> None:  # noqa: ARG002
        """Name the columns, as many as `first` has."""
        self.columns = tuple(own_name(names[place]) for place in self._places)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns as text, all by default; raises InputError for a damaged file."""
        start, size = 1, 0
        try:
            for batch in self._file.iter_batches(_BATCH):
                size += sum(_size(batch.column(place)) for place in self._places)
                refuse_endless(self._path, size)
                texts = [batch.column(place).cast(pa.string()) for place in self._places]
                lines = range(start, start + batch.num_rows)
                rows = numbered_rows(texts, self.columns, lines)
                has_tags = start == 1 and is_tags([text[0].as_py() for text in texts if len(text)])
                self.notes += ("the line of HXL tags is no row",) * has_tags
                yield rows.slice(has_tags).select([*(columns or self.columns), LINE, LINES])
                start += batch.num_rows
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self._path, error) from error


def _size(column: pa.Array) -> int:
    """Return how large a column is once it is unpacked [bytes]."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return pc.sum(lengths.cast(pa.int64())).as_py() or 0


def _is_text_like(of: pa.DataType) -> bool:
    """Tell whether values can be written as text; bytes may be anything, so they cannot."""
    is_bytes = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    is_other = (pa.types.is_fixed_size_binary, pa.types.is_nested, pa.types.is_interval)
    has_type = any(is_of(of) for is_of in (*is_bytes, *is_other))
    return not (has_type or isinstance(of, pa.BaseExtensionType))


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        f"'{path}' cannot be read as Parquet ({str(error).splitlines()[0]}): fetch it again"
    )
