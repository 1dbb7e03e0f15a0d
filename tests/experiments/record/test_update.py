import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulletins.record import read_editions, read_summary
from experiments.record.update import recorded_rows
from features.errors import RecordError
from tests.experiments.ledger import MALI, NIGER, ORIGIN, WAR, Ledger, score
from tests.features.archive.deliveries import a_delivery

EARLY = {"kind": "candidate", "source": "ucdp-candidate"}
BULLETIN_DAY, MARCH, APRIL, YEAR_LATER = (
    date(2022, 2, 20),
    date(2022, 3, 20),
    date(2022, 4, 20),
    date(2023, 6, 1),
)
FEBRUARY = ORIGIN + 1


def rows_in(ledger: Ledger) -> pd.DataFrame:
    return recorded_rows(ledger.home, read_editions(ledger.home))


def the_row(rows: pd.DataFrame, **key: object) -> pd.Series:
    for name, value in key.items():
        rows = rows[rows[name] == value]
    (row,) = (row for _, row in rows.iterrows())
    return row


def with_first_month(ledger: Ledger) -> Ledger:
    """Issue four scores of February 2022, of which the first news is 30 deaths in Mali."""
    ledger.issue(
        [
            score(MALI, "instability", 1, 0.8),
            score(NIGER, "instability", 1, 0.3),
            score(MALI, "fatalities", 1, 0.8),
            score(MALI, "instability", 2, 0.5),
        ],
        BULLETIN_DAY,
    )
    ledger.deliver("22.0.2", MARCH, (FEBRUARY, FEBRUARY), {FEBRUARY: 30}, **EARLY)
    return ledger


def revised(ledger: Ledger) -> Ledger:
    """Add the final record of a year later: 20 deaths in February, and a war that never was."""
    past = dict.fromkeys(WAR, 1)
    ledger.deliver("23.1", YEAR_LATER, (480, FEBRUARY), past | {FEBRUARY: 20})
    return ledger


def test_an_outcome_is_recorded_as_it_is_first_known_beside_references_of_the_day(
    ledger: Ledger,
) -> None:
    edition = with_first_month(ledger).update(MARCH)
    assert edition is not None
    assert (edition.number, edition.first, edition.final) == (1, 3, 0)
    rows = rows_in(ledger)
    assert len(rows) == 3
    mali = the_row(rows, region="MLI", target="instability")
    assert (mali["outcome"], mali["score"], mali["horizon"]) == (1, 0.8, 1)
    assert (mali["state"], mali["known_on"], mali["risk_level"]) == ("first", MARCH, "critical")
    assert (mali["origin"], mali["target_month"]) == ("2022-01", "2022-02")
    assert not mali["hindsight"]
    # Of the 48 labels known at the origin 12 are 1, all of Mali in the last year.
    base = (12 + 0.5) / (48 + 1)
    assert mali["conflictology"] == pytest.approx((12 + base) / 13)
    assert mali["climatology"] == pytest.approx((12 + base) / 25)
    niger = the_row(rows, region="NER")
    assert (niger["outcome"], niger["conflictology"]) == (0, pytest.approx(base / 13))


def test_deaths_are_judged_by_the_distribution_that_was_issued(ledger: Ledger) -> None:
    with_first_month(ledger).update(MARCH)
    deaths = the_row(rows_in(ledger), target="fatalities")
    # 0, 25 and 50 deaths with probabilities 0.2, 0.4 and 0.4, and 30 came: 16 - 20 / 2.
    assert deaths["score"] == pytest.approx(6)
    assert (deaths["outcome"], deaths["mean"]) == (30, pytest.approx(30))
    assert (deaths["below"], deaths["upto"]) == (pytest.approx(0.6), pytest.approx(0.6))
    assert deaths["conflictology"] == pytest.approx(0, abs=1e-9)  # as many in all of the last year
    assert deaths["climatology"] == pytest.approx(13 / 25 * 30 - 13 * 12 / 25**2 * 30)


