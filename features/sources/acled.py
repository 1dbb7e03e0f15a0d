"""ACLED exports and what its API answers, as its users are allowed to fetch them.

Raleigh et al. (2010), Introducing ACLED: an Armed Conflict Location and Event Dataset, Journal of
Peace Research 47(5).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from features.archive.releases import Identity
from features.errors import InputError
from features.sources.acled_form import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, acled_form
from features.sources.csvfile import LINE, CsvRows, open_csv
from features.sources.delivered import ReopenableRows, column_names, country_of, identify_final
from features.sources.jsonfile import is_json, open_json
from features.sources.source import Form, Rows, Said

SOURCE = "acled"
"""The name of the source, and of its history."""

_TERRITORIES = {
    "Akrotiri and Dhekelia": "CYP",
    "Bailiwick of Guernsey": "GGY",
    "Bailiwick of Jersey": "JEY",
}
_DELETED_ID, _DELETED_AT = "event_id_cnty", "deleted_timestamp"


class Acled:
    """Final releases, each replacing what older ones said of the months that it covers.

    A file is CSV, with the columns that ACLED has had since 2023 or those before, or JSON: an
    answer of the API or a bare list of events. It says nothing of the months that it observes.
    """

    def identify(self, path: Path, said: Said) -> Identity:
        """Return what a file is; raises InputError when its coverage is not said."""
        return identify_final(path, said, SOURCE)

    @contextmanager
    def open(self, path: Path) -> Iterator[Rows]:
        """Open a file; raises InputError when it is none of ACLED's."""
        reopen = partial(_open, path, REQUIRED_COLUMNS, OPTIONAL_COLUMNS)
        with reopen() as rows:
            yield ReopenableRows(rows, reopen)

    def form(self, rows: Rows) -> Form:
        """Return how the rows of an opened file become events."""
        return acled_form(rows.columns, country_of(rows, "country", _TERRITORIES))


def read_deletions(path: Path, until: date | None = None) -> tuple[str, ...]:
    """Return the ids of the events that ACLED has deleted, sorted, each once.

    The file is CSV or JSON, as ACLED delivers its list of deletions: `event_id_cnty` and
    `deleted_timestamp` [s since 1970-01-01 UTC]. With `until`, what was deleted after that day is
    left out: a release of the past may not know of it. Raises InputError when the file is no such
    list, or a row has no id or, with `until`, no time.
    """
    ids: set[str] = set()
    required = [_DELETED_ID] if until is None else [_DELETED_ID, _DELETED_AT]
    with _open(path, required, []) as rows:
        for batch in rows.batches():
            for row in batch.select([LINE, *required]).to_pylist():
                if until is None or _day(row, path) <= until:
                    ids.add(_field(row, _DELETED_ID, path))
    return tuple(sorted(ids))


def _day(row: Mapping[str, str | None], path: Path) -> date:
    said = _field(row, _DELETED_AT, path)
    try:
        return datetime.fromtimestamp(float(said), UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"'{path}', line {row[LINE]}: {_DELETED_AT} is '{said}', which is no number of seconds "
            "since 1970-01-01"
        ) from error


def _field(row: Mapping[str, str | None], name: str, path: Path) -> str:
    if text := (row[name] or "").strip():
        return text
    raise InputError(
        f"'{path}', line {row[LINE]}: {name} is empty; fetch the list of deletions again"
    )


@contextmanager
def _open(path: Path, required: Sequence[str], optional: Sequence[str]) -> Iterator[Rows]:
    """Open a CSV or JSON file; raises InputError when a required column is missing."""
    if is_json(path):
        with open_json(path, (*required, *optional)) as records:
            if records.has:
                _refuse_missing(path, required, records.has)
            yield records
        return
    with open_csv(path) as text:
        names = [name.lower() for name in column_names(text.first, path)]
        if len(names) == 1 and ";" in names[0]:
            raise InputError(f"'{path}' is separated by semicolons: save it with commas")
        _refuse_missing(path, required, names)
        yield CsvRows(text, names, has_header=True)


def _refuse_missing(path: Path, required: Sequence[str], names: Collection[str]) -> None:
    missing = [name for name in required if name not in names]
    if missing:
        raise InputError(
            f"'{path}' is not as ACLED delivers it: it lacks {', '.join(missing)}; export it "
            "again with all columns"
        )
