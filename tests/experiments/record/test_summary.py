import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulletins.record import SUMMARY_SCHEMA
from experiments.coups.backtest import COUP_REFERENCES
from experiments.record.rows import ROWS
from experiments.record.summary import summary_of
from features.months import format_month
from models.bootstrap import gain
from models.references import REFERENCES

UNTOLD = dict.fromkeys(("mean", "below", "upto", "first_loss"), float("nan")) | {"risk_level": None}


def row(
    month: int, outcome: float, score: float, rival: float, **more: object
) -> dict[str, object]:
    """A judged score of instability in Mali, one month ahead; all references say the same."""
    known: dict[str, object] = {
        "bulletin": f"{format_month(month)}-000000000000",
        "origin": format_month(month),
        "issued_at": f"{format_month(month + 1)}-20T12:00:00+00:00",
        "hindsight": False,
        "level": "country",
        "region": "MLI",
        "country": "MLI",
        "target": "instability",
        "horizon": 1,
        "target_month": format_month(month + 1),
        "state": "first",
        "known_on": None,
        "outcome": outcome,
        "score": score,
    }
    return known | UNTOLD | dict.fromkeys(REFERENCES, rival) | more


def summary(rows: list[dict[str, object]]) -> pd.DataFrame:
    return summary_of(pd.DataFrame(rows, columns=ROWS.names))


def line(table: pd.DataFrame, forecast: str = "score", **key: str) -> pd.Series:
    chosen = table[table["forecast"] == forecast]
    for name, value in ({"by": "all"} | key).items():
        chosen = chosen[chosen[name] == value]
    (found,) = (one for _, one in chosen.iterrows())
    return found


def test_losses_and_skill_are_those_of_all_scores_together() -> None:
    table = summary([row(600, 1, 0.8, 0.5), row(600, 0, 0.4, 0.5), row(601, 1, 0.6, 0.1)])
    own, rival = line(table), line(table, "conflictology")
    assert list(table.columns) == SUMMARY_SCHEMA.names
    assert (own["n"], own["origins"], own["hindsight"]) == (3, 2, 0)
    assert own["observed"] == pytest.approx(2 / 3)
    assert own["forecasted"] == pytest.approx(0.6)
    assert own["brier"] == pytest.approx((0.04 + 0.16 + 0.16) / 3)
    assert own["log_score"] == pytest.approx(-np.log([0.8, 0.6, 0.6]).mean())
    assert rival["brier"] == pytest.approx((0.25 + 0.25 + 0.81) / 3)
    assert rival["skill"] == pytest.approx(1 - 0.36 / 1.31)
    log = -np.log([0.5, 0.5, 0.1]).mean()
    assert rival["log_skill"] == pytest.approx(1 - own["log_score"] / log)
    assert np.isnan([own["skill"], rival["skill_low"], rival["skill_high"]]).all()


def test_no_skill_is_told_over_what_was_hardly_ever_wrong() -> None:
    table = summary([row(600, 0, 0.9, 0.1), row(601, 0, 0.9, 0.1)])
    assert np.isnan(line(table, "climatology")["skill"])


def test_words_and_tenths_say_how_many_came_true() -> None:
    rows = [row(600 + n, float(n < 2), 0.6, 0.5, risk_level="high") for n in range(3)]
    rows += [row(600, 0, 0.05, 0.5, risk_level="guarded")]
    table = summary(rows)
    high = line(table, by="risk_level", group="high")
    assert (high["n"], high["origins"], high["observed"]) == (3, 3, pytest.approx(2 / 3))
    assert high["forecasted"] == pytest.approx(0.6)
    assert np.isnan(high["observed_low"])
    tenths = table[table["by"] == "probability"].set_index("group")
    assert tenths["n"].to_dict() == {"0.0": 1, "0.6": 3}


