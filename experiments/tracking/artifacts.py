"""The hashes of what MLflow stores in a home: its artifacts, and its database as it was last.

Artifacts are never changed after their training. The database is, by the MLflow UI too: SQLite
counts its changes, so damage, which counts none, can be told from them.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, ValidationError

from experiments.tracking.schema import LOCK_FILE
from experiments.tracking.store import OURS, MlflowStore
from features.disk import locked, remove_leftovers, write_whole
from features.errors import ModelError
from features.files import committed_content, open_sqlite, read_whole
from features.hashes import (
    BLANK,
    file_faults,
    hash_of_file,
    hash_of_record,
    sha256_of,
    with_own_hash,
)
from features.strict import Strict

RECORD_FILE = "artifacts.json"
_DATABASE, _FOLDER = "mlflow.db", "artifacts"
FROM_LOADING = {"__pycache__", "registered_model_meta"}
"""What is put beside a model's files when it is loaded, by Python and by MLflow."""
_COUNTS = slice(24, 28), slice(92, 96)
"""Where SQLite counts the changes of a database, and where it repeats that."""


class DatabaseState(NamedTuple):
    """How often a database was changed, and the hash of its content."""

    changes: int
    sha256: str


class ArtifactsRecord(Strict):
    """`artifacts.json`: hashes of artifacts by their place in the home, and the database's state.

    `record_sha256` is the hash of the file with zeros in its place.
    """

    files: dict[str, str] = Field(default_factory=dict)
    changes: int = 0
    database_sha256: str = ""
    record_sha256: str = BLANK


def record_artifacts(store: MlflowStore) -> None:
    """Write down the hashes of artifacts that are new, and of the database as it is.

    Those of runs that are still going on wait for the end. A remote store has no such record.
    Raises ModelError when the record is damaged or cannot be written.
    """
    if store.artifacts is None:
        return
    home = store.artifacts.parent
    try:
        with locked(home / LOCK_FILE):
            known = read_record(home).files
            unfinished = _unfinished(store)
            new = {
                name: hash_of_file(home / name)
                for name in artifact_names(home)
                if name not in known and unfinished.isdisjoint(name.split("/"))
            }
            _write_record(home, known | new, database_state(home))
    except OSError as error:
        raise ModelError(
            f"'{home / RECORD_FILE}' cannot be written ({error.strerror}): see to the disk and its "
            "permissions; until the next training the newest artifacts have no hash"
        ) from error


def _write_record(home: Path, files: dict[str, str], state: DatabaseState) -> None:
    record = ArtifactsRecord(
        files=dict(sorted(files.items())), changes=state.changes, database_sha256=state.sha256
    )
    text = record.model_dump_json(indent=2) + "\n"
    write_whole(home / RECORD_FILE, with_own_hash(text).encode())


def read_record(home: Path) -> ArtifactsRecord:
    """Return the record of a home, an empty one where there is none; raises ModelError."""
    file = home / RECORD_FILE
    try:
        content = read_whole(file)
        record = ArtifactsRecord.model_validate_json(content)
    except FileNotFoundError:
        return ArtifactsRecord()
    except (OSError, ValidationError) as error:
        raise _record_damage(file) from error
    if hash_of_record(content, record.record_sha256) != record.record_sha256:
        raise _record_damage(file)
    return record


def _record_damage(file: Path) -> ModelError:
    return ModelError(
        f"'{file}' is damaged: restore it from a backup, or remove it: the next training then "
        "writes down the hashes of what is there"
    )


def artifact_names(home: Path) -> list[str]:
    """Return the places of all artifacts in a home, but for what loading a model leaves."""
    files = (path for path in (home / _FOLDER).rglob("*") if path.is_file())
    files = (path for path in files if FROM_LOADING.isdisjoint(path.parts))
    return sorted(path.relative_to(home).as_posix() for path in files)


def database_state(home: Path) -> DatabaseState:
    """Return the state of the database; raises ModelError when it is damaged."""
    try:
        content = committed_content(home / _DATABASE)
    except sqlite3.Error as error:
        raise ModelError(f"{_DATABASE} is damaged ({error}): restore it from a backup") from error
    count, again = (content[place] for place in _COUNTS)
    if count != again:
        raise ModelError(f"{_DATABASE} is damaged: restore it from a backup")
    return DatabaseState(int.from_bytes(count, "big"), sha256_of(content))


class ArtifactsCheck(NamedTuple):
    """How many artifacts are whole, what is wrong with others, and what could not be checked."""

    whole: int
    faults: list[str]
    notes: list[str]


def check_artifacts(home: Path) -> ArtifactsCheck:
    """Compare the artifacts and the database of a home with their hashes.

    A database that MLflow has changed meanwhile is written down as it is, where that can be done.
    """
    remove_leftovers(home)  # of a check that was killed
    names, notes = artifact_names(home), []
    try:
        record = read_record(home)
        faults = [f"{fault}: restore it from a backup" for fault in file_faults(home, record.files)]
        if record.files:
            notes += _check_database(home, record)
    except ModelError as error:
        return ArtifactsCheck(0, [str(error)], notes)
    if caches := sorted((home / _FOLDER).rglob("__pycache__")):
        notes.append(
            f"{len(caches)} folders such as '{caches[0].relative_to(home)}' hold code without a "
            "hash, which Python runs where the model is loaded elsewhere: remove them"
        )
    if unknown := [name for name in names if name not in record.files]:
        notes.append(
            f"{len(unknown)} artifacts, such as {unknown[0]}, have no hash yet: the end of a "
            "training gives them one"
        )
    return ArtifactsCheck(len(record.files) - len(faults), faults, notes)


def _check_database(home: Path, record: ArtifactsRecord) -> list[str]:
    """Return what cannot be told of the database; raises ModelError when it is damaged."""
    state = database_state(home)
    if state == (record.changes, record.database_sha256):
        return []
    if state.changes == record.changes:
        raise ModelError(f"{_DATABASE} is not what was stored: restore it from a backup")
    _check_form(home)
    with suppress(OSError), locked(home / LOCK_FILE):
        _write_record(home, record.files, state)
    return [f"{_DATABASE} was changed since by MLflow: it is taken as it is now"]


def _check_form(home: Path) -> None:
    """Raise ModelError when SQLite itself finds a database to be damaged."""
    try:
        with open_sqlite(home / _DATABASE) as database:
            (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise ModelError(f"{_DATABASE} is damaged ({verdict}): restore it from a backup")


def _unfinished(store: MlflowStore) -> set[str]:
    """Return the ids of runs that are still going on, and of their models."""
    client = store.client()
    experiments = [e.experiment_id for e in client.search_experiments(filter_string=OURS)]
    if not experiments:
        return set()
    running = client.search_runs(experiments, "attributes.status = 'RUNNING'")
    runs = {str(run.info.run_id) for run in running}
    models = client.search_logged_models(experiments) if runs else []
    return runs | {str(m.model_id) for m in models if m.source_run_id in runs}
