"""From a delivered file of events to a release: rows are accepted, placed and written."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage
from features.archive.delivery import Deaths, Identity, ReleaseContent
from features.archive.releases import DELETED_FILE, DELETED_SCHEMA, EVENTS_FILE, REJECTED_FILE
from features.archive.schemas import DEATHS, EVENTS_SCHEMA, TYPES_OF_VIOLENCE, event_faults
from features.database import open_database
from features.months import month_of
from features.places.placement import LAST_PRECISION, place_admin1, place_country
from features.places.priogrid import place_priogrid
from features.sources.acceptance import RowRules, take_in
from features.sources.evidence import evidence_of, refuse_doubtful
from features.sources.reading.unpack import require_file
from features.sources.source import EventSource, FileOptions
from features.sources.sql import literal, numbers_in

_PLACED: dict[str, str] = {"admin1": "first-order region", "priogrid": "cell"}
_LAST_BYTES = 4


_MERGED = {
    **{name: f"sum({name})::BIGINT" for name in DEATHS},
    "date_start": "min(date_start)",
    "date_end": "max(date_end)",
}
"""What becomes of several rows that are one event; of other columns the first row counts."""


@dataclass(frozen=True)
class FileDelivery:
    """A file of a source on its way into the archive."""

    source: EventSource
    path: Path
    options: FileOptions
    deleted: tuple[str, ...] = ()

    @property
    def identity(self) -> Identity:
        """What the file is; raises InputError when that cannot be told, or there is none."""
        require_file(self.path)
        return self.source.identify(self.path, self.options)

    def write(self, folder: Path) -> ReleaseContent:
        """Write accepted and rejected rows.

        Raises InputError when the file cannot be used, OSError when the disk refuses.
        """
        with (
            TemporaryDirectory(dir=folder) as staging,
            open_database(Path(staging)) as database,
        ):
            return self._write(database, folder)

    def _write(self, database: duckdb.DuckDBPyConnection, folder: Path) -> ReleaseContent:
        intake = take_in(
            database,
            self.path,
            partial(self.source.open, self.path),
            self._rules,
            allow_rejects=self.options.allow_rejects,
        )
        _place(database)
        identity = self.identity
        first_coded = month_of(self.source.rules(intake.columns).first_day)
        content, rows = _content(database), intake.count("staged WHERE NOT is_aside")
        evidence = evidence_of(identity, content, rows, first_coded, is_cut=_is_cut(self.path))
        doubts = (*evidence.doubts, *_on_repeated(database))
        if identity.is_habit:
            habit = f"that it was public from {identity.available_on} is its source's habit"
            doubts = (*doubts, f"{habit}, and not known: say with --available-on DAY if it was not")
        refuse_doubtful(self.path, doubts, strict=self.options.strict)
        _write_events(database, folder / EVENTS_FILE)
        _copy(database, intake.rejected_rows(), folder / REJECTED_FILE)
        deleted = pa.table({"event_id": sorted(self.deleted)}, schema=DELETED_SCHEMA)
        pq.write_table(deleted, folder / DELETED_FILE)
        sha256 = intake.sha256
        if self.deleted:
            sha256 = hashlib.sha256("\n".join([sha256, *sorted(self.deleted)]).encode()).hexdigest()
        return ReleaseContent(
            sha256=sha256,
            rows_accepted=intake.count("accepted"),
            rows_rejected=intake.count("rejected"),
            rows_aside=intake.count("rejected WHERE is_aside"),
            rows_deleted=len(self.deleted),
            notes=(
                *intake.notes,
                *intake.merged(),
                *_odd_bounds(database),
                *_on_unplaced(database),
            ),
            doubts=doubts,
            deaths=_deaths(intake.deaths(), content, evidence.coverage),
            coverage=evidence.coverage,
        )

    def _rules(self, columns: Sequence[str]) -> RowRules:
        rules = self.source.rules(columns)
        return RowRules(
            columns={
                field.name: f"({rules.columns.get(field.name, 'NULL')})::{_type(field.type)}"
                for field in EVENTS_SCHEMA
                if field.name not in _PLACED
            },
            faults=dict(rules.faults) | event_faults(rules.first_day, self.identity.available_on),
            kept_aside=rules.kept_aside,
            numbers=numbers_in(rules.columns, columns, rules.decimal),
            key="event_id",
            repeated="event_id is repeated",
            deaths="best",
            missing=rules.missing,
            merged=_MERGED if rules.is_summed else {},
            terms=rules.terms,
        )


def _type(of: pa.DataType) -> str:
    """Return the SQL type in which staged values of a column are checked, wide enough for any."""
    if pa.types.is_integer(of):
        return "BIGINT"
    if pa.types.is_floating(of):
        return "DOUBLE"
    return "DATE" if pa.types.is_date(of) else "VARCHAR"


def _content(database: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the accepted events and deaths by country and month [months since 1970-01]."""
    content: pd.DataFrame = database.sql("""
        SELECT country, datediff('month', DATE '1970-01-01', date_end) AS month,
            count(*) AS events, sum(best)::BIGINT AS deaths
        FROM located GROUP BY ALL
    """).df()
    return content


