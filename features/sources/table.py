"""Any table, CSV or Parquet, and events in it by a mapping that names its columns."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.releases import Identity
from features.errors import InputError
from features.sources.csvfile import open_csv
from features.sources.source import (
    LINE,
    LINES,
    EventRules,
    FileOptions,
    Rows,
    column_names,
    identify_final,
    numbered_rows,
    own_name,
)
from features.sources.sql import (
    has_surplus,
    is_filled,
    iso_day,
    literal,
    lookup,
    plain_columns,
    quoted,
    unreadable,
)
from features.sources.table_mapping import TYPES, TableMapping
from features.sources.unpack import require_file

_MAGIC = b"PAR1"
_BATCH = 50_000  # [rows]


@contextmanager
def open_table(path: Path) -> Iterator[Rows]:
    """Open a Parquet or CSV file (`.gz`, `.zip`) by its first bytes; raises InputError if none."""
    require_file(path)
    with path.open("rb") as file:
        is_parquet = file.read(len(_MAGIC)) == _MAGIC
    if not is_parquet:
        with open_csv(path) as records:
            records.name_columns(column_names(records.first, path))
            yield records
        return
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        opened = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error
    with opened:
        yield ParquetRows(path, opened, sha256)


class ParquetRows:
    """The rows of a Parquet file; LINE is the number of the row, from 1."""

    def __init__(self, path: Path, file: pq.ParquetFile, sha256: str) -> None:
        self._path = path
        self._file = file
        self.sha256 = sha256
        schema = file.schema_arrow
        named = zip(schema, column_names(schema.names, path), strict=True)
        columns = {field.name: name for field, name in named if _is_text_like(field.type)}
        self._names = list(columns)
        self.columns = tuple(columns.values())
        others = [name for name in schema.names if name not in columns]
        note = f"columns without single values were left out: {', '.join(others)}"
        self.notes = (note,) if others else ()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns as text, all by default; raises InputError for a damaged file."""
        start = 1
        try:
            for batch in self._file.iter_batches(_BATCH, columns=self._names):
                texts = [batch.column(name).cast(pa.string()) for name in self._names]
                lines = range(start, start + batch.num_rows)
                rows = numbered_rows(texts, self.columns, lines)
                yield rows.select([*(columns or self.columns), LINE, LINES])
                start += batch.num_rows
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self._path, error) from error


def _is_text_like(of: pa.DataType) -> bool:
    """Tell whether values can be written as text; bytes may be anything, so they cannot."""
    is_bytes = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    is_other = (pa.types.is_fixed_size_binary, pa.types.is_nested, pa.types.is_interval)
    has_type = any(is_of(of) for is_of in (*is_bytes, *is_other))
    return not (has_type or isinstance(of, pa.BaseExtensionType))


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        f"'{path}' cannot be read as Parquet ({str(error).splitlines()[0]}): fetch it again"
    )


_SIDES = ("deaths_a", "deaths_b", "deaths_civilians")
_BETWEEN_IDS = " | "


