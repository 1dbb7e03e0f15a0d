import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from features.files import committed_content, load_toml, open_sqlite, read_whole


def test_only_a_file_that_ends_is_read_and_only_as_far_as_is_allowed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 3 << 30)
    (tmp_path / "file").write_bytes(b"123")
    (tmp_path / "link").symlink_to("file")
    wrong = {
        "pipe": "no regular file",
        "zero": "no regular file",
        "circle": "symbolic links",
        ".": "Is a directory",
        "none": "No such file",
        "large": "larger than 16 MB",
        "a\0b": "embedded null",
    }
    for name, why in wrong.items():
        with pytest.raises(OSError, match=why):
            read_whole(tmp_path / name)
    assert read_whole(tmp_path / "link", most=3) == b"123"
    with pytest.raises(OSError, match="larger than 0 MB"):
        read_whole(tmp_path / "file", most=2)


def test_toml_may_begin_with_a_mark_and_is_not_nested_without_end(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert load_toml(file) == {"a": 1}
    file.write_text(f"a = {'[' * 100_000}")
    with pytest.raises(ValueError, match="nested too deeply"):
        load_toml(file)


def test_the_content_is_that_of_the_file_before_an_open_change(tmp_path: Path) -> None:
    file = tmp_path / "a ? database.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE runs (id)")
    before = file.read_bytes()
    assert committed_content(file) == before
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO runs VALUES (1)")
        assert committed_content(file) == before
        database.execute("COMMIT")
    assert committed_content(file) == file.read_bytes() != before


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error), open_sqlite(tmp_path / "none.db"):
        pass
    assert not list(tmp_path.iterdir())
