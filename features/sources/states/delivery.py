"""From a file of coups, conditions or elections to a release."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage, months_of
from features.archive.delivery import Identity, ReleaseContent
from features.archive.folders import Records
from features.archive.releases import REJECTED_FILE, REJECTED_SCHEMA
from features.archive.schemas import STATE_SCHEMAS
from features.database import open_database
from features.errors import InputError
from features.months import month_of
from features.sources.acceptance import RowRules, take_in
from features.sources.evidence import named, refuse_doubtful
from features.sources.products import refuse_missing
from features.sources.reading.opening import open_rows
from features.sources.source import FileOptions, Rows, plain_name, refuse_repeated
from features.sources.states.cline import CLINE
from features.sources.states.columns import COUNTRY_COLUMNS
from features.sources.states.conditions import CONDITION_TABLE
from features.sources.states.coups import COUP_TABLE
from features.sources.states.elections import ELECTION_TABLE
from features.sources.states.form import Form, Publication
from features.sources.states.powell_thyne import POWELL_THYNE

FORMS: dict[Records, tuple[Form, ...]] = {
    "coups": (POWELL_THYNE, CLINE, COUP_TABLE),
    "conditions": (CONDITION_TABLE,),
    "elections": (ELECTION_TABLE,),
}
"""The layouts in which records are read; a file is of the first whose columns it has."""

_TITLES: dict[Records, str] = {
    "coups": "a list of coups",
    "conditions": "a table of conditions of states",
    "elections": "a table of elections",
}


@dataclass(frozen=True, eq=False)
class StateDelivery:
    """Rows of coups, conditions or elections in their schema, on their way into the archive.

    `content` says what was read of the file; its coverage is None, as that is of the identity.
    """

    identity: Identity
    rows: pd.DataFrame
    rejected: pd.DataFrame
    content: ReleaseContent

    def write(self, folder: Path) -> ReleaseContent:
        """Write accepted and rejected rows."""
        records = self.identity.records
        for name, table, schema in (
            (f"{records}.parquet", self.rows, STATE_SCHEMAS[records]),
            (REJECTED_FILE, self.rejected, REJECTED_SCHEMA),
        ):
            content = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
            bare = content.replace_schema_metadata(None)
            pq.write_table(bare, folder / name, compression="zstd")
        return self.content


def read_states(
    path: Path,
    records: Records,
    options: FileOptions,
    source: str | None = None,
    observed_to: int | None = None,
    sheet: str | None = None,
) -> StateDelivery:
    """Read a file of some records.

    `source` names its history, if not the form. Without a coverage it observes what the form says
    of its rows, to the month `observed_to` if that is given [months since 1970-01]. Raises
    InputError for a file in none of the FORMS, that cannot be used, or, unless allowed, of which
    more than MOST_REJECTED is rejected.
    """
    with _open(path, sheet) as rows:
        form = _form_of(rows.columns, path, records)
    accepted, rejected, content = _take_in(path, form, options, sheet)
    publication = form.publication(accepted, path, options)
    last_month = month_of(publication.available_on + timedelta(days=1)) - 1
    coverage = options.coverage or form.coverage(accepted, last_month)
    if observed_to is not None:
        coverage = _ending(coverage, observed_to)
    doubts = _unobserved(path, accepted, coverage) if records == "coups" else ()
    refuse_doubtful(path, doubts, strict=options.strict)
    return StateDelivery(
        identity=_identity(path, form, source or form.history, publication, coverage),
        rows=in_order(accepted, records),
        rejected=rejected,
        content=replace(content, doubts=doubts),
    )


def _take_in(
    path: Path, form: Form, options: FileOptions, sheet: str | None
) -> tuple[pd.DataFrame, pd.DataFrame, ReleaseContent]:
    """Return accepted rows by line, rejected ones, and what was read; raises InputError."""
    last_day = options.available_on or options.received_on

    def rules(columns: Sequence[str]) -> RowRules:
        return form.rules(columns, last_day)

    with open_database() as database:
        opened = partial(_open, path, sheet)
        intake = take_in(database, path, opened, rules, allow_rejects=options.allow_rejects)
        accepted = database.sql("SELECT * FROM accepted ORDER BY line").df()
        if accepted.empty:
            raise InputError(
                f"no row of '{path}' can be used; most often: {intake.commonest_reasons()}"
            )
        rejected = database.sql(intake.rejected_rows()).df()
        content = ReleaseContent(
            sha256=intake.sha256,
            rows_accepted=len(accepted),
            rows_rejected=len(rejected),
            rows_aside=intake.count("rejected WHERE is_aside"),
            notes=intake.notes,
        )
    return accepted, rejected, content


@contextmanager
def _open(path: Path, sheet: str | None) -> Iterator[Rows]:
    with open_rows(path, sheet=sheet) as rows:
        names = [plain_name(name) for name in rows.first]
        refuse_repeated(names, path)
        rows.name_columns([name or f"column {n}" for n, name in enumerate(names, start=1)])
        yield rows


def _form_of(columns: Sequence[str], path: Path, records: Records) -> Form:
    """Return the form of a file; raises InputError if it is of none of them."""
    names = set(columns)
    has_country = not names.isdisjoint(COUNTRY_COLUMNS)
    for form in FORMS[records]:
        if has_country and names.issuperset(form.required):
            return form
    required = list(FORMS[records][-1].required)
    header = ",".join(["country", *required])
    wanted = required if has_country else ["country", *required]
    refuse_missing(path, _TITLES[records], wanted, columns, f"its columns are {header}")
    raise InputError(f"'{path}' is not {_TITLES[records]}")


def _ending(coverage: Coverage, last_month: int) -> Coverage:
    """Return a coverage that ends everywhere with a month [months since 1970-01]."""
    begun = [span for span in coverage.spans if span.first_month <= last_month]
    last = {span.country: span for span in begun}
    return Coverage(
        tuple(
            span._replace(last_month=last_month) if span is last[span.country] else span
            for span in begun
        )
    )


def _identity(
    path: Path, form: Form, history: str, publication: Publication, coverage: Coverage
) -> Identity:
    return Identity(
        history=history,
        source=history,
        release=publication.release,
        kind="final",
        available_on=publication.available_on,
        coverage=coverage,
        file_name=path.name,
        records=form.records,
    )


def in_order(rows: pd.DataFrame, records: Records) -> pd.DataFrame:
    """Return rows in the columns of their schema, sorted by all of them."""
    names: list[Any] = STATE_SCHEMAS[records].names
    return rows[names].sort_values(names, kind="stable", ignore_index=True)


def _unobserved(path: Path, rows: pd.DataFrame, coverage: Coverage) -> tuple[str, ...]:
    """Say how many coups are of months that are not observed; raises InputError when all are."""
    cells = rows[["country"]].assign(month=months_of(rows["date"]))
    observed = cells.merge(coverage.months(), how="left", indicator=True)["_merge"] == "both"
    outside = cells["country"][~observed.to_numpy()]
    if outside.empty:
        return ()
    if len(outside) == len(rows):
        raise InputError(
            f"'{path}' has no coup in the months that it is said to observe: check the coverage"
        )
    doubt = (
        f"{len(outside):,} of {len(rows):,} coups are of countries or months not observed "
        f"({named(sorted(outside.unique()))}): they count nowhere"
    )
    return (doubt,)
