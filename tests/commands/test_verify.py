import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bulletins.chain import parse_head
from bulletins.manifest import FORMAT, Manifest, blank_id
from bulletins.writing import sealed, write_bulletin
from commands.verify import findings_of
from experiments.tracking.store import open_store
from features.hashes import sha256_of
from service.access.keys import KeyRing
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_record import publish_record
from tests.bulletins.scenario_example import write_example
from tests.command import tocsin
from tools.benchmarks.verification import missed_changes


def issue(home: Path, origin: str, example: Path) -> Manifest:
    """Issue a small bulletin with all its files after the others of a home."""
    manifest = publish_bulletin(example, origin=origin, id=f"{origin}-0123456789ab")
    folder = example / "bulletins" / manifest.id
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    del files["manifest.json"]
    listed = {"indicators.json": sha256_of(files["indicators.json"])}
    changes = {"format": FORMAT, "id": blank_id(origin), "files": manifest.files | listed}
    return write_bulletin(home, files, manifest.model_copy(update=changes))[0]


@pytest.fixture
def home(own_home: Path, tmp_path: Path) -> Path:
    """A home with events, models, two bulletins and a key."""
    (own_home / "trainings.json").unlink()
    for origin in ("2024-11", "2024-12"):
        issue(own_home, origin, tmp_path / "example")
    publish_record(own_home)
    KeyRing(own_home).add("ana", date(2025, 1, 25))
    return own_home


def states(home: Path) -> dict[str, str]:
    """What is not whole, by what it is about."""
    findings = (finding for finding in findings_of(home) if finding.state != "whole")
    return {about: f"{state}: {details}" for state, about, details in findings}


def test_a_whole_home_is_said_to_be_and_any_byte_that_is_changed_is_found(home: Path) -> None:
    assert states(home) == {}
    findings = findings_of(home)
    assert {finding.about for finding in findings} == {
        *("events", "models", "bulletins", "chain", "record", "keys"),
    }
    (chain,) = (finding.details for finding in findings if finding.about == "chain")
    head = max((home / "bulletins").iterdir(), key=lambda folder: folder.name)
    digest = sha256_of((head / "manifest.json").read_bytes())
    assert chain == f"it ends in {head.name}:{digest}"
    assert missed_changes(home, 25, seed=3) == []
    assert states(home) == {}


def test_a_scenario_is_checked_and_is_no_bulletin(home: Path) -> None:
    manifest = write_example(home)
    assert states(home) == {}
    about = {finding.about: finding.details for finding in findings_of(home)}
    assert about["scenarios"] == f"{manifest.id}: 5 files"
    (home / "scenarios" / manifest.id / "families.parquet").write_bytes(b"other")
    assert states(home)["scenarios"].startswith(
        f"damaged: {manifest.id}: families.parquet is not what was stored"
    )
    (home / "scenarios" / manifest.id / "scenario.json").write_bytes(b"{}")
    assert "scenario.json is not of the form" in states(home)["scenarios"]


def test_what_is_damaged_is_named_with_its_file_and_the_others_are_still_checked(
    home: Path,
) -> None:
    first, last = sorted((home / "bulletins").iterdir())
    (last / "scores.parquet").write_bytes(b"other")
    next((home / "artifacts").rglob("*.skops")).unlink()
    shutil.rmtree(first)
    shown = tocsin(home, "verify")
    assert (shown.returncode, shown.stderr) == (1, "")
    damaged = [line for line in shown.stdout.splitlines() if line.startswith("damaged")]
    assert len(damaged) == 3
    assert "forecaster.skops cannot be read (No such file" in damaged[0]
    assert f"{last.name}: scores.parquet is not what was stored: restore it" in damaged[1]
    assert f"{first.name} was issued and is gone" in damaged[2]


def test_a_database_that_mlflow_changes_is_taken_as_it_is_and_checked_from_then_on(
    home: Path,
) -> None:
    store = open_store(home, None)  # says where the artifacts of the copy lie
    store.client().set_registered_model_tag("tocsin-admin1", "reviewed", "yes")
    assert "mlflow.db was changed since by MLflow" in states(home)["models"]
    assert states(home) == {}
    file = home / "mlflow.db"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert states(home)["models"].startswith("damaged: mlflow.db is not what was stored")


