"""Accepts or rejects the rows of a file, of events as of all others, and loses none.

The rows stream through DuckDB, so a file may be larger than memory. It is read once, and a second
time only to copy rejected rows as they came.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten

import duckdb
import pyarrow as pa

from features.archive.schemas import MOST_DEATHS
from features.errors import InputError
from features.places.matching import settled_countries
from features.sources.reading.numbers import NumberColumns, Numbers
from features.sources.source import LINE, LINES, SPACE, SURPLUS, Rows
from features.sources.sql import define_functions, literal, quoted, read_slashes, slashed

MOST_REJECTED = 0.05  # share of a file's lines; beyond it the file is refused whole
_FORMS = {"day-first": "%d/%m/%Y", "month-first": "%m/%d/%Y"}
_MONTHS = 12  # in a year: a part of a date beyond is a day
_MOST_TO_OFFER = 0.5  # share of rows, or of deaths, that --allow-rejects may cost
_MOST_REASONS = 3
_MOST_FIELDS, _LONGEST_VALUE = 4, 40  # of an example


@dataclass(frozen=True)
class RowRules:
    """What the rows of a file mean, and when they are rejected, in SQL (see `sources.sql`).

    `columns`: name -> expression over `delivered`; `faults`: reason -> condition; `kept_aside`: the
    same of rows that are no use here and no fault of the file. Of rows with the same `key`, the
    first without fault is accepted, the others are `repeated`. `deaths`: those of a row, empty if
    it has none. `numbers` are the delivered columns whose values are written plainly before;
    `terms`, name -> expression over them, are read as delivered columns and computed once a row.
    """

    columns: Mapping[str, str]
    faults: Mapping[str, str]
    key: str
    repeated: str
    deaths: str = ""
    missing: tuple[str, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)
    kept_aside: Mapping[str, str] = field(default_factory=dict)
    numbers: NumberColumns = field(default_factory=NumberColumns)
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Intake:
    """The rows of a file in a database.

    `accepted` has `line` and the columns of the rules, `rejected` has `line` and joined `reasons`.
    """

    database: duckdb.DuckDBPyConnection
    path: Path
    open: Callable[[], AbstractContextManager[Rows]]
    columns: tuple[str, ...]
    rules: RowRules
    sha256: str
    notes: tuple[str, ...]

    def count(self, table: str) -> int:
        """Return the number of rows of `accepted` or `rejected`."""
        return int(self.database.sql(f"SELECT count(*) FROM {table}").fetchall()[0][0])

    def deaths(self) -> int:
        """Return the deaths of all rows, as far as they can be read."""
        [(deaths,)] = self.database.sql(f"""
            SELECT coalesce(sum({self.rules.deaths}), 0)::BIGINT FROM staged
            WHERE {self.rules.deaths} BETWEEN 0 AND {MOST_DEATHS}
        """).fetchall()
        return int(deaths)

    def commonest_reasons(self, condition: str = "true") -> str:
        """Return the commonest reasons of rejected rows, in words, each with its first row."""
        reasons = self.database.sql(f"""
            SELECT reason, count(*) AS number, min(line) FROM (
                SELECT unnest(string_split(reasons, '; ')) AS reason, line
                FROM rejected WHERE {condition}
            )
            GROUP BY reason ORDER BY number DESC, reason LIMIT {_MOST_REASONS}
        """).fetchall()
        examples = self._fields({line for _, _, line in reasons})
        return ", ".join(
            f"{reason} ({number:,} {'rows' if number > 1 else 'row'}, as on line {line}: "
            f"{_in_words({name: examples[line][name] for name in self._behind(reason)})})"
            for reason, number, line in reasons
        )

    def _behind(self, reason: str) -> list[str]:
        """Return the delivered columns that decide on a reason."""
        condition = {**self.rules.faults, **self.rules.kept_aside}.get(reason, self.rules.key)
        columns = self.rules.columns.items()
        read = [term for name, term in columns if re.search(rf"\b{name}\b", condition)]
        sql = " ".join([condition, *read])
        terms = [term for name, term in self.rules.terms.items() if quoted(name) in sql]
        return [name for name in self.columns if quoted(name) in " ".join([sql, *terms])]

    def merged(self) -> tuple[str, ...]:
        """Say how many rows became how many, where several are one."""
        rows = self.count("staged ANTI JOIN rejected USING (line)")
        became = self.count("accepted")
        return (f"{rows:,} rows were added up to {became:,}",) if became < rows else ()

    def _fields(self, lines: Collection[int]) -> dict[int, dict[str, str | None]]:
        """Return the delivered fields of the rows on some lines."""
        if not lines:
            return {}
        with self.open() as rows:
            statement = f"""CREATE OR REPLACE TABLE examples AS
                SELECT * FROM delivered WHERE {LINE} IN ({", ".join(map(str, lines))})"""
            _scan(self.database, rows, rows.columns, statement)
        examples = self.database.sql("SELECT * FROM examples").arrow().read_all().to_pylist()
        return {row.pop(LINE): row for row in examples}

    def rejected_rows(self) -> str:
        """Return a query for rejected rows by line; raises InputError when the file has changed."""
        if not self.count("rejected"):
            return "SELECT line, reasons, NULL::VARCHAR AS record FROM rejected"
        with self.open() as rows:
            statement = f"""CREATE OR REPLACE TABLE records AS
                SELECT {LINE} AS line, {_record(rows)} AS record
                FROM delivered SEMI JOIN rejected ON rejected.line = delivered.{LINE}"""
            _scan(self.database, rows, rows.columns, statement)
            if rows.sha256 != self.sha256:
                raise InputError(f"'{self.path}' changed while it was read: give it again")
        return """
            SELECT line, reasons, record FROM rejected JOIN records USING (line) ORDER BY line
        """


def take_in(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    open_rows: Callable[[], AbstractContextManager[Rows]],
    rules_of: Callable[[Sequence[str]], RowRules],
    *,
    allow_rejects: bool,
) -> Intake:
    """Accept or reject a file's rows by rules for its columns; raises InputError if unusable."""
    countries: dict[str, str | None] = {}
    define_functions(database, countries)
    with open_rows() as rows:
        rules = rules_of(rows.columns)
        numbers = Numbers(path, rules.numbers)
        _stage(database, rows, rules, numbers)
    order, settled = _order_of_dates(database), settled_countries(countries)
    countries.update(settled)
    if order:
        read_slashes(database, _FORMS[order])
    if order or settled:  # which only the whole file shows
        numbers = Numbers(path, rules.numbers)
        with open_rows() as rows:
            _stage(database, rows, rules, numbers)
    notes = (*rows.notes, *numbers.notes)
    if order:
        notes = (*notes, f"dates with slashes are {order}, as some of them show")
    columns = tuple(rows.columns)
    intake = Intake(database, path, open_rows, columns, rules, rows.sha256, notes)
    if not intake.count("staged"):
        raise InputError(f"'{path}' has a header and no rows: fetch it again")
    _reject(database, rules)
    if not allow_rejects:
        refuse_if_mostly_rejected(intake)
    return intake


