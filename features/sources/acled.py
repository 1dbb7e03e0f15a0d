"""ACLED exports and what its API answers.

Raleigh et al. (2010), Introducing ACLED, Journal of Peace Research 47(5).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from features.archive.delivery import Identity
from features.errors import InputError
from features.sources.products import refuse_missing
from features.sources.reading.opening import open_rows
from features.sources.source import (
    LINE,
    EventRules,
    FileOptions,
    Rows,
    column_names,
    identify_final,
)
from features.sources.sql import (
    has_surplus,
    is_filled,
    lookup,
    plain_columns,
    quoted,
    unreadable,
)

FIRST_DAY = date(1997, 1, 1)
"""ACLED codes no event before this day."""

REQUIRED_COLUMNS = (
    *("event_id_cnty", "event_date", "event_type"),
    *("inter1", "inter2", "country", "fatalities"),
)
OPTIONAL_COLUMNS = (
    *("time_precision", "actor1", "actor2", "civilian_targeting"),
    *("latitude", "longitude", "geo_precision", "notes"),
)

_STATE, _CIVILIANS, _EXTERNAL = 1, 7, 8
_ACTORS = {
    "state forces": _STATE,
    **dict.fromkeys(["rebel group", "rebel groups"], 2),
    **dict.fromkeys(["political militia", "political militias"], 3),
    **dict.fromkeys(["identity militia", "identity militias"], 4),
    "rioters": 5,
    "protesters": 6,
    "civilians": _CIVILIANS,
    "external/other forces": _EXTERNAL,
    "other forces": _EXTERNAL,
}
"""Kinds of actor in words, as they are delivered today -> their numbers before; 0 is none."""

_BATTLES, _REMOTE = "battles", "explosions/remote violence"
_DEMONSTRATIONS = "riots/protests"  # until 2018, riots if of rioters, protests if of protesters
_RIOTERS, _PROTESTERS = 5, 6  # and kinds of actor
_TYPES_UNTIL_2018 = {
    "battle-no change of territory": _BATTLES,
    "battle-non-state actor overtakes territory": _BATTLES,
    "battle-government regains territory": _BATTLES,
    "remote violence": _REMOTE,
    "headquarters or base established": "strategic developments",
    "strategic development": "strategic developments",
    "non-violent transfer of territory": "strategic developments",
}
_TYPE, _INTER1, _INTER2 = quoted("_type"), quoted("_inter1"), quoted("_inter2")
"""Terms of the rules: a row's type, under its name since 2019, and its kinds of actor."""
_TYPES = {"violence against civilians": 3, "protests": 4, "riots": 5, "strategic developments": 6}

_CODES = {
    # ACLED: 1 the day is known, 2 the week, 3 the month. UCDP: 1 the day, 3 the week, 4 the month.
    "date_prec": ("time_precision", {"1": 1, "2": 3, "3": 4}),
    # ACLED: 1 the place is known, 2 a part of a region, coded to a town in it, 3 the region, coded
    # to its capital. UCDP: 1 the place, 2 near a place (within 25 km or so), 4 the first-order
    # region.
    "where_prec": ("geo_precision", {"1": 1, "2": 2, "3": 4}),
}
_PLAIN = {"side_a": "actor1", "side_b": "actor2", "text": "notes"}


def acled_rules(columns: Sequence[str]) -> EventRules:
    """Return how rows with these columns become events.

    Battles are state-based if a side is state forces, of any country ("external/other forces" too,
    peacekeepers among them), else non-state. Explosions and remote violence are one-sided if they
    target civilians, else like battles; violence against civilians is one-sided. ACLED has one
    figure of deaths and not whose, so low and high are the best estimate, and all are of unknown
    sides.
    """
    deaths, country = f"whole({quoted('fatalities')})", quoted("country")
    plain = {to: name for to, name in _PLAIN.items() if name in columns}
    plain |= {name: name for name in ("latitude", "longitude") if name in columns}
    codes = {to: code for to, code in _CODES.items() if code[0] in columns}
    faults = {"has more fields than the header": has_surplus(columns)} | _faults()
    for to, (name, _) in codes.items():
        faults[f"{name} is unreadable"] = f"{to} IS NULL AND {is_filled(name)}"
    return EventRules(
        columns={
            "event_id": f"identifier({quoted('event_id_cnty')})",
            "type_of_violence": _type_of_violence(columns),
            "country": f"coalesce({lookup(_TERRITORIES, country)}, country_named({country}))",
            **dict.fromkeys(("date_start", "date_end"), f"day({quoted('event_date')})"),
            **plain_columns(plain),
            **{
                to: lookup(meanings, f"whole({quoted(name)})::VARCHAR")
                for to, (name, meanings) in codes.items()
            },
            **dict.fromkeys(("best", "low", "high", "deaths_unknown"), deaths),
            **dict.fromkeys(("deaths_a", "deaths_b", "deaths_civilians"), "0"),
        },
        faults=faults | unreadable(plain),
        first_day=FIRST_DAY,
        terms={
            "_type": _event_type(),
            "_inter1": _kind_of_actor("inter1"),
            "_inter2": _kind_of_actor("inter2"),
        },
    )


