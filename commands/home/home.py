"""Where everything of a home lies; back it up, and restore it."""

import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from commands.environment import existing_home, home, note
from commands.rows import Row, RowFormat, is_for_people, print_rows
from commands.stores import shared_folders, store_uri
from commands.verify import Finding, State, findings_of
from features.archive.folders import RECORDS

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Of the backups.")]

_PLACES: dict[str, tuple[str, ...]] = {
    **{records: (records,) for records in RECORDS},
    "models": ("mlflow.db", "artifacts", "artifacts.json"),
    **{name: (name,) for name in ("bulletins", "scenarios", "record", "cycles", "alerts")},
    "keys": ("keys.json",),
    "shared": (),
}
"""The parts of a home, as `tocsin verify` names them, and where each lies."""

app = typer.Typer(help="Show, back up and restore the home.", invoke_without_command=True)


@app.callback()
def show(context: typer.Context, row_format: RowFormat = None) -> None:
    """Show where everything lies, its size, and how much of it is whole; exits 1 for damage."""
    if context.invoked_subcommand is not None:
        return
    folder = existing_home()
    shared = shared_folders()
    findings = findings_of(folder, is_elsewhere=bool(store_uri()), shared=shared)
    addresses = ", ".join(dict.fromkeys(one.address for one in shared))
    rows = [*_rows(folder, findings, addresses)]
    print_rows(rows, row_format, title=f"The home '{folder.resolve()}'")
    if is_for_people(row_format):
        print(_versions())
    if any(row["damaged"] for row in rows):
        raise typer.Exit(1)


@app.command()
def backup(to: Folder) -> None:
    """Back the home up; what an earlier backup holds is checked, and not written again."""
    from commands.home.backup import BackupFolder

    saving = BackupFolder(to).save(existing_home(), datetime.now(UTC))
    files = f"{len(saving.backup.files):,} files, {_size(saving.backup.bytes)}"
    print(
        f"backup {saving.backup.id}: {files}; new {saving.new_files:,}, {_size(saving.new_bytes)}"
    )
    if store_uri():
        note("the MLflow store lies elsewhere, and is not in the backup: pg_dump makes one of it")


@app.command()
def backups(source: Folder, row_format: RowFormat = None) -> None:
    """List the backups in a folder, the newest last."""
    from commands.home.backup import BackupFolder

    folder = BackupFolder(source)
    lists = map(folder.read, folder.ids())
    rows = [
        {"id": one.id, "home": one.home, "files": len(one.files), "bytes": one.bytes}
        for one in lists
    ]
    print_rows(rows, row_format)


@app.command()
def restore(
    source: Folder,
    backup_id: Annotated[
        str | None, typer.Option("--backup", help="Which one; default: the newest.")
    ] = None,
) -> None:
    """Restore a backup where no home is, and verify it; exits 1 when it was damaged then."""
    from commands.home.backup import BackupFolder

    folder = BackupFolder(source)
    chosen = folder.read(backup_id)
    folder.restore(chosen, home())
    findings = findings_of(home(), is_elsewhere=bool(store_uri()))
    states = Counter(finding.state for finding in findings)
    print(f"restored {chosen.id} into '{home()}': {len(chosen.files):,} files; {_counts(states)}")
    for finding in findings:
        if finding.state == "damaged":
            note(f"{finding.about}: {finding.details}")
    if states["damaged"]:
        raise typer.Exit(1)


def _rows(folder: Path, findings: list[Finding], shared: str) -> Iterator[Row]:
    for part, names in _PLACES.items():
        places = [folder / name for name in names if (folder / name).exists()]
        states = Counter(finding.state for finding in findings if finding.about == part)
        if not places and not states:
            continue
        files = [file for place in places for file in _files(place)]
        yield {
            "part": part,
            "place": str(places[0].resolve()) if places else _elsewhere(part, shared),
            "files": len(files),
            "bytes": sum(file.stat().st_size for file in files),
            **{state: states[state] for state in ("whole", "unchecked", "damaged")},
        }


def _elsewhere(part: str, shared: str) -> str:
    """Return where the models are that the home does not have, or what machines share."""
    from experiments.tracking.schema import without_password

    return shared if part == "shared" else without_password(store_uri())


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]


def _versions() -> str:
    named = [f"Python {platform.python_version()}"]
    for package in ("tocsin", "mlflow", "duckdb", "pyarrow"):
        try:
            named.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(named)


def _counts(states: Mapping[State, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(states.items()))


def _size(number: int) -> str:
    return f"{number / 1e6:,.1f} MB"
