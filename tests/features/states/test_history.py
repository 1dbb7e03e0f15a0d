from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.archive.coverage import Coverage, Span
from features.archive.releases import Archive
from features.archive.schemas import ACTORS
from features.errors import CoverageError
from features.months import format_month, parse_month
from features.states.attempts import Reports
from features.states.history import StateHistory, build_state_history, read_state_history
from tests.features.states.records import RECEIVED, SPANS, ingest, table

COUPS = "country,date,outcome,actor,published"


def history_of(home: Path, *coups: str, coverage: Coverage = SPANS) -> StateHistory:
    ingest(home, "coups", table(COUPS, *coups), coverage=coverage)
    return read_state_history(Archive(home), RECEIVED)


def cells(history: StateHistory, values: np.ndarray) -> dict[tuple[str, str], int]:
    """The cells that are not zero."""
    return {
        (str(history.countries[column]), format_month(int(history.months[row]))): int(
            values[row, column]
        )
        for row, column in np.argwhere(values)
    }


def test_attempts_successes_and_seizures_are_counted_apart(tmp_path: Path) -> None:
    history = history_of(
        tmp_path / "home",
        "MLI,2001-05-03,failed,military,",
        "MLI,2001-05-29,success,,",
        "MLI,2002-01-01,plot,military,",
        "BFA,2003-02-01,success,rebel,",
        "BFA,2003-03-01,failed,rebel,",
        "BFA,2003-04-01,success,foreign,",
        "BFA,2003-05-01,success,popular,",
        "BFA,2003-06-01,success,state,",
    )
    attempts = {("MLI", "2001-05"): 2, ("BFA", "2003-06"): 1}
    assert cells(history, history.attempts) == attempts
    assert cells(history, history.successes) == dict.fromkeys(attempts, 1)
    assert cells(history, history.seizures) == {("BFA", "2003-02"): 1}


def test_months_go_on_after_the_lists_end_and_are_not_observed(tmp_path: Path) -> None:
    history = history_of(tmp_path / "home", "MLI,2001-05-03,failed,,")
    assert (history.first_month, history.coverage_end) == (360, parse_month("2004-12"))
    assert format_month(int(history.months[-1])) == "2024-05"
    assert history.observed.sum() == 2 * 60
    assert history.observed[:60].all()
    assert history.exists.all()
    assert history.conditions == {}
    assert np.isnan(history.election_within_6).all()
    with pytest.raises(CoverageError, match="goes from 2000-01 to 2024-05 and lacks 1999-12"):
        history.row(359)


def test_a_state_is_no_row_before_it_came_into_being(tmp_path: Path) -> None:
    spans = tuple(
        Span(code, parse_month("1990-01"), parse_month("2012-12")) for code in ("SDN", "SSD")
    )
    history = history_of(tmp_path / "home", "SDN,1990-05-03,failed,,", coverage=Coverage(spans))
    july = history.row(parse_month("2011-07"))
    assert history.exists.argmax(axis=0).tolist() == [0, july]
    assert history.observed.argmax(axis=0).tolist() == [0, july]


def test_what_was_told_later_was_not_known_at_an_origin(tmp_path: Path) -> None:
    home = tmp_path / "home"
    history = history_of(
        home, "MLI,2001-05-03,failed,military,2001-08-01", "BFA,2001-05-03,success,rebel,"
    )
    may, august = parse_month("2001-05"), parse_month("2001-08")
    assert history.attempts[history.row(may)].tolist() == [0, 1]
    assert history.until(may).attempts.sum() == 0
    assert history.until(may).seizures[-1].tolist() == [1, 0]
    assert history.until(august).attempts[history.row(may)].tolist() == [0, 1]
    assert history.until(may).coverage_end == may
    assert history.until(360).attempts.shape == (1, 2)


def test_the_outcome_of_a_leading_list_counts_once_it_was_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ingest(home, "coups", table(COUPS, "MLI,2001-05-30,failed,military,"), source="cline")
    history = history_of(home, "MLI,2001-06-02,success,,")
    may = history.row(parse_month("2001-05"))
    assert history.attempts.sum() == history.successes[may].sum() == 1
    assert history.until(parse_month("2001-05")).successes.sum() == 0


