from collections.abc import Sequence
from pathlib import Path

import pytest

from features.sources.reading.layout import NAMELESS_FIRST, is_tags
from features.sources.reading.opening import open_rows
from features.sources.source import LINE
from tests.features.sources.ingested import written

TABLE = [["id", "place", "killed"], ["a", "Gao; Ansongo", "3"], ["b", "Kidal, 1", "0"]]


def read(folder: Path, text: str) -> tuple[list[str], list[list[str | None]], tuple[str, ...]]:
    """The header, the rows as long as the header, and the notes, of a text."""
    with open_rows(written(folder / "a.csv", text)) as rows:
        names = [name or f"column {n}" for n, name in enumerate(rows.first)]
        rows.name_columns(names)
        batches = [batch.select([*names, LINE]).to_pylist() for batch in rows.batches()]
        values = [[row[name] for name in names] for batch in batches for row in batch]
        return rows.first, values, rows.notes


def joined(table: Sequence[Sequence[str]], separator: str) -> str:
    return "".join(
        separator.join(f'"{text}"' if separator in text else text for text in row) + "\n"
        for row in table
    )


@pytest.mark.parametrize(
    ("separator", "notes"),
    [
        (",", ()),
        (";", ("its fields are separated by semicolons",)),
        ("\t", ("its fields are separated by tabs",)),
        ("|", ("its fields are separated by vertical bars",)),
    ],
)
def test_the_separator_is_told_from_the_header(
    tmp_path: Path, separator: str, notes: tuple[str, ...]
) -> None:
    assert read(tmp_path, joined(TABLE, separator)) == (TABLE[0], TABLE[1:], notes)
    tags = [["#event+id", "#loc", ""], *TABLE[1:]]
    header, rows, more = read(tmp_path, joined([TABLE[0], *tags], separator))
    assert (header, rows) == (TABLE[0], TABLE[1:])
    assert more == (*notes, "the line of HXL tags is no row")


def test_decimal_commas_between_semicolons_are_no_separators(tmp_path: Path) -> None:
    text = "id;lat;lon\na;14,5;-4,25\nb;12,0;-3,5\n"
    assert read(tmp_path, text)[1] == [["a", "14,5", "-4,25"], ["b", "12,0", "-3,5"]]


@pytest.mark.parametrize(
    "above", ["sep=;\n", "Events of a monitor\n\n", ";;\nEvents, 2024;;\n", "One\nTwo\n"]
)
def test_titles_above_the_header_are_left_out(tmp_path: Path, above: str) -> None:
    header, rows, notes = read(tmp_path, above + joined(TABLE, ";"))
    assert (header, rows) == (TABLE[0], TABLE[1:])
    assert any(note.startswith("lines above the header were left out") for note in notes)


@pytest.mark.parametrize("start", [0, 1])
def test_the_numbers_of_rows_that_r_and_pandas_write_are_left_out(
    tmp_path: Path, start: int
) -> None:
    numbered = [[str(n), *row] for n, row in enumerate(TABLE[1:], start=start)]
    for header in (TABLE[0], *([name, *TABLE[0]] for name in ("", "Unnamed: 0", "...1"))):
        first, rows, notes = read(tmp_path, joined([header, *numbered], ","))
        assert first == ["", *TABLE[0]]
        assert [row[1:] for row in rows] == TABLE[1:]
        assert notes == (NAMELESS_FIRST,)


def test_a_comma_at_the_end_of_every_row_is_no_number_of_a_row(tmp_path: Path) -> None:
    text = "id,place\n1,Gao,\n2,Kidal,\n"
    assert read(tmp_path, text)[:2] == (["id", "place"], [["1", "Gao"], ["2", "Kidal"]])


def test_a_text_without_separators_is_one_column(tmp_path: Path) -> None:
    assert read(tmp_path, "id\na\nb\n") == (["id"], [["a"], ["b"]], ())


def test_only_tags_make_a_line_of_tags() -> None:
    assert is_tags(["#date", None, " "])
    assert not is_tags(["#date", "2024"])
    assert not is_tags(["", None])
