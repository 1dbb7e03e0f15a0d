"""An experiment as one TOML file; a misspelt key is an error, never a default."""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar, cast

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from features.archive.vintage import SummaryEvents
from features.errors import ConfigurationError
from features.indicators.catalogue import CATALOGUE, FAMILIES, names_of
from features.strict import Strict
from features.toml import read_toml
from features.words import OF_VIOLENCE, Level, Measure, Target, Violence
from models.learners import Boosting, Learner, LearnerName, Logistic, LogOddsMean, RidgeLogistic
from models.record import RECORD, RecordPool

CATALOGUE_NAMES = tuple(indicator.name for indicator in CATALOGUE)
DEFAULT = Path(__file__).with_name("default.toml")
DEMO = Path(__file__).with_name("demo.toml")

_DECIDES_NOTHING = {"name", "description", "levels", "thresholds", "indicators", "backtest"}
"""Keys that do not change what is fitted at a level, or that enter a digest in another form."""

_Value = TypeVar("_Value", str, float, int)
_Number = TypeVar("_Number", bound=float)

LARGEST_SEED = 2**32 - 1
"""The largest random state of scikit-learn."""

FARTHEST_AHEAD = 36
"""The farthest horizon [months]."""


def _each_once(values: tuple[_Value, ...]) -> tuple[_Value, ...]:
    if not values:
        raise ValueError("name at least one")
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"named more than once: {', '.join(repeated)}")
    return values


Positive = Annotated[int, Field(gt=0, strict=True)]
Ahead = Annotated[int, Field(gt=0, le=FARTHEST_AHEAD, strict=True)]
AboveZero = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
EachOnce = AfterValidator(_each_once)


class _Section(Strict):
    model_config = ConfigDict(allow_inf_nan=False)


class ByLevel(_Section, Generic[_Number]):
    """A number for each level."""

    country: _Number
    admin1: _Number
    priogrid: _Number

    def at(self, level: Level) -> _Number:
        """Return the number of a level."""
        return cast("_Number", getattr(self, level))


DeathsByLevel = ByLevel[AboveZero]
"""A number of deaths a month for each level."""


class Events(_Section):
    """The event history to learn from, and how its summary events count."""

    history: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    summary: SummaryEvents

    @property
    def named(self) -> str | None:
        """The name of the history, None for any."""
        return None if self.history == "any" else self.history


class TrainingSettings(_Section):
    """The months to learn from, and the share of those of quiet regions that stands for all."""

    months: Positive
    quiet_share: ByLevel[Share]


class BacktestSettings(_Section):
    """The origins of the backtest."""

    years: Annotated[Positive, Field(le=100)]
    refit_months: Positive


class LogisticSettings(_Section):
    """The logistic regression on a few readable indicators."""

    indicators: Annotated[tuple[str, ...], EachOnce]


class BoostingSettings(_Section):
    """The gradient boosting."""

    iterations: Positive
    learning_rate: float = Field(gt=0, le=1)
    leaves: int = Field(ge=2, strict=True)
    smallest_leaf: Positive
    l2: float = Field(ge=0)
    share_tried: float = Field(gt=0, le=1)


class EnsembleSettings(_Section):
    """The mean of the boosting, a regression on all indicators, and one on RECORD alone."""

    penalty: float = Field(gt=0)


class AnalogueSettings(_Section):
    """The share of analogues in the distribution of deaths; the rest are the own records."""

    months: Positive
    share: float = Field(gt=0, lt=1)
    halving: DeathsByLevel


class RecordSettings(_Section):
    """The pool of a region's own decaying records."""

    half_lives: Annotated[tuple[AboveZero, ...], EachOnce]
    spreads: Annotated[tuple[AboveZero, ...], EachOnce]
    rate: float = Field(ge=0)
    common_rate: float = Field(ge=0)
    memory: float = Field(gt=0, le=1)


class LateReportingSettings(_Section):
    """Whether deaths of the newest months are raised to what they are expected to end up as."""

    correct: bool = Field(strict=True)


