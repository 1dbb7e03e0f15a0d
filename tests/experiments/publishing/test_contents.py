from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bulletins.form import HISTORY_MONTHS
from experiments.judging.verification import served_scales
from experiments.publishing.contents import placed_nowhere, risk_scales_of
from experiments.tracking.registry import model_version
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from tests.features.archive.deliveries import JANUARY, a_delivery


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


def test_deaths_in_no_region_are_told_by_country_of_the_months_that_history_has(
    tmp_path: Path,
) -> None:
    since = JANUARY - HISTORY_MONTHS
    deaths = {month: 2**n for n, month in enumerate((since, since + 1, JANUARY, JANUARY + 1))}
    events = [("MLI", month, 1, number) for month, number in deaths.items()]
    spans = [("MLI", since, JANUARY + 1), ("NER", since, JANUARY)]
    delivery = a_delivery("1", [*events, ("NER", JANUARY, 1, 9)], spans)
    delivery.events["admin1"] = [None] * len(events) + ["NER-dosso"]
    Archive(tmp_path).add(delivery)
    vintage = open_vintage(Archive(tmp_path), date(2021, 1, 1))
    model = SimpleNamespace(level="admin1", summary_events="spread")
    forecast: Any = SimpleNamespace(model=model, origin=JANUARY)
    assert placed_nowhere(vintage, forecast) == {"MLI": 2 + 4}
