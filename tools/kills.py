"""Kill what writes into a home at random moments, and see that a second run puts it right.

    python -m tools.kills [--kills 100] [--seed 1] [--step train ...]

Each step (ingest, train, publish, verify, key new, home backup, home restore) runs once without a
kill, then as often as is said on a copy of a small simulated home: its process group is killed
(SIGKILL) at a moment drawn from the length of the step, and it runs again. The home must then be as
after a run without a kill, with no leftover in it or among the temporary files. It ends with 1 if
one is not. POSIX only.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from io import StringIO
from multiprocessing import get_context
from pathlib import Path

import tocsin
from experiments.backtest.rolling import Step
from experiments.configuration import DEMO, BacktestSettings, Configuration, read_configuration
from experiments.judging.judge import SHARED_FOLDER, Work
from experiments.publishing.publish import issue_bulletin
from experiments.tracking.registry import champion, load_forecaster
from experiments.tracking.store import model_name, open_store
from experiments.training import train_levels
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.disk import hidden_folder, own_temporary_files
from features.errors import InputError
from features.months import parse_month
from features.places.regions import load_regions
from features.sources.ingestion import FileDelivery
from features.sources.simulation.parameters import SimulationParameters
from features.sources.simulation.world import deliver, simulate
from features.sources.source import FileOptions
from features.sources.ucdp import Ucdp
from service.access.keys import KeyRing
from tools.ged_like import write_ged_like

DAY = date(2025, 7, 20)
ISSUED_AT = datetime(2025, 1, 20, tzinfo=UTC)
ORIGIN = parse_month("2024-12")
EVENTS, EVENTS_FILE = 3_000, "GEDEvent_v25_1.csv"
RESTORED = "restored"
Homes = Mapping[str, Path]


def plainly(steps: Iterable[Step], total: int, label: str) -> Iterable[Step]:  # noqa: ARG001
    """Show no progress."""
    return steps


WORK = Work("0+kills", 1, plainly)


def experiment() -> Configuration:
    """Return the experiment of the demo, as small as can be."""
    full = read_configuration(DEMO)
    few = {target: horizons[:1] for target, horizons in full.targets.items()}
    small = BacktestSettings(years=1, refit_months=24)
    changes = {"levels": ("admin1",), "learners": ("logistic",), "targets": few, "backtest": small}
    return full.model_copy(update=changes)


def vintage_of(home: Path) -> Vintage:
    """Return the events of a home."""
    return open_vintage(Archive(home), DAY)


def ingest(home: Path) -> None:
    """Take in the file of events that lies beside the homes."""
    path = home.parent / EVENTS_FILE
    Archive(home).add(FileDelivery(Ucdp(), path, FileOptions(DAY)))


def train(home: Path) -> None:
    """Train and register the only level."""
    with hidden_folder(home / SHARED_FOLDER) as folder:
        work = replace(WORK, folder=folder)
        train_levels(vintage_of(home), experiment(), open_store(home, None), ORIGIN, work)


def publish(home: Path) -> None:
    """Issue the bulletin of the origin."""
    store = open_store(home, None)
    issue_bulletin(
        vintage_of(home), store, home, ORIGIN, issued_at=ISSUED_AT, code=WORK.code, jobs=1
    )


def new_key(home: Path) -> None:
    """Make a key, or see that the run before has made it."""
    try:
        KeyRing(home).add("somebody", DAY)
    except InputError:
        if [key.name for key in KeyRing(home).names()] != ["somebody"]:
            raise


def command(home: Path, *words: str) -> None:
    """Run a command on a home, its output unseen; raises RuntimeError with that when it fails."""
    with redirect_stdout(StringIO()) as output:
        code = tocsin.app(["--home", str(home), *words], standalone_mode=False)
    if code:
        raise RuntimeError(output.getvalue())


def verify(home: Path) -> None:
    """Check a home; raises RuntimeError when it is not whole."""
    command(home, "verify")


def backup(home: Path) -> None:
    """Back a home up into a folder beside it, or see that the run before has done it."""
    folder = home.with_suffix(".backups")
    if not list(folder.glob("backups/*.json")):
        command(home, "home", "backup", str(folder))


def content_of_backup(home: Path) -> str:
    """Return the files in the backup of a home, each restored, and what is stored of them."""
    folder = home.with_suffix(".backups")
    command(home / RESTORED, "home", "restore", str(folder))
    return files_of(home / RESTORED) + files_of(folder / "contents")


def restore(home: Path) -> None:
    """Restore what was saved within a home, or check what the run before has restored."""
    if (home / RESTORED).exists():
        verify(home / RESTORED)
    else:
        command(home / RESTORED, "home", "restore", str(home / "backups"))


def write_note(home: Path) -> None:
    """Write a note as a person does in MLflow's pages, which `verify` then takes as it is."""
    open_store(home, None).client().update_registered_model(model_name("admin1"), "a note")


