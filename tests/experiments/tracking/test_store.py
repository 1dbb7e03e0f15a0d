import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import mlflow
import psycopg
import pytest

from experiments.tracking.registry import (
    ModelVersion,
    backtest_forecasts,
    champion,
    load_forecaster,
)
from experiments.tracking.store import VIEW_TAG, MlflowStore, model_name, open_store
from features.errors import ModelError
from tests.servers import execute

OPEN = """
import sys
from pathlib import Path
from experiments.tracking.store import open_store
print("ready", flush=True)
sys.stdin.readline()
store = open_store(Path(sys.argv[1]), None)
print(store.experiment("admin1", simulated=True), flush=True)
"""


def test_two_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", OPEN, str(home)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        experiment = open_store(home, None).experiment("admin1", simulated=True)
        theirs = process.communicate(timeout=60)
    assert process.returncode == 0, theirs
    assert theirs == (f"{experiment}\n", "")
    assert experiment == "1"


def test_the_store_of_a_home_is_a_file_in_it_and_its_artifacts_lie_beside(
    store: MlflowStore,
) -> None:
    assert store.uri.startswith("sqlite:///")
    assert store.artifacts is not None
    home = store.artifacts.parent
    assert Path(store.uri.removeprefix("sqlite:///")) == home / "mlflow.db"
    assert (home / "mlflow.db").is_file()
    result = store.client().get_experiment_by_name("tocsin-admin1 (SIMULATED)")
    assert result is not None
    assert result.artifact_location == (store.artifacts / "admin1").as_uri()


def test_simulated_and_real_experiments_have_names_of_their_own(own_home: Path) -> None:
    store = open_store(own_home, None)
    simulated = store.experiment("admin1", simulated=True)
    real = store.experiment("admin1", simulated=False)
    assert simulated != real
    assert store.experiment("admin1", simulated=False) == real
    names = [store.client().get_experiment(id_).name for id_ in (simulated, real)]
    assert names == [f"{model_name('admin1')} (SIMULATED)", model_name("admin1")]
    note = store.client().get_experiment(simulated).tags["mlflow.note.content"]
    assert note.startswith("SIMULATED")