FIRST, LAST, STATES = parse_month("2000-01"), parse_month("2004-12"), ("BFA", "MLI")
DAYS = np.arange("2000-01-01", "2005-01-01", dtype="datetime64[D]")


def drawn_days(rng: np.random.Generator, n: int, after: np.datetime64) -> pd.Series:
    return pd.Series(rng.choice(DAYS[after < DAYS], n)).astype("datetime64[ns]")


def drawn(rng: np.random.Generator, n: int, after: np.datetime64) -> list[pd.DataFrame]:
    """Reports, conditions and elections that were dated or published after a day."""
    country = rng.choice(STATES, n)
    day, published = drawn_days(rng, n, after), drawn_days(rng, n, after)
    is_late = rng.random(n) < 0.5
    reports = pd.DataFrame({"country": country, "date": drawn_days(rng, n, np.datetime64(0, "D"))})
    reports["known"] = published.where(is_late, day).where(published > reports["date"], day)
    reports["date"] = reports["date"].where(reports["known"] >= reports["date"], reports["known"])
    names = {"list": ["a", "b"], "outcome": ["success", "failed", "plot"], "actor": list(ACTORS)}
    reports = reports.assign(**{name: rng.choice(of, n) for name, of in names.items()})
    reports = reports.assign(rank=(reports["list"] == "b").astype(int), name=None, note=None)
    conditions = pd.DataFrame(
        {
            "country": country,
            "variable": rng.choice(["x", "y"], n),
            "value": rng.random(n),
            "first_month": rng.integers(FIRST, LAST, n),
            "last_month": np.where(rng.random(n) < 0.5, np.nan, LAST - 10),
            "published": published,
        }
    )
    elections = pd.DataFrame(
        {
            "country": country,
            "date": drawn_days(rng, n, np.datetime64(0, "D")),
            "kind": "any",
            "published": published,
            "withdrawn": (published + pd.Timedelta(days=90)).where(is_late),
        }
    )
    return [reports, conditions, elections]


def built(parts: Sequence[pd.DataFrame]) -> StateHistory:
    reports, conditions, elections = parts
    runs = [(country, FIRST, LAST) for country in STATES]
    observed = pd.DataFrame(runs, columns=["country", "first_month", "last_month"])
    rows = Reports(reports.sort_values(["known", "date"], kind="stable"), observed)
    return build_state_history(rows, conditions, elections, LAST)


@given(st.integers(0, 2**32), st.integers(FIRST, LAST - 1))
@settings(max_examples=8, deadline=None)
def test_nothing_that_is_dated_or_published_later_changes_a_bit(seed: int, month: int) -> None:
    rng = np.random.default_rng(seed)
    end = (np.datetime64(month + 1, "M")).astype("datetime64[D]") - 1
    start, n = np.datetime64(0, "D"), 30
    whole = drawn(rng, n, start)
    # What was known by the end, and in place of the rest other rows that were not.
    reports, conditions, elections = whole
    kept = [
        reports[reports["known"] <= end],
        conditions[conditions["published"] <= end],
        elections[elections["published"] <= end],
    ]
    future = kept[1]["first_month"] > month
    kept[1] = kept[1].assign(value=kept[1]["value"].where(~future, 0.5))
    kept[2] = kept[2].assign(withdrawn=kept[2]["withdrawn"].where(kept[2]["withdrawn"] <= end))
    both = [[part, new] for part, new in zip(kept, drawn(rng, n, end), strict=True)]
    scrambled = [pd.concat(pair, ignore_index=True) for pair in both]
    old, new = built(whole), built(scrambled)
    assert old.until(month).digest() == new.until(month).digest()
    # Rows alone hold nothing of later months either.
    part, rows = old.until(month), slice(old.row(month) + 1)
    assert_array_equal(old.election_within_6[rows], part.election_within_6)
    for name in part.conditions:
        assert_array_equal(old.conditions[name][rows], new.conditions[name][rows])