def files_of(folder: Path) -> str:
    """Return names and hashes of all files in a folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return "\n".join(
        f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in paths
    )


def models_of(home: Path) -> str:
    """Return what the champion is, and every run or model that is not closed."""
    store = open_store(home, None)
    client, best = store.client(), champion(store, "admin1")
    if best is None:
        raise RuntimeError("no champion")
    forecaster = load_forecaster(store, best)
    experiments = [one.experiment_id for one in client.search_experiments()]
    runs = client.search_runs(experiments, "attributes.status = 'RUNNING'")
    models = [str(model.status) for model in client.search_logged_models(experiments)]
    version = best.learner, best.trained_to, best.passed, best.experiment, forecaster.columns
    return f"{version} running {len(runs)} models {sorted(set(models))}"


STEPS: dict[str, tuple[str, Callable[[Path], None], Callable[[Path], str]]] = {
    "ingest": ("delivered", ingest, lambda home: files_of(home / "events")),
    "train": ("simulated", train, models_of),
    "publish": ("trained", publish, lambda home: files_of(home / "bulletins")),
    "verify": ("changed", verify, files_of),
    "key new": ("empty", new_key, lambda home: str([k.name for k in KeyRing(home).names()])),
    "home backup": ("changed", backup, content_of_backup),
    "home restore": ("saved", restore, lambda home: files_of(home / RESTORED)),
}
"""Of each step: the home that it needs, what it does, and what must be the same in the end."""


def simulate_into(home: Path) -> None:
    """Fill a home with the events of a simulated world."""
    parameters = SimulationParameters(first_month="2010-01", last_month="2024-12", groups=12)
    world = simulate(parameters, load_regions("admin1", ["BFA", "MLI", "NER"]), seed=2)
    Archive(home).add(deliver(world, date(2025, 1, 15)))


def apart(work: Callable[[], object], temporary: Path, after: float | None = None) -> str | None:
    """Do some work in a process of its own, killed after some seconds [s]; return its answer.

    None is that of one that is killed or fails; how it fails is on the standard error.
    """
    answer = temporary.with_suffix(".answer")
    answer.unlink(missing_ok=True)
    child = get_context("fork").Process(target=_answer, args=(work, temporary, answer))
    child.start()
    if after is not None:
        time.sleep(after)
        try:
            os.killpg(child.pid or 0, signal.SIGKILL)
        except ProcessLookupError:  # not even its group is there yet
            child.kill()
    child.join()
    return answer.read_text(encoding="utf-8") if answer.exists() else None


def _answer(work: Callable[[], object], temporary: Path, answer: Path) -> None:
    os.setsid()
    tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
    own_temporary_files()
    try:
        answer.write_text(str(work()), encoding="utf-8")
    finally:
        shutil.rmtree(tempfile.gettempdir())


def leftovers(home: Path, temporary: Path) -> list[str]:
    """Return what is hidden in a home, but for locks, and every temporary file."""
    hidden = [path for path in home.rglob(".*") if path.suffix != ".lock"]
    return [str(path) for path in (*hidden, *temporary.iterdir())]


class Trial:
    """Homes to be copied, and the kills of one step after another."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._temporary = folder, folder / "temporary"
        self._temporary.mkdir()
        self._done = 0

    def _home(self, name: str) -> Path:
        """Return the home of a name, made when it is first asked for."""
        home = self._folder / name
        if home.exists():
            return home
        if name == "trained":
            shutil.copytree(self._home("simulated"), home)
            self._do(lambda: train(home))
            return home
        if name == "changed":
            shutil.copytree(self._home("trained"), home)
            for work in (publish, new_key, write_note):
                self._do(partial(work, home))
            return home
        home.mkdir()
        if name == "simulated":
            self._do(lambda: simulate_into(home))
        elif name == "saved":
            changed, folder = self._home("changed"), str(home / "backups")
            self._do(lambda: command(changed, "home", "backup", folder))
        elif name == "delivered":
            self._do(lambda: write_ged_like(self._folder / EVENTS_FILE, EVENTS))
        return home

    def _do(self, work: Callable[[], object]) -> str:
        answer = apart(work, self._temporary)
        if answer is None:
            raise RuntimeError("it cannot be done even once")
        return answer

    def whole(self, step: str) -> tuple[str, float]:
        """Return what a step that is not killed ends with, and how long it takes [s]."""
        home = self._copy(step)
        begun = time.monotonic()
        self._do(lambda: STEPS[step][1](home))
        length = time.monotonic() - begun
        return self._do(lambda: STEPS[step][2](home)), length

    def fault(self, step: str, whole: str, after: float) -> str | None:
        """Return what is wrong after a kill and a second run, None if nothing is."""
        home = self._copy(step)
        _, work, state = STEPS[step]
        apart(lambda: work(home), self._temporary, after)
        answer = apart(lambda: work(home), self._temporary)
        if answer != "None":
            return f"the second run fails: {answer}"
        if left := leftovers(home, self._temporary):
            return f"left behind: {left}"
        ended = self._do(lambda: state(home))
        shutil.rmtree(home)
        return None if ended == whole else f"ends as {ended}\nand not as {whole}"

    def _copy(self, step: str) -> Path:
        self._done += 1
        place = self._folder / f"home{self._done}"
        return Path(shutil.copytree(self._home(STEPS[step][0]), place))


def kill_often(folder: Path, kills: int, seed: int, steps: Iterable[str] = STEPS) -> list[str]:
    """Return every fault after so many kills of each step; print how each step did."""
    draw, trial, faults = random.Random(seed), Trial(folder), []  # noqa: S311
    for step in steps:
        whole, length = trial.whole(step)
        found = [trial.fault(step, whole, draw.uniform(0, length)) for _ in range(kills)]
        wrong = [f"{step}: {fault}" for fault in found if fault]
        print(f"{step}: {kills} kills within {length:.2f} s, {len(wrong)} at fault", flush=True)
        faults += wrong
    return faults


def main() -> None:
    """Kill every step as often as another."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100, help="Kills of all steps together.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", action="append", choices=STEPS, help="All by default.")
    options = parser.parse_args()
    steps = options.step or list(STEPS)
    with tempfile.TemporaryDirectory() as folder:
        faults = kill_often(Path(folder), options.kills // len(steps), options.seed, steps)
    print("\n".join(faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
