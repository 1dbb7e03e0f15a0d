import csv
import gzip
import io
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.reading import csvfile, unpack
from features.sources.reading.csvfile import CsvRows
from features.sources.reading.opening import open_rows
from features.sources.source import BEYOND, LINE, LINES
from tests.features.sources.ingested import refused, written

PLAIN = b'id,name\n1,"Ann, ""the first"""\n2,Bob\n'


class Records(NamedTuple):
    rows: list[list[str | None]]
    begins: list[int]
    lines: list[int]
    notes: tuple[str, ...]


def read_records(path: Path) -> Records:
    with open_rows(path) as text:
        names = [str(number) for number in range(len(text.first))]
        text.name_columns(names, has_header=False)
        batches = list(text.batches())
    columns: dict[str, list[Any]] = {
        name: [value for batch in batches for value in batch[name].to_pylist()]
        for name in (*names, BEYOND, LINE, LINES)
    }
    begins, lines = columns.pop(LINE), columns.pop(LINES)
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    assert rows[0][:-1] == text.first
    return Records(rows, begins, lines, text.notes)


def read(folder: Path, content: bytes, name: str = "mine.csv") -> Records:
    return read_records(written(folder / name, content))


PACKED = gzip.compress(PLAIN, mtime=0)  # the ids of tests hold it, and must not change


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
        ("mine.csv", PLAIN.decode().encode("utf-16-le")),
        ("mine.csv", PLAIN.decode().encode("utf-16-be")),
        ("mine.csv.gz", PACKED),
        ("mine.csv.gz (1)", PACKED),
        ("mine.csv", zipped("GEDEvent_v24_1.csv")),
        ("mine.zip", zipped("GEDEvent_v24_1.csv", "codebook.pdf", "__MACOSX/._GEDEvent.csv")),
        ("mine.ZIP", zipped("folder/mine.CSV")),
    ],
)
def test_however_packed_and_encoded_the_records_are_the_same(
    tmp_path: Path, name: str, content: bytes
) -> None:
    records = read(tmp_path, content, name)
    assert records.rows == [
        ["id", "name", None],
        ["1", 'Ann, "the first"', None],
        ["2", "Bob", None],
    ]
    assert records.notes == ()


