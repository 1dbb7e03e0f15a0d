"""The rows of a file, whatever its kind: columns of text under the names in its header."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from features.errors import InputError

BEYOND = "beyond the header"
"""The column of all that a row has beyond the width of the header."""

LINE, LINES = "_line", "_lines"
"""The line on which a row begins, from 1, and how many lines it takes."""

SPACE = " \t\n\r"
"""What is no content at the ends of a field."""


class Rows(Protocol):
    """The rows of an opened file, read once."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the delivered columns."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows: some columns as text, all by default, and then LINE and LINES.

        Raises InputError when the file turns out to be damaged.
        """

    @property
    def sha256(self) -> str:
        """The hash of the delivered content, once all of it is read."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be mended to read the file, once all of it is read."""


def column_names(header: Sequence[str], path: Path) -> list[str]:
    """Return the names in a header, those without one numbered.

    Raises InputError when two names differ in case only, or not at all.
    """
    stripped = [name.strip(SPACE) for name in header]
    refuse_repeated([name.lower() for name in stripped], path)
    return [own_name(name) or f"column {n}" for n, name in enumerate(stripped, start=1)]


def refuse_repeated(names: Sequence[str], path: Path) -> None:
    """Raise InputError when a file has several columns of one name."""
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise InputError(f"'{path}' has several columns named {repeated[0]}: keep one of each")


def own_name(name: str) -> str:
    """Return a delivered column's name, changed where it is one that readers add themselves."""
    return f"{name} (delivered)" if name.lower() in (LINE, LINES, BEYOND) else name
