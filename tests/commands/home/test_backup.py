"""Backups on the disk: what is stored once, what is found damaged, and what is never half there."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands.home.backup import FIRST, Backup, BackupError, BackupFolder
from features.hashes import sha256_of, with_own_hash

NOON = datetime(2025, 1, 20, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two equal files, a hidden one, a private one and a database."""
    home = tmp_path / "home"
    for name, content in (
        ("bulletins/2024-12-0123456789ab/scores.parquet", "scores"),
        ("bulletins/2024-11-0123456789ab/scores.parquet", "scores"),
        ("bulletins/.2024-10.tsv", "half a bulletin"),
        ("events/source=ucdp/release=24.1/events.parquet", "events"),
        ("keys.json", "keys"),
        ("an ending-journal", "is no journal of a database"),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    (home / "keys.json").chmod(0o600)
    with closing(sqlite3.connect(home / "mlflow.db")) as database, database:
        database.execute("CREATE TABLE runs (id)")
    return home


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    """A folder of backups, empty yet."""
    return BackupFolder(tmp_path / "backups")


def contents(home: Path) -> dict[str, tuple[bytes, int]]:
    """What is not hidden in a home, with its permissions."""
    files = (path for path in home.rglob("*") if path.is_file() and path.name[0] != ".")
    return {
        str(path.relative_to(home)): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in files
    }


def stored(folder: BackupFolder) -> list[Path]:
    """The contents in a folder of backups."""
    return [path for path in (folder.folder / "contents").rglob("*") if path.is_file()]


def test_what_is_restored_is_what_was_backed_up(
    home: Path, folder: BackupFolder, tmp_path: Path
) -> None:
    saving = folder.save(home, NOON)
    assert saving.backup.id == "20250120T120000Z"
    folder.restore(folder.read(), tmp_path / "elsewhere" / "home")
    assert contents(tmp_path / "elsewhere" / "home") == contents(home)
    assert not list((tmp_path / "elsewhere").rglob(".*"))


def test_each_content_is_stored_once_and_a_second_backup_adds_what_is_new(
    home: Path, folder: BackupFolder, tmp_path: Path
) -> None:
    first = folder.save(home, NOON)
    assert (len(first.backup.files), first.new_files, len(stored(folder))) == (6, 5, 5)
    (home / "keys.json").write_text("other keys")
    second = folder.save(home, NOON + timedelta(hours=1))
    assert (second.new_files, second.new_bytes, len(stored(folder))) == (1, len("other keys"), 6)
    assert folder.ids() == [first.backup.id, second.backup.id]
    folder.restore(folder.read(first.backup.id), tmp_path / "earlier")
    assert (tmp_path / "earlier" / "keys.json").read_text() == "keys"
    folder.restore(folder.read(), tmp_path / "later")
    assert (tmp_path / "later" / "keys.json").read_text() == "other keys"


def test_what_refers_is_read_before_what_it_refers_to(home: Path, folder: BackupFolder) -> None:
    for name in ("alerts/head", "artifacts/model", "artifacts.json", "record/0001/edition.json"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    parts = [name.partition("/")[0] for name in folder.save(home, NOON).backup.files]
    known = [part for part in dict.fromkeys(parts) if part in FIRST]
    assert known == [part for part in FIRST if part in known]
    assert parts.index("events") > parts.index("artifacts")


def test_a_database_is_backed_up_bit_for_bit_without_an_open_change(
    home: Path, folder: BackupFolder, tmp_path: Path
) -> None:
    before = (home / "mlflow.db").read_bytes()
    with closing(sqlite3.connect(home / "mlflow.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO runs VALUES (1)")
        assert (home / "mlflow.db-journal").exists()
        saving = folder.save(home, NOON)
        database.execute("COMMIT")
    assert saving.backup.files["mlflow.db"].sha256 == sha256_of(before)
    assert "mlflow.db-journal" not in saving.backup.files
    folder.restore(saving.backup, tmp_path / "restored")
    with closing(sqlite3.connect(tmp_path / "restored" / "mlflow.db")) as database:
        assert database.execute("SELECT * FROM runs").fetchall() == []


def test_a_damaged_content_is_never_restored_and_the_next_backup_mends_it(
    home: Path, folder: BackupFolder, tmp_path: Path
) -> None:
    saving = folder.save(home, NOON)
    for place in stored(folder):
        content = place.read_bytes()
        place.write_bytes(content[:-1] + b"?")
        with pytest.raises(BackupError, match=r"gone or not what was stored: restore an earlier"):
            folder.restore(saving.backup, tmp_path / "restored")
        place.unlink()
        with pytest.raises(BackupError, match="gone or not what was stored"):
            folder.restore(saving.backup, tmp_path / "restored")
        assert not list(tmp_path.rglob("*restored*"))
        place.write_bytes(b"?")
        again = folder.save(home, saving.backup.made_at + timedelta(seconds=1))
        assert place.read_bytes() == content
        saving = again
    folder.restore(saving.backup, tmp_path / "restored")


@pytest.mark.parametrize("position", [20, 60, 200, -20])
def test_a_list_of_files_that_was_changed_is_refused(
    home: Path, folder: BackupFolder, position: int
) -> None:
    place = folder.folder / "backups" / f"{folder.save(home, NOON).backup.id}.json"
    content = bytearray(place.read_bytes())
    content[position] ^= 1
    place.write_bytes(content)
    with pytest.raises(BackupError, match="is damaged: restore an earlier backup"):
        folder.read()


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside", ""])
def test_no_list_writes_outside_of_the_home(home: Path, folder: BackupFolder, name: str) -> None:
    backup = folder.save(home, NOON).backup
    files = {name: backup.files["keys.json"]}
    evil = Backup(made_at=NOON + timedelta(days=1), home=backup.home, files=files)
    place = folder.folder / "backups" / f"{evil.id}.json"
    place.write_text(with_own_hash(evil.model_dump_json()))
    with pytest.raises(BackupError, match="is damaged"):
        folder.read()


def test_a_home_is_never_restored_over_another(
    home: Path, folder: BackupFolder, tmp_path: Path
) -> None:
    backup = folder.save(home, NOON).backup
    before = contents(home)
    for place in (home, home / "keys.json"):
        with pytest.raises(BackupError, match="is not empty: move it away"):
            folder.restore(backup, place)
    assert contents(home) == before
    (tmp_path / "empty").mkdir()
    folder.restore(backup, tmp_path / "empty")
    assert contents(tmp_path / "empty") == before


def test_what_cannot_be_backed_up_says_why(
    home: Path, folder: BackupFolder, tmp_path: Path
) -> None:
    with pytest.raises(BackupError, match="lies in the home: choose a folder on another disk"):
        BackupFolder(home / "backups").save(home, NOON)
    with pytest.raises(BackupError, match="has no backup: make one with tocsin home backup"):
        folder.read()
    folder.save(home, NOON)
    with pytest.raises(BackupError, match="was made in this second"):
        folder.save(home, NOON)
    with pytest.raises(BackupError, match="no backup 'x': there are 20250120T120000Z"):
        folder.read("x")
