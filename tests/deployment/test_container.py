"""The container's image is made of what the wheel is, by a file that its checker takes."""

import subprocess
import sys
from pathlib import Path

from docker.utils import exclude_paths
from hatchling.builders.wheel import WheelBuilder

from tests.paths import ROOT

CONTAINERFILE = "deployment/Containerfile"
HADOLINT = str(Path(sys.executable).with_name("hadolint"))
OF_A_BUILD = {"LICENSE", "README.md", "constraints.txt", "pyproject.toml"}


def context() -> set[str]:
    """The files that a build is given, by Docker's own reading of what it is not."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if not line.startswith("#")]
    names = exclude_paths(str(ROOT), patterns, CONTAINERFILE)
    return {name for name in names if (ROOT / name).is_file()}


def test_a_build_is_given_what_the_wheel_is_made_of_and_nothing_else() -> None:
    product = {file.relative_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert len(product) > 400
    assert context() == product | OF_A_BUILD | {".dockerignore", CONTAINERFILE}


def test_hadolint_takes_the_file(tmp_path: Path) -> None:
    def lint(file: Path) -> str:
        command = [HADOLINT, "--no-color", str(file)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    file = ROOT / CONTAINERFILE
    assert lint(file) == ""
    (tmp_path / "Containerfile").write_text(file.read_text().replace("3.11-slim", "latest"))
    assert "DL3007" in lint(tmp_path / "Containerfile")
