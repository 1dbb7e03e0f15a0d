import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from commands import environment
from commands.environment import running_code, working_side_by_side
from features.errors import ConfigurationError


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", *identity, "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_code_is_named_by_its_own_commit_unless_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = version("tocsin")
    file = tmp_path / "commands" / "environment.py"
    file.parent.mkdir()
    file.write_text("1\n")
    monkeypatch.setattr(environment, "__file__", str(file))
    assert running_code() == f"{own}+unknown"
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "tag", "v1")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "untracked").touch()
    monkeypatch.setenv("GIT_DIR", "another")
    assert running_code() == f"{own}+{commit}"
    file.write_text("2\n")
    assert running_code() == f"{own}+{commit}-changed"
    # Installed somewhere in the repository of another project.
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "lib" / "commands" / file.name))
    (tmp_path / "lib" / "commands").mkdir(parents=True)
    assert running_code() == f"{own}+unknown"


def test_fits_are_done_here_unless_a_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with working_side_by_side(3, None) as fits:
        assert fits == 3
    monkeypatch.setenv("TOCSIN_SCHEDULER", "nowhere")
    for named in (None, "nowhere"):
        with (
            pytest.raises(ConfigurationError, match="no Dask scheduler answers at 'nowhere'"),
            working_side_by_side(3, named),
        ):
            pass
