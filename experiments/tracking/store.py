"""The MLflow store: runs, models and their artifacts."""

import json
import logging
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import mlflow
import requests
import sqlalchemy as sa
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage, ViewType
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from experiments.tracking.schema import (
    LOCK_FILE,
    is_database,
    reason_of,
    refuse_other_tables,
    revision_of,
    sqlite_uri,
    without_password,
)
from features.disk import hidden_folder, locked, move_file
from features.errors import ModelError
from features.words import DISTRIBUTIONS, OF_VIOLENCE, PROBABILITIES, Level

OURS = "name LIKE 'tocsin-%'"
"""The filter of our experiments, which are named as their models are."""

VIEW = "tocsin"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
"""What the UI keeps where somebody shares a view of runs, and finds by `viewStateShareKey`.

MLflow documents neither, and no other way to choose columns; a UI without them shows its own.
"""

_COLUMNS = {
    "attributes": ["Duration", "Dataset"],
    "metrics": [
        *(f"all/{target}_brier_skill" for target in PROBABILITIES if target in OF_VIOLENCE),
        *(f"all/{target}_crps_skill" for target in DISTRIBUTIONS),
    ],
    "tags": ["registered_as", "gate"],
}

_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""The tables and columns in which MLflow keeps where artifacts lie."""

_PATIENCE_S = 10.0
"""How long an MLflow server may take to answer its first request [s]."""


@dataclass(frozen=True)
class MlflowStore:
    """An MLflow tracking store and registry, and the folder of its artifacts (None: remote).

    Artifacts lie under the address `root`; without one an MLflow server chooses.
    """

    uri: str
    artifacts: Path | None
    root: str = ""

    @property
    def place(self) -> str:
        """Where it lies, in words."""
        if self.artifacts is not None:
            return f"in '{self.artifacts.parent}'"
        return f"at {without_password(self.uri)}"

    def client(self) -> MlflowClient:
        """Return a client of tracking and registry."""
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def experiment(self, level: Level, *, simulated: bool) -> str:
        """Return the id of a level's experiment; create it if needed."""
        note = (
            f"Every training of the {level} scores. A run a learner and a reference, under one "
            "parent: compare them by the metrics under `all`, of all horizons together. Steps "
            "of the others are horizons [months]; under `by_origin` they are months since the "
            "first origin, and their time is the origin."
        )
        view = {"selectedColumns": [f"{k}.`{name}`" for k in _COLUMNS for name in _COLUMNS[k]]}
        # The kind is the first view in the UI.
        tags = {VIEW_TAG: json.dumps(view), "mlflow.experimentKind": "custom_model_development"}
        return self._experiment(level, note, tags, simulated=simulated)

    def coups(self, *, simulated: bool) -> str:
        """Return the id of the experiment of coups; create it if needed."""
        note = "Every training of the scores of coups. Steps of metrics are horizons [months]."
        return self._experiment("coups", note, {}, simulated=simulated)

    def cycles(self, *, simulated: bool) -> str:
        """Return the id of the experiment of the monthly cycles; create it if needed."""
        note = "Every monthly cycle: what came in, what changed, what was decided, and why."
        return self._experiment("cycles", note, {}, simulated=simulated)

    def record(self, *, simulated: bool) -> str:
        """Return the id of the experiment of the track record; create it if needed."""
        note = (
            "The track record: what came of issued scores. A run an edition; the time of its "
            "metrics is its day. Steps are horizons [months], 0 is all together."
        )
        return self._experiment("record", note, {}, simulated=simulated)

    def _experiment(self, of: str, note: str, tags: dict[str, str], *, simulated: bool) -> str:
        name = f"{model_name(of)} (SIMULATED)" if simulated else model_name(of)
        client = self.client()
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            location = self._artifacts_of(of)
            text = ("SIMULATED events. " if simulated else "") + note
            own = {**tags, "mlflow.note.content": text}
            return str(client.create_experiment(name, artifact_location=location, tags=own))
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise ModelError(
                f"the MLflow experiment '{name}' is deleted: restore it with `mlflow experiments "
                f"restore --experiment-id {experiment.experiment_id}`"
            )
        for key, value in tags.items():
            client.set_experiment_tag(experiment.experiment_id, key, value)
        return str(experiment.experiment_id)

    def _artifacts_of(self, of: str) -> str | None:
        """Return where artifacts of a new experiment will lie, None where a server decides."""
        if self.root:
            return f"{self.root.rstrip('/')}/{of}"
        if is_server(self.uri):
            return None
        raise ModelError(
            f"nobody says where artifacts of the MLflow store {self.place} lie: name a place that "
            "every machine reaches in the setting mlflow_artifacts, such as s3://bucket/prefix"
        )