def test_a_final_outcome_is_recorded_beside_the_first_and_references_stay_those_of_the_day(
    ledger: Ledger,
) -> None:
    with_first_month(ledger).update(MARCH)
    first = rows_in(ledger)
    edition = revised(ledger).update(YEAR_LATER)
    assert edition is not None
    assert (edition.number, edition.first, edition.final) == (2, 0, 3)
    rows = rows_in(ledger)
    pd.testing.assert_frame_equal(rows[:3], first)
    final = the_row(rows, region="MLI", target="instability", state="final")
    early = the_row(rows, region="MLI", target="instability", state="first")
    assert (early["outcome"], final["outcome"]) == (1, 0)
    assert final["first_loss"] == pytest.approx(0.04)
    for reference in ("climatology", "conflictology", "persistence", "decaying_record"):
        assert final[reference] == early[reference]
    deaths = the_row(rows, target="fatalities", state="final")
    assert (deaths["score"], deaths["first_loss"]) == (pytest.approx(8), pytest.approx(6))
    assert deaths["conflictology"] == pytest.approx(10)


def test_what_is_recorded_is_not_recorded_again(ledger: Ledger) -> None:
    with_first_month(ledger).update(MARCH)
    assert ledger.update(MARCH) is None
    assert ledger.update(APRIL) is None
    revised(ledger).update(YEAR_LATER)
    assert ledger.update(YEAR_LATER) is None
    assert [edition.number for edition in read_editions(ledger.home)] == [1, 2]


def test_another_revision_changes_nothing_that_is_final(ledger: Ledger) -> None:
    revised(with_first_month(ledger)).update(YEAR_LATER)
    before = rows_in(ledger)
    assert set(before["state"]) == {"first", "final"}
    ledger.deliver("24.1", date(2024, 6, 1), (480, FEBRUARY), {FEBRUARY: 500})
    assert ledger.update(date(2024, 6, 1)) is None
    pd.testing.assert_frame_equal(rows_in(ledger), before)


def test_a_window_is_judged_by_the_threshold_that_was_issued_once_all_its_months_are_known(
    ledger: Ledger,
) -> None:
    ledger.issue([score(MALI, "escalation", 3, 0.25, threshold=60.0)], BULLETIN_DAY)
    for number, deaths in enumerate((60, 90, 30), start=1):
        month, day = ORIGIN + number, date(2022, 2 + number, 20)
        ledger.deliver(f"22.0.{number + 1}", day, (month, month), {month: deaths}, **EARLY)
        assert (ledger.update(day) is None) == (number < 3)
    row = the_row(rows_in(ledger))
    # The last year has 30 deaths a month: the mean of 60, 90 and 30 just reaches twice that.
    assert (row["outcome"], row["target_month"]) == (1, "2022-04")


def test_an_onset_is_judged_where_one_was_issued_even_if_the_past_is_revised(
    ledger: Ledger,
) -> None:
    ledger.issue([score(NIGER, "onset", 3, 0.1)], BULLETIN_DAY)
    deaths = [("NER", ORIGIN - 3, 1, 9), ("NER", ORIGIN + 2, 1, 1)]
    spans = [("NER", 480, ORIGIN + 3), ("MLI", 480, ORIGIN + 3)]
    ledger.archive.add(a_delivery("23.1", deaths, spans, available_on=YEAR_LATER))
    ledger.update(YEAR_LATER)
    assert rows_in(ledger)["outcome"].tolist() == [1, 1]


def test_the_record_never_goes_back(ledger: Ledger) -> None:
    with_first_month(ledger).update(APRIL)
    with pytest.raises(RecordError, match="holds what was known on 2022-04-20 and never goes back"):
        ledger.update(MARCH)