def test_short_records_are_filled_and_what_is_beyond_the_first_record_is_gathered(
    tmp_path: Path,
) -> None:
    records = read(tmp_path, b"a,b\n1\n\n1,2,\n1,2,3,4\n,\n")
    assert records.rows[1:] == [
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
    assert read(tmp_path, b"a,b\n0,x\n" + line).rows[1:] == [["0", "x", None], fields]


def test_wrong_bytes_and_nuls_are_mended_and_noted(tmp_path: Path) -> None:
    records = read(tmp_path, b"a,b\nAndr\xe9,x\0\nAndr\xc3\xa9,\x81\n")
    assert records.rows[1:] == [["André", "x\ufffd", None], ["André", "\ufffd", None]]
    assert records.notes == (
        "some bytes are not UTF-8 and were read as Windows-1252",
        "1 NUL bytes were replaced",
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\r\n", "is empty"),
        ("a.csv.gz", PACKED[:-10], "cannot be unpacked"),
        ("a.csv.gz", PACKED[:15] + b"\0\0\0" + PACKED[18:], "unpacked"),
        ("a.csv.gz", PLAIN, "cannot be unpacked"),
        ("a.zip", PLAIN, "cannot be unpacked"),
        ("a.zip", zipped("a.csv", "b.csv"), "holds 2 CSV or JSON files"),
        ("a.zip", zipped("a.txt"), "holds 0 CSV or JSON files"),
        ("a.zip", zipped("a.csv")[:-30], "cannot be unpacked"),
        ("a.zip", zipped("a.csv").replace(b"Ann", b"Eve"), "cannot be unpacked"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with refused(said, name):
        read(tmp_path, content, name)


def test_a_missing_path_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_records(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        read_records(tmp_path / "none.csv")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0;|\t#"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=2), min_size=1))
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["k", "l"], *written])
    records = read(tmp_path_factory.mktemp("written"), text.getvalue().encode())
    assert len(records.rows) == len(written) + 1
    for fields, row in zip(written, records.rows[1:], strict=True):
        assert row == fitted(fields, 2)


FIELD = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
WELL_QUOTED = re.compile(rf"{FIELD}(?:,{FIELD})*(?:\r\n|\r|\n)?")


class Record(NamedTuple):
    begin: int
    lines: int
    fields: list[str]


def read_slowly(text: str) -> list[Record]:
    """All records: the standard library's, but none that a misplaced quotation mark joined."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines)
    records = []
    before = 0
    for fields in reader:
        own = lines[before : reader.line_num]
        if len(own) > 1 and WELL_QUOTED.fullmatch("".join(own)) is None:
            alone = [next(csv.reader([line])) for line in own]
            records += [Record(before + n, 1, line) for n, line in enumerate(alone, start=1)]
        else:
            records.append(Record(before + 1, len(own), fields))
        before = reader.line_num
    return [record for record in records if record.fields]


def fitted(fields: list[str], width: int) -> list[str | None]:
    beyond = ",".join(fields[width:]) if len(fields) > width else None
    return [*fields[:width], *[None] * (width - len(fields)), beyond]


ODD = st.text(st.sampled_from(',,"",\n\r ab\xe9\ufeff'), max_size=30)


@st.composite
def texts(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Parts of a CSV file, each with its encoding: some as they should be, some anything."""
    parts = [("k,l\n", "utf-8")]
    for _ in range(draw(st.integers(0, 6))):
        fields = draw(st.lists(ODD, min_size=2, max_size=draw(st.integers(2, 3))))
        written = io.StringIO(newline="")
        csv.writer(written, lineterminator=draw(st.sampled_from(["\n", "\r\n"]))).writerow(fields)
        text = draw(st.sampled_from([written.getvalue(), draw(ODD)]))
        encoding = draw(st.sampled_from(["utf-8", "utf-8", "cp1252"]))
        parts.append((text.replace("\ufeff", "") if encoding == "cp1252" else text, encoding))
    return parts


@settings(max_examples=300, deadline=None)
@given(texts(), st.integers(4, 40), st.booleans())
def test_any_text_is_read_as_if_slowly_and_at_once_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory,
    parts: list[tuple[str, str]],
    size: int,
    quick: bool,
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    path.write_bytes(b"".join(text.encode(encoding) for text, encoding in parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpack, "_CHUNK", size)
        if not quick:
            patch.setattr(csvfile, "_record_bounds", lambda data, separator, *, final: None)
        records = read_records(path)
    expected = read_slowly("".join(text for text, _ in parts))
    assert records.rows == [fitted(record.fields, 2) for record in expected]
    assert records.begins == [record.begin for record in expected]
    assert records.lines == [record.lines for record in expected]
    mended = any("\xe9" in text for text, encoding in parts if encoding == "cp1252")
    assert bool(records.notes) == mended


def test_well_formed_text_takes_the_quick_way_and_one_stretch_of_it_the_exact_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[str] = []
    quick, exact = csvfile._quick, CsvRows._exact

    def seen_quick(*given: Any) -> Any:
        ways.append("quick")
        return quick(*given)

    def seen_exact(*given: Any, **named: Any) -> Any:
        ways.append("exact")
        return exact(*given, **named)

    monkeypatch.setattr(unpack, "_CHUNK", 1000)
    monkeypatch.setattr(csvfile, "_quick", seen_quick)
    monkeypatch.setattr(CsvRows, "_exact", seen_exact)
    lines = [b'1,"Ann, ""the first"""\n'] * 400
    lines[200] = b'1,the "first"\n'
    assert len(read(tmp_path, b"".join(lines)).rows) == 400
    assert ways.count("exact") <= 3
    assert ways.count("quick") >= 7


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    text = b'a,b,c\n0,"x",0\n1,"head,1\n2,"head",2\n3,"two\nlines",3\n4,x,4\n'
    records = read(tmp_path, text)
    assert records.rows[1:] == [
        ["0", "x", "0", None],
        ["1", "head,1\n", None, None],
        ["2", "head", "2", None],
        ["3", "two\nlines", "3", None],
        ["4", "x", "4", None],
    ]
    assert records.begins == [1, 2, 3, 4, 5, 7]


@pytest.mark.parametrize("mark", ["", "plain", 'stray " mark'])
def test_a_field_of_ten_megabytes_is_one_field(tmp_path: Path, mark: str) -> None:
    long = "word, word\n" * 1_000_000
    text = f'a,b\n1,{mark}\n2,"{long}"\n3,x\n'
    records = read(tmp_path, text.encode())
    assert records.rows[2][1] == long
    assert records.begins == [1, 2, 3, 1_000_004]
    assert records.lines == [1, 1, 1_000_001, 1]


@pytest.mark.parametrize(
    "field", [b'"' + b"one line\n" * (1 << 18), b"x" * (1 << 21), b'"",' * (1 << 20)]
)
def test_a_record_that_is_too_long_is_refused_by_its_first_line(
    tmp_path: Path, field: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_CHUNK", 1 << 18)
    monkeypatch.setattr(csvfile, "LONGEST_RECORD", 1 << 20)
    with refused("the record that begins on line 4 is longer than 1 MB", "mine.csv"):
        read(tmp_path, b'a,b\n1,"x\ny"\n2,' + field + b"\n3,4\n")


def test_a_record_of_almost_the_longest_length_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_CHUNK", 1 << 18)
    monkeypatch.setattr(csvfile, "LONGEST_RECORD", 1 << 20)
    long = ("x" * 63 + "\n") * ((1 << 14) - 10)
    records = read(tmp_path, b"a,b\n" + f'1,"{long}"\n'.encode() * 3)
    assert [row[1] for row in records.rows] == ["b", long, long, long]


def test_every_stretch_of_a_file_may_be_encoded_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_CHUNK", 1000)
    lines = [
        f"{n},André “{n}”\n".encode("cp1252" if n // 300 % 2 else "utf-8") for n in range(1200)
    ]
    records = read(tmp_path, b"".join(lines))
    assert records.rows == [[str(n), f"André “{n}”", None] for n in range(1200)]
    assert records.begins == list(range(1, 1201))
    assert records.notes == ("some bytes are not UTF-8 and were read as Windows-1252",)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("mac_roman", "Bouaké, Gérard"),
        ("cp850", "Bouaké"),
        ("cp1251", "Донецкая область"),
        ("cp1250", "Łódź, żołnierzy"),
        ("cp1254", "İstanbul, şehir"),
        ("gbk", "袭击事件造成三人死亡"),
        ("cp1256", "هجوم مسلح"),
    ],
)
def test_an_encoding_that_cannot_be_told_is_refused(
    tmp_path: Path, encoding: str, text: str
) -> None:
    lines = ["a,b", *(f'{n},"{text}"' if n % 3 else f"{n},x" for n in range(9))]
    with refused("neither UTF-8 nor Windows-1252", "line 3"):
        read(tmp_path, "\n".join(lines).encode(encoding))


def test_a_stray_byte_between_lines_of_utf8_is_no_other_encoding(tmp_path: Path) -> None:
    lines = ["é,1\n".encode(), "é,2\n".encode(), b"a\xff\xfeb,3\n"]
    assert [row[1] for row in read(tmp_path, b"a,b\n" + b"".join(lines)).rows] == list("b123")


def test_utf8_beside_a_stray_byte_does_not_make_it_another_encoding(tmp_path: Path) -> None:
    line = "é".encode("cp1252") + ",Łódźść".encode()
    assert read(tmp_path, b"a,b\n" + line).rows == [["a", "b", None], ["é", "Łódźść", None]]


def test_words_of_western_europe_are_taken_for_windows_1252(tmp_path: Path) -> None:
    text = (
        "\u2014 l\u2019armée; « tués » à Djibo…; São Tomé; população; Nariño ¿Dónde? 3º km²; créée"
    )
    records = read(tmp_path, f"a,b\n1,{text}\n".encode("cp1252"))
    assert records.rows[1] == ["1", text, None]
    assert records.notes == ("some bytes are not UTF-8 and were read as Windows-1252",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way_wherever_the_file_is_cut(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["a,b", "", "", *(f"{n},x" for n in range(40))]
    for size in range(8, 60):
        monkeypatch.setattr(unpack, "_CHUNK", size)
        records = read(tmp_path, end.join(lines).encode())
        assert records.rows == [["a", "b", None], *([str(n), "x", None] for n in range(40))]
        assert records.begins == [1, *range(4, 44)]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.csv.gz", "a.zip"]))
def test_noise_never_does_worse_than_a_refusal_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    try:
        with open_rows(written(folder / name, noise)) as rows:
            rows.name_columns([str(number) for number in range(len(rows.first))])
            lines = [n for batch in rows.batches() for n in batch[LINES].to_pylist()]
    except InputError as error:
        said = str(error)
    else:
        said = " ".join(rows.notes)
        assert sum(lines) <= noise.count(b"\n") + noise.count(b"\r") + 1
    assert "\n" not in said
