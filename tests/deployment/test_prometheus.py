"""A real Prometheus with the files of the deployment, and a real service that it scrapes."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bulletins.shared import SharedBulletins
from service.access.keys import KeyRing
from tests.bulletins.example import EXAMPLE_ID, NOW, publish_bulletin
from tests.deployment.conftest import DEPLOYMENT, free_port, needs, read_yaml, running
from tests.paths import ROOT
from tests.service.conftest import serving_with, wait_until

pytestmark = needs("prometheus", "promtool")

RULES = "tocsin-rules.yml"
RULES_TEST = ROOT / "tests" / "deployment" / "rules.yml"


def alerts() -> dict[str, str]:
    """The expression of each alert, by name."""
    (group,) = read_yaml(DEPLOYMENT / RULES)["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def promtool(folder: Path, *arguments: str) -> None:
    checked = subprocess.run(
        ["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_promtool_takes_the_files(tmp_path: Path) -> None:
    shutil.copytree(DEPLOYMENT, tmp_path, dirs_exist_ok=True)
    text = (DEPLOYMENT / "prometheus.yml").read_text()
    (tmp_path / "tocsin.key").write_text("a key")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus", str(tmp_path)))
    promtool(tmp_path, "check", "config", "--lint-fatal", "prometheus.yml")
    promtool(tmp_path, "check", "rules", "--lint-fatal", RULES)


def test_each_alert_rings_when_it_should_and_not_before(tmp_path: Path) -> None:
    shutil.copy(DEPLOYMENT / RULES, tmp_path)
    promtool(tmp_path, "test", "rules", str(shutil.copy(RULES_TEST, tmp_path)))
    _, bad = read_yaml(RULES_TEST)["tests"]
    assert [case["alertname"] for case in bad["alert_rule_test"]] == list(alerts())


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A Prometheus that has scraped a service with keys; gives a client of its API."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    publish_bulletin(folder / "home")
    (folder / "tocsin.key").write_text(KeyRing(folder / "home").add("prometheus", NOW.date()))
    shared = SharedBulletins(folder / "home", folder.as_uri())
    with serving_with(folder / "home", needs_key=True, shared=shared) as service:
        text = (DEPLOYMENT / "prometheus.yml").read_text()
        for before, after in {
            "_interval: 30s": "_interval: 100ms",
            "127.0.0.1:8000": service.base_url.netloc.decode(),
            "/etc/prometheus/tocsin.key": f"{folder}/tocsin.key",
        }.items():
            assert before in text
            text = text.replace(before, after)
        (folder / "prometheus.yml").write_text(text)
        shutil.copy(DEPLOYMENT / RULES, folder)
        command = [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
        with (
            running(command, folder, port),
            httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as client,
        ):
            wait_until(lambda: query(client, 'up{job="tocsin"} == 1') != [])
            yield client


def query(client: httpx.Client, expression: str) -> list[dict[str, Any]]:
    answer = client.get("/query", params={"query": expression}).raise_for_status()
    result: list[dict[str, Any]] = answer.json()["data"]["result"]
    return result


def test_the_current_bulletin_can_be_asked_of_prometheus(prometheus: httpx.Client) -> None:
    (bulletin,) = query(prometheus, "tocsin_bulletin")
    assert bulletin["metric"]["bulletin"] == EXAMPLE_ID
    (age,) = query(prometheus, "tocsin_bulletin_age_days")
    assert age["value"][1] == "4"


def test_rules_read_metrics_that_the_service_has(prometheus: httpx.Client) -> None:
    wait_until(lambda: query(prometheus, 'tocsin_requests_total{route="/metrics"}') != [])
    names = {name for text in alerts().values() for name in re.findall(r"\btocsin_\w+", text)}
    assert len(names) == 6
    assert [name for name in sorted(names) if not query(prometheus, name)] == []


def test_prometheus_evaluates_every_rule(prometheus: httpx.Client) -> None:
    def healths() -> dict[str, str]:
        (group,) = prometheus.get("/rules").json()["data"]["groups"]
        return {rule["name"]: rule["health"] for rule in group["rules"]}

    wait_until(lambda: "unknown" not in healths().values())
    assert healths() == dict.fromkeys(alerts(), "ok")
