"""Rows of a list, as a table for people or plain for programs."""

import csv
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Literal

import typer

from features.printable import printable

RowFormat = Annotated[
    Literal["table", "csv", "json"] | None,
    typer.Option("--format", help="table, csv or json; default: a table on a terminal, else csv."),
]

Row = Mapping[str, object]


_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula of a spreadsheet begins with; the last four are wide = + - @."""

_NARROW = 12
"""Letters of a column that is not broken."""


def print_rows(
    rows: Sequence[Row], row_format: str | None, title: str = "", unseen: Collection[str] = ()
) -> None:
    """Print rows, all with the same keys; a table alone has the title, and not what is unseen."""
    chosen = row_format or ("table" if is_for_people(row_format) else "csv")
    if chosen == "json":
        print(printable(json.dumps(rows, indent=2, ensure_ascii=False, default=str)))
    elif chosen == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows[0].keys() if rows else ())
        writer.writerows(map(_cell, row.values()) for row in rows)
    else:
        _print_table([{k: v for k, v in row.items() if k not in unseen} for row in rows], title)


def is_for_people(row_format: str | None) -> bool:
    """Return whether rows are printed as a table, around which sentences may stand."""
    return row_format == "table" or (row_format is None and sys.stdout.isatty())


def print_markdown(text: str) -> None:
    """Print Markdown, on a terminal as what it means."""
    if not sys.stdout.isatty():
        print(printable(text))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(printable(text)))


def _print_table(rows: Sequence[Row], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=printable(title), box=None, title_justify="left", padding=(0, 2, 0, 0))
    for name in rows[0] if rows else ():
        longest = max(len(_text(value)) for value in (name, *(row[name] for row in rows)))
        table.add_column(name, overflow="fold", no_wrap=longest <= _NARROW)
    for row in rows:
        table.add_row(*map(_text, row.values()))
    Console(markup=False, emoji=False).print(table)  # what files name is no markup


def _cell(value: object) -> object:
    """Return a value as CSV has it: no text that a spreadsheet would take for a formula."""
    cell = _plain(value)
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _plain(value: object) -> object:
    """Return a value as text has it: a boolean as in JSON, a text without control characters."""
    if isinstance(value, bool):
        return str(value).lower()
    return printable(value) if isinstance(value, str) else value


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if type(value) is int else str(_plain(value))