class Configuration(_Section):
    """One experiment: all that decides what is trained."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    description: str
    levels: Annotated[tuple[Level, ...], EachOnce]
    seed: int = Field(ge=0, le=LARGEST_SEED, strict=True)
    measure: Measure
    violence: Literal["all"] | Annotated[tuple[Violence, ...], EachOnce]
    indicators: Literal["all"] | tuple[str, ...]
    learners: Annotated[tuple[LearnerName, ...], EachOnce]
    events: Events
    targets: dict[Target, Annotated[tuple[Ahead, ...], EachOnce]] = Field(min_length=1)
    thresholds: DeathsByLevel
    training: TrainingSettings
    backtest: BacktestSettings
    logistic: LogisticSettings
    boosting: BoostingSettings
    ensemble: EnsembleSettings
    analogues: AnalogueSettings
    records: RecordSettings
    late_reporting: LateReportingSettings

    @field_validator("indicators")
    @classmethod
    def _in_catalogue(cls, names: Literal["all"] | tuple[str, ...]) -> object:
        if names != "all":
            unknown = set(names) - {*CATALOGUE_NAMES, *FAMILIES}
            if unknown:
                raise ValueError(f"not in the catalogue: {', '.join(sorted(unknown))}")
            _each_once(names_of(names))
        return names

    @field_validator("targets")
    @classmethod
    def _are_of_violence(cls, targets: dict[Target, tuple[int, ...]]) -> object:
        others = ", ".join(sorted(set(targets) - set(OF_VIOLENCE)))
        if others:
            raise ValueError(
                f"not forecast from violence, but by an experiment of its own: {others}"
            )
        return targets

    @model_validator(mode="after")
    def _fatalities_are_deaths(self) -> "Configuration":
        if self.measure != "deaths" and "fatalities" in self.targets:
            raise ValueError("fatalities are deaths: leave that target out, or measure deaths")
        return self

    @model_validator(mode="after")
    def _analogues_are_not_all(self) -> "Configuration":
        if self.analogues.months >= self.training.months:
            raise ValueError("[analogues] months must be fewer than [training] months")
        return self

    @model_validator(mode="after")
    def _logistic_reads_what_is_there(self) -> "Configuration":
        absent = set(self.logistic.indicators) - set(self.indicator_names)
        if absent:
            raise ValueError(f"[logistic] reads what is not there: {', '.join(sorted(absent))}")
        return self

    @property
    def indicator_names(self) -> tuple[str, ...]:
        """The indicators that every learner may read, in order."""
        if self.indicators == "all":
            return CATALOGUE_NAMES
        return names_of(self.indicators)

    def reading(self, indicators: Literal["all"] | tuple[str, ...]) -> "Configuration":
        """Return the experiment on other indicators, by name or family.

        Raises ConfigurationError for a word that is neither.
        """
        return self._of(CATALOGUE_NAMES if indicators == "all" else names_of(indicators))

    def without(self, names: Collection[str]) -> "Configuration":
        """Return the experiment without some indicators.

        Raises ConfigurationError when none is left.
        """
        narrowed = self._of(tuple(name for name in self.indicator_names if name not in names))
        if not narrowed.indicators:
            raise ConfigurationError(
                f"the events tell none of the indicators of {self.name}: choose others"
            )
        return narrowed

    def _of(self, names: tuple[str, ...]) -> "Configuration":
        read = tuple(name for name in self.logistic.indicators if name in names)
        logistic = self.logistic.model_copy(update={"indicators": read})
        return self.model_copy(update={"indicators": names, "logistic": logistic})

    def tau(self, level: Level) -> float:
        """The threshold of a level [deaths/month]."""
        return self.thresholds.at(level)

    def digest(self, level: Level) -> str:
        """Return the SHA-256 of all settings that decide what is fitted at a level.

        Which learner is best does not count: of two good ones it may change from month to month.
        """
        settings = self.model_dump(mode="json", exclude=_DECIDES_NOTHING)
        settings["indicators"] = self.indicator_names
        settings["tau"] = self.tau(level)
        if not self.late_reporting.correct:
            del settings["late_reporting"]  # as in experiments that are older than this section
        share = settings["training"].pop("quiet_share")[level]
        if share != 1:  # as in experiments that are older than this key
            settings["training"]["quiet_share"] = share
        settings["analogues"]["halving"] = self.analogues.halving.at(level)
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def template(self, learner: LearnerName) -> Learner:
        """Return an unfitted learner with these settings; all read RECORD."""
        columns = (*self.indicator_names, RECORD)
        if learner == "logistic":
            read = (*self.logistic.indicators, RECORD)
            return Logistic(tuple(columns.index(name) for name in read))
        boosting = Boosting(**self.boosting.model_dump(), seed=self.seed)
        if learner == "boosting":
            return boosting
        record = RidgeLogistic(penalty=1.0, columns=(columns.index(RECORD),))
        return LogOddsMean((RidgeLogistic(penalty=self.ensemble.penalty), boosting, record))

    @property
    def types(self) -> tuple[Violence, ...] | None:
        """The types of violence that count, None for all and those not told apart."""
        return None if self.violence == "all" else self.violence

    @property
    def record_pool(self) -> RecordPool:
        """The pool of decaying records with these settings."""
        return RecordPool(**self.records.model_dump())


def read_configuration(path: Path) -> Configuration:
    """Read an experiment from TOML; raises ConfigurationError that names every wrong key."""
    return read_toml(path, Configuration, "a valid experiment")
