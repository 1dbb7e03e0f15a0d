"""What `tocsin cycle` is to do, in TOML."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from experiments.configuration import DEFAULT, DEMO, Configuration, read_configuration
from features.archive.quality import Bounds
from features.files import load_toml
from features.strict import Strict
from features.toml import read_toml

FILE = "cycle.toml"
"""The settings in a home, which go before the packaged ones."""

_PACKAGED = Path(__file__).with_name("default.toml")
_EXPERIMENTS = {"default": DEFAULT, "demo": DEMO}


class EventsSettings(Strict):
    """Where new events come from."""

    source: Literal["archive", "ucdp", "simulation"]
    seed: Annotated[int, Field(ge=0)]
    ucdp_files: Annotated[str, Field(pattern="^https?://")]


class Retraining(Strict):
    """When the models are trained again."""

    months: Annotated[int, Field(ge=1)]
    on_drift: bool


class BulletinSettings(Strict):
    """How many months are caught up."""

    late: Annotated[int, Field(ge=0)]


class CycleSettings(Strict):
    """All that can be set of the cycle."""

    experiment: str
    events: EventsSettings
    quality: Bounds
    retraining: Retraining
    bulletins: BulletinSettings

    def configuration(self, home: Path) -> Configuration:
        """Return the experiment; raises ConfigurationError when its file cannot be used."""
        return read_configuration(_EXPERIMENTS.get(self.experiment, home / self.experiment))


def cycle_settings(home: Path) -> CycleSettings:
    """Return the settings of a home: those of its file, the others as packaged.

    Raises ConfigurationError, naming every wrong or unknown key.
    """
    file = home / FILE
    defaults = load_toml(_PACKAGED)
    return read_toml(file if file.exists() else _PACKAGED, CycleSettings, "a cycle", defaults)
