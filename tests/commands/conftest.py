"""The trained home of the experiments' tests, for tests of commands."""

from tests.experiments.conftest import events_home, own_home, trained, vintage

__all__ = ["events_home", "own_home", "trained", "vintage"]