def _deaths(read: int, content: pd.DataFrame, coverage: Coverage) -> Deaths:
    observed = content.merge(coverage.months(), on=["country", "month"])
    taken, inside = (int(rows["deaths"].sum()) for rows in (content, observed))
    return Deaths(read=read, taken=taken, observed=inside)


def _on_repeated(database: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Say how many rows have the id of an earlier one and other figures."""
    [(number, example)] = database.sql("""
        SELECT count(*), any_value(event_id) FROM staged
        JOIN rejected USING (line) JOIN accepted USING (event_id)
        WHERE rejected.reasons = 'event_id is repeated' AND (staged.best, staged.date_end)
            IS DISTINCT FROM (accepted.best, accepted.date_end)
    """).fetchall()
    said = f"{number:,} rows repeat the id of another event with other figures, as '{example}'"
    return (f"{said}: only the first of each is taken",) if number else ()


def _is_cut(path: Path) -> bool:
    """Tell whether a file of plain text ends without a line end; a packed one would be damaged."""
    if path.suffix.lower() != ".csv":
        return False
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _LAST_BYTES, 0))
        return not file.read().replace(b"\0", b"").endswith((b"\n", b"\r"))


def _place(database: duckdb.DuckDBPyConnection) -> None:
    """Fill the view `located`: accepted events with the country they count in and their regions."""
    precise = {
        level: f"coalesce(where_prec <= {last}, true)" for level, last in LAST_PRECISION.items()
    }
    points = database.sql(f"""
        SELECT DISTINCT latitude, longitude, country FROM accepted
        WHERE latitude IS NOT NULL AND longitude IS NOT NULL AND {precise["country"]}
    """).df()
    latitude, longitude = points["latitude"].to_numpy(), points["longitude"].to_numpy()
    country = pd.Series(place_country(latitude, longitude, points["country"]), dtype="str")
    places = points.assign(
        counts_in=country,
        admin1=pd.Series(place_admin1(latitude, longitude, country), dtype="str"),
        priogrid=pd.Series(place_priogrid(latitude, longitude), dtype="str"),
    )
    database.register("places", places)
    regions = [
        f"CASE WHEN {precise[level]} THEN places.{level} END AS {level}" for level in _PLACED
    ]
    database.execute(f"""
        CREATE VIEW located AS
        SELECT accepted.* EXCLUDE (country), {", ".join(regions)},
            coalesce(places.counts_in, accepted.country) AS country
        FROM accepted LEFT JOIN places
        ON accepted.latitude = places.latitude AND accepted.longitude = places.longitude
        AND accepted.country = places.country AND {precise["country"]}
    """)


def _on_unplaced(database: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Say how many events, with how many deaths, count in their country and in none of its regions.

    Of organised violence only, as deaths are counted.
    """
    violence = ", ".join(map(str, TYPES_OF_VIOLENCE))
    counts = [f"count(*) FILTER ({it} IS NULL), sum(best) FILTER ({it} IS NULL)" for it in _PLACED]
    [found] = database.sql(f"""
        SELECT {", ".join(counts)}, coalesce(sum(best), 0)
        FROM located WHERE type_of_violence IN ({violence})
    """).fetchall()
    return tuple(
        f"{events:,} events with {deaths or 0:,} of {found[-1]:,} deaths lie in no {kind}: "
        "they count in their country only"
        for kind, events, deaths in zip(_PLACED.values(), found[::2], found[1::2], strict=False)
        if events
    )


def _write_events(database: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write the accepted events in EVENTS_SCHEMA, by date_end and event_id."""
    narrow = {pa.int8(): "TINYINT"}
    columns = ", ".join(
        f"{field.name}::{narrow.get(field.type, _type(field.type))} AS {field.name}"
        for field in EVENTS_SCHEMA
    )
    _copy(database, f"SELECT {columns} FROM located ORDER BY located.date_end, event_id", file)


def _copy(database: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    database.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")


def _odd_bounds(database: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Say how many events have a low above their high: slips of coders, but events all the same."""
    [(number,)] = database.sql("SELECT count(*) FROM accepted WHERE low > high").fetchall()
    note = f"{number} events have low above high and are kept: best is what counts"
    return (note,) if number else ()
