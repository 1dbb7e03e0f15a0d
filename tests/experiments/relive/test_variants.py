"""The forecasts of a bulletin beside those that other data would have given."""

from datetime import date
from pathlib import Path

import pytest

from bulletins.manifest import Manifest
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.scores import scores_of
from experiments.record.rows import Conditions
from experiments.relive.variants import (
    issued_variant,
    judged_variants,
    refuse_other_scores,
    variants_of,
)
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.errors import BulletinError
from features.panel.panel import read_panel
from features.sources.simulation.world import World
from tests.experiments.publishing.test_publish_late_reporting import LATE, home_with, issued

KEY = ["region", "target", "horizon"]


@pytest.fixture(scope="module")
def home(trained: Path, world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_with(trained, world, tmp_path_factory.mktemp("relive") / "home", 0.5)


@pytest.fixture(scope="module")
def manifest(home: Path) -> Manifest:
    return issued(home, "2024-10")


def test_what_was_issued_is_one_of_the_variants_and_all_are_judged_alike(
    home: Path, manifest: Manifest
) -> None:
    vintage = open_vintage(Archive(home), LATE)
    forecasts = variants_of(open_store(home, None), manifest, "admin1", vintage, vintage)
    assert issued_variant(manifest, "admin1") == "corrected"
    _, scores = read_bulletin(home, manifest.id)
    refuse_other_scores(scores_of(forecasts["corrected"]), scores, manifest.id)
    with pytest.raises(BulletinError, match="comes out otherwise"):
        refuse_other_scores(scores_of(forecasts["corrected"]).iloc[1:], scores, manifest.id)
    truth = read_panel(vintage, "admin1")
    first = read_panel(open_vintage(Archive(home), date(2024, 12, 15)), "admin1")
    conditions = Conditions.of(vintage, manifest, "admin1")
    rows = judged_variants(forecasts, "corrected", conditions, truth, [first, truth])
    parts = {
        name: part.set_index(KEY).sort_index() for name, part in rows.groupby(["variant", "known"])
    }
    assert set(parts) == {
        ("as known", "final"), ("corrected", "final"), ("corrected", "first"),
        ("final data", "final"),
    }  # fmt: skip
    # Nothing was learned of October: the truth is the vintage itself, and nothing was corrected.
    final = parts["as known", "final"]
    for variant in ("corrected", "final data"):
        assert parts[variant, "final"]["score"].equals(final["score"])
    deaths = {
        known: parts["corrected", known].xs("fatalities", level=1) for known in ("first", "final")
    }
    november = {known: part.xs(1, level="horizon")["outcome"] for known, part in deaths.items()}
    assert november["first"].sum() < november["final"].sum()  # it was first reported to a half
