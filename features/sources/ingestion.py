"""From a delivered file to a release: every row is accepted or rejected, and nothing is lost.

The rows stream through DuckDB, which keeps them on the disk beside the release that is being
written, so a file may be far larger than memory.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.form import EVENTS_SCHEMA, event_faults
from features.archive.releases import (
    DELETED_FILE,
    DELETED_SCHEMA,
    EVENTS_FILE,
    REJECTED_FILE,
    Identity,
    Written,
)
from features.database import opened
from features.errors import ArchiveError, InputError
from features.places.placement import place_admin1, place_country, place_priogrid
from features.sources.csvfile import LINE, LINES
from features.sources.source import EventSource, Form, Rows, Said, literal, macros, quoted
from features.sources.unpack import require_file

MOST_REJECTED = 0.05
"""Share of the lines of a file that may be rejected before the file is refused whole."""

_MOST_REASONS = 3
_COUNTRY_ONLY = 6  # where_prec from which an event is located in a country, or at sea, only
_PLACED = ("admin1", "priogrid")


@dataclass(frozen=True)
class FileDelivery:
    """A file of a source on its way into the archive."""

    source: EventSource
    path: Path
    said: Said
    deleted: tuple[str, ...] = ()

    @property
    def identity(self) -> Identity:
        """What the file is; raises InputError when that cannot be told, or there is none."""
        require_file(self.path)
        return self.source.identify(self.path, self.said)

    def write(self, folder: Path) -> Written:
        """Write accepted and rejected rows; raises InputError when the file cannot be used."""
        try:
            with TemporaryDirectory(dir=folder) as staging, opened(Path(staging)) as database:
                return self._write(database, folder)
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise ArchiveError(
                f"'{self.path}' cannot be ingested ({str(error).splitlines()[0]}): see to the "
                "disk's space and its permissions; the archive is as it was"
            ) from error

    def _write(self, database: duckdb.DuckDBPyConnection, folder: Path) -> Written:
        identity = self.identity
        database.execute(macros())
        with self.source.open(self.path) as rows:
            form = self.source.form(rows)
            faults = dict(form.faults) | event_faults(form.first_day, identity.available_on)
            _stage(database, rows, form, faults)
            notes, content = rows.notes, rows.sha256
        if not database.sql("SELECT count(*) > 0 FROM staged").fetchall()[0][0]:
            raise InputError(f"'{self.path}' has a header and no rows: fetch it again")
        _reject_repeated(database)
        if not self.said.allow_rejects:
            _refuse_if_mostly_rejected(database, self.path)
        _place(database)
        _refuse_nothing_observed(database, identity, self.path)
        accepted = _write_events(database, folder / EVENTS_FILE)
        rejected = self._write_rejected(database, folder / REJECTED_FILE, content)
        deleted = pa.table({"event_id": sorted(self.deleted)}, schema=DELETED_SCHEMA)
        pq.write_table(deleted, folder / DELETED_FILE)
        return Written(
            sha256=_with_deleted(content, self.deleted),
            rows_accepted=accepted,
            rows_rejected=rejected,
            rows_deleted=len(self.deleted),
            notes=(*notes, *_odd_bounds(database)),
        )

    def _write_rejected(self, database: duckdb.DuckDBPyConnection, file: Path, content: str) -> int:
        """Write the refused rows as they were delivered, which takes a second look at the file."""
        query = "SELECT line, reasons, NULL::VARCHAR AS record FROM rejected"
        [(number,)] = database.sql("SELECT count(*) FROM rejected").fetchall()
        if number:
            with self.source.open(self.path) as rows:
                _scan(
                    database,
                    rows,
                    rows.columns,
                    f"""CREATE TABLE records AS
                    SELECT {LINE} AS line, {_record(rows)} AS record
                    FROM delivered SEMI JOIN rejected ON rejected.line = delivered.{LINE}""",
                )
                if rows.sha256 != content:
                    raise InputError(f"'{self.path}' changed while it was read: give it again")
            query = "SELECT line, reasons, record FROM rejected JOIN records USING (line)"
        _copy(database, f"{query} ORDER BY line", file)
        return int(number)


def _with_deleted(content: str, deleted: tuple[str, ...]) -> str:
    """Return the hash of a file's content and of the ids that are withdrawn with it."""
    if not deleted:
        return content
    return hashlib.sha256("\n".join([content, *sorted(deleted)]).encode()).hexdigest()