class Table:
    """Final releases of the source that a mapping names, as CSV (plain, `.gz`, `.zip`) or Parquet.

    The id of an event comes from columns of its row, joined, never from the row's number or all of
    its content: it must stay the same when figures are revised or rows added, or an event counts
    twice.
    """

    def __init__(self, mapping: TableMapping) -> None:
        self._mapping = mapping

    def identify(self, path: Path, options: FileOptions) -> Identity:
        """Return what a file is; raises InputError when the options have no coverage."""
        return identify_final(path, options, self._mapping.source)

    @contextmanager
    def open(self, path: Path) -> Iterator[Rows]:
        """Open a file; raises InputError when it lacks a column that the mapping names."""
        with open_table(path) as rows:
            columns = self._mapping.columns
            names = dict.fromkeys([*columns.event_id, *columns.file_columns().values()])
            missing = [name for name in names if own_name(name) not in rows.columns]
            if missing:
                raise InputError(
                    f"'{path}' has no column {', '.join(map(repr, missing))}, which the mapping "
                    f"names: it has {', '.join(map(repr, rows.columns))}"
                )
            yield rows

    def rules(self, columns: Sequence[str]) -> EventRules:
        """Return how rows with these columns become events."""
        mapping = self._mapping
        file_columns = {to: own_name(name) for to, name in mapping.columns.file_columns().items()}
        constants = mapping.constants.model_dump(exclude_none=True)
        if "type_of_violence" in constants:
            constants["type_of_violence"] = TYPES[constants["type_of_violence"]]
        values = {
            **{to: literal(it) if isinstance(it, str) else str(it) for to, it in constants.items()},
            **plain_columns(file_columns),
            "event_id": _event_id([own_name(name) for name in mapping.columns.event_id]),
            "date_start": self._day(file_columns["date_start"]),
            "date_end": self._day(file_columns["date_start"]),
        }
        if "date_end" in file_columns:
            last = file_columns["date_end"]
            values["date_end"] = _unless_empty(last, self._day(last), values["date_start"])
        values |= _deaths(file_columns, values.get("best"))
        if "type_of_violence" in file_columns:
            values["type_of_violence"] = self._type(file_columns["type_of_violence"])
        if "country" in file_columns:
            values["country"] = self._country(file_columns["country"])
        faults = {"has more fields than the header": has_surplus(columns)} | unreadable(
            file_columns
        )
        if self._mapping.types:
            faults["its type of violence is not among the [types] of the mapping"] = (
                f"type_of_violence IS NULL AND {is_filled(file_columns['type_of_violence'])}"
            )
        return EventRules(columns=values, faults=faults)

    def _day(self, column: str) -> str:
        """Return the SQL of a day: without a format, only YYYY-MM-DD is beyond doubt."""
        if self._mapping.date_format is None:
            return iso_day(column)
        form = literal(self._mapping.date_format)
        return f"try_strptime(filled({quoted(column)}), {form})::DATE"

    def _type(self, column: str) -> str:
        text = f"lower(filled({quoted(column)}))"
        if self._mapping.types:
            return lookup({value: TYPES[name] for value, name in self._mapping.types.items()}, text)
        return f"coalesce({lookup(TYPES, text)}, whole({quoted(column)}))"

    def _country(self, column: str) -> str:
        if self._mapping.country_code == "gleditsch-ward":
            return f"iso3_of_gleditsch_ward(whole({quoted(column)}))"
        return f"country_named(filled({quoted(column)}))"


def _event_id(columns: Sequence[str]) -> str:
    """Return the SQL of an id that is made up of columns; null where all of them are empty."""
    if len(columns) == 1:
        return f"filled({quoted(columns[0])})"
    parts = ", ".join(f"coalesce(filled({quoted(name)}), '')" for name in columns)
    empty = " OR ".join(is_filled(name) for name in columns)
    return f"CASE WHEN {empty} THEN concat_ws({literal(_BETWEEN_IDS)}, {parts}) END"


def _deaths(file_columns: dict[str, str], constant: str | None) -> dict[str, str]:
    """Return the SQL of all deaths; a bound that is not there is the best estimate.

    Deaths of a side that is not named, or empty, are none; those of no side are of unknown sides.
    """

    def value(to: str, otherwise: str) -> str:
        if to not in file_columns:
            return otherwise
        return _unless_empty(file_columns[to], f"whole({quoted(file_columns[to])})", otherwise)

    best = value("best", constant or "NULL")
    sides = {to: value(to, "0") for to in _SIDES}
    return {
        "best": best,
        "low": value("low", best),
        "high": value("high", best),
        **sides,
        "deaths_unknown": value(
            "deaths_unknown", f"greatest({best} - ({' + '.join(sides.values())}), 0)"
        ),
    }


def _unless_empty(column: str, value: str, otherwise: str) -> str:
    return f"CASE WHEN {is_filled(column)} THEN {value} ELSE {otherwise} END"
