"""Damage a home in every way and see what each command makes of it.

    python -m tools.damage [HOME] [--only scores status ...] [--share 0.1] [--seed 1]

HOME has events, models and at least two bulletins; it is only read. Without one, a small home with
every kind of file is made. Every file and folder of it is cut, emptied, made noise, made
unreadable, replaced by a folder or a link, or by another of its kind, one at a time in a copy.
Then each command must exit with 0, with 1 and one line on stderr, or with 2, print no traceback
and end in time, and the service must serve all other bulletins. A command that does not end in
time runs once more.
A command is left out where it neither reads what is damaged nor lists the folder that holds it.

Each command runs in a process that is split off from this one, so that nothing is imported twice.
`train` and `backtest`, which take long, run where they are named (`--only`). `ui`, `fetch`, `demo`
and `benchmark` are left out: they read no more of a home than others do.
"""

import argparse
import asyncio
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import httpx

import tocsin
from service.app import create_app
from tools.small_home import LONG, commands_of, make_home

Kind = Literal["cut", "emptied", "noise", "unreadable", "other kind", "link", "another"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PATIENCE_S = 10.0
"""How long a command may take, on a machine with nothing else to do [s]."""

_AGES_S = 600
"""How long a command on a whole home may take [s]."""

_MODULES = (
    "experiments.publishing.publish",
    "experiments.record.evaluation",
    "experiments.training",
    "features.archive.revisions",
    "features.panel.region_history",
    "features.sources.counts",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "pyarrow.dataset",
    "service.terminal",
)
"""What the commands import when they are called."""


class Damage(NamedTuple):
    """One file or folder of a home, as a relative path, and what becomes of it."""

    path: str
    kind: Kind


class Outcome(NamedTuple):
    """How a command ended: its exit code, None if it had to be ended, and what it printed."""

    code: int | None
    errors: str


def damages_of(home: Path) -> list[Damage]:
    """Return every damage of every file and folder of a home; a folder cannot be cut or noise."""
    places = sorted(path for path in home.rglob("*") if not path.name.endswith(".lock"))
    return [
        Damage(str(path.relative_to(home)), kind)
        for path in places
        for kind in KINDS
        if path.is_file() or kind not in {"cut", "noise"}
    ]


def inflict(home: Path, damage: Damage, chance: random.Random) -> None:
    """Do a damage to a home."""
    place = home / damage.path
    if damage.kind == "unreadable":
        place.chmod(0)
    elif damage.kind in {"cut", "noise", "emptied"} and place.is_file():
        size = place.stat().st_size
        content = {"cut": place.read_bytes()[: size // 2], "noise": chance.randbytes(size)}
        place.write_bytes(content.get(damage.kind, b""))
    else:
        _replace(home, place, damage.kind, chance)


def _replace(home: Path, place: Path, kind: Kind, chance: random.Random) -> None:
    """Put something else in the place of a file or folder."""
    is_file = place.is_file()
    alike = [p for p in home.rglob(place.name) if p != place and p.is_file() == is_file]
    alike = alike or [p for p in home.rglob(f"*{place.suffix}") if p.is_file() == is_file]
    other = home.with_name("other")
    _copy(chance.choice(sorted(alike)), other)
    place.unlink() if is_file else shutil.rmtree(place)
    if kind == "link":
        place.symlink_to(chance.choice([place.name, "nowhere", os.devnull]))
    elif kind == "another":
        _copy(other, place)
    elif is_file or kind == "emptied":
        place.mkdir()
    else:
        place.write_bytes(b"no folder")
    other.unlink() if is_file else shutil.rmtree(other)


def _copy(source: Path, place: Path) -> None:
    shutil.copy(source, place) if source.is_file() else shutil.copytree(source, place)


def fault_of(outcome: Outcome) -> str | None:
    """Return what is wrong with how a command ended, None if nothing is."""
    if outcome.code is None:
        return "hangs"
    if "Traceback" in outcome.errors:
        return f"traceback: {outcome.errors.rstrip().splitlines()[-1]}"
    if outcome.code not in {0, 1, 2}:
        return f"exit code {outcome.code}"
    lines = outcome.errors.splitlines()
    if outcome.code == 1 and len(lines) > 1:
        return f"{len(lines)} lines: {lines[-1]}"
    return None


def run(arguments: Sequence[str], home: Path, patience_s: float, log: Path) -> Outcome:
    """Run a command in a process split off from this one."""
    child = os.fork()
    if child == 0:
        _become(arguments, home, log)
    end, status = time.monotonic() + patience_s, 0
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return Outcome(code, log.read_text(errors="replace"))
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return Outcome(None, log.read_text(errors="replace"))


def _become(arguments: Sequence[str], home: Path, log: Path) -> None:
    """Be the command from now on, its errors in a file; never returns."""
    code = 1
    try:
        with log.open("wb") as errors, Path(os.devnull).open("wb") as nothing:
            os.dup2(errors.fileno(), 2)
            os.dup2(nothing.fileno(), 1)
        os.environ["TOCSIN_HOME"] = str(home)
        sys.argv = ["tocsin", *arguments]
        if arguments:
            tocsin.main()
        else:
            asyncio.run(_serve(home))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        if code == 1 and sys.exc_info()[1] is not None:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


async def _serve(home: Path) -> None:
    """Ask the service of a home for what it has; raises RuntimeError if a good bulletin fails."""
    wanted = set(os.environ["WANTED"].split())
    transport = httpx.ASGITransport(create_app(home))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for path in ("/readyz", "/", "/bulletins", "/accuracy", "/about"):
            await client.get(path)
        for bulletin in sorted(wanted):
            asked = {"limit": "1", "bulletin": bulletin}
            answer = await client.get("/v1/scores", params=asked)
            if answer.status_code != HTTPStatus.OK:
                raise RuntimeError(f"{bulletin} is not served: {answer.text}")


def survey(
    home: Path, damages: Sequence[Damage], only: Sequence[str], patience_s: float, end: float
) -> Iterator[str]:
    """Yield a line a fault until `end` (monotonic); the last one sums up."""
    counts: Counter[str] = Counter()
    concerned: defaultdict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        bulletins = {path.name for path in (home / "bulletins").iterdir()}
        commands = commands_of(home, folder)
        os.environ["WANTED"] = " ".join(bulletins)
        for command in only or sorted(commands.keys() - LONG):
            for path in read_by(commands[command], home, folder):
                concerned[path].append(command)
        for damage in damages:
            if time.monotonic() > end:
                break
            counts["damages"] += 1
            place = Path(damage.path)
            hit = set(place.parts[1:2]) if place.parts[0] == "bulletins" else set()
            all_hit = damage.path == "bulletins"
            os.environ["WANTED"] = " ".join(() if all_hit else bulletins - hit)
            for command in concerned[damage.path]:
                outcome = _outcome(home, damage, commands[command], patience_s, folder)
                fault = fault_of(outcome)
                counts["runs"] += 1
                counts[f"exit {outcome.code}"] += 1
                if fault is not None:
                    counts["faults"] += 1
                    yield f"{command}: {damage.path} {damage.kind}: {fault}"
    yield f"of {len(damages)} damages: {dict(counts)}"


def read_by(arguments: Sequence[str], home: Path, folder: Path) -> set[str]:
    """Return what a command on a whole home reads, and all in the folders that it lists.

    Raises RuntimeError where the system does not note when a file was read.
    """
    copy = Path(shutil.copytree(home, folder / "home", symlinks=True))
    places = [path for path in copy.rglob("*") if not path.name.endswith(".lock")]
    for path in (copy, *places):
        os.utime(path, ns=(0, path.stat().st_mtime_ns))
    run(arguments, copy, _AGES_S, folder / "errors")
    times = {path: path.stat().st_atime_ns for path in (copy, *places) if path.exists()}
    if not any(times.values()):
        raise RuntimeError(f"'{folder}' is on a disk that does not note when a file was read")
    read = [path for path in places if times.get(path, 1) or times.get(path.parent, 1)]
    _remove(copy)
    return {str(path.relative_to(copy)) for path in read}


def _outcome(
    home: Path, damage: Damage, arguments: Sequence[str], patience_s: float, folder: Path
) -> Outcome:
    """Run a command on a damaged copy of a home; again if it did not end in time."""
    copy = folder / "home"
    for _ in range(2):
        shutil.copytree(home, copy, symlinks=True)
        inflict(copy, damage, random.Random(str(damage)))  # noqa: S311
        outcome = run(arguments, copy, patience_s, folder / "errors")
        _remove(copy)
        if outcome.code is not None:
            break
    return outcome


def whole_home(home: Path, folder: Path) -> None:
    """Make a small home; raises RuntimeError when a command fails."""

    def succeed(arguments: Sequence[str]) -> None:
        outcome = run(arguments, home, _AGES_S, folder / "errors")
        if outcome.code != 0:
            raise RuntimeError(f"{arguments}: {outcome}")

    make_home(home, folder, succeed)


def _remove(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink() and path.stat().st_mode & 0o700 == 0:
            path.chmod(0o700)
    shutil.rmtree(folder)


def main() -> None:
    """Damage a home and print what is wrong with how commands end."""
    parser = argparse.ArgumentParser(description="Damage a home and see what commands make of it.")
    parser.add_argument("home", type=Path, nargs="?", help="A small one is made by default.")
    parser.add_argument("--only", nargs="*", default=[], help="Only these commands.")
    parser.add_argument("--share", type=float, default=1.0, help="Of the damages, by chance.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="Of a command [s].")
    parser.add_argument("--minutes", type=float, default=600, help="Stop then.")
    options = parser.parse_args()
    if os.geteuid() == 0 and os.environ.get("TOCSIN_DAMAGE") != "plain":
        # Root reads what nobody may: give that up, as a service would.
        os.environ["TOCSIN_DAMAGE"] = "plain"
        without = "-dac_override,-dac_read_search"
        command = ["setpriv", "--bounding-set", without, "--inh-caps", without, sys.executable]
        os.execvp(command[0], [*command, "-m", "tools.damage", *sys.argv[1:]])  # noqa: S606
    for module in _MODULES:  # before any thread runs
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        if options.home is None:
            whole_home(home, Path(folder))
        damages = damages_of(home)
        chance = random.Random(options.seed)  # noqa: S311
        damages = chance.sample(damages, round(options.share * len(damages)))
        end = time.monotonic() + 60 * options.minutes
        for line in survey(home.resolve(), damages, options.only, options.patience, end):
            print(line, flush=True)


if __name__ == "__main__":
    main()
