"""A table with quick filters and orders.

Text is compared by its dictionary codes, which NumPy reads from Arrow without a copy.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.arrays import BoolArray, FloatArray, IntArray

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
        """Return for every row whether its value in a column is one of some values, (n,).

        The mask is cached and read-only.
        """
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
        return np.sort(self.combinations(*columns)[0])

    def combinations(self, *columns: str) -> tuple[Rows, IntArray]:
        """Return a row of every combination of values in some columns, and which one a row has."""
        combined = np.zeros(len(self), np.int64)
        for column in columns:
            codes, numbers = self.codes(column)
            # Renumbered at every step, so that the product of sizes cannot overflow.
            combined = np.unique(combined * len(numbers) + codes, return_inverse=True)[1]
        _, rows, number = np.unique(combined, return_index=True, return_inverse=True)
        return rows, number

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

    def order(self, sort: str) -> Rows:
        """Return all row numbers, sorted by a column (`-` before it: descending), nulls last.

        The sort is stable: where rows tie, they stay as they are.
        """
        return self._sorted(sort)[0]

    def in_order(self, sort: str, mask: BoolArray) -> Rows:
        """Return the row numbers of a mask, sorted as `order` does."""
        order, rank = self._sorted(sort)
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
