from dataclasses import replace

import numpy as np
import pytest

from experiments.benchmarks.country_pool import (
    CountryPool,
    country_indicators,
    country_scale,
    forest_draws,
)
from experiments.benchmarks.views_data import MONTHS_AHEAD, CountryHistory
from features.arrays import FloatArray
from features.errors import InputError

SMALL = CountryPool(draws=200, stacked=1)


def history(months: int = 60, seed: int = 1) -> CountryHistory:
    """Six countries: war, a small war, a fight now and then, two quiet ones, a state since 2017."""
    rng = np.random.default_rng(seed)
    rate = np.array([400.0, 30.0, 0.5, 0.0, 0.0, 3.0])
    deaths = rng.poisson(rate * rng.gamma(2, 0.5, (months, 6))).astype(np.float64)
    deaths[:24, 5] = np.nan
    names = tuple("ABCDEF")
    return CountryHistory(np.arange(540, 540 + months), np.arange(6), names, deaths)


def test_scale_is_between_the_last_month_and_the_year() -> None:
    deaths = np.zeros((24, 2))
    deaths[:, 0] = 7.0
    deaths[-1, 1] = 63.0
    result = country_scale(deaths)
    assert result[-1, 0] == pytest.approx(7)
    # 64, 63 / 3 + 1 = 22 and 63 / 12 + 1 = 6.25: their geometric mean is 20.6, less one death;
    # but the worst year on record is one of 7 a month.
    assert result[-1, 1] == 7.0
    deaths[:12, 0] = 40.0
    assert country_scale(deaths)[-1, 1] == pytest.approx((64 * 22 * 6.25) ** (1 / 3) - 1)


def test_indicators_are_finite_and_know_nothing_later() -> None:
    deaths = np.nan_to_num(history().deaths)
    whole, early = country_indicators(deaths), country_indicators(deaths[:40])
    assert np.isfinite(whole).all()
    assert np.array_equal(whole[:40], early)


def test_draws_are_what_was_asked_for_and_follow_the_country() -> None:
    known = history()
    drawn = SMALL.forecast(known, len(known.months) - 1, MONTHS_AHEAD, seed=1)
    assert drawn.shape == (12, 6, 200)
    assert (np.diff(drawn, axis=2) >= 0).all()
    median = np.median(drawn, axis=2).mean(axis=0)
    assert median[0] > median[1] > median[2]
    assert median[0] == pytest.approx(400, rel=0.5)
    assert median[3] == 0
    assert drawn.max() <= np.nanmax(known.deaths)


def test_the_same_seed_gives_the_same_and_scrambling_what_is_later_changes_nothing() -> None:
    known = history(80)
    later = known.deaths.copy()
    later[61:] = np.random.default_rng(9).permutation(later[61:].ravel()).reshape(-1, 6)
    scrambled = replace(known, deaths=later)
    first, second = (SMALL.forecast(h, 60, MONTHS_AHEAD, seed=3) for h in (known, scrambled))
    assert np.array_equal(first, second)


def test_to_quiet_countries_comes_what_came_to_their_kind() -> None:
    deaths = np.zeros((200, 30))
    deaths[:, 0] = 50.0
    deaths[150:, 1] = 8.0  # one of 29 quiet countries goes to war
    drawn = forest_draws(deaths, range(3, 6), seed=1).reshape(3, 30, -1)
    quiet = drawn[:, 5]
    assert 0 < (quiet > 0).mean() < 0.05
    assert set(np.unique(quiet)) == {0.0, 8.0}


@pytest.mark.parametrize("months", [10, 51])
def test_too_short_a_history_is_refused(months: int) -> None:
    known = history(months)
    with pytest.raises(InputError, match=r"too short a history.*needs 53"):
        SMALL.forecast(known, months - 1, MONTHS_AHEAD, seed=1)


def test_a_country_that_never_was_at_war_leaves_no_numbers_missing() -> None:
    deaths: FloatArray = np.zeros((60, 3))
    deaths[:, 0] = np.arange(60) % 5
    known = CountryHistory(np.arange(540, 600), np.arange(3), ("A", "B", "C"), deaths)
    assert np.isfinite(SMALL.forecast(known, 59, MONTHS_AHEAD, seed=1)).all()


def test_a_war_larger_than_any_before_has_the_weights_of_all_sizes() -> None:
    deaths: FloatArray = np.zeros((60, 3))
    deaths[:, 0] = np.arange(60) % 5
    deaths[-6:, 1] = 400.0  # the only large war, and after every origin that is learned from
    known = CountryHistory(np.arange(540, 600), np.arange(3), ("A", "B", "C"), deaths)
    drawn = SMALL.forecast(known, 59, MONTHS_AHEAD, seed=1)
    assert np.isfinite(drawn).all()
    assert drawn[:, 1].max() == 400
