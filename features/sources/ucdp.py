"""UCDP GED and Candidate files, as published or as exported by its site.

Sundberg & Melander (2013), Introducing the UCDP Georeferenced Event Dataset, Journal of Peace
Research 50(4).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.archive.coverage import whole_world
from features.archive.releases import Identity
from features.errors import InputError
from features.sources.csvfile import CsvRows, open_csv
from features.sources.source import Form, Rows, Said, release_name
from features.sources.ucdp_form import column_names, ucdp_form
from features.sources.ucdp_releases import GED, HISTORY, official_release


class Ucdp:
    """Files under an official name (see `official_release`) say what they are.

    Such a name says the release, its months and when it was public. Any other file is a final
    release of `ucdp-ged`, named as the file is, public from the day it was received, and needs a
    coverage. What the deliverer says goes before what the name says.
    """

    def identify(self, path: Path, said: Said) -> Identity:
        """Return what a file is; raises InputError when its coverage is not known."""
        official = official_release(path.name)
        if official is None and said.coverage is None:
            raise InputError(
                f"'{path.name}' is not a name under which UCDP publishes, so it does not say which "
                "months of which countries it observes: give --coverage FILE, a CSV with the "
                "columns country,first_month,last_month (MLI,1989-01,2023-12)"
            )
        if official is None:
            assert said.coverage is not None  # noqa: S101
            return Identity(
                history=HISTORY,
                source=GED,
                release=said.release or release_name(path),
                kind=said.kind or "final",
                available_on=said.available_on or said.received_on,
                coverage=said.coverage,
                file_name=path.name,
            )
        return Identity(
            history=HISTORY,
            source=official.source,
            release=said.release or official.release,
            kind=said.kind or official.kind,
            available_on=said.available_on or official.available_on,
            coverage=said.coverage or whole_world(official.first_month, official.last_month),
            file_name=path.name,
        )

    @contextmanager
    def open(self, path: Path) -> Iterator[Rows]:
        """Open a CSV file; raises InputError when it is none of UCDP's."""
        with open_csv(path) as text:
            names, has_header = column_names(text.first, path)
            yield CsvRows(text, names, has_header=has_header)

    def form(self, rows: Rows) -> Form:
        """Return how the rows of an opened file become events."""
        return ucdp_form(rows.columns)
