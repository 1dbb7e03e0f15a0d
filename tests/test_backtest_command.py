"""`tocsin backtest` killed midway and taken up again, against one that was left alone."""

import os
import signal
import time
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import mlflow
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from experiments.tracking import runs
from features.archive.releases import Archive
from features.sources.simulation.world import World, deliver
from models.references import REFERENCES
from tests.command import as_toml, process, tocsin
from tests.targets import TARGETS_AHEAD

PATIENCE_S = 120
TASKS = 2 * 18  # two folds of one learner, eighteen cells
WINDOW = ("--from", "2022-01", "--to", "2022-10")


def arguments(home: Path) -> list[str]:
    files = ("--config", str(home / "small.toml"), "--report", str(home / "report.html"))
    return ["backtest", *files, *WINDOW, "--origin", "2023-10", "--jobs", "1"]


def finished_tasks(home: Path) -> dict[str, int]:
    """When each result was written, by its name."""
    files = (home / "backtests").glob("*/*.npz")
    return {file.name: file.stat().st_mtime_ns for file in files}


def killed_midway(home: Path, after: int) -> None:
    """Run the command and kill it once so many tasks are done."""
    with process(home, *arguments(home)) as backtest:
        deadline = time.monotonic() + PATIENCE_S
        while len(finished_tasks(home)) < after and time.monotonic() < deadline:
            time.sleep(0.005)
        os.killpg(backtest.pid, signal.SIGKILL)
    assert backtest.returncode == -signal.SIGKILL


def forecasts(home: Path) -> pd.DataFrame:
    (path,) = (home / "artifacts").rglob("probabilities.parquet")
    return pd.read_parquet(path)


@pytest.fixture(scope="module")
def homes(
    world: World, small_settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Two homes with the same events and experiment."""
    base = tmp_path_factory.mktemp("homes")
    settings = small_settings | {
        "learners": ["logistic"],
        "targets": TARGETS_AHEAD,
        "backtest": {"years": 1, "refit_months": 6},
        "training": small_settings["training"] | {"months": 48},
    }
    Archive(base / "one").add(deliver(world, date(2025, 1, 15)))
    for name in ("one", "other"):
        home = base / name
        home.mkdir(exist_ok=True)
        (home / "small.toml").write_text(as_toml(settings))
    (base / "other" / "events").symlink_to(base / "one" / "events")
    return base / "one", base / "other"


def test_a_backtest_that_was_killed_goes_on_to_the_same_end(homes: tuple[Path, Path]) -> None:
    broken, whole = homes
    killed_midway(broken, after=7)
    before = finished_tasks(broken)
    assert 7 <= len(before) < TASKS
    # One of the finished files is damaged too, as by a full disk.
    damaged = next((broken / "backtests").glob("*/*.npz"))
    damaged.write_bytes(damaged.read_bytes()[:100])
    with (
        mock.patch.object(runs, "pictures_of", return_value=[]),
        mock.patch.object(mlflow, "log_table"),
    ):
        resumed, undisturbed = (tocsin(home, *arguments(home)) for home in homes)
    assert (resumed.returncode, undisturbed.returncode) == (0, 0), resumed.stderr
    after = finished_tasks(broken)
    assert set(after) == set(finished_tasks(whole))
    assert len(after) == TASKS
    same = [name for name in before if after[name] == before[name]]
    assert sorted(same) == sorted(set(before) - {damaged.name})
    for file in (broken / "backtests").glob("*/*.npz"):
        (twin,) = (whole / "backtests").glob(f"*/{file.name}")
        assert file.read_bytes() == twin.read_bytes()
        assert file.parent.name == twin.parent.name
    assert_frame_equal(forecasts(broken), forecasts(whole), check_exact=True)
    assert (broken / "report.html").read_text() == (whole / "report.html").read_text()
    assert resumed.stdout.replace(str(broken), str(whole)) == undisturbed.stdout

    lines = undisturbed.stdout.splitlines()
    assert lines[0].startswith("SIMULATED admin1: logistic is ")
    assert lines[-1] == f"  report: {whole / 'report.html'}"
    assert "origins 2022-01 to 2022-10" in (whole / "report.html").read_text()
    origins = forecasts(whole)["origin"]
    assert (origins.min(), origins.max()) == (52 * 12, 52 * 12 + 9)


def test_a_backtest_registers_nothing_and_is_a_run_with_its_forecasts_under_it(
    homes: tuple[Path, Path],
) -> None:
    uri = f"sqlite:///{homes[1] / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    assert client.search_registered_models() == []
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    names = {run.data.tags["role"]: run.info.run_name for run in runs}
    assert sorted(run.data.tags["role"] for run in runs) == [
        "backtest", "learner", *["reference"] * len(REFERENCES),
    ]  # fmt: skip
    assert names["backtest"] == "admin1 to 2023-10: backtest of logistic"
    (parent,) = (run.info.run_id for run in runs if run.data.tags["role"] == "backtest")
    assert [a.path for a in client.list_artifacts(parent) if not a.is_dir] == [
        "configuration.json", "report.html",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "2022-13"), "2022-13"),
        (("--to", "2024-12"), "cannot be judged by outcomes up to 2024-12"),
        (("--level", "village"), "village"),
    ],
)
def test_what_cannot_be_done_is_one_plain_line(
    homes: tuple[Path, Path], options: tuple[str, ...], words: str
) -> None:
    home = homes[1]
    refused = tocsin(home, "backtest", "--config", str(home / "small.toml"), *options)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1
