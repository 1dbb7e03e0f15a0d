import csv
import gzip
import io
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.csvfile import BEYOND, LINE, LINES, open_csv

PLAIN = b'id,name\n1,"Ann, ""the first"""\n2,Bob\n'


class Records(NamedTuple):
    rows: list[list[str | None]]
    begins: list[int]
    lines: list[int]
    notes: tuple[str, ...]


def read_records(path: Path) -> Records:
    with open_csv(path) as text:
        names = [str(number) for number in range(len(text.first))]
        batches = list(text.batches(names, has_header=False))
    columns: dict[str, list[Any]] = {
        name: [value for batch in batches for value in batch[name].to_pylist()]
        for name in (*names, BEYOND, LINE, LINES)
    }
    begins, lines = columns.pop(LINE), columns.pop(LINES)
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    assert rows[0][:-1] == text.first
    return Records(rows, begins, lines, text.notes)


def read(folder: Path, content: bytes, name: str = "mine.csv") -> Records:
    path = folder / name
    path.write_bytes(content)
    return read_records(path)


def rows(records: Records) -> list[list[str | None]]:
    return records.rows


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, PLAIN)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.csv", PLAIN),
        ("mine.txt", PLAIN.replace(b"\n", b"\r\n")),
        ("mine.csv", b"\xef\xbb\xbf" + PLAIN),
        ("mine.csv", PLAIN.decode().encode("utf-16")),
        ("mine.csv.gz", gzip.compress(PLAIN)),
        ("mine.zip", zipped("GEDEvent_v24_1.csv", "codebook.pdf", "__MACOSX/._GEDEvent.csv")),
        ("mine.ZIP", zipped("folder/mine.CSV")),
    ],
)
def test_however_packed_and_encoded_the_records_are_the_same(
    tmp_path: Path, name: str, content: bytes
) -> None:
    records = read(tmp_path, content, name)
    assert rows(records) == [
        ["id", "name", None],
        ["1", 'Ann, "the first"', None],
        ["2", "Bob", None],
    ]
    assert records.notes == ()


def test_short_records_are_filled_and_what_is_beyond_the_first_record_is_gathered(
    tmp_path: Path,
) -> None:
    records = read(tmp_path, b"a,b\n1\n\n1,2,\n1,2,3,4\n,\n")
    assert rows(records)[1:] == [
        ["1", None, None],
        ["1", "2", ""],
        ["1", "2", "3,4"],
        ["", "", None],
    ]
    assert records.begins == [1, 2, 4, 5, 6]


def test_a_record_over_several_lines_is_counted_by_all_of_them(tmp_path: Path) -> None:
    records = read(tmp_path, b'a,b\n1,"x\ny\nz"\n2,w\n')
    assert records.begins == [1, 2, 5]
    assert records.lines == [1, 3, 1]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b'1,the "Dragon" unit', ["1", 'the "Dragon" unit', None]),
        (b'1,"the ""Dragon"" unit" of old', ["1", 'the "Dragon" unit of old', None]),
        (b'1,"the "Dragon" unit"', ["1", 'the Dragon" unit"', None]),
        (b'1,"never closed', ["1", "never closed", None]),
        ("1,\u201c\u00e9\u201d".encode(), ["1", "\u201c\u00e9\u201d", None]),
    ],
)
def test_stray_quotation_marks_cost_no_record(
    tmp_path: Path, line: bytes, fields: list[str | None]
) -> None:
    assert rows(read(tmp_path, b"a,b\n0,x\n" + line))[1:] == [["0", "x", None], fields]


def test_wrong_bytes_and_nuls_are_mended_and_noted(tmp_path: Path) -> None:
    records = read(tmp_path, b"a,b\nAndr\xe9,x\0\nAndr\xc3\xa9,\x81\n")
    assert rows(records)[1:] == [["André", "x\ufffd", None], ["André", "\ufffd", None]]
    assert records.notes == (
        "some bytes are not UTF-8 and were read as Windows-1252",
        "1 NUL bytes were replaced",
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\r\n", "is empty"),
        ("a.csv.gz", gzip.compress(PLAIN)[:-10], "cannot be unpacked"),
        ("a.csv.gz", gzip.compress(PLAIN)[:15] + b"\0\0\0" + gzip.compress(PLAIN)[18:], "unpacked"),
        ("a.csv.gz", PLAIN, "cannot be unpacked"),
        ("a.zip", PLAIN, "cannot be unpacked"),
        ("a.zip", zipped("a.csv", "b.csv"), "holds 2 CSV files"),
        ("a.zip", zipped("a.txt"), "holds 0 CSV files"),
        ("a.zip", zipped("a.csv")[:-30], "cannot be unpacked"),
        ("a.zip", zipped("a.csv").replace(b"Ann", b"Eve"), "cannot be unpacked"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, content, name)
    assert said in str(refused.value)
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_path_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_records(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        read_records(tmp_path / "none.csv")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=2), min_size=1))
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(written)
    content = text.getvalue().encode()
    assume(not content.startswith(b"\xef\xbb\xbf"))
    records = read(tmp_path_factory.mktemp("written"), content)
    width = len(written[0])
    assert len(records.rows) == len(written)
    for fields, row in zip(written, rows(records), strict=True):
        assert row[: min(width, len(fields))] == fields[:width]
        assert row[width] == (",".join(fields[width:]) if len(fields) > width else None)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.csv.gz", "a.zip"]))
def test_noise_never_does_worse_than_a_refusal_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    try:
        records = read(folder, noise, name)
    except InputError as error:
        said = str(error)
    else:
        said = " ".join(records.notes)
        assert sum(records.lines) <= noise.count(b"\n") + noise.count(b"\r") + 1
    assert "\n" not in said