def contents(home: Path) -> dict[str, str]:
    """The hash of every file of a home."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_a_copied_home_reads_and_writes_its_own_artifacts_alone(
    own_home: Path, tmp_path: Path
) -> None:
    open_store(own_home, None)
    copy = Path(shutil.copytree(own_home, tmp_path / "a copy? 100 %20 its own"))
    before = contents(own_home)
    own_home.rename(tmp_path / "gone")
    store = open_store(copy, None)
    model = champion(store, "admin1")
    assert model is not None
    assert load_forecaster(store, model).level == "admin1"
    assert len(backtest_forecasts(store, model))
    with mlflow.start_run(experiment_id=store.experiment("admin1", simulated=True)) as run:
        mlflow.log_text("new", "note.txt")
    assert (copy / "artifacts" / "admin1" / run.info.run_id / "artifacts" / "note.txt").is_file()
    assert not own_home.exists()
    assert contents(tmp_path / "gone") == before
    assert str(own_home).encode() not in (copy / "mlflow.db").read_bytes()


def test_a_home_that_may_not_be_written_is_read_from_a_copy_of_its_database(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(shutil.copytree(trained, tmp_path / "moved"))
    before = contents(home)
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = open_store(home, None, is_read=True)
    model = champion(store, "admin1")
    assert model is not None
    assert store.artifacts == home / "artifacts"
    assert len(backtest_forecasts(store, model))
    assert contents(home) == before


def test_a_home_is_the_same_behind_a_symbolic_link(own_home: Path, tmp_path: Path) -> None:
    open_store(own_home, None)
    before = (own_home / "mlflow.db").read_bytes()
    (tmp_path / "link").symlink_to(own_home)
    assert open_store(tmp_path / "link", None).artifacts == own_home / "artifacts"
    assert (own_home / "mlflow.db").read_bytes() == before


def test_a_home_inside_one_with_a_longer_name_is_not_taken_for_it(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home", None)
    store.experiment("admin1", simulated=False)
    elsewhere = (tmp_path / "home" / "artifacts-of-others").as_uri()
    other = store.client().create_experiment("another", artifact_location=elsewhere)
    (tmp_path / "home").rename(tmp_path / "moved")
    client = open_store(tmp_path / "moved", None).client()
    assert client.get_experiment(other).artifact_location == elsewhere


def test_the_columns_of_the_shared_view_are_metrics_and_tags_of_its_runs(
    store: MlflowStore, best: ModelVersion
) -> None:
    experiment = store.client().get_experiment_by_name("tocsin-admin1 (SIMULATED)")
    assert experiment is not None
    columns = json.loads(experiment.tags[VIEW_TAG])["selectedColumns"]
    data = store.client().get_run(best.run_id).data
    known = [f"metrics.`{name}`" for name in data.metrics] + [f"tags.`{n}`" for n in data.tags]
    known += ["attributes.`Duration`", "attributes.`Dataset`"]
    never_forecast = {"metrics.`all/surge_brier_skill`"}
    assert set(columns) - never_forecast <= set(known)
    assert "metrics.`all/onset_brier_skill`" in columns


def test_a_deleted_experiment_is_refused_with_the_way_to_restore_it(own_home: Path) -> None:
    store = open_store(own_home, None)
    experiment = store.experiment("admin1", simulated=True)
    store.client().delete_experiment(experiment)
    with pytest.raises(ModelError, match=f"restore --experiment-id {experiment}"):
        store.experiment("admin1", simulated=True)


def test_a_damaged_store_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, whatever its name says" * 100)
    with pytest.raises(ModelError, match="cannot be opened") as refused:
        open_store(tmp_path, None)
    assert "\n" not in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_a_store_that_cannot_be_opened_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").mkdir()
    begun = time.monotonic()
    with pytest.raises(ModelError, match="unable to open database file"):
        open_store(tmp_path, None)
    assert time.monotonic() - begun < 10


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be opened"):
        open_store(tmp_path / "file", None)


def test_an_address_of_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="at nonsense://somewhere cannot be opened"):
        open_store(tmp_path, "nonsense://somewhere")


def test_a_store_on_a_server_says_what_is_wrong_and_what_to_do_in_one_line(
    postgres: str, make_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        ModelError, match=r'"none" does not exist.*: see that the database is there'
    ):
        open_store(tmp_path, f"{postgres}/none")
    with pytest.raises(ModelError, match=r"ana:\*\*\*@127.0.0.1:1/mlflow cannot be opened") as away:
        open_store(tmp_path, "postgresql://ana:secret@127.0.0.1:1/mlflow")
    assert "\n" not in str(away.value)
    store = open_store(tmp_path, database := make_database())
    with pytest.raises(ModelError, match=r"lie: name a place .* in the setting mlflow_artifacts"):
        store.experiment("admin1", simulated=False)
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=100ms")
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE alembic_version, experiments")
        with pytest.raises(ModelError, match=r"lock timeout.*: see that the database is there"):
            open_store(tmp_path, database)
    execute(database, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    with pytest.raises(ModelError, match="is of a newer MLflow than"):
        open_store(tmp_path, database)
    assert list(tmp_path.iterdir()) == []


def test_a_locked_store_is_refused_with_its_reason(own_home: Path) -> None:
    file = own_home / "mlflow.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ModelError, match=r"cannot be opened \(database is locked\)"):
            open_store(own_home, f"sqlite:///{file}?timeout=0.1")


def test_a_server_that_is_away_or_older_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"\(no server answers\): start the server, or name anot"):
        open_store(tmp_path, "http://127.0.0.1:1")
    with (
        answering(b"2.22.0") as address,
        pytest.raises(ModelError, match=r"an older MLflow, 2\.22"),
    ):
        open_store(tmp_path, address)


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Answer every GET with a body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
