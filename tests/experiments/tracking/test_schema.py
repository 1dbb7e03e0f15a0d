import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from experiments.tracking.schema import (
    REVISION,
    is_database,
    revision_of,
    sqlite_file,
    sqlite_uri,
    upgrade_tables,
    without_password,
)
from experiments.tracking.store import open_store
from features.errors import ModelError
from tests.experiments.tracking.databases import migrations, old_database


def test_the_revision_is_that_of_the_installed_mlflow() -> None:
    assert migrations().get_current_head() == REVISION


def test_a_database_has_no_revision_before_it_is_filled(tmp_path: Path) -> None:
    assert revision_of(sqlite_uri(tmp_path / "new.db")) is None


def test_an_older_store_is_left_as_it_is_until_it_is_upgraded(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    old_database(sqlite_uri(file))
    before = file.read_bytes()
    with pytest.raises(ModelError, match=r"older MLflow: run `tocsin store upgrade`"):
        open_store(tmp_path, None)
    assert file.read_bytes() == before
    upgrade_tables(sqlite_uri(file))
    assert revision_of(sqlite_uri(file)) == REVISION
    names = [one.name for one in open_store(tmp_path, None).client().search_experiments()]
    assert "an old one" in names
    assert {path.name for path in tmp_path.iterdir() if "tocsin" in path.name} == set()


def test_a_newer_store_is_left_alone(own_home: Path) -> None:
    with closing(sqlite3.connect(own_home / "mlflow.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    with pytest.raises(ModelError, match=r"newer MLflow than 3\.\d+\.\d+: use the version of Tocs"):
        open_store(own_home, None)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://ana:a%40b@db.example/mlflow", "postgresql://ana:***@db.example/mlflow"),
        ("postgresql+psycopg://ana:a@b@db/mlflow", "postgresql+psycopg://ana:***@db/mlflow"),
        ("https://ana:secret@mlflow.example", "https://ana:***@mlflow.example"),
        ("postgresql://ana@db:5432/mlflow", "postgresql://ana@db:5432/mlflow"),
        ("http://127.0.0.1:5000/@x", "http://127.0.0.1:5000/@x"),
        ("sqlite:////srv/a:b@c/mlflow.db", "sqlite:////srv/a:b@c/mlflow.db"),
    ],
)
def test_no_password_is_shown(uri: str, shown: str) -> None:
    assert without_password(uri) == shown


def test_what_is_a_database_and_in_which_file() -> None:
    assert is_database("postgresql+psycopg://db/mlflow")
    assert not is_database("http://127.0.0.1:5000")
    assert sqlite_file("sqlite:////srv/mlflow.db") == Path("/srv/mlflow.db")
    assert sqlite_file("postgresql://db/mlflow") is None
