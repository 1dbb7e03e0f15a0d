"""The clock, the environment and the machine, and options that several commands have."""

import logging
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from features.errors import ConfigurationError, InputError
from features.months import parse_month
from features.printable import printable

if TYPE_CHECKING:
    from experiments.backtest.grid import Cluster
    from experiments.judging.judge import Work

Step = TypeVar("Step")

_log = logging.getLogger(__name__)
_ROOMS = ("features", "models", "bulletins", "alerts", "experiments", "service", "commands")

PREFIX = "TOCSIN_"
"""What stands before the name of a setting in the environment."""

_DEFAULT_HOME = Path(".tocsin")


def home() -> Path:
    """Return the folder of the archive, the models and the bulletins.

    Raises ConfigurationError when the settings file cannot be used.
    """
    chosen = os.environ.get("TOCSIN_HOME")
    if chosen:
        return Path(chosen)
    file, named = settings_file(), read_settings_file().get("home")
    if file is None or named is None or file.parent == _DEFAULT_HOME:
        return _DEFAULT_HOME  # a file in a home cannot say where that lies
    return file.parent / Path(str(named)).expanduser()


def existing_home() -> Path:
    """Return the home; raises ConfigurationError where there is none."""
    folder = home()
    if not folder.is_dir():
        raise ConfigurationError(f"there is no home '{folder}': name another with --home")
    return folder


def settings_file() -> Path | None:
    """Return the settings file: named, or `tocsin.toml` here, or in the home; None without one."""
    named = os.environ.get("TOCSIN_SETTINGS")
    if named:
        return Path(named)
    folders = Path(), Path(os.environ.get("TOCSIN_HOME") or _DEFAULT_HOME)
    return next((file for folder in folders if (file := folder / "tocsin.toml").exists()), None)


def use_settings_file(file: Path | None) -> None:
    """Read the settings from a file, here and in the processes that a command starts."""
    if file is not None:
        os.environ["TOCSIN_SETTINGS"] = str(file)


def read_settings_file() -> dict[str, object]:
    """Return the settings in the settings file, unchecked but for their names.

    Raises ConfigurationError when it cannot be read, or has a key that is no setting.
    """
    from features.files import load_toml

    file = settings_file()
    if file is None:
        return {}
    try:
        settings = load_toml(file)
    except OSError as error:
        raise ConfigurationError(f"'{file}' cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"'{file}' cannot be read as TOML: {error}") from error
    known = default_settings()
    unknown = ", ".join(f"'{key}'" for key in settings if key not in known)
    if unknown:
        raise ConfigurationError(
            f"'{file}': no setting is called {unknown}: there are {', '.join(known)}"
        )
    return settings


def setting(key: str) -> object:
    """Return one setting as it is written, for what cannot wait for pydantic; raises as above."""
    variable = os.environ.get(f"{PREFIX}{key.upper()}")
    return variable or (default_settings() | read_settings_file())[key]


def default_settings() -> dict[str, object]:
    """Return every setting as it is by default."""
    import tomllib

    return tomllib.loads(Path(__file__).with_name("default.toml").read_text(encoding="utf-8"))


def today() -> date:
    """Return today's date, the same all over the world."""
    return datetime.now(UTC).date()


def day_of(text: str) -> date:
    """Return a day that was written YYYY-MM-DD; raises InputError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is not a day: write it as YYYY-MM-DD") from None


def running_code() -> str:
    """Return version and commit of the running code: `0.1.0+<commit>`.

    The commit ends with `-changed` when a file of the project is not as committed, and is `unknown`
    when the code does not run from its own repository, but from a package for example.
    """
    from importlib.metadata import version

    folder = _git("rev-parse", "--show-toplevel")
    is_own = folder and Path(folder) == Path(__file__).resolve().parents[1]
    commit = is_own and _git(
        "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=-changed"
    )
    return f"{version('tocsin')}+{commit or 'unknown'}"


def _git(*words: str) -> str:
    """Return what git says of the repository that this file lies in, nothing if there is none."""
    import subprocess

    command = ["git", "-C", str(Path(__file__).resolve().parent), *words]
    # Those would name another repository.
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=others)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()


def set_verbosity(*, quiet: bool, verbose: bool) -> None:
    """Log errors alone if quiet, from INFO up if verbose, else what each logger says by itself."""
    level = logging.ERROR if quiet else logging.INFO if verbose else logging.NOTSET
    for room in _ROOMS:
        logging.getLogger(room).setLevel(level)
    if verbose:
        logging.basicConfig(format="%(name)s: %(message)s")


def is_quiet() -> bool:
    """Return whether neither progress nor notes are to be shown."""
    return not _log.isEnabledFor(logging.WARNING)


def note(text: str) -> None:
    """Say something by the way, on stderr."""
    if not is_quiet():
        print(printable(text), file=sys.stderr)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show at once on a terminal what is being done; elsewhere it is logged only.

    What is printed meanwhile would go to stderr.
    """
    _log.info(what)
    if is_quiet() or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True, markup=False).status(f"{printable(what)} ..."):
        yield


def progress(steps: Iterable[Step], total: int, label: str) -> Iterator[Step]:
    """Yield the steps and show on stderr how far they are."""
    from rich.console import Console
    from rich.progress import track

    yield from track(steps, label, total, console=Console(stderr=True), disable=is_quiet())


@contextmanager
def working_side_by_side(jobs: int, scheduler: str | None) -> Iterator["int | Cluster"]:
    """Give who fits: the workers of a scheduler, named here or in the settings, or processes."""
    address = scheduler or str(setting("scheduler"))
    if not address:
        # joblib takes the files that its processes map for a leak, and begins them anew.
        warnings.filterwarnings("ignore", "A worker stopped while", UserWarning)
        yield jobs
        return
    from experiments.backtest.cluster import open_cluster

    with open_cluster(address) as cluster:
        yield cluster


@contextmanager
def work_of(jobs: int, scheduler: str | None) -> Iterator["Work"]:
    """Give how a training works: who fits, and a folder of the home for what they share."""
    from experiments.judging.judge import SHARED_FOLDER, Work
    from features.disk import hidden_folder

    with (
        working_side_by_side(jobs, scheduler) as fits,
        hidden_folder(home() / SHARED_FOLDER) as folder,
    ):
        yield Work(running_code(), fits, progress, folder)


def simulated_mark(*, simulated: bool) -> str:
    """Return what stands before everything that is simulated."""
    return "SIMULATED " if simulated else ""


MONTH: dict[str, Any] = {"parser": parse_month, "metavar": "<month>"}
DAY: dict[str, Any] = {"parser": day_of, "metavar": "<day>"}

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="Settings in TOML; default: tocsin.toml here, or in the home.",
        callback=use_settings_file,
    ),
]
Month = Annotated[
    int | None, typer.Option("--origin", help="Last month that may be used, YYYY-MM.", **MONTH)
]
Day = Annotated[
    date | None, typer.Option("--as-of", help="Use what was public by this day.", **DAY)
]
History = Annotated[
    str | None, typer.Option("--history", help="Event history, if the archive holds several.")
]
Port = Annotated[int, typer.Option(help="Port to listen on.")]
Jobs = Annotated[
    int,
    typer.Option(min=1, show_default=False, help="Fits side by side; default: every processor."),
]
PROCESSORS = os.cpu_count() or 1
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="<address>",
        help="Fit on the workers of a Dask scheduler, such as tcp://host:8786, in place of here.",
    ),
]
Config = Annotated[Path | None, typer.Option(help="Experiment in TOML.")]
