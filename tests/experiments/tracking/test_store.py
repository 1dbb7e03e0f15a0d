import subprocess
import sys
from pathlib import Path

import pytest

from experiments.tracking.store import MlflowStore, model_name, open_store
from features.errors import ModelError

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
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error::RuntimeWarning", "-c", OPEN, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    message = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], message
    assert message[0] == message[1] == ("1\n", "")


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


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be opened"):
        open_store(tmp_path / "file", None)


def test_an_address_of_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="that MLFLOW_TRACKING_URI names cannot be opened"):
        open_store(tmp_path, "nonsense://somewhere")
