from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bulletins.form import HISTORY_MONTHS
from experiments.judging.verification import served_scales
from experiments.publishing.contents import placed_nowhere, risk_scales_of, with_record
from experiments.tracking.registry import model_version
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from tests.experiments.ledger import MALI, ORIGIN, Ledger, score
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


def test_with_too_few_origins_for_an_interval_a_shortfall_says_so(ledger: Ledger) -> None:
    rows = [score(MALI, "fatalities", h, 0.5) for h in (1, 2)]
    draft = ledger.issue(rows, date(2022, 2, 20))
    assert with_record(draft, ledger.home) == draft
    day, war = date(2022, 4, 20), {ORIGIN + n: 35 for n in (1, 2)}
    early: dict[str, Any] = {"kind": "candidate", "source": "ucdp-candidate"}
    ledger.deliver("22.0.3", day, (ORIGIN + 1, ORIGIN + 2), war, **early)
    edition = ledger.update(day)
    assert edition is not None
    manifest = with_record(draft, ledger.home)
    assert manifest.record_sha256 == edition.record_sha256
    (shortfall,) = manifest.shortfalls
    about = (shortfall.level, shortfall.target, shortfall.state, shortfall.n, shortfall.origins)
    assert about == ("country", "fatalities", "first", 2, 1)
    # 0, 25 and 50 deaths with probabilities 1/2, 1/4 and 1/4, and 35 came: 23.75 - 21.875 / 2.
    # Conflictology said 30 in each month, and loses 5.
    assert shortfall.skill == pytest.approx(1 - 12.8125 / 5)
    assert (shortfall.low, shortfall.high) == (None, None)
    elsewhere = draft.model_copy(update={"levels": ("admin1",)})
    assert with_record(elsewhere, ledger.home).shortfalls == ()