def _stage(
    database: duckdb.DuckDBPyConnection, rows: Rows, form: Form, faults: Mapping[str, str]
) -> None:
    """Fill the table `staged`: the line, the lines and the normal form of every row, its faults."""
    columns = [
        f"({form.columns.get(field.name, 'NULL')})::{_type(field.type)} AS {field.name}"
        for field in EVENTS_SCHEMA
        if field.name not in _PLACED
    ]
    reasons = ", ".join(
        f"CASE WHEN {condition} THEN {literal(reason)} END" for reason, condition in faults.items()
    )
    # Nearly all rows are without fault, and one condition is sooner looked at than many texts.
    faulty = " OR ".join(f"({condition})" for condition in faults.values())
    said = " ".join([*columns, *faults.values()])
    _scan(
        database,
        rows,
        [name for name in rows.columns if quoted(name) in said],
        f"""CREATE TABLE staged AS
        SELECT * EXCLUDE (delivered),
            CASE WHEN {faulty} THEN concat_ws('; ', {reasons}) ELSE '' END AS reasons
        FROM (
            SELECT {LINE} AS line, {LINES} AS lines, delivered, {", ".join(columns)}
            FROM delivered
        )""",
    )


def _type(of: pa.DataType) -> str:
    """Return the SQL type in which staged values of a column are checked, wide enough for any."""
    if pa.types.is_integer(of):
        return "BIGINT"
    if pa.types.is_floating(of):
        return "DOUBLE"
    return "DATE" if pa.types.is_date(of) else "VARCHAR"


def _scan(
    database: duckdb.DuckDBPyConnection, rows: Rows, wanted: Sequence[str], statement: str
) -> None:
    """Run a statement over `delivered`, the rows of a file; raises what reading them raises.

    Only the `wanted` columns are read.
    """
    raised: list[InputError] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from rows.batches(wanted)
        except InputError as error:  # would lose its type on the way through Arrow and DuckDB
            raised.append(error)

    fields = [pa.field(name, pa.string()) for name in wanted]
    schema = pa.schema([*fields, pa.field(LINE, pa.int64()), pa.field(LINES, pa.int64())])
    database.register("delivered", pa.RecordBatchReader.from_batches(schema, batches()))
    database.execute(statement)
    database.unregister("delivered")
    if raised:
        raise raised[0]


def _reject_repeated(database: duckdb.DuckDBPyConnection) -> None:
    """Fill the table `rejected`; of events that share an id, the first without fault stands."""
    database.execute("""
        CREATE TABLE rejected AS
        SELECT line, lines, reasons FROM staged WHERE reasons <> ''
        UNION ALL BY NAME
        SELECT line, lines, 'event_id is repeated' AS reasons
        FROM staged
        WHERE reasons = '' AND event_id IN (
            SELECT event_id FROM staged WHERE reasons = '' GROUP BY event_id HAVING count(*) > 1
        )
        QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY line) > 1
    """)
    database.execute("""
        CREATE VIEW accepted AS
        SELECT * EXCLUDE (lines, reasons) FROM staged ANTI JOIN rejected USING (line)
    """)


