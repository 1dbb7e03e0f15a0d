"""One Parquet file of a bulletin, kept compressed in memory."""

from collections.abc import Sequence
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from bulletins.frame import Frame
from features.arrow import in_arrow_memory, over


class Part:
    """A Parquet file with a column `region`; safe to share between threads.

    The rows of a region are read from one megabyte in a millisecond; the whole table would take
    fifty. Raises pa.ArrowException when the content is not a Parquet file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = in_arrow_memory(content).read_buffer()
        self._metadata = pq.read_metadata(over(self._content))

    @property
    def schema(self) -> pa.Schema:
        """The columns, in order."""
        return self._metadata.schema.to_arrow_schema()

    @property
    def content(self) -> bytes:
        """The file as it was published."""
        return bytes(self._content)

    def whole(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows, of all columns or of some."""
        with self._open() as file:
            return file.read(columns, use_threads=False)

    def of_region(self, region: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of a region, as they stand; none where it has none."""
        groups = [
            number for number, (low, high) in enumerate(self._ranges) if low <= region <= high
        ]
        needed = None if columns is None else [*dict.fromkeys(["region", *columns])]
        with self._open() as file:
            near = Frame(file.read_row_groups(groups, needed, use_threads=False))
        return near.take(near.rows[near.among("region", [region])])

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

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(over(self._content), metadata=self._metadata)
