"""The tables of a bulletin: filtered and sorted, as files in memory, and as NumPy arrays.

Text is compared by its dictionary codes, which NumPy reads from Arrow without a copy. Arrow imports
pandas, which takes a quarter of a second, once it is handed a Python value: it gets buffers only.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.arrays import BoolArray, FloatArray
from features.arrow import in_arrow_memory, over
from features.errors import BulletinError

Rows = NDArray[np.integer[Any]]


_SORT_BELOW = 1 / 16
"""Share of the rows below which sorting them is quicker than filtering all rows in order."""

_MOST_MASKS = 64
"""Masks that a frame caches; nearly all queries are made of a few."""


class Frame:
    """An immutable table without nulls in the columns that are filtered."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table.combine_chunks()
        self._coded: dict[str, tuple[NDArray[np.int32], dict[Any, int]]] = {}
        self._orders: dict[str, tuple[Rows, Rows]] = {}
        self._numbers: dict[str, FloatArray] = {}
        self._masks: dict[tuple[str, tuple[Any, ...]], BoolArray] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def rows(self) -> Rows:
        """All row numbers, as the rows stand."""
        return np.arange(len(self))

    def values(self, column: str) -> Collection[Any]:
        """Return the distinct values of a column."""
        return self.codes(column)[1].keys()

    def codes(self, column: str) -> tuple[NDArray[np.int32], dict[Any, int]]:
        """Return the code of every row in a column (n,), and the values with their codes."""
        if column not in self._coded:
            encoded = self.table[column].combine_chunks().dictionary_encode()
            values = encoded.dictionary.to_pylist()
            numbers = {value: code for code, value in enumerate(values)}
            self._coded[column] = (as_numpy(encoded.indices), numbers)
        return self._coded[column]

    def among(self, column: str, values: Sequence[Any]) -> BoolArray:
        """Return whether each row's value in a column is one of some values, (n,), read-only."""
        key = (column, tuple(values))
        mask = self._masks.get(key)
        if mask is None:
            codes, numbers = self.codes(column)
            is_wanted = np.zeros(len(numbers), np.bool_)
            is_wanted[[numbers[value] for value in values if value in numbers]] = True
            mask = is_wanted[codes]
            mask.flags.writeable = False
            if len(self._masks) >= _MOST_MASKS:
                self._masks.clear()
            self._masks[key] = mask
        return mask

    def numbers(self, column: str) -> FloatArray:
        """Return a column of numbers, without a copy."""
        if column not in self._numbers:
            self._numbers[column] = as_numpy(self.table[column].combine_chunks())
        return self._numbers[column]

    def distinct(self, *columns: str) -> Rows:
        """Return the first row of every combination of values in some columns."""
        combined = np.zeros(len(self), np.int64)
        for column in columns:
            codes, numbers = self.codes(column)
            # Renumbered at every step, so that the product of sizes cannot overflow.
            combined = np.unique(combined * len(numbers) + codes, return_inverse=True)[1]
        return np.sort(np.unique(combined, return_index=True)[1])

    def matching(self, rows: Rows, other: "Frame", columns: Sequence[str]) -> Rows:
        """Return for some rows the row of another frame with the same values in some columns.

        A row without a match gets -1. The other frame has no combination of values twice.
        """
        keys, other_keys = np.zeros(len(rows), np.int64), np.zeros(len(other), np.int64)
        is_shared = np.ones(len(other), np.bool_)
        for column in columns:
            codes, numbers = self.codes(column)
            other_codes, other_numbers = other.codes(column)
            translated = np.array([numbers.get(value, -1) for value in other_numbers], np.int64)
            is_shared &= translated[other_codes] >= 0
            keys = keys * len(numbers) + codes[rows]
            other_keys = other_keys * len(numbers) + translated[other_codes]
        shared = np.flatnonzero(is_shared)
        shared = shared[np.argsort(other_keys[shared])]
        if len(shared) == 0:
            return np.full(len(rows), -1)
        matches = shared[np.searchsorted(other_keys[shared], keys).clip(max=len(shared) - 1)]
        return np.where(other_keys[matches] == keys, matches, -1)

    def order(self, sort: str, mask: BoolArray | None = None) -> Rows:
        """Return all row numbers or those of a mask, sorted stably by a column, nulls last.

        The name of the column follows `-` where it is descending.
        """
        order, rank = self._sorted(sort)
        if mask is None:
            return order
        rows = np.flatnonzero(mask)
        if len(rows) > len(self) * _SORT_BELOW:
            return order[mask[order]]
        return rows[np.argsort(rank[rows])]

    def _sorted(self, sort: str) -> tuple[Rows, Rows]:
        """Return all row numbers in order, and the place of every row in it."""
        if sort not in self._orders:
            direction = "descending" if sort.startswith("-") else "ascending"
            keys = [(sort.removeprefix("-"), direction, "at_end")]
            order = as_numpy(pc.sort_indices(self.table, sort_keys=keys))
            rank = np.empty(len(order), np.int32)
            rank[order] = np.arange(len(order), dtype=np.int32)
            self._orders[sort] = (order, rank)
        return self._orders[sort]

    def take(self, rows: Rows) -> pa.Table:
        """Return some rows, in the order given."""
        buffer = pa.py_buffer(np.ascontiguousarray(rows, np.int64))
        return self.table.take(pa.Array.from_buffers(pa.int64(), len(rows), [None, buffer]))


