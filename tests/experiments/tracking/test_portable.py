import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.models import Model

from experiments.samples import samples_for
from experiments.tracking.registry import ModelVersion, load_forecaster
from experiments.tracking.runs import INPUTS_FILE
from experiments.tracking.store import MlflowStore
from features.panel.panel import Panel
from models.forecaster import cell_key
from models.storage import CODE

PREDICT = """
import importlib.util
import sys

packages, store, inputs, outputs = sys.argv[1:]
sys.path.append(packages)
for room in ("features", "models", "experiments"):
    assert importlib.util.find_spec(room) is None, room

import mlflow
import pandas as pd

mlflow.set_tracking_uri(store)
model = mlflow.pyfunc.load_model("models:/tocsin-admin1@champion")
model.predict(pd.read_parquet(inputs)).to_parquet(outputs)
"""


@pytest.fixture
def inputs(store: MlflowStore, best: ModelVersion, tmp_path: Path) -> Path:
    """What the champion reads at its origin."""
    path = store.client().download_artifacts(best.run_id, INPUTS_FILE, str(tmp_path))
    return Path(path)


def test_a_champion_forecasts_the_same_where_tocsin_is_not_installed(
    store: MlflowStore, best: ModelVersion, inputs: Path, panel: Panel, tmp_path: Path
) -> None:
    # -S leaves out the finder of an editable installation, -I the folder and PYTHONPATH; with -B
    # nothing is left beside the code of the home, which other tests share.
    command = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-c",
        PREDICT,
        sysconfig.get_path("purelib"),
        store.uri,
    ]
    answer = tmp_path / "outputs.parquet"
    subprocess.run([*command, str(inputs), str(answer)], check=True, cwd=tmp_path)
    outputs = pd.read_parquet(answer)
    forecaster = load_forecaster(store, best)
    samples = samples_for(forecaster, panel.until(best.trained_to), best.trained_to)
    issued = samples.forecasts(forecaster)
    assert list(outputs) == [cell_key(*cell) for cell in forecaster.cell_names]
    for cell in forecaster.cell_names:
        assert outputs[cell_key(*cell)].to_list() == pytest.approx(issued[cell].probability)
    regions = panel.regions.table["id"][samples.eligible[-1]]
    assert pd.read_parquet(inputs)["region"].to_list() == regions.to_list()


def test_a_model_travels_with_its_code_its_packages_and_an_example(
    store: MlflowStore, best: ModelVersion, inputs: Path
) -> None:
    uri = store.client().get_model_version_download_uri("tocsin-admin1", str(best.version))
    folder = Path(mlflow.artifacts.download_artifacts(uri))
    code = {str(path.relative_to(folder / "code")) for path in folder.glob("code/**/*.py")}
    assert code == set(CODE)
    needed = (folder / "requirements.txt").read_text().splitlines()
    assert f"skops=={version('skops')}" in needed
    assert all("==" in line for line in needed)
    example: Any = Model.load(folder).load_input_example(str(folder))
    real = pd.read_parquet(inputs).drop(columns="region").head(3)
    pd.testing.assert_frame_equal(example, real, check_dtype=False)
