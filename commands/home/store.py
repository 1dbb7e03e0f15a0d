"""Bring the MLflow store up to date, with a copy of its database first."""

import os
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import typer

from commands.environment import home
from commands.stores import set_mlflow_up, store_uri
from features.disk import whole_file
from features.errors import ModelError

app = typer.Typer(no_args_is_help=True)


@app.callback()
def store() -> None:
    """Look after the MLflow store."""


@app.command()
def upgrade() -> None:
    """Bring the database of the MLflow store up to this version, after a copy of it."""
    set_mlflow_up()
    from alembic.util import CommandError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    from experiments.tracking import schema

    uri = _database()
    place = schema.without_password(uri)
    try:
        before = schema.revision_of(uri)
        if before == schema.REVISION:
            print(f"{place} is of this version already: nothing changed")
            return
        schema.refuse_newer_tables(before, f"at {place}")
        copy = _copy(uri, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        schema.upgrade_tables(uri)
    except (MlflowException, SQLAlchemyError, CommandError, sqlite3.Error) as error:
        raise ModelError(
            f"{place} cannot be upgraded ({schema.reason_of(error)}): it is as it was; see that "
            "it answers and that nothing else uses it, then try again"
        ) from error
    print(f"{place} is of this version now; '{copy}' is a copy of it as it was")


def _database() -> str:
    """Return the address of the store's database; raises ModelError where there is none here."""
    from experiments.tracking import schema

    uri = store_uri()
    if not uri:
        file = home().resolve() / "mlflow.db"
        if not file.exists():
            raise ModelError(f"there is no '{file}' to upgrade: name its home with --home")
        return schema.sqlite_uri(file)
    if not schema.is_database(uri):
        raise ModelError(
            f"{schema.without_password(uri)} is no database: run `mlflow db upgrade` where that "
            "server runs, after a copy of its database"
        )
    return uri


def _copy(uri: str, moment: str) -> Path:
    """Copy a database whole into the home; return where the copy is."""
    from commands.home.backup import copy_database
    from experiments.tracking import schema

    file, folder = schema.sqlite_file(uri), home() / "store-copies"
    place = folder / (f"{moment}.db" if file else f"{moment}.dump")
    with whole_file(place) as hidden:
        if file is not None:
            copy_database(file, hidden)
        else:
            _dump(uri, hidden)
        hidden.chmod(0o600)
    return place


def _dump(uri: str, place: Path) -> None:
    """Copy a PostgreSQL database by its own program; raises ModelError where that cannot be."""
    import sqlalchemy as sa

    url = sa.make_url(uri)
    program = shutil.which("pg_dump")
    if url.get_backend_name() != "postgresql" or program is None:
        raise ModelError(
            f"{url} cannot be copied: install pg_dump (Debian: postgresql-client), or copy the "
            "database by its own means and run `mlflow db upgrade`"
        )
    address = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    dump = subprocess.run(  # noqa: S603
        [program, "--format=custom", f"--file={place}", f"--dbname={address}"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | password,
    )
    if dump.returncode:
        reason = " ".join(dump.stderr.split())
        raise ModelError(f"{url} cannot be copied ({reason}): nothing was changed")
