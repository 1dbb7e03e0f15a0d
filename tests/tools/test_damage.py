"""A few of the damages that `python -m tools.damage` does to a home, one of each kind."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.store.bulletins import BulletinStore
from tests.bulletins.example import EXAMPLE_MONTHS, publish_months
from tests.command import tocsin
from tools.damage import KINDS, Damage, Kind, Outcome, damages_of, fault_of, inflict

COMMANDS = (("bulletins",), ("scores", "--limit", "1"), ("status",), ("events",), ("key", "list"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a release of counts, two bulletins and a key."""
    home = tmp_path_factory.mktemp("home")
    publish_months(home, EXAMPLE_MONTHS[:2])
    counts = home.with_name("counts.csv")
    counts.write_text("country,region,month,deaths\nBFA,Sahel,2024-01,3\nBFA,Sahel,2024-02,1\n")
    source = ("--source", "mine", "--release", "1", "--available-on", "2024-04-01")
    for command in (("ingest", "counts", str(counts), *source), ("key", "new", "x")):
        assert tocsin(home, *command).returncode == 0
    return home


@pytest.mark.parametrize("kind", KINDS)
def test_damage_ends_no_command_with_a_traceback_and_hides_no_good_bulletin(
    home: Path, tmp_path: Path, kind: Kind
) -> None:
    chance = random.Random(kind)
    damages = [damage for damage in damages_of(home) if damage.kind == kind]
    bulletins = {path.name for path in (home / "bulletins").iterdir()}
    for number, damage in enumerate(chance.sample(damages, 2)):
        copy = Path(shutil.copytree(home, tmp_path / str(number)))
        inflict(copy, damage, chance)
        for command in COMMANDS:
            shown = tocsin(copy, *command)
            fault = fault_of(Outcome(shown.returncode, shown.stderr))
            assert fault is None, (damage, command)
        if damage.path != "bulletins":
            good = {name for name in bulletins if not damage.path.startswith(f"bulletins/{name}")}
            store = BulletinStore(copy)
            assert {store.get(name).manifest.id for name in good} == good


def test_a_command_runs_where_it_reads_or_lists_what_is_damaged(home: Path, tmp_path: Path) -> None:
    """In a process of its own, since it is split."""
    script = (
        "import sys, pathlib, tools.damage as d; home, folder = map(pathlib.Path, sys.argv[1:])"
    )
    script += "; print(*sorted(d.read_by(['key', 'list'], home, folder)))"
    arguments = [sys.executable, "-c", script, str(home), str(tmp_path)]
    shown = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=100)
    assert shown.stdout.split() == ["keys.json"]
    assert list(tmp_path.iterdir()) == [tmp_path / "errors"]


def test_what_a_command_may_not_do_is_a_fault() -> None:
    ends = [Outcome(0, "a note\n"), Outcome(1, "tocsin: refused\n"), Outcome(2, "Usage:\n...\n")]
    assert [fault_of(end) for end in ends] == [None] * 3
    assert fault_of(Outcome(None, "")) == "hangs"
    assert fault_of(Outcome(-11, "")) == "exit code -11"
    assert fault_of(Outcome(1, "one\ntwo\n")) == "2 lines: two"
    assert fault_of(Outcome(1, "Traceback ...\nKeyError: 3\n")) == "traceback: KeyError: 3"


def test_every_file_and_folder_is_damaged_in_every_way(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").write_text("twelve bytes")
    damages = damages_of(tmp_path)
    assert [d.kind for d in damages if d.path == "a/b.txt"] == list(KINDS)
    assert [d.kind for d in damages if d.path == "a"] == [
        kind for kind in KINDS if kind not in {"cut", "noise"}
    ]
    inflict(tmp_path, Damage("a/b.txt", "cut"), random.Random(1))
    assert (tmp_path / "a" / "b.txt").read_text() == "twelve"