def test_with_enough_origins_everything_has_its_interval() -> None:
    rng = np.random.default_rng(3)
    rows = [
        row(600 + n, float(rng.random() < 0.4), 0.4, 0.7, risk_level="elevated") for n in range(36)
    ]
    table = summary(rows)
    word, rival = line(table, by="risk_level", group="elevated"), line(table, "persistence")
    assert word["observed_low"] < word["observed"] < word["observed_high"]
    outcome = np.array([r["outcome"] for r in rows], np.float64)
    value = gain((0.4 - outcome) ** 2, (0.7 - outcome) ** 2, np.arange(600, 636), seed=1)
    assert rival[["skill", "skill_low", "skill_high"]].to_list() == pytest.approx(list(value))
    assert rival["skill_low"] > 0
    # Twelve months hold no two blocks, so that a year has no interval.
    year = line(table, "persistence", by="year", group=format_month(635))
    assert (year["n"], year["origins"]) == (12, 12)
    assert np.isnan(year["skill_low"])


def test_a_year_is_the_twelve_months_of_origins_to_its_last() -> None:
    table = summary([row(600 + n, float(n == 0), 0.5, 0.5) for n in range(14)])
    years = table[(table["by"] == "year") & (table["forecast"] == "score")].set_index("group")
    assert years["n"].to_list() == [*range(1, 13), 12, 12]
    assert years.loc[format_month(611), "observed"] == pytest.approx(1 / 12)
    assert years.loc[format_month(612), "observed"] == 0


def test_of_two_bulletins_of_an_origin_the_first_counts_and_both_have_a_line() -> None:
    later = {"bulletin": "2020-01-ffffffffffff", "issued_at": "2020-03-01T00:00:00+00:00"}
    table = summary([row(600, 1, 0.9, 0.5), row(600, 1, 0.1, 0.5, **later)])
    assert line(table)["brier"] == pytest.approx(0.01)
    bulletins = table[(table["by"] == "bulletin") & (table["forecast"] == "score")]
    assert bulletins["brier"].to_list() == pytest.approx([0.01, 0.81])


def test_deaths_have_crps_a_range_and_what_revisions_cost() -> None:
    deaths: dict[str, object] = {"target": "fatalities", "state": "final"}
    inside = {"mean": 10.0, "below": 0.5, "upto": 0.6, "first_loss": 3.0}
    beyond = {"mean": 20.0, "below": 0.95, "upto": 1.0, "first_loss": 4.0}
    table = summary(
        [row(600, 12, 2, 8, **deaths, **inside), row(600, 90, 6, 8, **deaths, **beyond)]
    )
    own = line(table, state="final")
    assert (own["crps"], own["first_loss"], own["within_90"]) == (4, 3.5, 0.5)
    assert (own["observed"], own["forecasted"]) == (51, 15)
    assert np.isnan([own["brier"], own["log_score"]]).all()
    assert line(table, "climatology", state="final")["skill"] == pytest.approx(0.5)


def coup_rows(years: int, attempts_a_year: int) -> list[dict[str, object]]:
    """Scores of coups one month ahead in twenty countries, nearer the outcomes than references."""
    rows = []
    for month in range(600, 600 + 12 * years):
        for place in range(20):
            came = float(month % 12 < attempts_a_year and place == month % 20)
            about = {"target": "coup", "country": f"C{place:02d}", "region": f"C{place:02d}"}
            rows.append(row(month, came, 0.2 if came else 0.02, 0.5, **about))
            rows[-1] |= dict.fromkeys(COUP_REFERENCES, 0.05 + 0.01 * (place % 5))
    return rows


def test_coups_have_intervals_only_where_there_are_attempts_enough() -> None:
    few, many = (line(summary(coup_rows(5, n)), "months_since") for n in (2, 6))
    assert (few["attempts"], many["attempts"]) == (10, 30)
    assert np.isnan([few["skill_low"], few["log_skill_high"]]).all()
    assert few["skill"] > 0
    assert 0 < many["skill_low"] < many["skill"] < many["skill_high"]
    assert many["log_skill_low"] < many["log_skill"] < many["log_skill_high"]


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(8)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rng = np.random.default_rng(5)
    rows = [
        row(600 + n // 2, float(n % 2), rng.random(), 0.5, horizon=1 + n % 2, country=c, region=c)
        for n, c in enumerate(["MLI", "NER"] * 4)
    ]
    shuffled = summary([rows[place] for place in order])
    pd.testing.assert_frame_equal(shuffled, summary(rows))
