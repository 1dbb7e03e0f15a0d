"""What a benchmark asks: another experiment must forecast the same to be judged by it."""

from pathlib import Path
from typing import Literal

from experiments.configuration import Configuration, read_configuration
from features.errors import ConfigurationError

Setting = Literal["measure", "violence", "targets", "thresholds"]


def need_question(configuration: Configuration, own: Path, settings: tuple[Setting, ...]) -> None:
    """Raise ConfigurationError unless an experiment has one learner and forecasts the same.

    `own` is the benchmark's own experiment, with which the other agrees in the `settings`.
    """
    standard = read_configuration(own)
    other = [name for name in settings if getattr(configuration, name) != getattr(standard, name)]
    if other:
        raise ConfigurationError(
            f"{configuration.name} forecasts something else than the benchmark asks: "
            f"take {', '.join(other)} from '{own}'"
        )
    if len(configuration.learners) != 1:
        raise ConfigurationError(
            f"{configuration.name} has several learners: name the one to judge"
        )
