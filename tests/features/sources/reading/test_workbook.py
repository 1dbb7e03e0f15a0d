import hashlib
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from features.errors import InputError
from features.sources.reading.opening import open_rows
from features.sources.reading.workbook import SheetContent, read_sheet
from features.sources.source import LINE
from tests.features.sources.ingested import refused, written
from tests.features.sources.reading.workbooks import write_workbook

SHEET: list[list[str | float]] = [
    ["Events of a monitor"],
    [],
    ["id", "killed", "lat", "note"],
    ["a", 3, 14.5, "two\nlines"],
    [],
    ["b", 1000.0, -4.25, 'a "word", é'],
]


def read(path: Path, sheet: str | None = None) -> list[list[str | None]]:
    with open_rows(path, sheet=sheet) as rows:
        assert rows.first == ["id", "killed", "lat", "note"]
        return [list(row.values()) for batch in rows.batches() for row in batch.to_pylist()]


def test_a_sheet_is_read_as_what_its_cells_hold_by_the_numbers_of_its_rows(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"Notes": [], "Data": SHEET})
    assert [row[:4] for row in read(path)] == [
        ["a", "3", "14.5", "two lines"],
        ["b", "1000", "-4.25", 'a "word", é'],
    ]
    with open_rows(path) as rows:
        assert [n for batch in rows.batches() for n in batch[LINE].to_pylist()] == [4, 6]
        assert rows.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_of_several_sheets_one_has_to_be_named(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"Codes": [["x", "y"]], "Data": SHEET})
    assert len(read(path, "Data")) == 2
    with refused("an Excel workbook", "'Codes', 'Data'", "--sheet"), open_rows(path):
        pass
    with refused("has no sheet 'Dat'", "'Codes', 'Data'"), open_rows(path, sheet="Dat"):
        pass


def test_what_is_wrong_with_a_sheet_says_that_it_is_one(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "named.csv", {"Data": SHEET})
    with refused("lacks much (in sheet 'Data' of an Excel workbook)"), open_rows(path):
        raise InputError("lacks much")


def test_a_workbook_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    empty = write_workbook(tmp_path / "a.xlsx", {"Data": []})
    with refused("an Excel workbook without content"), open_rows(empty):
        pass
    old = written(tmp_path / "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with refused("an Excel workbook that cannot be read"), open_rows(old):
        pass
    plain = written(tmp_path / "a.csv", "id,killed\n1,2\n")
    with refused("is no workbook", "--sheet"), open_rows(plain, sheet="Data"):
        pass


def with_sheet(path: Path, sheet: bytes) -> Path:
    """A workbook of which the one sheet has this content."""
    write_workbook(path, {"Data": []})
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            new = content.replace(b"<sheetData>", b"<sheetData>" + sheet)
            packed.writestr(name, new if "sheets/" in name else content)
    return path


FAR = [
    b'<row><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>',
    b"<row r='1048576' spans='1:9'><c s = '1' r = 'xfd1'><v>1</v></c></row>",
    b'<x:row><x:c r="A1"/><x:c t="n" r="ZZ900000"/></x:row>',
]


@pytest.mark.parametrize("sheet", FAR)
@pytest.mark.parametrize("before", [0, (1 << 20) - 180])
def test_cells_that_lie_far_apart_are_refused_before_all_between_them_are_held(
    tmp_path: Path, sheet: bytes, before: int
) -> None:
    path = with_sheet(tmp_path / "a.xlsx", b" " * before + sheet)
    with refused("cells lie as far apart as", "remove what is far"), open_rows(path):
        pass


def test_a_workbook_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    path = with_sheet(tmp_path / "a.xlsx", b" " * (65 << 20))
    with refused("unpacks to more than 200 times its size"), open_rows(path):
        pass


def test_a_few_cells_beside_the_table_are_no_fault(tmp_path: Path) -> None:
    rows = b'<row><c r="A1"><v>7</v></c></row><row r="90000"><c r="CV90000"><v>1</v></c></row>'
    path = with_sheet(tmp_path / "a.xlsx", rows)
    assert len(read_sheet(path, None)[1]) == 90_000


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (datetime(2024, 3, 5), "2024-03-05"),  # noqa: DTZ001
        (datetime(2024, 3, 5, 7, 30), "2024-03-05 07:30:00"),  # noqa: DTZ001
        (1e300, "1e+300"),
    ],
)
def test_days_are_written_without_a_time_that_they_do_not_have(
    tmp_path: Path, cell: datetime | float, text: str
) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"Data": SHEET})
    assert SheetContent(path, [["id", cell]]).head().decode() == f"id,{text}\n"
