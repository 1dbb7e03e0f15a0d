"""Homes and tables of the experiments' tests, for tests of commands."""

from tests.experiments.benchmarks.conftest import counts_path, views_folder
from tests.experiments.conftest import events_home, own_home, trained, vintage

__all__ = ["counts_path", "events_home", "own_home", "trained", "views_folder", "vintage"]
