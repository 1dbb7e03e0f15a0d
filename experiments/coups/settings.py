"""An experiment of coups as one TOML file; a misspelt key is an error."""

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from experiments.configuration import Ahead, EachOnce, Positive
from features.indicators.state import STATE
from features.strict import Strict
from features.toml import read_toml

DEFAULT = Path(__file__).with_name("default.toml")


Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class CoupBacktestSettings(Strict):
    """The origins of the backtest, and how often intervals are drawn."""

    first: Month
    refit_months: Positive
    draws: Positive
    seed: int = Field(ge=0, strict=True)


class CoupSettings(Strict):
    """All that decides how coups are forecast."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    description: str
    horizons: Annotated[tuple[Ahead, ...], EachOnce]
    indicators: Annotated[tuple[str, ...], EachOnce]
    penalty: float = Field(gt=0)
    first_month: Month
    backtest: CoupBacktestSettings

    @field_validator("indicators")
    @classmethod
    def _are_of_states(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = ", ".join(sorted(set(names) - {indicator.name for indicator in STATE}))
        if unknown:
            raise ValueError(f"not in the family state: {unknown}")
        return names

    def digest(self) -> str:
        """Return the SHA-256 of all settings that decide what is fitted."""
        content = self.model_dump_json(exclude={"name", "description", "backtest"})
        return hashlib.sha256(content.encode()).hexdigest()


def read_coup_settings(path: Path = DEFAULT) -> CoupSettings:
    """Read an experiment from TOML; raises ConfigurationError that names every wrong key."""
    return read_toml(path, CoupSettings, "a valid experiment of coups")
