"""Rows of a list, as a table for people or plain for programs."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import typer

RowFormat = Annotated[
    Literal["table", "csv", "json"] | None,
    typer.Option("--format", help="table, csv or json; default: a table on a terminal, else csv."),
]

Row = Mapping[str, object]


def print_rows(rows: Sequence[Row], row_format: str | None, title: str = "") -> None:
    """Print rows, all with the same keys; the title stands over a table alone."""
    chosen = row_format or ("table" if sys.stdout.isatty() else "csv")
    if chosen == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
    elif chosen == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([rows[0].keys() if rows else (), *(row.values() for row in rows)])
    else:
        _print_table(rows, title)


def _print_table(rows: Sequence[Row], title: str) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Column, Table

    columns = [Column(name, overflow="fold") for name in (rows[0] if rows else ())]
    table = Table(*columns, title=title, box=SIMPLE, title_justify="left", padding=(0, 1))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)
