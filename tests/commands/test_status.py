"""Whether all is well, told at once."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bulletins.reading import read_manifests
from commands.status import Age
from service.freshness import Freshness
from tests.bulletins.example import publish_bulletin
from tests.command import environment, tocsin

AT_ONCE = """
import sys
from tocsin import main
for arguments in (["--help"], ["--version"], ["status"]):
    sys.argv = ["tocsin", *arguments]
    try:
        main()
    except SystemExit:
        pass
heavy = {"pydantic", "pandas", "mlflow", "pyarrow", "numpy", "rich", "babel", "sqlalchemy"}
print(sorted(heavy & sys.modules.keys()), file=sys.stderr)
"""


def states(home: Path, **changes: str) -> dict[str, tuple[str, str]]:
    """State and details of each line, by what it is about."""
    shown = tocsin(home, "status", "--format", "json", cwd=None, **changes)
    lines = json.loads(shown.stdout)
    assert shown.returncode == int(any(line["state"] == "bad" for line in lines))
    return {line["about"]: (line["state"], line["details"]) for line in lines}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one release and one bulletin issued an hour ago."""
    publish_bulletin(tmp_path, issued_at=datetime.now(UTC) - timedelta(hours=1))
    release = {"source": "mine", "release": "1", "simulated": True, "observed_to": "2024-12"}
    folder = tmp_path / "events" / "source=mine" / "release=1"
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(json.dumps(release))
    (tmp_path / "mlflow.db").touch()
    return tmp_path


def test_all_is_well(home: Path) -> None:
    manifest = read_manifests(home)[0][0]
    shown = tocsin(home, "status")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert 10 <= len(lines) <= 11
    assert {line.split()[0] for line in lines} == {"ok"}
    assert max(len(line) for line in lines if "home" not in line) <= 80
    assert f"SIMULATED {manifest.id}, issued on" in shown.stdout
    assert "ok    events    SIMULATED mine: 1 in the archive" in lines
    assert "ok    next      nothing to do" in lines


def test_an_empty_home_says_where_it_is_and_what_to_do(tmp_path: Path) -> None:
    found = states(tmp_path / "none")
    assert found["home"] == ("bad", str(tmp_path / "none"))
    assert found["bulletin"] == ("bad", "none yet")
    assert found["next"] == ("warn", "tocsin fetch ucdp; tocsin ingest ucdp downloads/*")


def test_a_damaged_bulletin_and_release_are_named(home: Path) -> None:
    (bulletin,) = (home / "bulletins").iterdir()
    with (bulletin / "drivers.parquet").open("ab") as file:
        file.write(b"more")
    (home / "events" / "source=mine" / "release=1" / "release.json").write_text("{")
    found = states(home)
    assert found["bulletins"] == ("bad", f"0 whole, damaged: {bulletin.name}")
    assert found["events"][0] == "bad"
    assert "release=1" in found["events"][1]


def test_settings_say_what_is_stale_and_misspelt_variables_are_named(home: Path) -> None:
    found = states(home, TOCSIN_MAX_AGE_DAYS="0.01", TOCSIN_PROT="1")
    assert found["bulletin"][0] == "bad"
    assert "stale: it was issued on" in found["bulletin"][1]
    assert found["settings"] == ("warn", "in the environment, no setting: TOCSIN_PROT")
    assert found["next"] == ("warn", "tocsin train; tocsin publish")


def test_a_setting_that_cannot_be_used_is_named(home: Path) -> None:
    shown = tocsin(home, "status", TOCSIN_MAX_AGE_DAYS="soon")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.startswith("tocsin: settings cannot be used: TOCSIN_MAX_AGE_DAYS: ")


@pytest.mark.parametrize("simulated", [True, False])
@pytest.mark.parametrize("days", [0, 44, 46, 59, 61, 90, 105, 107])
def test_stale_means_what_it_means_to_the_service(
    tmp_path: Path, days: int, simulated: bool
) -> None:
    manifest = publish_bulletin(tmp_path, simulated=simulated)
    now = manifest.issued_at + timedelta(days=days)
    limits = Freshness(timedelta(days=45), timedelta(days=75))
    fault = Age(now, 45, 75).fault(manifest.origin, manifest.issued_at, simulated=simulated)
    assert (fault is None) == (limits.fault(manifest, now) is None)


def test_what_answers_at_once_imports_nothing_heavy(home: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", AT_ONCE],
        check=True,
        capture_output=True,
        text=True,
        env=environment(home),
    )
    assert run.stderr == "[]\n"
    assert "ok    next" in run.stdout
