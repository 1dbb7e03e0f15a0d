"""What relived months were worth, on values worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.relive.report import ReliveReport, losses, ratios

COUNTRIES = ("MLI", "TGO")


def rows(**changes: object) -> pd.DataFrame:
    """Two countries and months: the score is off by 0.2, conflictology by 0.4."""
    table = pd.DataFrame(
        [
            {"country": country, "region": country, "vintage": day, "origin": day[:7]}
            for country in COUNTRIES
            for day in ("2024-01-21", "2024-02-22")
        ]
    )
    plain: dict[str, object] = {
        "level": "country", "target": "instability", "horizon": 1, "variant": "as known",
        "known": "final", "issued": True, "threshold": 25.0, "outcome": 1.0, "score": 0.8,
        "mean": np.nan, "climatology": 0.5, "conflictology": 0.6, "persistence": 1.0,
        "decaying_record": 0.8,
    }  # fmt: skip
    columns: dict[str, Any] = plain | changes
    return table.assign(**columns)


def report(*parts: pd.DataFrame) -> ReliveReport:
    return ReliveReport("about", False, pd.concat(parts, ignore_index=True))


DEATHS: dict[str, object] = {"target": "fatalities", "outcome": 10.0, "score": 3.0, "mean": 8.0}
REFERENCES = dict.fromkeys(("climatology", "conflictology", "persistence", "decaying_record"), 2.0)


def test_a_ratio_is_of_sums_of_losses_and_equal_countries_leave_no_doubt() -> None:
    (line,) = ratios(rows(), "horizon").to_dict("records")
    assert line["loss"] == pytest.approx(0.04)
    assert line["conflictology"] == "0.250 (0.25 to 0.25)"  # 0.04 of 0.16
    assert line["decaying_record"] == "1.000 (1.00 to 1.00)"
    assert line["persistence"] == ""  # it was never wrong
    assert (line["n"], line["origins"]) == (4, 2)


def test_an_interval_reaches_from_one_country_to_the_other() -> None:
    table = rows()
    table.loc[table["country"] == "TGO", "score"] = 0.4  # 0.36
    (line,) = ratios(table, "horizon").to_dict("records")
    assert line["conflictology"] == "1.250 (0.25 to 2.25)"


def test_the_loss_of_deaths_is_their_crps() -> None:
    assert losses(rows(**DEATHS), "score").tolist() == [3.0] * 4


def test_bars_are_told_as_they_are() -> None:
    verdicts = dict(report(rows(), rows(**DEATHS, **REFERENCES)).verdicts())
    assert verdicts == {
        "CRPS of fatalities: 1.500 of that of conflictology, asked 0.92": False,
        "CRPS of fatalities: worse than conflictology at horizons: 1": False,
        "Brier score of instability: 0.250 of that of conflictology, asked 0.96": True,
        "Brier score of instability: worse than conflictology at horizons: none": True,
    }


def test_variants_and_outcomes_are_set_beside_each_other() -> None:
    tables = report(
        rows(),
        rows(known="first", outcome=0.0),
        rows(variant="corrected", issued=False, score=0.9),
        rows(variant="final data", issued=False, score=1.0),
        rows(**DEATHS, **REFERENCES),
    ).tables()
    corrected = tables["Late reporting corrected, over as known"].iloc[0]
    assert corrected["ratio"] == "0.250 (0.25 to 0.25)"  # 0.01 of 0.04
    assert corrected["forecast over observed"] == pytest.approx(0.9)
    assert corrected["as known over observed"] == pytest.approx(0.8)
    outcomes = tables["Lost to revisions: the same forecasts by another outcome"]
    assert outcomes.set_index("judged by")["loss"].to_dict() == pytest.approx(
        {"first": 0.64, "final": 0.04}
    )
    final = tables["Lost to revisions: the same models on final data"].iloc[0]
    assert final["ratio"] == "0.000 (0.00 to 0.00)"


def test_the_report_says_what_it_is_of_and_marks_simulated_events() -> None:
    text = ReliveReport("what", True, pd.concat([rows(), rows(**DEATHS, **REFERENCES)])).markdown()
    assert text.startswith("SIMULATED. what\n")
    assert "* Brier score of instability: 0.250 of that of conflictology, asked 0.96: yes" in text
