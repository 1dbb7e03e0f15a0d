"""The MLflow store is brought up to date, and a copy of it is as it was."""

import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from experiments.tracking.schema import REVISION, revision_of, sqlite_uri
from tests.command import tocsin
from tests.experiments.tracking.databases import old_database
from tests.servers import execute


def test_a_home_is_upgraded_and_the_copy_is_the_old_database_bit_for_bit(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    old_database(sqlite_uri(file))
    before = file.read_bytes()
    refused = tocsin(tmp_path, "promote", "admin1", "1", "--reason", "none")
    assert refused.returncode == 1
    assert "run `tocsin store upgrade`, which makes a copy first\n" in refused.stderr
    upgraded = tocsin(tmp_path, "store", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    (copy,) = (tmp_path / "store-copies").iterdir()
    assert copy.read_bytes() == before
    assert str(copy) in upgraded.stdout
    assert revision_of(sqlite_uri(file)) == REVISION
    again = tocsin(tmp_path, "store", "upgrade")
    assert (again.returncode, "nothing changed" in again.stdout) == (0, True)
    assert list((tmp_path / "store-copies").iterdir()) == [copy]
    missing = tocsin(tmp_path, "promote", "admin1", "1", "--reason", "none")
    assert "tocsin-admin1/1 is not in the MLflow store" in missing.stderr


def test_a_database_on_a_server_is_upgraded_after_a_dump_of_it(
    postgres: str, tmp_path: Path
) -> None:
    name = f"old_{uuid4().hex}"
    execute(f"{postgres}/postgres", f"CREATE DATABASE {name}")
    uri = f"{postgres}/{name}"
    old_database(uri)
    old = revision_of(uri)
    refused = tocsin(
        tmp_path, "promote", "admin1", "1", "--reason", "none", MLFLOW_TRACKING_URI=uri
    )
    assert "run `tocsin store upgrade`, which makes a copy first\n" in refused.stderr
    without = tocsin(tmp_path, "store", "upgrade", MLFLOW_TRACKING_URI=uri, PATH="/nowhere")
    assert without.returncode == 1
    assert "install pg_dump (Debian: postgresql-client), or copy the database" in without.stderr
    assert revision_of(uri) == old
    upgraded = tocsin(tmp_path, "store", "upgrade", MLFLOW_TRACKING_URI=uri)
    assert upgraded.returncode == 0, upgraded.stderr
    assert revision_of(uri) == REVISION
    (copy,) = (tmp_path / "store-copies").iterdir()
    execute(f"{postgres}/postgres", f"CREATE DATABASE {name}_restored")
    restored = f"{uri}_restored"
    subprocess.run(["pg_restore", f"--dbname={restored}", str(copy)], check=True)
    assert revision_of(restored) == old


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("http://127.0.0.1:1", "is no database: run `mlflow db upgrade` where that server runs"),
        ("postgresql://127.0.0.1:1/mlflow", "cannot be upgraded (connection failed: "),
        ("", "mlflow.db' to upgrade: name its home with --home"),
    ],
)
def test_what_cannot_be_upgraded_says_why_in_one_line(
    uri: str, reason: str, tmp_path: Path
) -> None:
    refused = tocsin(tmp_path, "store", "upgrade", MLFLOW_TRACKING_URI=uri)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert reason in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
