"""Compose takes the file, and every command in it does here what it is there for."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import httpx
import mlflow
import pytest

from experiments.tracking.store import open_store
from service.access.keys import KeyRing
from tests.bulletins.example import NOW, publish_bulletin
from tests.deployment.conftest import DEPLOYMENT, free_port, read_yaml, running
from tests.paths import ROOT
from tests.servers import postgres_program

FILE = DEPLOYMENT / "compose.yaml"
PROGRAMS = Path(sys.executable).parent
SECRETS = {"DATABASE_PASSWORD": "a", "OBJECTS_PASSWORD": "b"}
BARE = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
"""All that commands have of the environment, but for what the files set."""

Words = list[str]


def compose(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """What Compose makes of the file."""
    command = [f"{PROGRAMS}/docker-compose", "--file", str(FILE), "config", "--format", "json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def described(name: str) -> dict[str, Any]:
    """A service of the file."""
    service: dict[str, Any] = read_yaml(FILE)["services"][name]
    return service


def changed(words: Words, changes: dict[str, str]) -> Words:
    """The words of a command with each text changed, which must be in one."""
    for before, after in changes.items():
        assert any(before in word for word in words), before
        words = [word.replace(before, after) for word in words]
    return words


def is_healthy(name: str, changes: dict[str, str], **variables: str) -> bool:
    """Whether the check of a service succeeds, with each text of it changed."""
    kind, *words = described(name)["healthcheck"]["test"]
    assert kind == "CMD"
    command = changed(words, changes)
    check = subprocess.run(command, env=BARE | variables, capture_output=True, check=False)
    return check.returncode == 0


def test_compose_takes_the_file_and_nothing_without_its_secrets() -> None:
    taken = compose(SECRETS)
    assert taken.returncode == 0, taken.stderr
    services = json.loads(taken.stdout)["services"]
    assert len(services) == 5
    for secret in SECRETS:
        refused = compose({name: "x" for name in SECRETS if name != secret})
        assert (refused.returncode, secret in refused.stderr) == (1, True)
    uses = {name: set(service["environment"].values()) for name, service in services.items()}
    assert {name for name in services if "a" in uses[name]} == {"postgres", "mlflow"}
    assert {name for name in services if "b" in uses[name]} == {"objects", "mlflow"}


def test_no_service_may_more_than_it_needs_or_is_open_to_other_machines() -> None:
    for name, service in json.loads(compose(SECRETS).stdout)["services"].items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}, name
    (home,) = described("tocsin")["volumes"]
    assert home.endswith(":ro")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a service as the image starts it, and a key."""
    folder, port = tmp_path_factory.mktemp("container"), free_port()
    publish_bulletin(folder)
    key = KeyRing(folder).add("ada", NOW.date())
    text = (DEPLOYMENT / "Containerfile").read_text()
    (command,) = re.findall(r"^CMD (.+)", text, re.MULTILINE)
    (variables,) = re.findall(r"^ENV (.+)", text, re.MULTILINE)
    image = dict(word.split("=") for word in changed(variables.split(), {"0.0.0.0": "127.0.0.1"}))
    own = {
        "TOCSIN_HOME": str(folder),
        "TOCSIN_PORT": str(port),
        "TOCSIN_WRONG_KEYS_PER_MINUTE": "1",
    }
    environment = BARE | image | described("tocsin")["environment"] | own
    with running(json.loads(command), folder, port, environment):
        yield f"http://127.0.0.1:{port}", key


def test_the_service_answers_who_has_a_key(serving: tuple[str, str]) -> None:
    address, key = serving
    assert httpx.get(f"{address}/v1/scores").status_code == 401
    assert httpx.get(f"{address}/v1/scores", auth=("ada", key)).status_code == 200


def test_the_service_tells_clients_apart_by_what_the_proxy_says(serving: tuple[str, str]) -> None:
    def status(key: str, client: str) -> int:
        headers = {"X-API-Key": key, "X-Forwarded-For": client}
        return httpx.get(f"{serving[0]}/v1/targets", headers=headers).status_code

    assert [status("wrong", "198.51.100.1"), status("wrong", "198.51.100.1")] == [401, 429]
    assert status("wrong", "198.51.100.2") == 401


def test_the_service_is_healthy_while_it_answers(serving: tuple[str, str]) -> None:
    place = serving[0].removeprefix("http://")
    assert is_healthy("tocsin", {"127.0.0.1:8000": place})
    assert not is_healthy("tocsin", {"127.0.0.1:8000": f"127.0.0.1:{free_port()}"})


