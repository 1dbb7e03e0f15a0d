"""What a form of files of states is to `delivery.py`: its columns, their meaning, its releases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from features.archive.coverage import Coverage
from features.archive.folders import Records
from features.archive.schemas import STATE_SCHEMAS
from features.sources.acceptance import RowRules
from features.sources.source import FileOptions, release_named_after
from features.sources.sql import has_surplus
from features.sources.states.columns import unclear_country


@dataclass(frozen=True)
class Publication:
    """The name of a release, and the day from which it was public."""

    release: str
    available_on: date


def publication_as_given(_: pd.DataFrame, path: Path, options: FileOptions) -> Publication:
    """Return a release by the name of its file, public from the day on which it was received."""
    return Publication(
        options.release or release_named_after(path), options.available_on or options.received_on
    )


@dataclass(frozen=True)
class Form:
    """A layout of files of coups, conditions or elections.

    `history` is that of its releases, unless another is asked for; `required` are the columns that
    a file has at least, beside one that names a country. `rules` returns how rows with some columns
    are read, if nothing was known after a day; `coverage` what accepted rows observe by themselves,
    to a month at most [months since 1970-01]; `publication` as what, and since when, it was public.
    """

    records: Records
    history: str
    required: tuple[str, ...]
    rules: Callable[[Sequence[str], date], RowRules]
    coverage: Callable[[pd.DataFrame, int], Coverage]
    publication: Callable[[pd.DataFrame, Path, FileOptions], Publication] = publication_as_given


def state_rules(
    records: Records,
    columns: Sequence[str],
    values: Mapping[str, str],
    faults: Mapping[str, str],
    key: str,
    kept_aside: Mapping[str, str] | None = None,
) -> RowRules:
    """Return the rules of rows of some records.

    `values`: column of the schema, or another that the form needs -> expression; `faults` beside
    those of every row; rows of the same `key`, itself an expression over these, repeat each other.
    """
    schema = STATE_SCHEMAS[records]
    types = {field.name: str(field.type) for field in schema}
    casts = {"date32[day]": "DATE", "int64": "BIGINT", "double": "DOUBLE"}
    explained = ("country IS NULL", *faults.values())
    missing = {
        f"{field.name} is missing or unreadable": f"{field.name} IS NULL"
        for field in schema
        if not field.nullable and f"{field.name} IS NULL" not in explained
    }
    return RowRules(
        columns={
            **{
                name: f"({values.get(name, 'NULL')})::{casts.get(kind, 'VARCHAR')}"
                for name, kind in types.items()
            },
            **{name: value for name, value in values.items() if name not in types},
        },
        faults={
            "has more fields than the header": has_surplus(columns),
            **unclear_country(columns),
            **missing,
            **faults,
        },
        kept_aside=kept_aside or {},
        key=key,
        repeated="it repeats an earlier row",
    )
