"""Homes of the experiments' tests, for tests of commands on a home."""

from tests.experiments.conftest import events_home, own_home, trained, vintage

__all__ = ["events_home", "own_home", "trained", "vintage"]
