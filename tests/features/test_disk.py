import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

import features.disk
from features.disk import hidden_folder, locked, move_whole, remove_leftovers, write_whole

WRITER = """
import sys, time
from pathlib import Path
from features.disk import hidden_folder
with hidden_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("written")
    print(flush=True)
    time.sleep(60)
"""


@contextmanager
def writing(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has written half of a folder."""
    command = [sys.executable, "-c", WRITER, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_what_a_killed_process_leaves_is_removed_by_the_next_one(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with writing(place) as process:
        (half,) = tmp_path.iterdir()
        write_whole(tmp_path / "other", b"whole")
        assert (half / "half").exists()  # its process lives
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert half.exists()
    with hidden_folder(place) as folder:
        assert list(tmp_path.glob(".*")) == [folder]
        (folder / "file").touch()
        assert move_whole(folder, place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "place"]


def test_nothing_else_is_taken_for_a_leftover(tmp_path: Path) -> None:
    others = [".git", f".a.{'0' * 32}", f"a.tocsin-{'0' * 32}", f".a.tocsin-{'0' * 31}"]
    for name in others:
        (tmp_path / name).mkdir()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_a_lock_that_is_held_is_said_and_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(features.disk, "_SOON", 0.05)
    monkeypatch.setattr(features.disk, "_LONGEST", 0.2)
    path = tmp_path / "lock"
    begun = time.monotonic()
    with (
        FileLock(path),
        caplog.at_level(logging.WARNING),
        pytest.raises(TimeoutError, match="another process holds it"),
        locked(path),
    ):
        pass
    assert time.monotonic() - begun < 5
    assert f"waiting for another process, which holds '{path}'" in caplog.text
    with locked(path):
        pass
