from pathlib import Path

from experiments.judging.verification import served_scales
from experiments.publishing.contents import risk_scales_of
from experiments.tracking.registry import model_version
from experiments.tracking.store import open_store


def test_the_risk_scales_of_a_version_are_those_of_its_backtest(own_home: Path) -> None:
    store = open_store(own_home, None)
    version = model_version(store, "admin1", 1)
    assert version.risk_scales
    store.client().delete_model_version_tag("tocsin-admin1", "1", "risk_bands")
    older = model_version(store, "admin1", 1)
    assert older.risk_scales is None
    scales = risk_scales_of(store, [version])
    assert risk_scales_of(store, [older]) == scales == served_scales(version.risk_scales)
    assert scales
