"""The tables of an MLflow database: whether they are this MLflow's, and how they become so."""

import re
import shutil
from pathlib import Path

import mlflow
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from features.disk import hidden_folder, locked, move_file
from features.errors import ModelError
from features.files import committed_content

REVISION = "dc11669786a5"
"""The revision of the tables of the MLflow that is pinned; to ask its migrations takes a second."""

LOCK_FILE = ".mlflow.lock"

_KINDS = ("sqlite", "postgresql", "mysql", "mssql")


def is_database(uri: str) -> bool:
    """Return whether an address is that of a database that MLflow can use."""
    return re.match(rf"({'|'.join(_KINDS)})(\+\w+)?:", uri) is not None


def sqlite_uri(file: Path) -> str:
    """Return the address of a SQLite database."""
    return sa.URL.create("sqlite", database=str(file)).render_as_string()


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite database, None where an address is of another kind."""
    url = sa.make_url(uri)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def without_password(uri: str) -> str:
    """Return an address for people."""
    return re.sub(r"(//[^/:@]*):[^/]*@", r"\1:***@", uri)


def reason_of(error: Exception) -> str:
    """Return the first line of an error, in the words of the database where it is of one."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return str(cause).strip().splitlines()[0].rstrip(".")


def revision_of(uri: str) -> str | None:
    """Return the revision of a database's tables, None where it has none yet.

    Raises SQLAlchemyError when it cannot be opened, at once: MLflow would try for minutes.
    """
    engine = sa.create_engine(uri, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def refuse_other_tables(revision: str | None, place: str) -> None:
    """Raise ModelError for tables of an older or a newer MLflow; an empty database may be filled.

    MLflow itself would migrate some of the older ones unasked, without a copy.
    """
    refuse_newer_tables(revision, place)
    if revision not in (None, REVISION):
        raise ModelError(
            f"the MLflow store {place} is of an older MLflow: run `tocsin store upgrade`, which "
            "makes a copy first"
        )


def refuse_newer_tables(revision: str | None, place: str) -> None:
    """Raise ModelError for tables of a newer MLflow, whose revision this one does not know."""
    if revision not in (None, REVISION) and not _is_known(str(revision)):
        raise ModelError(
            f"the MLflow store {place} is of a newer MLflow than {mlflow.__version__}: use the "
            "version of Tocsin that upgraded it"
        )


def _is_known(revision: str) -> bool:
    """Return whether this MLflow has a migration to a revision."""
    folder = Path(str(mlflow.__file__)).with_name("store") / "db_migrations"
    try:
        return ScriptDirectory(str(folder)).get_revision(revision) is not None
    except CommandError:
        return False


def upgrade_tables(uri: str) -> None:
    """Bring the tables of a database up to this MLflow, as `mlflow db upgrade` does.

    A SQLite database is upgraded beside its place and then moved there. PostgreSQL does all or
    nothing by itself. Raises SQLAlchemyError, MlflowException, CommandError, sqlite3.Error or
    OSError.
    """
    file = sqlite_file(uri)
    if file is None:
        _migrate(uri)
        return
    with locked(file.with_name(LOCK_FILE)), hidden_folder(file) as folder:
        beside = folder / file.name
        beside.write_bytes(committed_content(file))
        shutil.copymode(file, beside)
        _migrate(sqlite_uri(beside))
        move_file(beside, file)


def _migrate(uri: str) -> None:
    from mlflow.db import commands  # noqa: PLC0415, slow

    # In this process: other users of the machine read the arguments of commands.
    commands.main(["upgrade", uri], standalone_mode=False)
