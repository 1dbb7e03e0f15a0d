"""What a command does when it is stopped, misused or meets a broken home."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import httpx
import mlflow
import pytest

from experiments.configuration import DEFAULT
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.places.regions import load_regions
from features.sources.simulation.world import World, deliver
from tests.command import process, tocsin
from tools.ged_like import write_ged_like

PATIENCE_S = 60


@contextmanager
def running(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with process(home, *arguments) as started:
        try:
            yield started
        finally:
            if started.poll() is None:
                os.killpg(started.pid, signal.SIGKILL)


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Press Ctrl-C, which a terminal sends to every process of the group."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def home(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with events only."""
    folder = tmp_path_factory.mktemp("home")
    Archive(folder).add(deliver(world, date(2025, 1, 15)))
    return folder


def test_ctrl_c_ends_the_service_as_if_nothing_were_the_matter(tmp_path: Path) -> None:
    with running(tmp_path, "serve", "--port", "0") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving on http://127.0.0.1:")
        _, errors = interrupt(process)
    assert (process.returncode, errors) == (0, "")


def test_a_service_for_other_machines_says_that_a_key_is_needed_and_how_to_make_one(
    tmp_path: Path,
) -> None:
    with running(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        interrupt(process)
    assert lines[-1].strip() == "requests need an API key: make one with `tocsin key new NAME`"


def test_the_ui_of_a_moved_home_answers_before_it_is_announced_and_ends_quietly(
    tmp_path: Path,
) -> None:
    experiment = open_store(tmp_path / "before", None).experiment("admin1", simulated=False)
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_text("it lies here", "note.txt")
    (tmp_path / "before").rename(tmp_path / "after")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with running(tmp_path / "after", "ui", "--port", port) as process:
        assert process.stdout is not None
        address = f"http://127.0.0.1:{port}"
        assert process.stdout.readline() == f"MLflow UI on {address} (Ctrl-C stops it)\n"
        asked = {"run_uuid": run.info.run_id, "path": "note.txt"}
        assert httpx.get(f"{address}/get-artifact", params=asked).text == "it lies here"
        assert (
            f"tocsin-admin1: {address}/#/experiments/{experiment}/runs" in process.stdout.readline()
        )
        own = open_store(tmp_path / "none", address)
        assert own.experiment("admin1", simulated=False) == experiment
        other = tocsin(tmp_path / "none", "ui", MLFLOW_TRACKING_URI=address)
        assert other.stdout == f"MLflow UI on {address}\n"
        _, errors = interrupt(process)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "Security" not in errors
    assert not (tmp_path / "none").exists()


def test_ctrl_c_ends_a_training_without_a_traceback(home: Path) -> None:
    with running(home, "train", "--jobs", "2") as process:
        deadline = time.monotonic() + PATIENCE_S
        while not (home / "mlflow.db").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        _, errors = interrupt(process)
    assert "Traceback" not in errors
    assert process.returncode == 130, errors


DEAF = """
import atexit, signal, time, tocsin

class Deaf:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

def run():
    Deaf()
    time.sleep(60)

atexit.register(time.sleep, 0.3)
tocsin.app, tocsin._AGAIN_S = run, 0.1
tocsin.main()
"""


def test_ctrl_c_ends_a_command_even_if_a_destructor_swallows_it_and_its_end_takes_a_while() -> None:
    run = subprocess.run(
        [sys.executable, "-c", DEAF], capture_output=True, text=True, timeout=30, check=False
    )
    assert (run.returncode, run.stderr) == (130, "")


CLUMSY = """
import signal, tocsin

def run():
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        raise AssertionError("closed twice")

tocsin.app = run
tocsin.main()
"""


def test_ctrl_c_ends_a_command_even_if_a_library_fails_as_it_is_interrupted() -> None:
    code = [sys.executable, "-c", CLUMSY]
    run = subprocess.run(code, capture_output=True, text=True, timeout=30, check=False)
    assert (run.returncode, run.stderr) == (130, "")


def test_an_error_of_the_code_itself_is_no_line_and_no_interrupt() -> None:
    own = "signal.raise_signal(signal.SIGINT)"
    code = [sys.executable, "-c", CLUMSY.replace(own, "pass")]
    run = subprocess.run(code, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    assert run.stderr.endswith("AssertionError: closed twice\n")


def test_ctrl_c_ends_a_download_that_hangs_and_nothing_half_is_visible(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = ("--files", address, "--to", str(tmp_path / "files"))
        with running(tmp_path, "fetch", "ucdp", "24.0.12", *options) as process:
            connection, _ = silent.accept()
            with connection:
                _, errors = interrupt(process)
    assert (process.returncode, errors) == (130, "")
    assert [path for path in (tmp_path / "files").iterdir() if not path.name.startswith(".")] == []


def test_quiet_and_verbose_say_less_and_more(home: Path) -> None:
    (home / "bulletins" / "2024-12-000000000000").mkdir(parents=True)
    damaged = tocsin(home, "bulletins")
    assert damaged.stderr.startswith("not served: bulletin 2024-12-000000000000")
    assert tocsin(home, "--quiet", "bulletins").stderr == ""
    with running(home, "-v", "publish") as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "commands.environment: publishing\n"
    shutil.rmtree(home / "bulletins")


@pytest.mark.parametrize("arguments", [("indicators", "--markdown"), ("--help",)])
def test_a_reader_that_goes_away_is_no_error_to_report(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with running(tmp_path, *arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


def test_indicators_of_one_family_are_listed_and_a_misspelt_family_is_refused() -> None:
    shown = tocsin(None, "indicators", "--family", "season")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "season_sine" in shown.stdout
    assert "-1 to 1" in shown.stdout
    assert "deaths_mean_3" not in shown.stdout
    refused = tocsin(None, "indicators", "--family", "saison")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no family is called saison: there are history" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_an_unknown_key_in_an_experiment_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "typo.toml").write_text(DEFAULT.read_text().replace("leaves =", "leafs ="))
    refused = tocsin(tmp_path, "train", "--config", str(tmp_path / "typo.toml"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert "boosting.leafs" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--jobs", "0"),
        ("train", "--jobs", "many"),
        ("serve", "--port", "http"),
        ("publish", "2024-01"),
        ("ingest", "ucdp"),
        ("ingest", "unknown"),
    ],
)
def test_misuse_exits_with_2_and_shows_the_usage(arguments: tuple[str, ...]) -> None:
    refused = tocsin(None, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Usage: ")


def test_a_damaged_store_of_models_is_one_plain_line(home: Path, tmp_path: Path) -> None:
    (tmp_path / "events").symlink_to(home / "events")
    (tmp_path / "mlflow.db").write_text("not a database " * 100)
    for command in ("publish", "ui"):
        refused = tocsin(tmp_path, command)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith("tocsin: the MLflow store in ")
        assert refused.stderr.count("\n") == 1


def test_what_ends_a_command_inside_a_library_is_one_line_with_the_first_cause(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "events").symlink_to(home / "events")
    open_store(tmp_path, None)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("ALTER TABLE registered_models RENAME COLUMN description TO other")
    refused = tocsin(tmp_path, "publish")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "tocsin: no such column: registered_models.description: see to the disk and the MLflow "
        "store (tocsin --verbose says where)\n"
    )


def test_publishing_before_training_says_what_to_do(home: Path, tmp_path: Path) -> None:
    (tmp_path / "events").symlink_to(home / "events")
    refused = tocsin(tmp_path, "publish")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"tocsin: no model is registered in the MLflow store in '{tmp_path}': "
        "run `tocsin train` first\n"
    )


def test_the_version_is_that_of_the_package() -> None:
    assert tocsin(None, "--version") == (0, f"tocsin {version('tocsin')}\n", "")


def test_a_home_that_is_named_goes_before_that_of_the_environment(tmp_path: Path) -> None:
    refused = tocsin(tmp_path, "--home", str(tmp_path / "named"), "events")
    assert refused.returncode == 1
    assert f"'{tmp_path / 'named'}'" in refused.stderr


def test_an_empty_home_in_the_environment_is_none(tmp_path: Path) -> None:
    refused = tocsin(None, "events", cwd=tmp_path, TOCSIN_HOME="")
    assert refused.returncode == 1
    assert "'.tocsin'" in refused.stderr


def test_simulated_events_are_said_to_be(home: Path) -> None:
    listing = tocsin(home, "events")
    assert listing.returncode == 0
    assert "SIMULATED" in listing.stdout
    assert "2010-01,2024-12" in listing.stdout


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing among the errors of the command."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP, as UCDP serves its downloads."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_release_is_fetched_ingested_and_shown(tmp_path: Path) -> None:
    published = tmp_path / "published" / "candidateged"
    published.mkdir(parents=True)
    write_ged_like(published / "GEDEvent_v24_0_12.csv", 500, last_day=date(2024, 12, 31))
    home, files = tmp_path / "home", tmp_path / "files"
    with served(tmp_path / "published") as address:
        options = ("--files", address, "--to", str(files))
        fetched = tocsin(None, "fetch", "ucdp", "24.0.12", *options)
        again = tocsin(None, "fetch", "ucdp", "24.0.12", *options)
        absent = tocsin(None, "fetch", "ucdp", "24.0.11", *options)
    file = files / "GEDEvent_v24_0_12.csv"
    assert fetched.stdout == f"{file}: {file.stat().st_size:,} bytes\n"
    assert again.stdout == f"{file}: already there\n"
    assert (absent.returncode, absent.stdout, absent.stderr.count("\n")) == (1, "", 1)
    assert "24.0.11" in absent.stderr
    ingested = tocsin(home, "ingest", "ucdp", str(file), "--coverage", str(everywhere(tmp_path)))
    assert ingested.stdout.startswith("ucdp-candidate 24.0.12: 500 rows read, 500 events, 0 rej")
    shown = tocsin(home, "events", "--as-of", "2025-01-31")
    assert "observed to 2024-12, the newest origin of a forecast" in shown.stderr
    assert "STALE" not in shown.stderr
    late = tocsin(home, "events", "--as-of", "2025-03-01")
    assert "STALE: by 2025-03-01 the source should have published 2025-01" in late.stderr


def everywhere(folder: Path) -> Path:
    """Write the coverage of all countries over the whole period of the generator's events."""
    rows = (f"{country},1989-01,2024-12" for country in load_regions("country").table["id"])
    path = folder / "coverage.csv"
    path.write_text("\n".join(["country,first_month,last_month", *rows]) + "\n")
    return path


def test_a_table_of_dated_vintages_is_read_whole_and_only_its_new_days_again(
    tmp_path: Path,
) -> None:
    home, file = tmp_path / "home", tmp_path / "vintages.csv"
    first = "vintage,month,country,deaths\n2024-07-21,2024-06,Mali,60\n"
    second = "2024-12-21,2024-06,Mali,96\n"
    add = ("ingest", "counts", str(file), "--source", "mine", "--level", "country")
    file.write_text(first)
    assert tocsin(home, *add).stdout.startswith("mine 2024-07-21: 1 rows read, 1 rows of counts")
    file.write_text(first + second)
    again = tocsin(home, *add)
    assert again.stdout.startswith("1 of 2 vintages are in the archive already, nothing changed\n")
    assert "mine 2024-12-21: 1 rows read" in again.stdout
    assert "2024-07-21" not in again.stdout
    both = "2 of 2 vintages are in the archive already, nothing changed\n"
    assert tocsin(home, *add).stdout == both
    assert (
        "MLI,2024-06,60,96,36" in tocsin(home, "events", "diff", "2024-08-01", "2025-01-01").stdout
    )
    for wrong in (("--release", "x"), ("--available-on", "2025-01-01")):
        refused = tocsin(home, *add, *wrong)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "leave out --release, --available-on and --coverage" in refused.stderr
    file.write_text(first.replace("60", "61"))
    assert "is never rewritten" in tocsin(home, *add).stderr
    file.write_text("month,country,deaths\n2024-06,Mali,60\n")
    refused = tocsin(home, *add, "--release", "x")
    assert (refused.returncode, "give --release NAME and --available-on DAY" in refused.stderr) == (
        1,
        True,
    )


def test_what_a_release_changed_is_shown_by_month(tmp_path: Path) -> None:
    home, columns = tmp_path / "home", "country,month,deaths"
    for release, day, deaths in (("a", "2024-07-20", 60), ("b", "2024-12-20", 96)):
        (tmp_path / f"{release}.csv").write_text(
            f"{columns}\nMali,2024-05,5\nMali,2024-06,{deaths}\n"
        )
        added = tocsin(
            home,
            *("ingest", "counts", str(tmp_path / f"{release}.csv"), "--source", "mine"),
            *("--level", "country", "--release", release, "--available-on", day),
        )
        assert added.stdout.startswith(f"mine {release}: 2 rows read, 2 rows of counts, 0 rejected")
    for a, b in (("a", "b"), ("2024-08-01", "2025-01-01")):
        diff = tocsin(home, "events", "diff", a, b)
        assert diff.returncode == 0, diff.stderr
        assert "MLI,2024-06,60,96,36" in diff.stdout
        assert "2024-05" not in diff.stdout
    unknown = tocsin(home, "events", "diff", "a", "c")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
