"""A bulletin from a model that corrects late reporting, of a month that was first reported low."""

import dataclasses
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from bulletins.form import CORRECTED_SCORES_SCHEMA, UNREPORTED
from bulletins.manifest import Manifest
from bulletins.reading import read_manifest, read_scores
from experiments.publishing.publish import issue_bulletin
from experiments.tracking.registry import champion
from experiments.tracking.store import model_name, open_store
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.months import parse_month
from features.sources.simulation.world import World, deliver
from tests.experiments.publishing.test_publish import replay

ISSUED = datetime(2025, 1, 20, tzinfo=UTC)
EARLY, LATE = date(2024, 12, 10), date(2025, 1, 20)
NOVEMBER = pd.Timestamp("2024-11-01")


def home_with(trained: Path, world: World, folder: Path, share: float) -> Path:
    """A trained home whose champion corrects, where November was first reported to a share."""
    home = Path(shutil.copytree(trained, folder))
    early = deliver(world, EARLY)
    is_fresh = early.events["date_end"] >= NOVEMBER
    best = (early.events["best"] * share).round().astype("int64")
    events = early.events.assign(best=early.events["best"].mask(is_fresh, best))
    Archive(home).add(dataclasses.replace(early, events=events))
    store = open_store(home, None)
    best_model = champion(store, "admin1")
    assert best_model is not None
    name, version = model_name("admin1"), str(best_model.version)
    store.client().set_model_version_tag(name, version, "late_reporting", "true")
    return home


def issued(home: Path, origin: str) -> Manifest:
    vintage = open_vintage(Archive(home), LATE)
    return issue_bulletin(
        vintage, open_store(home, None), home, parse_month(origin), issued_at=ISSUED, code="1+a",
        jobs=1,
    ).manifest  # fmt: skip


@pytest.fixture(scope="module")
def home(trained: Path, world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_with(trained, world, tmp_path_factory.mktemp("late") / "home", 0.5)


def test_a_score_says_what_was_added_for_it_and_the_manifest_how(home: Path) -> None:
    manifest = issued(home, "2024-12")
    late = manifest.late_reporting["admin1"]
    assert {release.release for release in late.releases} == {"seed-2-2024-11", "seed-2-2024-12"}
    assert len(late.releases) > len(manifest.vintage.releases)
    assert late.factors[0][1] > 1.05
    assert late.factors[1] == (1.0,) * 4
    folder = home / "bulletins" / manifest.id
    scores = read_scores(folder, manifest).table
    assert scores.schema.equals(CORRECTED_SCORES_SCHEMA)
    added = scores.to_pandas().groupby("region")[UNREPORTED].first()
    history = pd.read_parquet(folder / "history.parquet")
    newest = history[history["month"] == "2024-12"].set_index("region")["deaths"]
    assert (added[newest > 0] > 0).all()
    assert (added[newest == 0] == 0).all()
    assert (newest == newest.round()).all()  # what was known is shown as it was
    assert replay(home, Archive(home), manifest.id) == manifest


def test_what_was_reported_of_later_months_changes_nothing(
    home: Path, trained: Path, world: World, tmp_path: Path
) -> None:
    other = home_with(trained, world, tmp_path / "home", 0.1)
    first, second = (issued(place, "2024-10") for place in (home, other))
    assert first.vintage.digest == second.vintage.digest
    assert first.hashes == second.hashes
    assert first.late_reporting["admin1"].factors == second.late_reporting["admin1"].factors


def test_a_bulletin_without_correction_says_nothing_of_it(trained: Path, tmp_path: Path) -> None:
    plain = Path(shutil.copytree(trained, tmp_path / "home"))
    manifest = issued(plain, "2024-12")
    assert manifest.late_reporting == {}
    folder = plain / "bulletins" / manifest.id
    assert UNREPORTED not in pd.read_parquet(folder / "scores.parquet")
    assert read_scores(folder, read_manifest(folder)).table[UNREPORTED].null_count == manifest.rows
