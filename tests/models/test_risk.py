import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.words import RISK_LEVELS
from models.risk import RiskBand, earned_levels, independent_number, risk_bands, share_interval

BOUNDS = (0.05, 0.2, 0.5, 0.8)
ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(600, 640)), min_size=1)


def band(number: int, scores: int, came_true: float | None) -> RiskBand:
    return RiskBand(RISK_LEVELS[number], (0.0, *BOUNDS)[number], scores, came_true, float(scores))


def test_a_level_begins_at_its_bound() -> None:
    probability = np.array([0.8, 0.79, 0.05, 0.049, 0.9])
    outcome = np.array([1.0, 1, 0, 0, 0])
    bands = risk_bands(BOUNDS, probability, outcome, np.arange(5))
    assert [band.name for band in bands] == list(RISK_LEVELS)
    assert [band.lowest for band in bands] == [0, 0.05, 0.2, 0.5, 0.8]
    assert [band.scores for band in bands] == [1, 1, 0, 1, 2]
    assert [band.came_true for band in bands] == [0, 0, None, 1, 0.5]


@given(ROWS)
def test_every_score_is_in_one_level(rows: list[tuple[float, bool, int]]) -> None:
    probability, outcome, origin = np.array(rows, dtype=float).T
    bands = risk_bands(BOUNDS, probability, outcome, origin.astype(np.int64))
    assert sum(band.scores for band in bands) == len(rows)
    came = sum(band.scores * (band.came_true or 0) for band in bands)
    assert came == pytest.approx(outcome.sum())
    for one in bands:
        low, high = one.interval
        share = one.came_true or 0
        assert 0 <= low <= share + 1e-12
        assert share - 1e-12 <= high <= 1
        assert 0 <= one.independent <= one.scores


def test_the_interval_is_that_of_wilson() -> None:
    """Of 25 independent scores 8 came true: 17.2 % to 51.6 %, by hand from the formula."""
    assert band(3, 25, 0.32).interval == pytest.approx((0.1721, 0.5159), abs=1e-4)
    assert band(3, 10, 0.0).interval == pytest.approx((0, 0.2775), abs=1e-4)
    assert band(3, 0, None).interval == (0, 1)


def test_months_that_all_come_true_or_none_say_as_much_as_their_number() -> None:
    """Ten regions of a month share its fate, drawn anew each month: 400 scores are worth 40."""
    fate = np.random.default_rng(7).integers(0, 2, size=4000).astype(float)
    origin = np.repeat(np.arange(4000), 10)
    assert independent_number(np.repeat(fate, 10), origin) == pytest.approx(4000, rel=0.15)


def test_scores_that_do_not_depend_on_each_other_all_count() -> None:
    outcome = np.random.default_rng(7).integers(0, 2, size=40_000).astype(float)
    number = independent_number(outcome, np.repeat(np.arange(4000), 10))
    assert number == pytest.approx(40_000, rel=0.15)


def names(scale: tuple[RiskBand, ...]) -> list[str]:
    return [band.name for band in scale]


def test_what_is_earned_stays() -> None:
    scale = [band(n, 1000, share) for n, share in enumerate([0.01, 0.1, 0.3, 0.6, 0.9])]
    assert earned_levels([scale]) == [tuple(scale)]


def test_a_level_that_came_true_less_often_than_the_one_below_joins_it() -> None:
    scale = [band(0, 900, 0.01), band(1, 100, 0.1), band(2, 100, 0.3)]
    scale += [band(3, 300, 0.6), band(4, 100, 0.4)]
    (merged,) = earned_levels([scale])
    assert names(merged) == ["low", "guarded", "elevated", "high"]
    assert merged[3].scores == 400
    assert merged[3].came_true == pytest.approx(0.55)
    assert merged[3].lowest == 0.5


def test_a_level_whose_scores_fall_short_of_it_joins_the_one_below() -> None:
    """Scores above 50 % of which 35 % came true are not high, though more than of those below."""
    scale = [band(0, 900, 0.01), band(1, 100, 0.1), band(2, 100, 0.3), band(3, 2000, 0.35)]
    (merged,) = earned_levels([[*scale, band(4, 0, None)]])
    assert names(merged) == ["low", "guarded", "elevated"]


def test_what_joins_may_make_the_next_level_lose_too() -> None:
    scale = [band(0, 100, 0.12), band(1, 100, 0.14), band(2, 50, 0.02)]
    (merged,) = earned_levels([[*scale, band(3, 50, 0.6), band(4, 50, 0.9)]])
    assert names(merged) == ["low", "high", "critical"]


def test_a_word_is_lost_at_every_level_of_regions() -> None:
    good = [band(n, 1000, share) for n, share in enumerate([0.01, 0.1, 0.3, 0.6, 0.9])]
    bad = [*good[:4], band(4, 1000, 0.5)]
    assert [names(scale) for scale in earned_levels([good, bad])] == [list(RISK_LEVELS[:4])] * 2


def test_a_level_of_regions_without_such_scores_does_not_speak_against_a_word() -> None:
    good = [band(n, 1000, share) for n, share in enumerate([0.01, 0.1, 0.3, 0.6, 0.9])]
    silent = [*good[:4], band(4, 0, None)]
    assert [names(scale) for scale in earned_levels([good, silent])] == [list(RISK_LEVELS)] * 2
    assert [names(scale) for scale in earned_levels([silent])] == [list(RISK_LEVELS[:4])]


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 1)), min_size=5, max_size=5))
def test_the_words_that_are_left_came_true_ever_more_often(rows: list[tuple[int, float]]) -> None:
    scale = [band(n, scores, share if scores else None) for n, (scores, share) in enumerate(rows)]
    (merged,) = earned_levels([scale])
    shares = [one.came_true for one in merged if one.came_true is not None]
    assert shares == sorted(shares)
    assert sum(one.scores for one in merged) == sum(scores for scores, _ in rows)


def test_the_interval_of_a_share_is_that_of_its_independent_number() -> None:
    outcome, origin = np.tile([1.0, 0.0, 0.0, 0.0], 30), np.repeat(np.arange(30), 4)
    number = independent_number(outcome, origin)
    band = RiskBand("high", 0.5, 120, 0.25, number)
    low, high = share_interval(outcome, origin)
    assert (low, high) == pytest.approx(band.interval)
    assert low < 0.25 < high