def test_a_database_that_is_changed_and_damaged_is_not_taken_as_it_is(home: Path) -> None:
    store = open_store(home, None)
    store.client().set_registered_model_tag("tocsin-admin1", "reviewed", "yes")
    database = home / "mlflow.db"
    content = bytearray(database.read_bytes())
    content[4096 * 20 : 4096 * 21] = bytes(4096)
    database.write_bytes(content)
    assert states(home)["models"].startswith("damaged: mlflow.db is damaged (")


def test_code_that_loading_left_beside_a_model_is_named(home: Path) -> None:
    code = next((home / "artifacts").rglob("storage.py"))
    (code.parent / "__pycache__").mkdir()
    told = states(home)["models"]
    assert told.startswith("unchecked: 1 folders such as 'artifacts/")
    assert told.endswith("remove them")


def test_what_older_versions_stored_is_said_to_be_unchecked(own_home: Path) -> None:
    (own_home / "artifacts.json").unlink()
    (record,) = own_home.glob("events/*/*/release.json")
    fields = json.loads(record.read_text())
    del fields["files"], fields["record_sha256"]
    record.write_text(json.dumps(fields))
    publish_bulletin(own_home)
    unchecked = states(own_home)
    assert set(unchecked) == {"events", "models", "bulletins"}
    assert all(text.startswith("unchecked") for text in unchecked.values())


def damage_of(home: Path, head: str) -> str:
    """What is damaged, a line each, beside the end of the chain that was noted before."""
    findings = findings_of(home, parse_head(head))
    return "\n".join(f"{f.about}: {f.details}" for f in findings if f.state == "damaged")


def rehash(folder: Path) -> None:
    """Give a manifest another citation, and the id that then follows from it."""
    fields = json.loads((folder / "manifest.json").read_text()) | {"citation": "Another."}
    manifest, content = sealed(Manifest.model_validate(fields))
    (folder / "manifest.json").write_bytes(content)
    folder.rename(folder.with_name(manifest.id))


def test_nobody_can_rewrite_the_past(home: Path, tmp_path: Path) -> None:
    first, last = sorted((home / "bulletins").iterdir())
    (end,) = (f.details.split()[-1] for f in findings_of(home) if f.about == "chain")
    assert damage_of(home, end) == ""
    stranger = tmp_path / "stranger" / "bulletins"
    attacks: list[tuple[str, Callable[[Path], object]]] = [
        (f"{first.name} was issued and is gone", lambda one: shutil.rmtree(one / first.name)),
        (f"{last.name} was noted and is gone", lambda one: shutil.rmtree(one / last.name)),
        (f"{first.name} was issued and is gone", lambda one: rehash(one / first.name)),
        (f"{last.name} was noted and is gone", lambda one: rehash(one / last.name)),
        ("and one alone can", lambda one: shutil.copytree(stranger, one, dirs_exist_ok=True)),
    ]
    issue(tmp_path / "stranger", "2024-10", tmp_path / "strangers")
    whole = tmp_path / "whole"
    shutil.copytree(home / "bulletins", whole)
    for fault, attack in attacks:
        attack(home / "bulletins")
        assert fault in damage_of(home, end)
        shutil.rmtree(home / "bulletins")
        shutil.copytree(whole, home / "bulletins")
    model = next((home / "artifacts").rglob("*.skops"))
    model.write_bytes(b"another model")
    release = next(home.glob("events/*/*/*.parquet"))
    release.write_bytes(b"another release")
    assert f"{model.name} is not what was stored" in damage_of(home, end)
    assert f"{release.name} is not what was stored" in damage_of(home, end)


def test_the_end_that_was_noted_is_given_on_the_command_line(home: Path) -> None:
    end = tocsin(home, "verify").stdout.split("it ends in ")[1].split()[0]
    assert tocsin(home, "verify", "--head", end).returncode == 0
    other = f"{end[:-1]}{'1' if end[-1] == '0' else '0'}"
    shown = tocsin(home, "verify", "--head", other)
    assert (shown.returncode, "is not the one that was noted" in shown.stdout) == (1, True)
    assert "give ID:SHA256" in tocsin(home, "verify", "--head", "nonsense").stderr
