"""Any table of events, read by a mapping that names its columns."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from features.archive.delivery import Identity
from features.errors import InputError
from features.sources.reading.opening import open_rows
from features.sources.source import (
    EventRules,
    FileOptions,
    Rows,
    column_names,
    identify_final,
    own_name,
)
from features.sources.sql import (
    ambiguous_country,
    has_surplus,
    is_filled,
    literal,
    lookup,
    plain_columns,
    quoted,
    unreadable,
)
from features.sources.table_mapping import TYPES, TableMapping

_SIDES = ("deaths_a", "deaths_b", "deaths_civilians")
_MONTH = 4  # date_prec of an event of which the month is known
_BETWEEN_IDS = " | "


class Table:
    """Final releases of the source that a mapping names, in any format that is read.

    The id of an event comes from columns of its row, joined, never from the row's number or all of
    its content: it must stay the same when figures are revised or rows added, or an event counts
    twice.
    """

    def __init__(self, mapping: TableMapping, sheet: str | None = None) -> None:
        self._mapping = mapping
        self._sheet = sheet

    def identify(self, path: Path, options: FileOptions) -> Identity:
        """Return what a file is; raises InputError when the options have no coverage."""
        return identify_final(self, path, options, self._mapping.source)

    @contextmanager
    def open(self, path: Path) -> Iterator[Rows]:
        """Open a file; raises InputError when it lacks a column that the mapping names."""
        names = dict.fromkeys([*self._mapping.columns.names(), *self._mapping.where])
        with open_rows(path, sheet=self._sheet) as rows:
            spelt = {own_name(name).lower(): own_name(name) for name in names}
            delivered = column_names(rows.first, path)
            rows.name_columns([spelt.get(name.lower(), name) for name in delivered])
            missing = [name for name in names if own_name(name) not in rows.columns]
            if missing:
                raise InputError(
                    f"'{path}' has no column {', '.join(map(repr, missing))}, which the mapping "
                    f"names: it has {', '.join(map(repr, rows.first))}"
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
        }
        values |= self._dates(values.get("date_prec", "NULL"))
        values |= _deaths(file_columns, values.get("best"))
        if "type_of_violence" in file_columns:
            values["type_of_violence"] = self._type(file_columns["type_of_violence"])
        if "country" in file_columns:
            values["country"] = self._country(file_columns["country"])
        faults = {"has more fields than the header": has_surplus(columns)} | unreadable(
            file_columns
        )
        if "country" in file_columns:
            faults |= ambiguous_country([file_columns["country"]])
        if self._mapping.types:
            faults["its type of violence is not among the [types] of the mapping"] = (
                f"type_of_violence IS NULL AND {is_filled(file_columns['type_of_violence'])}"
            )
        return EventRules(
            columns=values,
            faults=faults,
            kept_aside=self._kept_aside(),
            decimal=mapping.decimal,
            missing=mapping.missing,
            is_summed=mapping.sum,
        )

    def _kept_aside(self) -> dict[str, str]:
        """Return the rows that the mapping does not ask for, and those without known deaths."""
        kept_aside = {}
        for column, texts in self._mapping.where.items():
            among = ", ".join(literal(text.lower()) for text in texts)
            kept_aside[f"{column} is not as [where] of the mapping asks"] = (
                f"coalesce(lower({quoted(own_name(column))}) NOT IN ({among}), true)"
            )
        best = self._mapping.columns.best
        if self._mapping.missing and best is not None:
            kept_aside["its deaths are not known"] = f"NOT ({is_filled(own_name(best))})"
        return kept_aside

    def _dates(self, precision: str) -> dict[str, str]:
        """Return the SQL of both dates, and of their precision where the day may be unknown."""
        columns = self._mapping.columns
        first = tuple(map(own_name, columns.date_start))
        dates = dict.fromkeys(("date_start", "date_end"), self._date(first))
        if len(first) > 1:
            dates["date_prec"] = (
                f"CASE WHEN {_unknown(first[-1])} THEN {_MONTH} ELSE {precision} END"
            )
        if columns.date_end is not None:
            last = tuple(map(own_name, columns.date_end))
            dates["date_end"] = _unless_empty(last[0], self._date(last), dates["date_start"])
        return dates

    def _date(self, columns: Sequence[str]) -> str:
        """Return the SQL of a date in one column or in parts; an unknown day is the first."""
        if len(columns) == 1:
            return self._day(columns[0])
        whole = [f"whole({quoted(name)})::VARCHAR" for name in columns]
        month = f"coalesce({whole[1]}, {quoted(columns[1])})"
        day = f"CASE WHEN {_unknown(columns[-1])} THEN '1' ELSE {whole[-1]} END"
        text = f"{whole[0]} || ' ' || {month} || ' ' || {day}"
        return f"try_strptime({text}, ['%Y %m %d', '%Y %B %d', '%Y %b %d'])::DATE"

    def _day(self, column: str) -> str:
        """Return the SQL of a day in the format of the mapping, or in one beyond doubt."""
        if self._mapping.date_format is None:
            return f"day({quoted(column)})"
        form = literal(self._mapping.date_format)
        return f"try_strptime({quoted(column)}, {form})::DATE"

    def _type(self, column: str) -> str:
        text = f"lower({quoted(column)})"
        if self._mapping.types:
            return lookup({value: TYPES[name] for value, name in self._mapping.types.items()}, text)
        return f"coalesce({lookup(TYPES, text)}, whole({quoted(column)}))"

    def _country(self, column: str) -> str:
        if self._mapping.country_code == "gleditsch-ward":
            return f"iso3_of_gleditsch_ward(whole({quoted(column)}))"
        return f"country_named({quoted(column)})"


def _unknown(day: str) -> str:
    """Return the SQL condition that a column of days says that the day is unknown."""
    return f"(NOT ({is_filled(day)}) OR coalesce(whole({quoted(day)}) <= 0, false))"


def _event_id(columns: Sequence[str]) -> str:
    """Return the SQL of an id that is made up of columns; null where all of them are empty."""
    if len(columns) == 1:
        return f"identifier({quoted(columns[0])})"
    parts = ", ".join(f"coalesce(identifier({quoted(name)}), '')" for name in columns)
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
