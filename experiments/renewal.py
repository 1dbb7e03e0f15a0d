"""Renewals: the same experiment on newer months."""

import hashlib
import json

from experiments.configuration import Configuration
from experiments.registry import Registered
from features.places.regions import Level

_DECIDES_NOTHING = {"name", "description", "levels", "thresholds", "indicators", "backtest"}
"""Keys that do not change what is fitted at a level, or that stand in the digest in other words."""


def experiment_digest(configuration: Configuration, level: Level) -> str:
    """Return the SHA-256 of everything in an experiment that decides what is fitted at a level.

    Not of its name, of other levels, or of the backtest, by which it is only judged; nor of which
    learner came out best, since which of two equally good ones does may change from month to month.
    """
    settings = configuration.model_dump(mode="json", exclude=_DECIDES_NOTHING)
    settings["indicators"] = configuration.indicator_names
    settings["tau"] = configuration.tau(level)
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def renews(digest: str, origin: int, champion: Registered) -> bool:
    """Is a model of an experiment, trained to an origin, the champion's own on newer months?

    A champion that does not tell its experiment is renewed by none.
    """
    return champion.experiment == digest and origin > champion.trained_to