def _order_of_dates(database: duckdb.DuckDBPyConnection) -> str | None:
    """Return the order of the dates with slashes in `staged`, None if nothing or both show one."""
    [(first, second)] = database.sql(f"""
        SELECT coalesce(max(slashed_1), 0) > {_MONTHS}, coalesce(max(slashed_2), 0) > {_MONTHS}
        FROM staged
    """).fetchall()
    if first == second:
        return None
    return "day-first" if first else "month-first"


def _stage(
    database: duckdb.DuckDBPyConnection, rows: Rows, rules: RowRules, numbers: Numbers
) -> None:
    """Fill the table `staged`: line, lines and columns of every row, and why it is rejected."""
    columns = [f"{expression} AS {name}" for name, expression in rules.columns.items()]
    terms = [f'{expression} AS "{name}"' for name, expression in rules.terms.items()]
    whens = [f"WHEN {when} THEN {literal(reason)}" for reason, when in rules.faults.items()]
    reasons = ", ".join(f"CASE {when} END" for when in whens)
    # Nearly all rows are without fault, and one condition is tested faster than many texts.
    is_faulty = " OR ".join(f"({condition})" for condition in rules.faults.values())
    aside = "".join(f"WHEN {when} THEN {literal(r)} " for r, when in rules.kept_aside.items())
    sql = " ".join([*columns, *terms, *rules.faults.values(), *rules.kept_aside.values()])
    statement = f"""CREATE OR REPLACE TABLE staged AS
        SELECT * EXCLUDE (delivered),
            coalesce({" OR ".join(rules.kept_aside.values()) or "false"}, false) AS is_aside,
            CASE {aside} WHEN {is_faulty} THEN concat_ws('; ', {reasons}) ELSE '' END AS reasons
        FROM (
            SELECT {LINE} AS line, {LINES} AS lines, delivered, {", ".join(columns)},
                {slashed(rows.columns, " ".join(columns))}
            FROM (
                SELECT {", ".join(["*", *terms])} FROM {_trimmed(rules.missing)} AS delivered
            ) AS delivered
        )"""
    names = [name for name in (*rows.columns, SURPLUS) if quoted(name) in sql]
    _scan(database, rows, names, statement, numbers)


def _trimmed(missing: Sequence[str]) -> str:
    """Return the SQL of the delivered rows, null where a field is blank or stands for no value."""
    own = f"COLUMNS(* EXCLUDE ({LINE}, {LINES}))"
    rows = f"(SELECT {LINE}, {LINES}, filled({own}) FROM delivered)"
    if not missing:
        return rows
    known = f"CASE WHEN {own} NOT IN ({', '.join(map(literal, missing))}) THEN {own} END"
    return f"(SELECT {LINE}, {LINES}, {known} FROM {rows})"


