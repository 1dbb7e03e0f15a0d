from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulletins.record import coup_caution, read_editions, read_summary
from experiments.publishing.coups import lists_named
from experiments.record.coups import fewest_attempts
from experiments.record.evaluation import evaluate_bulletin
from experiments.record.update import recorded_rows
from features.errors import BulletinError
from features.language import LANGUAGES
from tests.experiments.ledger import MALI, NIGER, ORIGIN, Ledger, ledger_in, score
from tests.features.archive.deliveries import JANUARY

BULLETIN_DAY, MARCH, SUMMER, YEAR_LATER, FINAL = (
    date(2022, 2, 20),
    date(2022, 3, 20),
    date(2022, 8, 20),
    date(2023, 2, 20),
    date(2023, 9, 20),
)
PAST = "MLI 2021-03-10"
"""An attempt fourteen months after the list begins, in 2020-01."""


def with_coups(ledger: Ledger) -> Ledger:
    """Issue scores of coups of which the past has one attempt, in Mali."""
    ledger.list_coups(BULLETIN_DAY, (JANUARY, ORIGIN), [PAST])
    scores = [score(r, "coup", h, 0.25, threshold=1.0) for r in (MALI, NIGER) for h in (1, 12)]
    ledger.issue([*scores, score(MALI, "instability", 1, 0.5)], BULLETIN_DAY)
    return ledger


def rows_in(ledger: Ledger) -> pd.DataFrame:
    rows = recorded_rows(ledger.home, read_editions(ledger.home))
    return rows[rows["target"] == "coup"].reset_index(drop=True)


def outcomes(rows: pd.DataFrame, state: str = "first") -> dict[tuple[str, int], float]:
    own = rows[rows["state"] == state]
    return dict(zip(zip(own["region"], own["horizon"], strict=True), own["outcome"], strict=True))


def test_an_outcome_is_known_once_the_list_observes_every_month_and_never_before(
    ledger: Ledger,
) -> None:
    with_coups(ledger)
    assert ledger.update(MARCH) is None
    ledger.list_coups(MARCH, (JANUARY, ORIGIN + 1), [PAST, "NER 2022-02-03"])
    assert ledger.update(MARCH) is not None
    assert outcomes(rows_in(ledger)) == {("MLI", 1): 0, ("NER", 1): 1}
    # An attempt within the twelve months is no outcome of them while others are not observed.
    ledger.list_coups(SUMMER, (JANUARY, ORIGIN + 6), [PAST, "NER 2022-02-03"])
    assert ledger.update(SUMMER) is None
    ledger.list_coups(YEAR_LATER, (JANUARY, ORIGIN + 12), [PAST, "NER 2022-02-03"])
    assert ledger.update(YEAR_LATER) is not None
    assert outcomes(rows_in(ledger)) == {
        ("MLI", 1): 0,
        ("NER", 1): 1,
        ("MLI", 12): 0,
        ("NER", 12): 1,
    }


def test_references_are_from_the_lists_that_the_bulletin_names(ledger: Ledger) -> None:
    with_coups(ledger)
    # Another list was public on the day, and came into the home later.
    ledger.list_coups(BULLETIN_DAY, (JANUARY, ORIGIN), ["NER 2020-05-05"], source="other")
    ledger.list_coups(MARCH, (JANUARY, ORIGIN + 1), [PAST, "NER 2021-06-01"])
    ledger.update(MARCH)
    mali, niger = (row for _, row in rows_in(ledger).iterrows())
    # Of the 24 labels of each that were known at the origin one is 1.
    base = (1 + 0.5) / (48 + 1)
    assert (mali["base_rate"], niger["base_rate"]) == (pytest.approx(base), pytest.approx(base))
    assert mali["own_rate"] == pytest.approx((1 + 120 * base) / (24 + 120))
    assert niger["own_rate"] == pytest.approx(120 * base / (24 + 120))
    assert 0 < mali["months_since"] < 1
    assert np.isnan(mali["conflictology"])


def test_an_outcome_is_final_once_a_list_tells_it_a_year_and_a_half_later(ledger: Ledger) -> None:
    with_coups(ledger)
    ledger.list_coups(MARCH, (JANUARY, ORIGIN + 1), [PAST])
    ledger.update(MARCH)
    ledger.list_coups(FINAL, (JANUARY, ORIGIN + 12), [PAST, "MLI 2022-02-03"])
    edition = ledger.update(FINAL)
    assert edition is not None
    assert (edition.first, edition.final) == (2, 2)
    assert outcomes(rows_in(ledger), "final") == {("MLI", 1): 1, ("NER", 1): 0}
    rows = rows_in(ledger)
    mali = rows[(rows["state"] == "final") & (rows["region"] == "MLI")]
    assert mali["first_loss"].tolist() == pytest.approx([0.25**2])
    assert outcomes(rows_in(ledger))["MLI", 1] == 0


