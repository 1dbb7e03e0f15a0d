import csv
import io
import json

import pytest

from commands.rows import print_rows

ROWS: list[dict[str, object]] = [
    {"region": "MLI-gao", "score": 0.25},
    {"region": "A, B", "score": None},
]


def test_rows_for_programs_are_whole_and_plain(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, "json")
    assert json.loads(capsys.readouterr().out) == ROWS
    for chosen in ("csv", None):  # the output of a test is no terminal
        print_rows(ROWS, chosen, "A title")
        lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
        assert lines == [["region", "score"], ["MLI-gao", "0.25"], ["A, B", ""]]


def test_rows_for_people_fit_a_narrow_terminal_and_lose_no_letter(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_rows([{"bulletin": "x" * 70, "origin": "y" * 30}], "table")
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 40
    assert (shown.count("x"), shown.count("y")) == (70, 30)