def as_numpy(column: pa.Array) -> NDArray[Any]:
    """Return a column of numbers without nulls; without a copy."""
    numbers: NDArray[Any] = np.from_dlpack(column)
    return numbers


class Part:
    """A Parquet file with a column `region`; safe to share between threads.

    Its content lies compressed in memory, or, given a path, on the disk. Reading a region's rows
    takes a millisecond, the whole table fifty. Raises pa.ArrowException when the content is not a
    Parquet file, BulletinError when what lies on the disk cannot be read any more.
    """

    def __init__(self, content: bytes | Path) -> None:
        self._content: Path | pa.Buffer = (
            content if isinstance(content, Path) else in_arrow_memory(content).read_buffer()
        )
        self._metadata = pq.read_metadata(self._source())

    @property
    def schema(self) -> pa.Schema:
        """The columns, in order."""
        return self._metadata.schema.to_arrow_schema()

    @property
    def content(self) -> bytes:
        """The file as it was published."""
        if not isinstance(self._content, Path):
            return bytes(self._content)
        try:
            return self._content.read_bytes()
        except OSError as error:
            raise self._change() from error

    def whole(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows, of all columns or of some."""
        with self._open() as file:
            return file.read(columns, use_threads=False)  # threads keep memory of their own

    def of_region(self, region: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return some columns, or all, of a region's rows, as they stand; it may have none."""
        groups = [
            number for number, (low, high) in enumerate(self._ranges) if low <= region <= high
        ]
        needed = None if columns is None else [*dict.fromkeys(["region", *columns])]
        with self._open() as file:
            near = Frame(file.read_row_groups(groups, needed, use_threads=False))
        rows = near.take(near.rows[near.among("region", [region])])
        return rows if columns is None else rows.select(columns)

    @cached_property
    def _ranges(self) -> list[tuple[str, str]]:
        """The least and the greatest region id of every row group."""
        place = self.schema.get_field_index("region")
        ranges = []
        for number in range(self._metadata.num_row_groups):
            limits = self._metadata.row_group(number).column(place).statistics
            has_limits = limits is not None and limits.has_min_max
            ranges.append((limits.min, limits.max) if has_limits else ("", chr(0x10FFFF)))
        return ranges

    def _source(self) -> Path | pa.BufferReader:
        return self._content if isinstance(self._content, Path) else over(self._content)

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(
                self._source(), metadata=self._metadata, page_checksum_verification=True
            ) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise self._change() from error

    def _change(self) -> BulletinError:
        name = self._content.name if isinstance(self._content, Path) else "a table"
        return BulletinError(f"{name} is not what was published any more")


def number_column(values: FloatArray) -> pa.Array:
    """Return numbers (n,) as a column, null for NaN."""
    validity = np.packbits(~np.isnan(values), bitorder="little")
    content = np.ascontiguousarray(values, np.float64)
    buffers = [pa.py_buffer(validity), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.float64(), len(values), buffers)


def as_numbers(column: pa.ChunkedArray) -> FloatArray:
    """Return a column of float64 as numbers (n,), NaN for null."""
    chunk = column.combine_chunks()
    values = np.frombuffer(chunk.buffers()[1], np.float64)[chunk.offset :][: len(chunk)]
    is_known = as_numpy(pc.cast(chunk.is_valid(), pa.uint8()))
    return np.where(is_known == 1, values, np.nan)


def text_column(codes: Rows, names: Sequence[str]) -> pa.Array:
    """Return the names that codes (n,) stand for as a column, null for -1."""
    encoded = [*(name.encode() for name in names), None]  # -1 is the last
    return bytes_column([encoded[code] for code in codes.tolist()], pa.string())


def bytes_column(values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array:
    """Return bytes, or text in UTF-8, as a column of that kind; null for None."""
    is_known = np.array([value is not None for value in values], np.bool_)
    validity = np.packbits(is_known, bitorder="little")
    ends = np.cumsum([0, *(len(value or b"") for value in values)], dtype=np.int32)
    buffers = [pa.py_buffer(content) for content in (validity, ends)]
    buffers.append(pa.py_buffer(b"".join(value or b"" for value in values)))
    return pa.Array.from_buffers(kind, len(values), buffers)
