"""The whole path as a user walks it: files in, commands, a real socket, scores out."""

import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import httpx
import pandas as pd
import pytest

from features.months import parse_month
from features.sources.publication import newest_public_month
from features.sources.simulation.world import World, deliver
from tests.command import as_toml, process, tocsin
from tests.targets import HORIZONS, TARGETS_AHEAD
from tests.training import without_pictures

GLEDITSCH_WARD = {"BFA": 439, "MLI": 432, "NER": 436}


@pytest.fixture(scope="module")
def files(
    world: World, small_settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with events in UCDP's columns, their coverage and an experiment."""
    folder = tmp_path_factory.mktemp("files")
    events = deliver(world, pd.Timestamp("2025-01-15").date()).events
    events = events.rename(columns={"event_id": "id", "priogrid": "priogrid_gid"})
    events = events.assign(country_id=events["country"].map(GLEDITSCH_WARD))
    events.drop(columns=["admin1", "country"]).to_csv(folder / "events.csv.gz", index=False)
    spans = ["BFA,2010-01,2024-12", "MLI,2010-01,2024-12", "NER,2010-01,2021-06"]
    (folder / "coverage.csv").write_text(
        "\n".join(["country,first_month,last_month", *spans]) + "\n"
    )
    (folder / "small.toml").write_text(
        as_toml(small_settings | {"learners": ["logistic"], "targets": TARGETS_AHEAD})
    )
    return folder


@pytest.fixture(scope="module", params=["files", "servers"])
def home(
    files: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    """A home in which events were ingested, models trained and a bulletin published.

    Two years of a small world convince no gate, so a person decides. With `servers` models are in
    PostgreSQL, and their artifacts in an object store, where events and bulletins are shared too.
    """
    home = tmp_path_factory.mktemp("home")
    if request.param == "servers":
        servers = {
            "mlflow_tracking_uri": request.getfixturevalue("make_database")(),
            "mlflow_artifacts": f"{request.getfixturevalue('object_store')}/{home.name}",
            "events": (shared := f"{request.getfixturevalue('object_store')}/{home.name}-shared"),
            "bulletins": shared,
        }
        (home / "tocsin.toml").write_text(as_toml(servers))
    for arguments in (
        ("ingest", "ucdp", str(files / "events.csv.gz"), "--coverage", str(files / "coverage.csv")),
        ("train", "--origin", "2023-12", "--config", str(files / "small.toml"), "--jobs", "1"),
        ("promote", "admin1", "1", "--reason", "the only one of a small world"),
        ("publish", "--origin", "2023-12"),
    ):
        with without_pictures():
            done = tocsin(home, *arguments)
        assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with process(home, "serve", "--port", str(port)) as service:
        assert service.stdout is not None
        assert service.stderr is not None
        assert f"http://127.0.0.1:{port}" in service.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        service.send_signal(signal.SIGINT)
        assert "Traceback" not in service.stderr.read()


def test_every_covered_region_has_every_score_and_no_other_region_has_any(address: str) -> None:
    scores = items(f"{address}/v1/scores?limit=1000")
    assert {score["country"] for score in scores} == {"BFA", "MLI"}
    for target in ("instability", "escalation"):
        horizons = TARGETS_AHEAD[target]
        scored = {(s["region"], s["horizon"]) for s in scores if s["target"] == target}
        regions = {s["region"] for s in scores}
        assert scored == {(region, horizon) for region in regions for horizon in horizons}
    assert len({s["region"] for s in scores if s["country"] == "MLI"}) == 9
    january = {s["target_month"] for s in scores if s["horizon"] == 1}
    assert january == {"2024-01"}


def test_scores_are_probabilities_and_agree_with_the_distribution_of_deaths(address: str) -> None:
    profile = httpx.get(f"{address}/v1/scores/MLI-mopti").json()
    by_target = {(s["target"], s["horizon"]): s for s in profile["scores"]}
    for horizon in HORIZONS:
        deaths, instability = by_target["fatalities", horizon], by_target["instability", horizon]
        assert 0 <= instability["probability"] <= 1
        assert deaths["probability"] == instability["probability"]
        quantiles = list(deaths["quantiles"].values())
        assert quantiles == sorted(quantiles)
        reached = deaths["quantiles"]["q50"] >= deaths["threshold"]
        assert reached == (deaths["probability"] > 0.5)


def test_the_bulletin_says_where_its_scores_come_from(address: str) -> None:
    (row,) = items(f"{address}/v1/bulletins")
    manifest = httpx.get(f"{address}/v1/bulletins/{row['id']}").json()
    assert manifest["origin"] == "2023-12"
    assert manifest["simulated"] is False
    expected = newest_public_month("ucdp", date.fromisoformat(manifest["vintage"]["as_of"]))
    assert expected is not None
    assert manifest["months_behind"] == expected - parse_month("2024-12") > 0
    (model,) = manifest["models"]
    assert (model["name"], model["version"], model["trained_to"]) == ("tocsin-admin1", 1, "2023-12")


def test_a_bulletin_is_computed_again_bit_for_bit_and_everything_is_whole(home: Path) -> None:
    (bulletin,) = (path.name for path in (home / "bulletins").iterdir())
    again = tocsin(home, "replay", bulletin)
    assert again.returncode == 0, again.stderr
    verified = tocsin(home, "verify", "--format", "json")
    assert verified.returncode == 0, verified.stdout
    findings = json.loads(verified.stdout)
    assert {finding["state"] for finding in findings} == {"whole"}
    assert {"events", "models", "bulletins"} <= {finding["about"] for finding in findings}
    is_remote = remote_artifacts(home) is not None
    assert is_remote != (home / "mlflow.db").exists()
    assert is_remote != (home / "artifacts").exists()


def test_a_model_that_was_changed_is_named_and_never_used(home: Path) -> None:
    (bulletin,) = (path.name for path in (home / "bulletins").iterdir())
    with changed_model(home):
        verified = tocsin(home, "verify", "--format", "json")
        again = tocsin(home, "replay", bulletin)
    damaged = {row["about"] for row in json.loads(verified.stdout) if row["state"] == "damaged"}
    assert (verified.returncode, damaged) == (1, {"models"})
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "forecaster.skops of tocsin-admin1/1 is not what was registered" in again.stderr


def test_an_object_store_that_is_away_ends_a_command_in_one_line(home: Path) -> None:
    if remote_artifacts(home) is None:
        pytest.skip("its artifacts are in the home")
    (bulletin,) = (path.name for path in (home / "bulletins").iterdir())
    nowhere = {"MLFLOW_S3_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    for arguments in (("replay", bulletin), ("verify",)):
        away = tocsin(home, *arguments, **nowhere)  # type: ignore[arg-type]
        assert (away.returncode, away.stderr.count("\n")) == (1, 1)
        assert "http://127.0.0.1:1" in away.stderr


def remote_artifacts(home: Path) -> str | None:
    """The address of the artifacts of a home whose models are elsewhere."""
    file = home / "tocsin.toml"
    return str(tomllib.loads(file.read_text())["mlflow_artifacts"]) if file.exists() else None


@contextmanager
def changed_model(home: Path) -> Iterator[None]:
    """Change a byte in the file of the model, and mend it in the end."""
    address = remote_artifacts(home)
    if address is None:
        (file,) = (home / "artifacts").rglob("forecaster.skops")
        content = file.read_bytes()
        file.write_bytes(with_other_end(content))
        yield
        file.write_bytes(content)
        return
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    objects = boto3.resource("s3").Bucket(bucket).objects.filter(Prefix=prefix)
    (one,) = (stored for stored in objects if stored.key.endswith("forecaster.skops"))
    content = one.get()["Body"].read()
    one.put(Body=with_other_end(content))
    yield
    one.put(Body=content)


def with_other_end(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def test_publishing_again_changes_nothing(home: Path) -> None:
    before = {path: path.read_bytes() for path in (home / "bulletins").rglob("*.*")}
    again = tocsin(home, "publish", "--origin", "2023-12")
    assert again.returncode == 0
    assert "already there" in again.stdout
    assert {path: path.read_bytes() for path in (home / "bulletins").rglob("*.*")} == before


def test_ingesting_again_changes_nothing(home: Path, files: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (home / "events").rglob("*.*")}
    again = tocsin(
        home, "ingest", "ucdp", str(files / "events.csv.gz"), "--coverage",
        str(files / "coverage.csv"),
    )  # fmt: skip
    assert (again.returncode, "nothing changed" in again.stdout) == (0, True)
    assert {p: p.stat().st_mtime_ns for p in (home / "events").rglob("*.*")} == before


def test_the_terminal_shows_releases_scores_and_the_track_record(home: Path) -> None:
    assert "2010-01,2024-12" in tocsin(home, "events").stdout
    shown = tocsin(home, "scores", "--country", "MLI", "--horizon", "1")
    assert "MLI-mopti" in shown.stdout
    record = tocsin(home, "evaluate")
    assert record.returncode == 0, record.stderr
    rows = re.findall(r"^\| (\w+) \| (\d+) \|", record.stdout, re.MULTILINE)
    assert {("instability", "12"), ("escalation", "6"), ("onset", "3")} <= set(rows)


def test_simulated_events_are_not_mixed_with_real_ones(home: Path) -> None:
    refused = tocsin(home, "ingest", "simulation")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def bad_files(folder: Path) -> dict[str, Path]:
    (folder / "noise.csv").write_bytes(bytes(range(256)) * 40)
    (folder / "empty.csv").touch()
    whole = gzip.compress(b"id,country_id\n" * 5000)
    (folder / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(folder / "two.zip", "w") as packed:
        packed.writestr("a.csv", "id")
        packed.writestr("b.csv", "id")
    names = ["noise.csv", "empty.csv", "cut.csv.gz", "two.zip", "missing.csv"]
    return {name: folder / name for name in names} | {"folder": folder}


@pytest.mark.parametrize(
    "kind", ["noise.csv", "empty.csv", "cut.csv.gz", "two.zip", "missing.csv", "folder"]
)
def test_a_bad_file_gets_one_plain_line_and_leaves_the_archive_as_it_was(
    home: Path, files: Path, tmp_path: Path, kind: str
) -> None:
    before = sorted((home / "events").rglob("*"))
    path = bad_files(tmp_path)[kind]
    refused = tocsin(home, "ingest", "ucdp", str(path), "--coverage", str(files / "coverage.csv"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("tocsin: ")
    assert refused.stderr.count("\n") == 1
    assert sorted((home / "events").rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("train", "--origin", "2023"), 1),
        (("train", "--origin", "2031-01"), 1),
        (("publish", "--origin", "2009-01"), 1),
        (("publish", "--as-of", "yesterday"), 1),
        (("evaluate", "2023-12-000000000000"), 1),
        (("scores", "--country", "FRA"), 1),
        (("train", "--orign", "2023-12"), 2),
        (("nonsense",), 2),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_with_its_exit_code(
    home: Path, arguments: tuple[str, ...], code: int
) -> None:
    refused = tocsin(home, *arguments)
    assert refused.returncode == code
    assert "Traceback" not in refused.stderr
    if code == 1:
        assert refused.stderr.splitlines()[-1].startswith("tocsin: ")


def test_an_empty_home_says_what_to_do_first(tmp_path: Path) -> None:
    for command, remedy in (("train", "ingest"), ("publish", "ingest"), ("scores", "publish")):
        refused = tocsin(tmp_path / "new", command)
        assert (refused.returncode, remedy in refused.stderr) == (1, True), command


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys, tocsin\n"
        "try: tocsin.app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'mlflow', 'sklearn', 'duckdb', 'fastapi', 'pydantic'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def items(url: str) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    rows: list[dict[str, Any]] = []
    following: str | None = url
    base = url.partition("/v1")[0]
    deadline = time.monotonic() + 30
    while following is not None and time.monotonic() < deadline:
        page = httpx.get(following).json()
        rows += page["items"]
        following = base + page["next"] if page["next"] else None
    return rows
