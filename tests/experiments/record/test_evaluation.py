from datetime import date

import pandas as pd
import pytest

from bulletins.record import SCORE
from experiments.record.evaluation import claim_of, evaluate_bulletin
from features.errors import CoverageError
from models.references import REFERENCES
from tests.experiments.ledger import MALI, NIGER, ORIGIN, Ledger, score

EARLY = {"kind": "candidate", "source": "ucdp-candidate"}
BULLETIN_DAY, MARCH = date(2022, 2, 20), date(2022, 3, 20)


def test_a_bulletin_is_evaluated_against_what_then_happened(ledger: Ledger) -> None:
    rows = [score(r, "instability", h, 0.5) for r in (MALI, NIGER) for h in (1, 2)]
    manifest = ledger.issue([*rows, score(MALI, "fatalities", 1, 0.8)], BULLETIN_DAY)
    newer = ledger.issue([score(MALI, "instability", 1, 0.5, origin=ORIGIN + 1)], MARCH)
    with pytest.raises(CoverageError, match="nothing of what the bulletin forecast is observed"):
        evaluate_bulletin(ledger.home, manifest.id, ledger.archive, BULLETIN_DAY)
    ledger.deliver("22.0.2", MARCH, (ORIGIN + 1, ORIGIN + 1), {ORIGIN + 1: 30}, **EARLY)
    text = evaluate_bulletin(ledger.home, None, ledger.archive, MARCH)
    assert text.startswith(f"Bulletin {manifest.id}, against events as known on 2022-03-20.")
    assert newer.id not in text
    assert "## country, 2 regions" in text
    assert "forecast deaths are 1.00 times those that came." in text
    assert "| instability | 1 | 2 | 0.2500 | " in text
    assert "| fatalities | 1 | 1 | 6.0000 | " in text
    assert "| instability | 2 |" not in text


def test_a_claim_says_nothing_where_nothing_came() -> None:
    forecasts = [SCORE, *REFERENCES]
    onset = pd.DataFrame({"target": "onset", "forecast": forecasts, "skill": float("nan")})
    deaths = pd.DataFrame(
        {"target": "fatalities", "forecast": forecasts, "forecasted": 1.0, "observed": 0.0}
    )
    nothing = "In onset the best reference was hardly ever wrong, so there is nothing to save"
    assert claim_of(pd.concat([onset, deaths])) == f"{nothing}."
    assert claim_of(pd.concat([onset, deaths.assign(observed=4.0)])) == (
        f"{nothing}; forecast deaths are 0.25 times those that came."
    )
    assert claim_of(deaths) == "Nothing came that tells forecasts apart."
    saved = onset.assign(skill=[float("nan"), 0.4, 0.25, 0.5, 0.3])
    assert (
        claim_of(saved)
        == "Of the Brier score of the best reference the scores save 25.0 % in onset."
    )
