"""Databases as other versions of MLflow have left them."""

import warnings
from pathlib import Path

import mlflow
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from mlflow.store.tracking.dbmodels.initial_models import Base

_FOLDER = str(Path(str(mlflow.__file__)).with_name("store") / "db_migrations")
_BEFORE = 3  # migrations


def migrations() -> ScriptDirectory:
    """The migrations of the installed MLflow."""
    return ScriptDirectory(_FOLDER)


def old_database(uri: str) -> None:
    """Fill an empty database as an older MLflow did, and put an experiment in it."""
    config = Config()
    config.set_main_option("script_location", _FOLDER)
    config.set_main_option("sqlalchemy.url", uri)
    engine = sa.create_engine(uri)
    Base.metadata.create_all(engine)
    with warnings.catch_warnings(), engine.begin() as connection:
        warnings.simplefilter("ignore", DeprecationWarning)  # MLflow's own
        config.attributes["connection"] = connection
        command.upgrade(config, f"{migrations().get_current_head()}-{_BEFORE}")
    with engine.begin() as connection:
        row = "(0, 'an old one', 'file:///nowhere', 'active', 0, 0, 'default')"
        columns = "experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
        columns += "last_update_time, workspace"
        connection.execute(sa.text(f"INSERT INTO experiments ({columns}) VALUES {row}"))
    engine.dispose()
