import csv
import io
import json
from pathlib import Path

import pytest

from commands.rows import print_rows
from tests.bulletins.example import publish_bulletin
from tests.command import tocsin

ROWS: list[dict[str, object]] = [
    {"region": "MLI-gao", "score": 0.25, "simulated": True},
    {"region": "A, B", "score": None, "simulated": False},
]


def test_rows_for_programs_are_whole_and_plain(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, "json")
    assert json.loads(capsys.readouterr().out) == ROWS
    for chosen in ("csv", None):  # the output of a test is no terminal
        print_rows(ROWS, chosen, "A title")
        lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
        assert lines == [
            ["region", "score", "simulated"],
            ["MLI-gao", "0.25", "true"],
            ["A, B", "", "false"],
        ]


def test_rows_for_people_fit_a_narrow_terminal_and_lose_no_letter(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_rows([{"bulletin": "x" * 70, "origin": "y" * 30}], "table")
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 40
    assert (shown.count("x"), shown.count("y")) == (70, 30)


def test_a_table_has_thousands_by_comma_and_not_what_is_unseen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_rows([{"name": "Mali", "rows": 45568, "level": None}], "table", unseen=["level"])
    shown = capsys.readouterr().out
    assert "45,568" in shown
    assert "level" not in shown


@pytest.mark.parametrize("chosen", ["table", "csv", "json"])
def test_a_name_is_no_markup_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str], chosen: str
) -> None:
    names = ("Abyei [disputed]", "a[/x]", ":bell:", "a\x1b[31mb", "\x9b2J", "\u202eb")
    print_rows([{"name": name} for name in names], chosen, "a[/x]")
    shown = capsys.readouterr().out
    assert all(name in shown for name in names[:3])
    assert not set("\x1b\x9b\u202e") & set(shown)
    assert "a\\u001b[31mb" in shown


@pytest.mark.parametrize("command", [("bulletins",), ("scores", "--limit", "9"), ("key", "list")])
def test_lists_fit_a_terminal_of_80_columns(home: Path, command: tuple[str, ...]) -> None:
    shown = tocsin(home, *command, "--format", "table", COLUMNS="80")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert max(map(len, shown.stdout.splitlines())) <= 80
    longest = max(len(line.split()[0]) for line in shown.stdout.splitlines() if line)
    assert longest <= 22  # no id is broken over lines


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a bulletin and a key."""
    folder = tmp_path_factory.mktemp("home")
    publish_bulletin(folder)
    assert tocsin(folder, "key", "new", "field-office").returncode == 0
    return folder
