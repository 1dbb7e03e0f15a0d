"""What an installation holds, and what it says of what it does not hold."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.command import environment
from tests.paths import ROOT

TRAINING = ("mlflow", "scikit-learn", "statsmodels", "pandas", "matplotlib", "duckdb")
WITHOUT = "import sys; sys.modules['{}'] = None; from tocsin import main; main()"


def test_the_wheel_holds_the_product_and_neither_tests_nor_tools(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(wheel).namelist()
    rooms = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    product = {"features", "models", "bulletins", "alerts", "experiments", "service", "commands"}
    assert rooms == {*product, "tocsin.py"}
    assert "experiments/default.toml" in names
    assert "features/places/geography/countries.parquet" in names


def test_what_serving_needs_has_no_training_library() -> None:
    base = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert any(line.startswith("fastapi") for line in base)
    assert [line for line in base if line.startswith(TRAINING)] == []


@pytest.mark.parametrize(
    ("command", "library", "extra"),
    [
        ("train", "pandas", "train"),
        ("events", "pandas", "train"),
        ("bulletins", "obstore", "shared"),
    ],
)
def test_a_command_whose_libraries_are_missing_says_what_to_install(
    command: str, library: str, extra: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(library), command],
        check=False,
        capture_output=True,
        text=True,
        env=environment(None, TOCSIN_BULLETINS="s3://bucket/tocsin"),
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"tocsin: this needs {library}, which is not installed: pip install 'tocsin[{extra}]'\n"
    )
