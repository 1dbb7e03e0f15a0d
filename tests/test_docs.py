import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import httpx
import pytest
import typer

from commands import demo
from experiments.configuration import read_configuration
from experiments.tracking import runs
from features.indicators.catalogue import LISTED, catalogue_page
from tests.command import tocsin
from tests.paths import ROOT
from tests.service.conftest import serving_with
from tocsin import app

PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
DEMO_COMMANDS = re.compile(
    r"^\s*(?:TOCSIN_HOME=\S+ )?\.venv/bin/tocsin (.+?)(?:\s+#.*)?$", re.MULTILINE
)
CURL = re.compile(r"^curl 'http://127\.0\.0\.1:8000(\S+)'$", re.MULTILINE)
LINK = re.compile(r"\]\((?!http)([^)#]*)#?([^)]*)\)")
"""A file, and a heading in it."""
CHANGES_EVERY_TIME = ("issued_at", "as_of", "bulletin", "id", "next", "citation")


def headings_of(page: Path) -> set[str]:
    """Return the headings of a page as links name them."""
    prose = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
    headings = re.findall(r"(?m)^#+ (.+)$", prose)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def commands_in(page: Path) -> list[str]:
    return DEMO_COMMANDS.findall(page.read_text())


@pytest.fixture(scope="module")
def served_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service of what the README's demo publishes, and would end with itself."""
    home = tmp_path_factory.mktemp("demo") / "home"
    with (
        mock.patch.object(demo, "serve") as served,
        mock.patch.object(runs, "_log_figure"),  # most are in the reports too
        mock.patch.object(runs, "pictures_of", return_value=[]),
    ):
        done = tocsin(None, "demo", "--home", str(home), "--jobs", "1", "--port", "8123")
    assert done.returncode == 0, done.stderr
    checked = tocsin(home, "verify").stdout
    assert {line.split()[0] for line in checked.splitlines()} == {"whole"}, checked
    served.assert_called_once_with(port=8123)
    with serving_with(home, now=lambda: datetime.now(UTC)) as client:
        yield str(client.base_url)


def without_what_changes(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: without_what_changes(inner)
            for key, inner in value.items()
            if key not in CHANGES_EVERY_TIME or (key == "bulletin" and isinstance(inner, dict))
        }
    if isinstance(value, list):
        return [without_what_changes(inner) for inner in value]
    return round(value, 2) if isinstance(value, float) else value


def test_the_readme_shows_the_true_answer_of_the_demo(served_demo: str) -> None:
    page = (ROOT / "README.md").read_text()
    (path,) = CURL.findall(page)
    (shown,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    answer = httpx.get(served_demo + path)
    assert answer.status_code == 200
    assert without_what_changes(answer.json()) == without_what_changes(json.loads(shown))
    probability = answer.json()["items"][0]["probability"]
    assert f"probability of {probability:.0%}".replace("%", " %") in " ".join(page.split())


def test_every_address_in_the_api_page_answers(served_demo: str) -> None:
    paths = CURL.findall((ROOT / "docs" / "api.md").read_text())
    assert len(paths) >= 5
    for path in paths:
        answer = httpx.get(served_demo + path)
        assert answer.status_code == 200, path
        assert answer.headers["tocsin-simulated"] == "true", path


def test_the_demo_says_on_every_page_that_it_is_simulated(served_demo: str) -> None:
    for path in ("/", "/docs"):
        assert "SIMULATED" in httpx.get(served_demo + path).text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_shown_is_one_that_exists(page: Path) -> None:
    group = typer.main.get_command(app)
    for line in commands_in(page):
        context, arguments = group.make_context("tocsin", shlex.split(line)), shlex.split(line)
        command = group
        while hasattr(command, "commands") and arguments:
            name, *arguments = arguments
            command = command.commands[name]
        command.make_context(context.info_name or "", list(arguments))


def test_the_readme_shows_commands_at_all() -> None:
    assert len(commands_in(ROOT / "README.md")) >= 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for name, heading in LINK.findall(page.read_text()):
        target = page.parent / name if name else page
        assert target.exists(), name
        assert not heading or heading in headings_of(target), f"{name}#{heading}"


def test_the_page_of_indicators_is_the_catalogue() -> None:
    assert (ROOT / "docs" / "indicators.md").read_text() == catalogue_page(LISTED)


def test_first_commands_and_first_answer_stand_on_the_first_screen() -> None:
    first = (ROOT / "README.md").read_text().splitlines()[:50]
    for wanted in ("make demo", "make test", "curl ", '"probability"'):
        assert any(wanted in line for line in first), wanted


def test_no_path_of_any_machine_is_written_down() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in files.stdout.split():
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".txt", ".html", ".json"}
            or path.name == "Makefile"
        ):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(?:root|home)/\w", text), name


def test_experiments_shipped_are_valid() -> None:
    for path in (ROOT / "experiments").glob("*.toml"):
        assert read_configuration(path).name == path.stem