def test_a_bulletin_that_was_issued_when_its_month_was_over_is_marked(ledger: Ledger) -> None:
    with_first_month(ledger)
    ledger.issue([score(MALI, "instability", h, 0.5) for h in (1, 2)], MARCH)
    ledger.deliver("22.0.3", APRIL, (FEBRUARY + 1, FEBRUARY + 1), {}, **EARLY)
    ledger.update(APRIL)
    own = rows_in(ledger).iloc[-2:]
    assert own["hindsight"].tolist() == [True, False]


def test_a_bulletin_whose_releases_are_gone_is_left_out_and_named(ledger: Ledger) -> None:
    manifest = ledger.issue([score(MALI, "instability", 1, 0.5)], BULLETIN_DAY)
    with_first_month(ledger)
    folder = ledger.home / "bulletins" / manifest.id
    (folder / "scores.parquet").write_bytes(b"other")
    edition = ledger.update(MARCH)
    assert edition is not None
    assert list(edition.left_out) == [manifest.id]
    assert "scores.parquet is not what was published" in edition.left_out[manifest.id]
    assert manifest.id not in set(rows_in(ledger)["bulletin"])


@pytest.mark.parametrize("name", ["rows.parquet", "summary.parquet", "edition.json"])
def test_an_edition_of_which_a_byte_is_changed_is_refused(ledger: Ledger, name: str) -> None:
    with_first_month(ledger).update(MARCH)
    file = ledger.home / "record" / "0001" / name
    content = file.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 40)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(RecordError, match="edition 0001 of the track record cannot be used"):
            read_editions(ledger.home)
    file.write_bytes(content)
    read_editions(ledger.home)


def test_an_edition_that_is_gone_or_exchanged_is_missed(ledger: Ledger) -> None:
    with_first_month(ledger).update(MARCH)
    revised(ledger).update(YEAR_LATER)
    record = ledger.home / "record"
    shutil.move(record / "0001", ledger.home / "aside")
    with pytest.raises(RecordError, match="edition 0001 of the track record cannot be used: it is"):
        ledger.update(YEAR_LATER)
    shutil.rmtree(record / "0002")
    shutil.move(ledger.home / "aside", record / "0001")
    assert ledger.update(MARCH) is None


def test_the_same_update_of_the_same_home_gives_the_same_bytes(ledger: Ledger) -> None:
    with_first_month(ledger)
    twin = Ledger(ledger.home.with_name("twin"))
    shutil.copytree(ledger.home, twin.home)
    for one in (ledger, twin):
        one.update(MARCH)
    mine, theirs = (
        {path.name: path.read_bytes() for path in (one.home / "record" / "0001").iterdir()}
        for one in (ledger, twin)
    )
    assert mine == theirs


@settings(max_examples=2)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=4), st.integers(0, 2**32 - 1))
def test_later_months_never_change_what_was_first_known(
    tmp_path_factory: pytest.TempPathFactory, deaths: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ledger = Ledger(tmp_path_factory.mktemp("months") / "home")
    ledger.deliver("21.1", BULLETIN_DAY, (600, ORIGIN), WAR)
    rows = [score(MALI, target, h, 0.5) for target in ("instability", "fatalities") for h in (1, 2)]
    ledger.issue([*rows, score(MALI, "escalation", 3, 0.5)], BULLETIN_DAY)
    seen = rows_in(ledger)
    for number, count in enumerate(deaths, start=1):
        last, day = ORIGIN + number, date(2022, 2 + number, 20)
        scrambled = {month: int(rng.integers(0, 60)) for month in range(600, last)}
        ledger.deliver(f"22.0.{number}", day, (600, last), scrambled | {last: count}, **EARLY)
        ledger.update(day)
        rows_now = rows_in(ledger)
        pd.testing.assert_frame_equal(rows_now[: len(seen)], seen)
        seen = rows_now
    assert not seen.duplicated(["bulletin", "region", "target", "horizon", "state"]).any()
    assert read_summary(ledger.home, read_editions(ledger.home)[-1]).table.num_rows > 0