def test_a_bulletin_whose_list_is_gone_waits_until_it_is_back(ledger: Ledger) -> None:
    with_coups(ledger)
    ledger.list_coups(MARCH, (JANUARY, ORIGIN + 1), [PAST])
    folder = ledger.home / "coups" / "source=coups" / f"release=list-{BULLETIN_DAY}"
    folder.rename(ledger.home / "aside")
    assert ledger.update(MARCH) is None
    (ledger.home / "aside").rename(folder)
    assert ledger.update(MARCH) is not None


@settings(max_examples=2)
@given(st.lists(st.booleans(), min_size=2, max_size=3), st.integers(0, 2**32 - 1))
def test_later_lists_never_change_what_was_first_known(
    tmp_path_factory: pytest.TempPathFactory, comes: list[bool], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ledger = with_coups(ledger_in(tmp_path_factory.mktemp("lists") / "home"))
    seen = rows_in(ledger)
    for number, came in enumerate(comes, start=1):
        day = date(2022, 2 + number, 20)
        past = [f"NER 2021-{month:02d}-05" for month in rng.integers(1, 13, 3)]
        now = [f"MLI 2022-{1 + number:02d}-03"] if came else []
        ledger.list_coups(day, (JANUARY, ORIGIN + number), [PAST, *dict.fromkeys(past), *now])
        ledger.update(day)
        rows = rows_in(ledger)
        pd.testing.assert_frame_equal(rows[: len(seen)], seen)
        seen = rows
    assert outcomes(seen)["MLI", 1] == comes[0]


def test_a_bulletin_reads_again_only_the_lists_that_it_names(ledger: Ledger) -> None:
    ledger.list_coups(BULLETIN_DAY, (JANUARY, ORIGIN), [PAST])
    manifest = ledger.issue([score(MALI, "coup", 1, 0.25, threshold=1.0)], BULLETIN_DAY)
    ledger.list_coups(BULLETIN_DAY, (JANUARY, ORIGIN), ["NER 2020-05-05"], source="other")
    named = lists_named(ledger.archive, manifest)
    assert [release.source for release in named.releases("coups")] == ["coups"]
    assert named.releases("elections") == []
    (ledger.home / "coups" / "source=coups").rename(ledger.home / "aside")
    with pytest.raises(BulletinError, match=r"was computed from coups list-2022-02-20, which"):
        lists_named(ledger.archive, manifest)


def test_the_summary_counts_attempts_and_says_how_little_they_tell(ledger: Ledger) -> None:
    with_coups(ledger)
    ledger.list_coups(YEAR_LATER, (JANUARY, ORIGIN + 12), [PAST, "NER 2022-02-03"])
    ledger.update(YEAR_LATER)
    table = read_summary(ledger.home, read_editions(ledger.home)[-1]).table.to_pandas()
    own = table[(table["target"] == "coup") & (table["by"] == "all")].set_index("forecast")
    assert set(own.index) == {"score", "months_since", "base_rate", "own_rate"}
    assert own["attempts"].tolist() == [1] * 4
    assert own["n"].tolist() == [4] * 4
    assert own.loc["score", "brier"] == pytest.approx((2 * 0.25**2 + 2 * 0.75**2) / 4)
    assert own["skill_low"].isna().all()
    text = evaluate_bulletin(ledger.home, None, ledger.archive, YEAR_LATER)
    assert "| coup | 1 | 2 | 0.3125 | " in text
    assert "log_score: months_since" in text
    assert text.endswith(coup_caution(1, 1) or "no caution")


def windows(*spans: tuple[str, str, int, float]) -> pd.DataFrame:
    """Rows of windows: country, last month, length and outcome."""
    return pd.DataFrame(spans, columns=["country", "target_month", "horizon", "outcome"])


def test_attempts_are_counted_once_however_many_windows_hold_them() -> None:
    june = [("MLI", f"2020-{month:02d}", 6, 1.0) for month in range(6, 12)]
    assert fewest_attempts(windows(*june, ("MLI", "2020-06", 1, 1.0))) == 1
    assert fewest_attempts(windows(*june, ("MLI", "2020-12", 1, 1.0))) == 2
    assert fewest_attempts(windows(*june, ("NER", "2020-06", 1, 1.0))) == 2
    assert fewest_attempts(windows(("MLI", "2020-06", 6, 0.0))) == 0
    assert fewest_attempts(windows()) == 0


def test_a_caution_counts_and_ends_once_there_are_attempts_enough() -> None:
    few = coup_caution(10, 60)
    assert few == (
        "The record of coups has scores of 60 months, and 10 attempts. So few tell nothing of "
        "scores, good or bad: that takes 30, at this rate some 15 years."
    )
    assert "and 0 attempts" in (coup_caution(0, 3) or "")
    assert "and 1 attempt." in (coup_caution(1, 24) or "")
    assert "1 tentative" in (coup_caution(1, 24, LANGUAGES["fr"]) or "")
    assert coup_caution(30, 150) is None
