"""The archive, the bulletins and the MLflow store, where the settings say that they lie."""

import os
from datetime import date
from typing import TYPE_CHECKING

from commands.environment import PREFIX, home, note, setting, today

if TYPE_CHECKING:
    from bulletins.shared import SharedBulletins
    from experiments.tracking.store import MlflowStore
    from features.archive.releases import Archive
    from features.archive.shared import SharedReleases
    from features.archive.vintage import SummaryEvents, Vintage
    from features.shared.folders import SharedFolders


def open_archive(*, is_added_to: bool = False) -> "Archive":
    """Return the archive of the home, with what is new where machines share it.

    Where that cannot be reached, what is only read is that of the home, with a note; for what
    `is_added_to` raises as `Archive.catch_up`.
    """
    from features.archive.releases import Archive

    shared = shared_releases()
    archive = Archive(home(), shared)
    if is_added_to:
        archive.catch_up()
    else:
        _pull(shared)
    return archive


def vintage_of_day(
    as_of: date | None, history: str | None, summary_events: "SummaryEvents" = "spread"
) -> "Vintage":
    """Return the event history as known on a day, by default today."""
    from features.archive.vintage import open_vintage

    return open_vintage(open_archive(), as_of or today(), history, summary_events)


def pull_bulletins() -> None:
    """Copy new bulletins from the shared address; where that fails, say so and go on without."""
    _pull(shared_bulletins())


def shared_releases(*, timeout_s: float = 60) -> "SharedReleases | None":
    """Return the releases that machines share, None where no address is named; as `store_uri`."""
    address = _named(f"{PREFIX}EVENTS", "events")
    if not address:
        return None
    from features.archive.shared import SharedReleases

    return SharedReleases(home(), address, timeout_s=timeout_s)


def shared_bulletins(*, timeout_s: float = 60) -> "SharedBulletins | None":
    """Return the bulletins that machines share, None where no address is named; as `store_uri`."""
    address = _named(f"{PREFIX}BULLETINS", "bulletins")
    if not address:
        return None
    from bulletins.shared import SharedBulletins

    return SharedBulletins(home(), address, timeout_s=timeout_s)


def shared_folders(*, timeout_s: float = 60) -> "list[SharedFolders]":
    """Return all that machines share."""
    every = shared_releases(timeout_s=timeout_s), shared_bulletins(timeout_s=timeout_s)
    return [shared for shared in every if shared is not None]


def store_uri() -> str:
    """Return the address of the MLflow store, empty for that of the home folder.

    The variable by which MLflow itself names one goes before the settings, even empty.
    """
    return _named("MLFLOW_TRACKING_URI", "mlflow_tracking_uri")


def set_mlflow_up() -> None:
    """Set what MLflow and the libraries that it uses read when they are imported or connect."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    # PostgreSQL would have a command wait for ever for a server or a lock.
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")
    os.environ.setdefault("PGOPTIONS", "-c lock_timeout=10s")


def open_own_store(*, is_read: bool = False) -> "MlflowStore":
    """Open the MLflow store that the settings name, by default that of the home folder.

    With `is_read` the home may be one that cannot be written.
    """
    from features.disk import own_temporary_files

    own_temporary_files()
    set_mlflow_up()
    from experiments.tracking.store import open_store

    named = os.environ.get("MLFLOW_TRACKING_URI")
    root = str(setting("mlflow_artifacts"))
    store = open_store(home(), store_uri() or None, root, is_read=is_read)
    # MLflow has put the store there, as if it had been named: a second one would be remote.
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    if named is not None:
        os.environ["MLFLOW_TRACKING_URI"] = named
    return store


def _named(variable: str, key: str) -> str:
    named = os.environ.get(variable)
    return str(setting(key)) if named is None else named


def _pull(shared: "SharedFolders | None") -> None:
    from features.errors import StoreError

    if shared is None:
        return
    try:
        for fault in shared.pull().values():
            note(fault)
    except (shared.error, StoreError) as error:
        note(f"{error}; the copies in the home are used")
