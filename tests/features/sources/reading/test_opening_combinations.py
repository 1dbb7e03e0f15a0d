"""However a file is laid out, it gives the same archive, or is refused with the cause."""

import csv
import io
import itertools
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.archive.coverage import Coverage, Span
from features.archive.releases import Archive
from features.errors import InputError
from features.months import parse_month
from features.sources.acled import Acled
from features.sources.counts import CountsOptions, read_counts
from features.sources.source import EventSource
from features.sources.table import Table
from features.sources.table_mapping import TableMapping
from features.sources.ucdp import Ucdp
from tests.features.sources.ingested import RECEIVED, added, events, written

TRIED = 30  # of 200 combinations, the same every time
NUMBERS, DAYS = ("latitude", "longitude", "fatalities", "best", "deaths"), ("date",)
COVERAGE = Coverage((Span("CIV", parse_month("2024-01"), parse_month("2024-05")),))
MAPPING = {
    "source": "monitor",
    "columns": {
        "event_id": "id",
        "date_start": "date",
        "country": "country",
        "best": "best",
        "latitude": "latitude",
        "longitude": "longitude",
        "side_a": "side",
    },
    "constants": {"type_of_violence": "one-sided"},
}


def rows(reader: str) -> list[dict[str, Any]]:
    """Rows of a reader's columns; their numbers are numbers and their days are days."""
    table = []
    for n in range(30):
        day, deaths = date(2024, 1, 20) + timedelta(days=4 * n), n % 5 + 1200 * (n == 7)
        place = {"latitude": 7.5 + n / 64, "longitude": -5.25 + n / 128}
        table.append(
            {
                "ucdp": {
                    "id": f"{n}",
                    "side_a": "Armée",
                    "type_of_violence": 3,
                    "country_id": 437,
                    "date_start": day,
                    "date_end": day,
                    **place,
                    "best": deaths,
                    **dict.fromkeys(("deaths_a", "deaths_b", "deaths_civilians"), 0),
                    "deaths_unknown": deaths,
                    "high": deaths,
                    "low": deaths,
                },
                "acled": {
                    "event_id_cnty": f"CIV{n}",
                    "event_date": day,
                    "event_type": "Battles",
                    "inter1": "State forces",
                    "inter2": "Rebel group",
                    "actor1": "Armée",
                    "country": "Côte d'Ivoire",
                    "fatalities": deaths,
                    **place,
                },
                "table": {
                    "id": f"e{n}",
                    "date": day,
                    "country": "Côte d'Ivoire",
                    "side": "Armée",
                    "best": deaths,
                    **place,
                },
                "counts": {
                    "country": "Côte d'Ivoire",
                    "admin1": f"Région {n % 6}",
                    "month": f"2024-{n // 6 + 1:02d}",
                    "events": n,
                    "deaths": deaths,
                },
            }[reader]
        )
    return table


class Combination(NamedTuple):
    reader: str
    separator: str
    decimal: str
    thousands: bool
    day: str
    encoding: str
    has_tags: bool
    numbered: str
    case: str
    order: int


CHOICES: tuple[Sequence[Any], ...] = (
    ("ucdp", "acled", "table", "counts"),
    ",;\t|",
    ".,",
    (False, True),
    (*["%Y-%m-%d"] * 6, "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y"),
    ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman"),
    (False, True),
    ("", "pandas", "R"),
    ("as it is", "UPPER", "Title"),
    (0, 1, 2),
)
COMBINATIONS = random.Random(19).sample(
    [Combination(*it) for it in itertools.product(*CHOICES)], 200
)
CAUSES = ("date", "day", "Windows-1252", "thousands sign", "has no column", "lacks", "type")


def delivered(folder: Path, how: Combination) -> Path:
    """A file of a reader's rows, laid out in one of the ways."""
    table = rows(how.reader)
    names = list(table[0])
    random.Random(how.order).shuffle(names)

    def text(value: Any) -> str:
        if isinstance(value, date):
            return value.strftime(how.day)
        if isinstance(value, str):
            return value
        plain = f"{value:,}" if how.thousands else f"{value}"
        return plain.translate(str.maketrans(".,", ",.")) if how.decimal == "," else plain

    case: Callable[[str], str] = {"UPPER": str.upper, "Title": str.title}.get(how.case, str)
    records = [[case(name) for name in names]]
    records += [[f"#{name}" for name in names]] * how.has_tags
    records += [[text(row[name]) for name in names] for row in table]
    if how.numbered:
        body = [[str(n), *record] for n, record in enumerate(records[1:])]
        records = [records[0] if how.numbered == "R" else ["", *records[0]], *body]
        records[1][0] = "" if how.has_tags else "0"
    content = io.StringIO(newline="")
    csv.writer(content, delimiter=how.separator).writerows(records)
    return written(folder / "a.csv", content.getvalue().encode(how.encoding))


def archived(path: Path, reader: str) -> pd.DataFrame:
    """What the archive holds of a file."""
    if reader == "counts":
        options = CountsOptions("counts", "admin1", "r1", RECEIVED)
        release = Archive(path.parent / "home").add(read_counts(path, options)).release
        counts: pd.DataFrame = pq.ParquetFile(release.folder / "counts.parquet").read().to_pandas()
        return counts
    table = Table(TableMapping.model_validate(MAPPING))
    sources: dict[str, EventSource] = {"ucdp": Ucdp(), "acled": Acled(), "table": table}
    return events(added(sources[reader], path, coverage=COVERAGE, allow_rejects=False))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """What the archive holds of a reader's rows in the plainest layout."""
    archives = {}
    for reader in ("ucdp", "acled", "table", "counts"):
        how = Combination(reader, ",", ".", False, "%Y-%m-%d", "utf-8", False, "", "as it is", 0)
        archives[reader] = archived(delivered(tmp_path_factory.mktemp(reader), how), reader)
    return archives


@pytest.mark.parametrize("how", COMBINATIONS[:TRIED])
def test_however_a_file_is_laid_out_the_archive_is_the_same_or_the_cause_is_told(
    tmp_path: Path, how: Combination, plain: dict[str, pd.DataFrame]
) -> None:
    path = delivered(tmp_path, how)
    try:
        archive = archived(path, how.reader)
    except InputError as error:
        said = str(error)
    else:
        said = CAUSES[0]
        pd.testing.assert_frame_equal(archive, plain[how.reader])
    assert [cause for cause in CAUSES if cause in said], said