def test_the_command_of_the_cycle_is_repeated_though_it_failed(tmp_path: Path) -> None:
    cycle = "tocsin --quiet cycle"
    assert f"/{cycle}\n" in (DEPLOYMENT / "tocsin-cycle.service").read_text()
    command = changed(described("cycle")["command"], {cycle: "tocsin scores", "1d": "0.1"})
    environment = BARE | {"TOCSIN_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as loop:
        assert loop.stderr is not None
        lines = [loop.stderr.readline() for _ in range(2)]
        loop.terminate()
    assert lines[0].startswith("tocsin: there is no bulletin in ")
    assert lines[0] == lines[1]


class Tracking(NamedTuple):
    """An MLflow server."""

    address: str
    port: int
    log: Path


@pytest.fixture(scope="module")
def tracking(
    make_database: Callable[[], str], object_store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tracking]:
    """A server on PostgreSQL and an object store."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    changes = {
        "0.0.0.0": "127.0.0.1",
        ":5000": f":{port}",
        "postgresql://tocsin@postgres/mlflow": make_database(),
        "s3://tocsin/mlflow": f"{object_store}/server",
    }
    command = changed(shlex.split(described("mlflow")["command"]), changes)
    variables = {k: os.environ.get(k, v) for k, v in described("mlflow")["environment"].items()}
    environment = BARE | variables | {"MLFLOW_PORT": str(port)}
    with running(command, folder, port, environment):
        yield Tracking(f"http://localhost:{port}", port, folder / "log")


def test_a_client_of_mlflow_needs_neither_the_database_nor_the_objects(
    tracking: Tracking, object_store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, _, prefix = object_store.removeprefix("s3://").partition("/")
    objects = boto3.resource("s3").Bucket(bucket).objects.filter(Prefix=f"{prefix}/server")
    for name in described("mlflow")["environment"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in described("cycle")["environment"].items():
        monkeypatch.setenv(name, value)
    store = open_store(tmp_path, tracking.address)
    client = store.client()
    run = client.create_run(store.experiment("admin1", simulated=True)).info
    client.log_text(run.run_id, "weights", "forecaster/model.txt")
    client.create_registered_model("tocsin-admin1")
    client.create_model_version("tocsin-admin1", f"{run.artifact_uri}/forecaster", run.run_id)
    client.set_registered_model_alias("tocsin-admin1", "champion", "1")
    file = mlflow.artifacts.download_artifacts("models:/tocsin-admin1@champion/model.txt")
    assert Path(file).read_text() == "weights"
    (stored,) = objects
    assert stored.key.endswith("forecaster/model.txt")
    requests = tracking.log.read_text()
    assert f"{run.run_id}/artifacts/forecaster/model.txt" in requests
    assert "presigned" not in requests  # an address of the object store for the client


def test_mlflow_answers_by_its_own_name_alone(tracking: Tracking) -> None:
    address = httpx.URL(described("cycle")["environment"]["MLFLOW_TRACKING_URI"])
    names = {address.host: 200, "localhost": 200, "risk.example.org": 403}
    path = f"{tracking.address}/api/2.0/mlflow/experiments/search?max_results=1"
    for name, status in names.items():
        headers = {"Host": f"{name}:{tracking.port}"}
        assert httpx.get(path, headers=headers).status_code == status, name


def test_mlflow_is_healthy_while_it_answers(tracking: Tracking) -> None:
    assert is_healthy("mlflow", {":5000": f":{tracking.port}"})
    assert not is_healthy("mlflow", {":5000": f":{free_port()}"})


def test_postgres_is_healthy_while_it_answers(postgres: str) -> None:
    here = {"pg_isready": str(postgres_program("pg_isready"))}
    assert is_healthy("postgres", here, PGPORT=postgres.rpartition(":")[2])
    assert not is_healthy("postgres", here, PGPORT=str(free_port()))


@pytest.mark.usefixtures("make_database")
def test_the_database_is_copied_as_the_page_says(postgres: str) -> None:
    page = (ROOT / "docs" / "deployment.md").read_text()
    (command,) = re.findall(r"exec -T postgres (pg_dump .+) > mlflow.dump", page)
    program, *arguments = shlex.split(command)
    here = BARE | {"PGHOST": "127.0.0.1", "PGPORT": postgres.rpartition(":")[2]}
    copy = subprocess.run(
        [str(postgres_program(program)), *arguments], env=here, capture_output=True, check=True
    )
    assert copy.stdout.startswith(b"PGDMP")
