"""The command line."""

import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from commands import (
    alerts,
    archive,
    benchmarks,
    bulletins,
    cycle,
    demo,
    environment,
    ingest,
    models,
    service,
    status,
    verify,
)
from commands.home import home, store
from features.errors import TocsinError
from features.printable import printable

_INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_AGAIN_S = 5.0
"""How long a command may take to end after Ctrl-C before it is interrupted again [s]."""

_FAULTS = (
    ("boto3.exceptions", "Boto3Error"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("duckdb", "Error"),
    ("mlflow.exceptions", "MlflowException"),
    ("pyarrow", "ArrowException"),
    ("sqlalchemy.exc", "SQLAlchemyError"),
)
"""The errors of libraries that read and write the home, by module and name."""

_EXTRAS = {
    "apprise": "alerts",
    "boto3": "remote",
    "distributed": "cluster",
    "obstore": "shared",
    "psycopg": "remote",
}
"""The extra that brings a library, where it is not `train`."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, in half the time
)
app.add_typer(ingest.ingest, name="ingest")
app.add_typer(archive.fetch, name="fetch")
app.add_typer(archive.events, name="events")
app.add_typer(benchmarks.benchmark, name="benchmark")
app.add_typer(service.key, name="key")
app.add_typer(alerts.app, name="alert")
app.add_typer(home.app, name="home")
app.add_typer(store.app, name="store")
for command in (
    models.indicators,
    models.train,
    models.backtest,
    models.promote,
    models.ablate,
    archive.show_history,
    bulletins.publish,
    bulletins.bulletins,
    bulletins.evaluate,
    bulletins.record,
    bulletins.replay,
    bulletins.scenario,
    cycle.cycle,
    cycle.relive,
    service.serve,
    service.scores,
    service.ui,
    status.status,
    verify.verify,
    demo.demo,
):
    app.command(command.__name__.removeprefix("show_"))(command)


def show_version(asked: bool) -> None:
    """Print the version and end."""
    if asked:
        from importlib.metadata import version

        print(f"tocsin {version('tocsin')}")
        raise typer.Exit


@app.callback()
def options(
    folder: Annotated[
        Path | None,
        typer.Option("--home", help="Folder of events, models and bulletins; default: .tocsin."),
    ] = None,
    _settings: environment.SettingsFile = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show neither progress nor notes.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what is done, on stderr.")
    ] = False,
    _: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=show_version, help="Show the version."),
    ] = False,
) -> None:
    """Monthly, calibrated risk scores of escalation and instability for every region."""
    environment.set_verbosity(quiet=quiet, verbose=verbose)
    # In the environment they hold for the processes that a command starts, too.
    if folder is not None:
        os.environ["TOCSIN_HOME"] = str(folder)


def main() -> None:
    """Run a command; a TocsinError is one plain line on stderr and exit code 1.

    So is what a full, damaged or forbidden disk makes libraries raise; --verbose shows where.
    Ctrl-C ends it with exit code 130, its workers too, and nothing is said, even where a library
    takes it for an error of its own or where it falls into a destructor, which passes nothing on.
    """
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        sys.unraisablehook = lambda _: None
        _interrupt_again(_AGAIN_S)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, interrupt)
    try:
        with suppress(KeyboardInterrupt):
            app()
    except Exception as error:
        if not interrupts:
            if isinstance(error, _refusals()):
                _refuse(error)
            raise
    except SystemExit as end:
        if end.code != _INTERRUPTED:
            raise
    finally:
        _interrupt_again(0.0)
    _end_workers()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries would complain while they are ended
    raise SystemExit(_INTERRUPTED)


def _interrupt_again(seconds: float) -> None:
    """Interrupt every so many seconds, 0 for never: a destructor may swallow the first."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


def _refusals() -> tuple[type[Exception], ...]:
    """Return what ends a command with a line: also what libraries raise where a disk refuses."""
    loaded = [(sys.modules[module], name) for module, name in _FAULTS if module in sys.modules]
    faults = (getattr(module, name) for module, name in loaded)
    return (TocsinError, ModuleNotFoundError, OSError, *faults)


def _end_workers() -> None:
    """Kill the processes of fits, which would end their tasks first."""
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True, kill_workers=True)


def _refuse(error: Exception) -> NoReturn:
    """Print why a command ended early, as one line, and end with exit code 1."""
    reason = str(error)
    if isinstance(error, ModuleNotFoundError):
        library = str(error.name).partition(".")[0]
        if (Path(__file__).parent / library).exists():
            raise error
        extra = _EXTRAS.get(library, "train")
        reason = f"this needs {library}, which is not installed: pip install 'tocsin[{extra}]'"
    elif not isinstance(error, TocsinError):
        logging.getLogger("commands").info("the command ended early", exc_info=error)
        cause = _first_cause(error)
        reason = str(cause)
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.strerror + (f": '{cause.filename}'" if cause.filename else "")
        first = (reason.splitlines() or [type(cause).__name__])[0].rstrip(" .:")
        reason = f"{first}: see to the disk and the MLflow store (tocsin --verbose says where)"
    print(printable(f"tocsin: {' '.join(reason.split())}"), file=sys.stderr)
    raise SystemExit(1) from None


def _first_cause(error: BaseException) -> BaseException:
    """Return what an error was first raised from: libraries say less of it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


if __name__ == "__main__":
    main()
