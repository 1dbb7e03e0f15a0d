from datetime import date

import pytest

from experiments.record.runs import log_editions
from experiments.tracking.artifacts import check_artifacts
from experiments.tracking.store import open_store
from tests.experiments.ledger import MALI, NIGER, ORIGIN, Ledger, score

EARLY = {"kind": "candidate", "source": "ucdp-candidate"}
BULLETIN_DAY, MARCH = date(2022, 2, 20), date(2022, 3, 20)


def test_every_edition_has_one_run_with_its_measures_its_text_and_a_picture(
    ledger: Ledger,
) -> None:
    store = open_store(ledger.home, None)
    assert log_editions(store, ledger.home) == []
    rows = [score(MALI, "instability", 1, 0.8), score(NIGER, "instability", 1, 0.3)]
    ledger.issue([*rows, score(MALI, "fatalities", 1, 0.8)], BULLETIN_DAY)
    ledger.deliver("22.0.2", MARCH, (ORIGIN + 1, ORIGIN + 1), {ORIGIN + 1: 30}, **EARLY)
    edition = ledger.update(MARCH)
    assert edition is not None
    assert log_editions(store, ledger.home) == ["record 2022-03"]
    assert log_editions(store, ledger.home) == []
    client = store.client()
    (run,) = client.search_runs([store.record(simulated=False)])
    assert run.info.run_name == "record 2022-03"
    assert run.data.tags["record_sha256"] == edition.record_sha256
    metrics = run.data.metrics
    assert metrics["country/first/instability/brier"] == pytest.approx((0.04 + 0.09) / 2)
    assert metrics["country/first/instability/observed"] == 0.5
    assert "country/first/instability/skill_over_conflictology" not in metrics  # hardly ever wrong
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names == {"record.md", "tables", "calibration-country.png"}
    assert check_artifacts(ledger.home).faults == []
    # A run that was killed before its end is made again.
    client.set_terminated(run.info.run_id, "KILLED")
    assert log_editions(store, ledger.home) == ["record 2022-03"]
