"""Nothing after the origin may change anything that is said at the origin, by one bit."""

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bulletins.manifest import Manifest
from experiments.publishing.publish import issue_bulletin
from experiments.samples import samples_at
from experiments.tracking.registry import backtest_forecasts, champion
from experiments.tracking.store import MlflowStore, open_store
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.indicators.catalogue import CATALOGUE
from features.months import format_month, parse_month
from features.panel.panel import read_panel
from features.sources.simulation.world import World, deliver
from tests.targets import NEAR_AND_FAR
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
        vintage = vintage_in(home, world, events)
        store = open_store(home, None)
        self.home = home
        self.indicators = samples_of(vintage).indicators
        with without_pictures():
            train_level(store, vintage, settings, format_month(ORIGIN))
        best = champion(store, "admin1")
        assert best is not None
        self.backtest = backtest_forecasts(store, best)
        manifest, self.files = issued_in(home, vintage, store)
        self.digest, self.models = manifest.vintage.digest, manifest.models
        self.risk_scales = manifest.risk_scales


def vintage_in(home: Path, world: World, events: pd.DataFrame) -> Vintage:
    """The vintage of an archive with these events, made in a folder."""
    Archive(home).add(dataclasses.replace(deliver(world, PUBLIC), events=events))
    return open_vintage(Archive(home), PUBLIC)


def issued_in(
    home: Path, vintage: Vintage, store: MlflowStore
) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest and the files of a bulletin that is issued in a folder."""
    issued_at = datetime(2025, 1, 20, tzinfo=UTC)
    issued = issue_bulletin(vintage, store, home, ORIGIN, issued_at=issued_at, code="1+a", jobs=1)
    folder = home / "bulletins" / issued.manifest.id
    files = {file.name: file.read_bytes() for file in folder.glob("*.parquet")}
    return issued.manifest, files


def samples_of(vintage: Vintage) -> Any:
    panel = read_panel(vintage, "admin1")
    return samples_at(panel, ORIGIN, 5.0, tuple(indicator.name for indicator in CATALOGUE))


@pytest.fixture(scope="module")
def events(world: World) -> pd.DataFrame:
    return deliver(world, PUBLIC).events


@pytest.fixture(scope="module")
def leak_settings(small_settings: dict[str, Any]) -> dict[str, Any]:
    """Every target at its nearest and farthest horizon, whose labels reach least and most ahead."""
    return small_settings | {"targets": NEAR_AND_FAR}


@pytest.fixture(scope="module")
def snapshot(
    world: World,
    events: pd.DataFrame,
    leak_settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Snapshot:
    return Snapshot(tmp_path_factory.mktemp("as-is"), world, events, leak_settings)


def test_scrambling_every_event_after_the_origin_changes_no_indicator_prediction_or_score(
    snapshot: Snapshot,
    world: World,
    events: pd.DataFrame,
    leak_settings: dict[str, Any],
    tmp_path: Path,
) -> None:
    later = scrambled(events, events["date_end"] >= AFTER, seed=3)
    other = Snapshot(tmp_path, world, later, leak_settings)
    assert other.indicators.tobytes() == snapshot.indicators.tobytes()
    pd.testing.assert_frame_equal(other.backtest, snapshot.backtest, check_exact=True)
    assert other.digest == snapshot.digest
    assert "scores.parquet" in other.files
    assert len(other.files) == 13
    assert other.files == snapshot.files
    assert other.risk_scales == snapshot.risk_scales


def test_scrambling_events_before_the_origin_does_change_the_scores(
    snapshot: Snapshot,
    world: World,
    events: pd.DataFrame,
    tmp_path: Path,
) -> None:
    last_year = (events["date_end"] < AFTER) & (events["date_end"] >= pd.Timestamp("2022-01-01"))
    vintage = vintage_in(tmp_path, world, scrambled(events, last_year, seed=3))
    manifest, files = issued_in(tmp_path, vintage, open_store(snapshot.home, None))
    assert manifest.models == snapshot.models
    assert manifest.vintage.digest != snapshot.digest
    assert files["scores.parquet"] != snapshot.files["scores.parquet"]