def _faults() -> dict[str, str]:
    types = ", ".join(f"'{name}'" for name in (_BATTLES, _REMOTE, _DEMONSTRATIONS, *_TYPES))
    demonstrators = f"{_INTER1} IN ({_RIOTERS}, {_PROTESTERS})"
    fights = f"{_TYPE} IN ('{_BATTLES}', '{_REMOTE}')"
    actors = f"{_INTER1} BETWEEN 1 AND 8 AND {_INTER2} BETWEEN 0 AND 8"
    return {
        "riots/protests is of neither rioters nor protesters": (
            f"{_TYPE} = '{_DEMONSTRATIONS}' AND ({demonstrators}) IS NOT TRUE"
        ),
        "event_type is none of ACLED's": f"{_TYPE} NOT IN ({types})",
        "inter1 or inter2 is no kind of actor": f"{fights} AND ({actors}) IS NOT TRUE",
    }


def _event_type() -> str:
    """Return the SQL of a type of event, under its name since 2019."""
    text = f"lower({quoted('event_type')})"
    return f"coalesce({lookup(_TYPES_UNTIL_2018, text)}, {text})"


def _type_of_violence(columns: Sequence[str]) -> str:
    """Return the SQL of the type of violence, null where it cannot be told."""
    states = f"({_STATE}, {_EXTERNAL})"
    fight = f"CASE WHEN {_INTER1} IN {states} OR {_INTER2} IN {states} THEN 1 ELSE 2 END"
    targets = f"{_CIVILIANS} IN ({_INTER1}, {_INTER2})"
    if "civilian_targeting" in columns:
        targets = f"({targets}) IS TRUE OR {is_filled('civilian_targeting')}"
    return f"""CASE {_TYPE}
        WHEN '{_BATTLES}' THEN {fight}
        WHEN '{_REMOTE}' THEN CASE WHEN {targets} THEN 3 ELSE {fight} END
        WHEN '{_DEMONSTRATIONS}' THEN CASE {_INTER1}
            WHEN {_RIOTERS} THEN {_TYPES["riots"]} WHEN {_PROTESTERS} THEN {_TYPES["protests"]} END
        ELSE {lookup(_TYPES, _TYPE)} END"""


def _kind_of_actor(column: str) -> str:
    """Return the SQL of a kind of actor, delivered in words or as a number; 0 is none."""
    text = quoted(column)
    words = lookup(_ACTORS, f"lower({text})")
    return f"CASE WHEN {text} IS NULL THEN 0 ELSE coalesce({words}, whole({text})) END"


SOURCE = "acled"  # and the name of its history
_TERRITORIES = {
    "Akrotiri and Dhekelia": "CYP",
    "Bailiwick of Guernsey": "GGY",
    "Bailiwick of Jersey": "JEY",
}
_DELETED_ID, _DELETED_AT = "event_id_cnty", "deleted_timestamp"


class Acled:
    """Final releases, each replacing what older ones said of the months that it covers.

    A file has the columns since 2023 or before; JSON is an API's answer or a list.
    """

    def __init__(self, sheet: str | None = None) -> None:
        self._sheet = sheet

    def identify(self, path: Path, options: FileOptions) -> Identity:
        """Return what a file is; raises InputError when the options have no coverage."""
        return identify_final(self, path, options, SOURCE)

    def open(self, path: Path) -> AbstractContextManager[Rows]:
        """Open a file; raises InputError when it is none of ACLED's."""
        return _open(path, REQUIRED_COLUMNS, OPTIONAL_COLUMNS, self._sheet)

    rules = staticmethod(acled_rules)


def read_deletions(path: Path, until: date | None = None) -> tuple[str, ...]:
    """Return the ids of the events that ACLED has deleted, sorted, each once.

    The file is CSV or JSON with `event_id_cnty` and `deleted_timestamp` [s since 1970-01-01 UTC].
    What was deleted after `until` is left out. Raises InputError when it is no such list, or a row
    lacks an id or, with `until`, a time.
    """
    ids: set[str] = set()
    required = [_DELETED_ID] if until is None else [_DELETED_ID, _DELETED_AT]
    with _open(path, required, []) as rows:
        for batch in rows.batches():
            for row in batch.select([LINE, *required]).to_pylist():
                if until is None or _deletion_day(row, path) <= until:
                    ids.add(_field(row, _DELETED_ID, path))
    return tuple(sorted(ids))


def _deletion_day(row: Mapping[str, str | None], path: Path) -> date:
    seconds = _field(row, _DELETED_AT, path)
    try:
        return datetime.fromtimestamp(float(seconds), UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"'{path}', line {row[LINE]}: {_DELETED_AT} is '{seconds}', which is no number of "
            "seconds since 1970-01-01"
        ) from error


def _field(row: Mapping[str, str | None], name: str, path: Path) -> str:
    if text := (row[name] or "").strip():
        return text
    raise InputError(
        f"'{path}', line {row[LINE]}: {name} is empty; fetch the list of deletions again"
    )


@contextmanager
def _open(
    path: Path, required: Sequence[str], optional: Sequence[str], sheet: str | None = None
) -> Iterator[Rows]:
    """Open a file; raises InputError when a required column is missing."""
    with open_rows(path, sheet=sheet, fields=(*required, *optional)) as rows:
        names = [name.lower() for name in column_names(rows.first, path)]
        if names:
            what = "export it again with all columns"
            refuse_missing(path, "as ACLED delivers it", required, names, what)
        rows.name_columns(names)
        yield rows
