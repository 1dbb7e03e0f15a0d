"""How delimited text is laid out, told from its first records, for every reader.

Spreadsheets write semicolons where the comma is the decimal sign, humanitarian data a line of HXL
tags below the header (https://hxlstandard.org), R and pandas the numbers of rows in front.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from features.sources.source import SPACE

_STANDINS = ("Unnamed: 0", "...1")  # what pandas and R's readr call a first column without a name
NAMELESS_FIRST = "the first column has no name and is left out"
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
MOST_ABOVE = 20  # records above the header: titles, notes, `sep=;`
_WIDEST_TITLE = 1  # filled fields
PAGE_SIZES = (
    1_000,
    5_000,
    10_000,
)  # [records] that UCDP's, ACLED's and HDX's services give at most
Fields = Sequence[str]


class Layout(NamedTuple):
    """The separator, the fields of the header, how many records stand above it, and more.

    `header` begins with an empty name where R wrote numbers of rows and no name for them.
    """

    separator: str
    header: list[str]
    above: int = 0
    has_tags: bool = False
    notes: tuple[str, ...] = ()


def layout_of(records_with: Callable[[str], Sequence[Fields]]) -> Layout:
    """Return how a text is laid out; `records_with` reads its first records with a separator.

    The header is the first record of several fields, and as wide as those below it. Of separators
    with such a header, the one with the fewest records above it, then with the most fields, counts.
    """
    layouts = [_layout(separator, records_with(separator)) for separator in SEPARATORS]
    return max(layouts, key=lambda it: it.rank).layout


class _Candidate(NamedTuple):
    layout: Layout
    rank: tuple[bool, int, int]


def _layout(separator: str, records: Sequence[Fields]) -> _Candidate:
    above = len(list(takewhile(lambda fields: _filled(fields) <= _WIDEST_TITLE, records)))
    if above > MOST_ABOVE or above == len(records):
        above = 0
    header, below = list(records[above]) if records else [], list(records[above + 1 :])
    has_tags = bool(below) and is_tags(below[0])
    below = below[has_tags:]
    widths = Counter(map(len, below))
    width = widths.most_common(1)[0][0] if widths else len(header)
    fits = len(header) > 1 + (above > 0) and width in (len(header), len(header) + 1)
    if not fits:
        above, header = 0, list(records[0]) if records else []
    rank = (fits, -above, len(header))
    if fits and _has_row_numbers(header, below):
        header = ["", *header]
    if header and header[0].strip(SPACE) in _STANDINS:
        header[0] = ""
    has_nameless = len(header) > 1 and not header[0].strip(SPACE)
    notes = (
        *((f"its fields are separated by {SEPARATORS[separator]}",) * (separator != ",")),
        *((f"lines above the header were left out: {above}",) * (above > 0)),
        *(("the line of HXL tags is no row",) * has_tags),
        *((NAMELESS_FIRST,) * has_nameless),
    )
    return _Candidate(Layout(separator, header, above, has_tags, notes), rank)


def page_notes(records: int) -> tuple[str, ...]:
    """Return a note if a file has as many records as a service gives at most."""
    if records not in PAGE_SIZES:
        return ()
    return (f"exactly {records:,} records, as many as a service gives at most: probably cut off",)


def is_tags(fields: Sequence[str | None]) -> bool:
    """Tell whether a record is one of HXL tags."""
    texts = [text.strip(SPACE) for text in fields if text]
    return any(texts) and all(text.startswith("#") for text in texts if text)


def _filled(fields: Fields) -> int:
    return sum(bool(text.strip(SPACE)) for text in fields)


def _has_row_numbers(header: Fields, below: Sequence[Fields]) -> bool:
    """Tell whether every record has one field more than the header: its number, as R writes it."""
    if not below or any(len(fields) != len(header) + 1 for fields in below):
        return False
    numbers = [fields[0] for fields in below]
    return any(fields[-1].strip(SPACE) for fields in below) and any(
        numbers == [str(n) for n in range(start, start + len(numbers))] for start in (0, 1)
    )