def _scan(
    database: duckdb.DuckDBPyConnection,
    rows: Rows,
    columns: Sequence[str],
    statement: str,
    numbers: Numbers | None = None,
) -> None:
    """Run a statement over `delivered`, some columns of the rows, as they came or with numbers."""
    errors: list[InputError] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            batches = rows.batches(columns)
            yield from batches if numbers is None else map(numbers.plain, batches)
        except InputError as error:  # would lose its type on the way through Arrow and DuckDB
            errors.append(error)

    fields = [pa.field(name, pa.string()) for name in columns]
    schema = pa.schema([*fields, pa.field(LINE, pa.int64()), pa.field(LINES, pa.int64())])
    database.register("delivered", pa.RecordBatchReader.from_batches(schema, batches()))
    database.execute(statement)
    database.unregister("delivered")
    if errors:
        raise errors[0]


def _reject(database: duckdb.DuckDBPyConnection, rules: RowRules) -> None:
    """Make `rejected` and `accepted` of `staged`."""
    key = rules.key
    database.execute(f"""
        CREATE TABLE rejected AS
        SELECT line, lines, is_aside, reasons FROM staged WHERE reasons <> ''
        UNION ALL BY NAME
        SELECT line, lines, false AS is_aside, {literal(rules.repeated)} AS reasons
        FROM staged
        WHERE {not rules.merged} AND reasons = '' AND {key} IN (
            SELECT {key} FROM staged WHERE reasons = '' GROUP BY {key} HAVING count(*) > 1
        )
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY line) > 1
    """)
    columns, grouping = ["line", *rules.columns], ""
    if rules.merged:
        of_first = {name: f"first({name} ORDER BY line)" for name in columns}
        merged = {**of_first, "line": "min(line)", **rules.merged, key: key}
        columns = [f"{value} AS {name}" for name, value in merged.items()]
        grouping = f"GROUP BY {key}"
    database.execute(f"""
        CREATE VIEW accepted AS
        SELECT {", ".join(columns)} FROM staged ANTI JOIN rejected USING (line) {grouping}
    """)


def refuse_if_mostly_rejected(intake: Intake) -> None:
    """Raise InputError when more than MOST_REJECTED of a file's lines cannot be used.

    Lines, not rows: an unclosed quotation mark that swallows rows must not pass for one bad row.
    """
    dead = intake.rules.deaths or "NULL"
    [(lines, rows, deaths, bad_lines, bad_rows, bad_deaths, unread)] = intake.database.sql(f"""
        SELECT coalesce(sum(lines), 0), count(*), coalesce(sum(dead), 0),
            coalesce(sum(lines) FILTER (is_bad), 0), count(*) FILTER (is_bad),
            coalesce(sum(dead) FILTER (is_bad), 0), count(*) FILTER (is_bad AND dead IS NULL)
        FROM (
            SELECT staged.lines, rejected.line IS NOT NULL AS is_bad,
                CASE WHEN {dead} BETWEEN 0 AND {MOST_DEATHS} THEN {dead} END AS dead
            FROM staged LEFT JOIN rejected USING (line) WHERE NOT staged.is_aside
        )
    """).fetchall()
    if bad_lines <= MOST_REJECTED * lines:
        return
    lost = (
        f"{bad_deaths:,} of {deaths:,} deaths"
        if intake.rules.deaths
        else f"{bad_rows:,} of {rows:,} rows"
    )
    if unread and intake.rules.deaths:
        lost += f" and those of {unread:,} rows where they cannot be read"
    advice = f"correct the file, or take what is usable with --allow-rejects, without {lost}"
    if bad_rows > _MOST_TO_OFFER * rows or bad_deaths > _MOST_TO_OFFER * deaths:
        advice = f"correct the file: what is left would lack {lost}"
    raise InputError(
        f"'{intake.path}' is refused: {100 * bad_lines / lines:.1f} % of it cannot be used "
        f"({bad_rows:,} of {rows:,} rows), more than {100 * MOST_REJECTED:.0f} %; most often: "
        f"{intake.commonest_reasons('NOT is_aside')}; {advice}"
    )


def _in_words(fields: Mapping[str, str | None]) -> str:
    """Return the first of an example's fields, as its file has them."""
    filled = [
        f"{name} {shorten(text, _LONGEST_VALUE, placeholder='...')!r}"
        for name, text in fields.items()
        if text and text.strip(SPACE)
    ]
    return ", ".join(filled[:_MOST_FIELDS]) or f"{' and '.join(list(fields)[:_MOST_FIELDS])} empty"


def _record(rows: Rows) -> str:
    """Return the SQL of a delivered row as a JSON object of its fields that are not null."""
    fields = ", ".join(f"{literal(name)}: {quoted(name)}" for name in rows.columns)
    filled = f"list_filter(map_entries(MAP {{{fields}}}), lambda field: field.value IS NOT NULL)"
    return f"to_json(map_from_entries({filled}))::VARCHAR"
