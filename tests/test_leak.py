"""Nothing after the origin may change anything that is said at the origin, by one bit."""

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.publishing.publish import issue_bulletin
from experiments.samples import samples_at
from experiments.tracking.registry import backtest_forecasts, champion
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.indicators.catalogue import CATALOGUE
from features.months import format_month, parse_month
from features.panel.panel import read_panel
from features.sources.simulation.world import World, deliver
from tests.training import train_level, without_pictures

ORIGIN = parse_month("2022-12")
AFTER = pd.Timestamp("2023-01-01")
PUBLIC = date(2025, 1, 15)


def scrambled(events: pd.DataFrame, chosen: pd.Series, seed: int) -> pd.DataFrame:
    """The events, those chosen with other places, types, days and deaths; a third of them gone."""
    rng = np.random.default_rng(seed)
    untouched, hit = events[~chosen], events[chosen].sample(frac=0.67, random_state=seed)
    places = ["country", "admin1", "priogrid", "latitude", "longitude"]
    hit = hit.copy()
    hit[places] = hit[places].sample(frac=1, random_state=seed).to_numpy()
    deaths = rng.integers(0, 500, len(hit))
    hit = hit.assign(best=deaths, low=deaths, high=deaths, deaths_unknown=deaths)
    hit = hit.assign(type_of_violence=rng.integers(1, 4, len(hit)).astype(np.int8))
    return pd.concat([untouched, hit], ignore_index=True)


class Snapshot:
    """Everything that is forecast at the origin from some events."""

    def __init__(self, home: Path, world: World, events: pd.DataFrame, settings: Any) -> None:
        Archive(home).add(dataclasses.replace(deliver(world, PUBLIC), events=events))
        vintage = open_vintage(Archive(home), PUBLIC)
        store = open_store(home, None)
        self.indicators = samples_of(vintage).indicators
        with without_pictures():
            train_level(store, vintage, settings, format_month(ORIGIN))
        best = champion(store, "admin1")
        assert best is not None
        self.backtest = backtest_forecasts(store, best)
        issued = issue_bulletin(
            vintage,
            store,
            home,
            ORIGIN,
            issued_at=datetime(2025, 1, 20, tzinfo=UTC),
            code="1+a",
            jobs=1,
        )
        self.digest = issued.manifest.vintage.digest
        folder = home / "bulletins" / issued.manifest.id
        self.scores = (folder / "scores.parquet").read_bytes()
        self.files = {file.name: file.read_bytes() for file in folder.glob("*.parquet")}
        self.risk_scales = issued.manifest.risk_scales


def samples_of(vintage: Vintage) -> Any:
    panel = read_panel(vintage, "admin1")
    return samples_at(panel, ORIGIN, 5.0, tuple(indicator.name for indicator in CATALOGUE))


@pytest.fixture(scope="module")
def events(world: World) -> pd.DataFrame:
    return deliver(world, PUBLIC).events


@pytest.fixture(scope="module")
def snapshot(
    world: World,
    events: pd.DataFrame,
    small_settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Snapshot:
    return Snapshot(tmp_path_factory.mktemp("as-is"), world, events, small_settings)


def test_scrambling_every_event_after_the_origin_changes_no_indicator_prediction_or_score(
    snapshot: Snapshot,
    world: World,
    events: pd.DataFrame,
    small_settings: dict[str, Any],
    tmp_path: Path,
) -> None:
    later = scrambled(events, events["date_end"] >= AFTER, seed=3)
    other = Snapshot(tmp_path, world, later, small_settings)
    assert other.indicators.tobytes() == snapshot.indicators.tobytes()
    pd.testing.assert_frame_equal(other.backtest, snapshot.backtest, check_exact=True)
    assert other.digest == snapshot.digest
    assert other.scores == snapshot.scores
    assert len(other.files) == 7
    assert other.files == snapshot.files
    assert other.risk_scales == snapshot.risk_scales


def test_scrambling_events_before_the_origin_does_change_the_scores(
    snapshot: Snapshot,
    world: World,
    events: pd.DataFrame,
    small_settings: dict[str, Any],
    tmp_path: Path,
) -> None:
    last_year = (events["date_end"] < AFTER) & (events["date_end"] >= pd.Timestamp("2022-01-01"))
    other = Snapshot(tmp_path, world, scrambled(events, last_year, seed=3), small_settings)
    assert other.digest != snapshot.digest
    assert other.scores != snapshot.scores