def open_store(
    home: Path, uri: str | None, root: str = "", *, is_read: bool = False
) -> MlflowStore:
    """Open the store at a URI, by default SQLite and a folder of artifacts in the home directory.

    A home may have been moved or copied: its artifacts are those beside it. With `is_read` nothing
    will be written to the store: a home that may not be written is read from a copy of its database
    among the temporary files. Raises ModelError when the store cannot be opened, or is of another
    MLflow.
    """
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # it raises what it logs as an error
    logging.getLogger("alembic").setLevel(logging.ERROR)
    store = MlflowStore(uri, None, root) if uri else _store_of(home.resolve())
    try:
        if store.artifacts is not None:
            database = home.resolve() / "mlflow.db"
            _make_database(database, store.artifacts)
            if is_read and not os.access(home, os.W_OK):
                database = Path(shutil.copy(database, tempfile.mkdtemp()))
                database.chmod(0o600)
                store = replace(store, uri=sqlite_uri(database))
        if is_server(store.uri):
            _ask_server(store)
        elif is_database(store.uri):
            refuse_other_tables(revision_of(store.uri), store.place)
        mlflow.set_tracking_uri(store.uri)
        mlflow.set_registry_uri(store.uri)
        store.client().search_experiments(max_results=1)
        _locate_artifacts(store)
    except (OSError, MlflowException, SQLAlchemyError) as error:
        raise ModelError(
            f"the MLflow store {store.place} cannot be opened ({reason_of(error)}): "
            f"{_remedy(store)}"
        ) from error
    return store


def _remedy(store: MlflowStore) -> str:
    if store.artifacts is not None:
        return "mend it or choose another"
    if is_server(store.uri):
        return "start the server, or name another in mlflow_tracking_uri"
    return (
        "see that the database is there, that it answers and who may use it, or name another in "
        "mlflow_tracking_uri"
    )


def _store_of(home: Path) -> MlflowStore:
    artifacts = home / "artifacts"
    return MlflowStore(sqlite_uri(home / "mlflow.db"), artifacts, artifacts.as_uri())


def is_server(uri: str) -> bool:
    """Return whether an address is that of an MLflow server."""
    return uri.startswith(("http://", "https://"))


def _ask_server(store: MlflowStore) -> None:
    """Raise ModelError when no server answers, or an older one; MLflow would try for minutes."""
    try:
        answer = requests.get(f"{store.uri.rstrip('/')}/version", timeout=_PATIENCE_S)
    except requests.exceptions.SSLError:
        return  # MLflow has settings of its own for certificates
    except requests.ConnectionError as error:
        raise ConnectionError("no server answers") from error
    version = re.match(r"(\d+)\.(\d+)\.", answer.text) if answer.ok else None
    if version and tuple(map(int, version.groups())) < _own_version():
        raise ModelError(
            f"the MLflow store {store.place} is of an older MLflow, {answer.text.strip()}: run the "
            f"server with {mlflow.__version__}, after `mlflow db upgrade` of its database"
        )


def _own_version() -> tuple[int, ...]:
    return tuple(map(int, mlflow.__version__.split(".")[:2]))


def _make_database(place: Path, artifacts: Path) -> None:
    """Make the database of a new home whole; of two processes the first one makes it."""
    if place.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415, slow

    with hidden_folder(place) as folder:
        file = folder / place.name
        address, root = sqlite_uri(file), artifacts.as_uri()
        database = SqlAlchemyStore(address, root)  # type: ignore[no-untyped-call]
        database.engine.dispose()
        with locked(place.with_name(LOCK_FILE)):
            if not place.exists():
                move_file(file, place)


def _locate_artifacts(store: MlflowStore) -> None:
    """Say in MLflow's tables, which hold whole paths, that the artifacts lie where they do now."""
    if store.artifacts is None:
        return
    experiments = store.client().search_experiments(ViewType.ALL, filter_string=OURS)
    here = store.artifacts.as_uri()
    folders = {str(e.artifact_location).rpartition("/")[0] for e in experiments} - {here}
    if not folders:
        return
    engine = sa.create_engine(store.uri)
    with engine.begin() as connection:
        for (name, column), folder in product(_LOCATIONS, folders):
            location: sa.ColumnClause[str] = sa.column(column)
            begins = sa.func.substr(location, 1, len(folder) + 1) == f"{folder}/"
            moved = sa.literal(here) + sa.func.substr(location, len(folder) + 1)
            table = sa.table(name, location)
            connection.execute(sa.update(table).where(begins).values({column: moved}))
    engine.dispose()


def model_name(of: str) -> str:
    """Return the name of a level's registered model, or of an experiment."""
    return f"tocsin-{of}"
