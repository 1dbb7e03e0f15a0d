"""Results of finished tasks on disk, so that a backtest that was broken off goes on where it was.

A file is either whole or as good as absent: it is moved into place complete, and begins with the
SHA-256 of the rest, by which anything cut off or damaged later is known and made anew.
"""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_version

import numpy as np

from experiments.configuration import Configuration
from experiments.samples import Samples
from features.panel.panel import FloatArray

Arrays = Mapping[str, FloatArray]

DECIDES_NO_TASK = {"name", "description", "levels", "learners", "backtest"}
"""Settings that no task reads: which tasks there are, their keys say."""

_HASH_BYTES = 32
_ROOT = Path(__file__).parents[1]
_CODE = ("features/**/*.py", "models/**/*.py")
_OWN_CODE = ("backtest", "configuration", "folds", "grid", "kept", "samples")
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "statsmodels")


@dataclass(frozen=True)
class Kept:
    """A folder of results, a file a task; everything in it may be deleted at any time."""

    folder: Path

    def read(self, key: str) -> Arrays | None:
        """Return the arrays kept under a key; None if there are none that are whole."""
        try:
            content = self._file(key).read_bytes()
        except FileNotFoundError:
            return None
        told, body = content[:_HASH_BYTES], content[_HASH_BYTES:]
        if hashlib.sha256(body).digest() != told:
            return None
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            return dict(arrays)

    def write(self, key: str, arrays: Arrays) -> None:
        """Keep arrays under a key, whole or not at all."""
        body = io.BytesIO()
        np.savez(body, allow_pickle=False, **arrays)
        self.folder.mkdir(parents=True, exist_ok=True)
        # A name of its own, so that two runs side by side do not write into each other's file.
        descriptor, hidden = tempfile.mkstemp(dir=self.folder, prefix=".")
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(body.getvalue()).digest() + body.getvalue())
        Path(hidden).replace(self._file(key))

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def kept_under(folder: Path, samples: Samples, configuration: Configuration) -> Kept:
    """Return what is kept of backtests that would come out the same, in a folder of its own."""
    return Kept(folder / grid_digest(samples, configuration)[:16])


def grid_digest(samples: Samples, configuration: Configuration) -> str:
    """Return the SHA-256 of all that the result of a task depends on beside its key.

    That is everything it reads (indicators, deaths, eligibility, threshold, settings), the code
    that computes it, and the libraries and the kind of machine, on which last digits depend.
    """
    content = hashlib.sha256()
    settings = configuration.model_dump(mode="json", exclude=DECIDES_NO_TASK)
    surroundings = {name: version(name) for name in _LIBRARIES}
    surroundings |= {"python": python_version(), "machine": machine()}
    told = [settings, surroundings, samples.names, samples.tau, samples.indicators.shape]
    content.update(json.dumps(told, sort_keys=True).encode())
    for array in (samples.months, samples.indicators, samples.deaths, samples.eligible):
        content.update(np.ascontiguousarray(array).data)
    content.update(code_digest().encode())
    return content.hexdigest()


@cache
def code_digest() -> str:
    """Return the SHA-256 of the source files that a task runs through.

    Taken once: what is edited while a process runs is not what runs in it.
    """
    content = hashlib.sha256()
    own = [_ROOT / "experiments" / f"{name}.py" for name in _OWN_CODE]
    for path in sorted([*own, *(path for form in _CODE for path in _ROOT.glob(form))]):
        content.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    return content.hexdigest()