def _refuse_if_mostly_rejected(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise InputError when more than MOST_REJECTED of a file's lines cannot be used.

    Counted by lines, a quotation mark that is never closed and swallows the rows below it does
    not pass for one bad row.
    """
    [(rows, lines)] = database.sql("SELECT count(*), sum(lines) FROM staged").fetchall()
    [(bad_rows, bad_lines)] = database.sql(
        "SELECT count(*), coalesce(sum(lines), 0) FROM rejected"
    ).fetchall()
    if bad_lines <= MOST_REJECTED * lines:
        return
    commonest = database.sql(f"""
        SELECT unnest(string_split(reasons, '; ')) AS reason, count(*) AS number
        FROM rejected GROUP BY reason ORDER BY number DESC, reason LIMIT {_MOST_REASONS}
    """).fetchall()
    why = ", ".join(f"{reason} ({number:,} rows)" for reason, number in commonest)
    raise InputError(
        f"'{path}' is refused: {bad_lines / lines:.1%} of it cannot be used ({bad_rows:,} of "
        f"{rows:,} rows), more than {MOST_REJECTED:.0%}; most often: {why}; correct the "
        "file, or take what is usable with --allow-rejects"
    )


def _refuse_nothing_observed(
    database: duckdb.DuckDBPyConnection, identity: Identity, path: Path
) -> None:
    """Raise InputError when the coverage, or the file's name, cannot be that of these events."""
    database.register("observed", identity.coverage.table())
    observed = database.sql("""
        SELECT count(*) > 0 FROM located JOIN observed
        ON located.country = observed.country
        AND datediff('month', DATE '1970-01-01', date_end) BETWEEN first_month AND last_month
    """).fetchall()
    if not observed[0][0]:
        raise InputError(
            f"'{path}' has no usable event in the months that it is said to observe: check its "
            "name, or the coverage that was given"
        )


def _place(database: duckdb.DuckDBPyConnection) -> None:
    """Fill the view `located`: accepted events with the country they count in and their regions."""
    points = database.sql(f"""
        SELECT DISTINCT latitude, longitude, country FROM accepted
        WHERE latitude IS NOT NULL AND longitude IS NOT NULL
        AND coalesce(where_prec < {_COUNTRY_ONLY}, true)
    """).df()
    latitude, longitude = points["latitude"].to_numpy(), points["longitude"].to_numpy()
    country = pd.Series(place_country(latitude, longitude, points["country"]), dtype="str")
    places = points.assign(
        counts_in=country,
        admin1=pd.Series(place_admin1(latitude, longitude, country), dtype="str"),
        priogrid=pd.Series(place_priogrid(latitude, longitude), dtype="str"),
    )
    database.register("places", places)
    database.execute(f"""
        CREATE VIEW located AS
        SELECT accepted.* EXCLUDE (country), {", ".join(f"places.{name}" for name in _PLACED)},
            coalesce(places.counts_in, accepted.country) AS country
        FROM accepted LEFT JOIN places
        ON accepted.latitude = places.latitude AND accepted.longitude = places.longitude
        AND accepted.country = places.country
        AND coalesce(accepted.where_prec < {_COUNTRY_ONLY}, true)
    """)


def _write_events(database: duckdb.DuckDBPyConnection, file: Path) -> int:
    """Write the accepted events in EVENTS_SCHEMA, by date_end and event_id."""
    narrow = {pa.int8(): "TINYINT"}
    columns = ", ".join(
        f"{field.name}::{narrow.get(field.type, _type(field.type))} AS {field.name}"
        for field in EVENTS_SCHEMA
    )
    _copy(database, f"SELECT {columns} FROM located ORDER BY located.date_end, event_id", file)
    return int(database.sql("SELECT count(*) FROM accepted").fetchall()[0][0])


def _copy(database: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    database.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")


def _record(rows: Rows) -> str:
    """Return the SQL of a delivered row as a JSON object of the fields that are there."""
    fields = ", ".join(f"{literal(name)}: {quoted(name)}" for name in rows.columns)
    there = f"list_filter(map_entries(MAP {{{fields}}}), lambda field: field.value IS NOT NULL)"
    return f"to_json(map_from_entries({there}))::VARCHAR"


def _odd_bounds(database: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Say how many events have a low above their high: slips of coders, but events all the same."""
    [(number,)] = database.sql("SELECT count(*) FROM accepted WHERE low > high").fetchall()
    if number == 0:
        return ()
    return (f"{number} events have low above high and are kept: best is what counts",)
