"""The commands of a home: what it holds, and a drill of a backup that loses nothing."""

import json
import shutil
from pathlib import Path

import pytest

from tests.bulletins.example import publish_bulletin
from tests.command import tocsin


@pytest.fixture
def home(own_home: Path) -> Path:
    """A home with events, models and a bulletin."""
    (own_home / "trainings.json").unlink()
    publish_bulletin(own_home)
    return own_home


def test_a_home_says_where_everything_lies_and_whether_it_is_whole(home: Path) -> None:
    shown = tocsin(home, "home", "--format", "json")
    assert shown.returncode == 0
    rows = {row["part"]: row for row in json.loads(shown.stdout)}
    assert set(rows) == {"events", "models", "bulletins"}
    bulletins = list((home / "bulletins").rglob("*.*"))
    assert rows["bulletins"] == {
        "part": "bulletins",
        "place": str(home / "bulletins"),
        "files": sum(path.is_file() for path in bulletins),
        "bytes": sum(path.stat().st_size for path in bulletins if path.is_file()),
        "whole": 0,
        "unchecked": 1,  # its manifest is older than the hashes
        "damaged": 0,
    }
    people = tocsin(home, "home", "--format", "table").stdout
    assert f"The home '{home}'" in people
    assert "tocsin 0.1.0" in people
    next((home / "events").rglob("*.parquet")).write_bytes(b"")
    assert tocsin(home, "home").returncode == 1


def test_nothing_is_lost_in_a_drill(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made = tocsin(home, "home", "backup", str(folder))
    assert (made.returncode, made.stderr) == (0, "")
    before = tocsin(home, "verify", "--format", "json").stdout
    bulletins = tocsin(home, "bulletins", "--format", "json").stdout
    scores = tocsin(home, "scores", "--format", "json").stdout
    shutil.rmtree(home)
    restored = tmp_path / "restored"
    again = tocsin(restored, "home", "restore", str(folder))
    assert again.returncode == 0, again.stderr
    assert "damaged" not in again.stdout
    assert tocsin(restored, "verify", "--format", "json").stdout == before
    assert tocsin(restored, "bulletins", "--format", "json").stdout == bulletins
    assert tocsin(restored, "scores", "--format", "json").stdout == scores != ""
    listed = json.loads(tocsin(None, "home", "backups", str(folder), "--format", "json").stdout)
    assert [one["home"] for one in listed] == [str(home)]
    assert listed[0]["id"] in made.stdout


def test_a_home_that_was_damaged_is_restored_and_said_to_be(home: Path, tmp_path: Path) -> None:
    next((home / "events").rglob("*.parquet")).write_bytes(b"")
    folder = str(tmp_path / "backups")
    tocsin(home, "home", "backup", folder)
    restored = tocsin(tmp_path / "restored", "home", "restore", folder)
    assert restored.returncode == 1
    assert "1 damaged" in restored.stdout
    assert "events: " in restored.stderr
    second = tocsin(tmp_path / "restored", "home", "restore", folder)
    assert second.returncode == 1
    assert "is not empty: move it away, or name another with --home" in second.stderr


def test_where_no_home_is_there_is_nothing_to_show_check_or_back_up(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for command in (("home",), ("home", "backup", str(folder)), ("verify",)):
        done = tocsin(tmp_path / "none", *command)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert f"there is no home '{tmp_path / 'none'}': name another" in done.stderr, command
    assert not folder.exists()
