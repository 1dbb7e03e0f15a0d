from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import lognorm, norm

from features.arrays import FloatArray
from models.metrics import crps_ensemble
from models.record import (
    MONTHS,
    Record,
    RecordPool,
    RecordScores,
    RegionRecords,
    last_months,
    record_scores,
    signed_odds,
    spread_at,
)
from tests.targets import HORIZONS

NAN = np.nan
LOG_2 = float(np.log(2))
RECORDS = (Record(1.0, 0.2), Record(9.0, 0.2), Record(3.0, 0.5))
FEW = RecordPool(half_lives=(1.0, 6.0), spreads=(0.3,))
POOL = RecordPool(half_lives=(1.0, 9.0), spreads=(0.2, 0.5))


def history(seed: int, months: int = 40, regions: int = 3) -> FloatArray:
    """Deaths of regions quiet, violent and at war, some months not observed."""
    rng = np.random.default_rng(seed)
    level = rng.choice([0.0, 0.3, 4, 60, 900], (1, regions))
    deaths = rng.poisson(rng.gamma(0.8, level, (months, regions))).astype(float)
    deaths[rng.random((months, regions)) < rng.choice([0.0, 0.1])] = NAN
    return deaths


def months_of(deaths: FloatArray, origin: int, region: int) -> FloatArray:
    past = deaths[max(0, origin - MONTHS + 1) : origin + 1, region][::-1]
    return np.append(past, np.full(MONTHS - len(past), NAN))


def probability_below(
    record: Record, past: FloatArray, horizon: int, counts: FloatArray
) -> FloatArray:
    """P(deaths <= count) for each count, by a direct sum over the months of a record."""
    spread = record.spread * np.sqrt(1 + horizon / 6)
    total, known = np.zeros(len(counts)), 0.0
    for back, deaths in enumerate(past):
        if np.isnan(deaths):
            continue
        weight = 0.5 ** (back / record.half_life)
        known += weight
        if deaths == 0:
            total += weight
        else:
            month = lognorm(spread, scale=deaths * np.exp(-(spread**2) / 2))
            total += weight * month.cdf(counts + 0.5)
    return np.asarray(total / known)


@pytest.mark.parametrize("half_life", [0.5, 1, 4, 30])
def test_the_months_of_a_record_count_in_all_once_and_halve_with_the_half_life(
    half_life: float,
) -> None:
    weights = Record(half_life, 0.2).month_weights()
    assert len(weights) == MONTHS == 24
    assert weights.sum() == pytest.approx(1)
    assert_allclose(weights[1:] / weights[:-1], 0.5 ** (1 / half_life))


def test_a_record_is_spread_more_the_later_the_month() -> None:
    assert spread_at(0.3, 6) == pytest.approx(0.3 * np.sqrt(2))
    assert spread_at(0.3, 12) == pytest.approx(0.3 * np.sqrt(3))


def test_the_last_months_are_the_newest_first_and_none_before_the_first() -> None:
    deaths = np.arange(60.0).reshape(30, 2)
    told = last_months(deaths, np.array([29, 1]), np.array([0, 1]))
    assert_array_equal(told[0], np.arange(58, 10, -2))
    assert_array_equal(told[1], [3, 1, *[NAN] * 22])


def test_a_pool_has_every_half_life_with_every_spread() -> None:
    pool = RecordPool(half_lives=(1.0, 3.0), spreads=(0.2, 0.5))
    assert pool.records == ((1, 0.2), (3, 0.2), (1, 0.5), (3, 0.5))


@pytest.mark.parametrize(("horizon", "threshold"), [(1, 1.0), (6, 5.0), (12, 25.0), (2, 4.5)])
def test_the_exceedance_is_the_mean_over_months_of_spread_deaths(
    horizon: int, threshold: float
) -> None:
    """Of each record by itself, and of the pool by its weights."""
    deaths = history(3)
    deaths[:30, 1] = NAN
    below = np.array([np.ceil(threshold) - 1])
    share = np.array([0.1, 0.2, 0.3, 0.4])
    for origin, region in product((0, 11, 24, 39), range(3)):
        past = months_of(deaths, origin, region)
        newest_first = last_months(deaths, np.array([origin]), np.array([region]))
        asked = np.array([threshold])
        if np.isnan(past).all():
            assert POOL.exceedance(newest_first, share[None], horizon, asked) == 0
            continue
        expected = [1 - probability_below(r, past, horizon, below)[0] for r in POOL.records]
        each = [
            POOL.exceedance(newest_first, one[None], horizon, asked)[0]
            for one in np.eye(len(share))
        ]
        assert_allclose(each, expected, rtol=0, atol=1e-9)
        pooled = POOL.exceedance(newest_first, share[None], horizon, asked)
        assert_allclose(pooled, share @ expected, rtol=0, atol=1e-9)


STEPS = np.unique([0, *np.floor(np.geomspace(1, 20_000, 26))])


@pytest.mark.parametrize("horizon", [1, 7])
def test_a_loss_is_the_integral_of_the_crps_in_steps_of_deaths(horizon: int) -> None:
    deaths = np.round(np.random.default_rng(8).gamma(2, [1, 20, 300], (60, 3)))
    scores = record_scores(RECORDS, deaths, horizon)
    widths = np.diff(STEPS, append=2 * STEPS[-1] + 0.5)
    for origin, region in product((10, 30, 52), range(3)):
        outcome, past = deaths[origin + horizon, region], months_of(deaths, origin, region)
        below = [probability_below(record, past, horizon, STEPS) for record in RECORDS]
        expected = np.square(np.array(below) - (outcome <= STEPS)) @ widths
        assert_allclose(scores.losses[origin, region], expected, rtol=1e-9)


def test_losses_compare_with_those_of_the_last_year_as_the_crps_does() -> None:
    """Each by itself is up to a half too high, by the steps; their ratios are not."""
    deaths = np.round(np.random.default_rng(8).gamma(0.7, [1, 20, 100], (90, 3)))
    scores = record_scores(RECORDS, deaths, 1)
    counts, origins = np.arange(1000.0), range(24, 88, 6)
    for region in range(3):
        exact, plain = np.zeros(len(RECORDS)), 0.0
        for origin in origins:
            outcome, past = deaths[origin + 1, region], months_of(deaths, origin, region)
            for number, record in enumerate(RECORDS):
                below = probability_below(record, past, 1, counts)
                exact[number] += np.square(below - (outcome <= counts)).sum()
            plain += crps_ensemble(np.array([outcome]), past[None, :12])[0]
        told = scores.losses[origins, region].sum(axis=0)
        told /= scores.last_year[origins, region].sum()
        assert_allclose(told, exact / plain, rtol=0.05)


def test_a_loss_of_few_deaths_is_exact() -> None:
    """As far as every count has a step of its own: up to four deaths."""
    deaths = np.random.default_rng(8).integers(0, 2, (40, 2)).astype(float)
    narrow = (Record(2.0, 0.1),)
    scores = record_scores(narrow, deaths, 1)
    counts = np.arange(50.0)
    for origin, region in product((5, 20, 38), range(2)):
        past = months_of(deaths, origin, region)
        below = probability_below(narrow[0], past, 1, counts)
        exact = np.square(below - (deaths[origin + 1, region] <= counts)).sum()
        assert scores.losses[origin, region, 0] == pytest.approx(exact, abs=1e-9)
        year = deaths[max(0, origin - 11) : origin + 1, region]
        plain = crps_ensemble(deaths[origin + 1, [region]], year[None])[0]
        assert scores.last_year[origin, region] == pytest.approx(plain)


def test_there_is_no_loss_without_an_outcome_or_a_record() -> None:
    deaths = np.full((30, 3), 6.0)
    deaths[:, 0] = np.where(np.arange(30) % 2, 5.0, 50)
    deaths[20, 0] = NAN  # no outcome of origin 17
    deaths[:, 1] = NAN
    deaths[:15, 2] = NAN
    deaths[15:, 2] = np.arange(15)
    scores = record_scores(RECORDS, deaths, 3)
    known = np.asarray((scores.losses > 0).all(axis=2))
    assert_array_equal(known, (scores.losses > 0).any(axis=2))
    assert_array_equal(known, scores.last_year > 0)
    assert np.flatnonzero(~known[:, 0]).tolist() == [17, 27, 28, 29]
    assert not known[:, 1].any()
    assert np.flatnonzero(known[:, 2]).tolist() == list(range(15, 27))


def scores_of(losses: list[list[list[float]]], last_year: list[list[float]]) -> RecordScores:
    return RecordScores(np.array(losses), np.array(last_year))


def test_a_weight_falls_with_the_loss_in_the_region_shrunk_to_that_everywhere() -> None:
    """Losses are 2 and 4, and 2 and 0, as shares of 4: everywhere 1/2 and 1/2.

    Shrunk by as much again they are 1/2 and 3/4, and 1/2 and 1/4: one doubling of 4 times 1/4.
    """
    scores = scores_of([[[2, 4], [2, 0]], [[9, 0], [0, 9]]], [[4, 4], [9, 9]])
    pool = RecordPool((1.0, 2.0), (0.2,), rate=4 * LOG_2, common_rate=50)
    weights = pool.weights(scores, 1)
    assert_allclose(weights[0], 0.5)
    assert_allclose(weights[1], [[2 / 3, 1 / 3], [1 / 3, 2 / 3]])


def test_a_region_without_losses_has_the_weights_of_all() -> None:
    """One region loses 2 and 4 as shares of 4, another nothing; rates add up to 2 doublings."""
    scores = scores_of([[[2, 4], [0, 0]], [[0, 0], [0, 0]]], [[4, 0], [0, 0]])
    pool = RecordPool((1.0, 2.0), (0.2,), rate=LOG_2, common_rate=LOG_2)
    assert_allclose(pool.weights(scores, 1)[1], [[2 / 3, 1 / 3], [2 / 3, 1 / 3]])


def test_a_loss_counts_from_the_month_it_is_known_and_less_after_each() -> None:
    """Of shares 1/4 and 3/4, and then 5/8 and 3/8 with a memory of a half."""
    scores = scores_of([[[1, 3]], [[3, 1]], [[0, 0]], [[0, 0]]], [[4], [4], [4], [4]])
    pool = RecordPool((1.0, 2.0), (0.2,), rate=0, common_rate=2 * LOG_2, memory=0.5)
    weights = pool.weights(scores, 2)[:, 0]
    assert_allclose(weights[:2], 0.5)
    assert_allclose(weights[2], np.array([2, 1]) / 3)
    share = np.array([0.5 * 1 + 3, 0.5 * 3 + 1]) / (0.5 * 4 + 4)
    assert_allclose(weights[3], 0.25**share / (0.25**share).sum())


def test_other_regions_matter_only_by_what_all_lose_together() -> None:
    rng = np.random.default_rng(2)
    losses, last_year = rng.gamma(1, 1, (30, 5, 4)), rng.gamma(1, 1, (30, 5))
    pool = RecordPool((1.0, 2.0), (0.2, 0.5))
    weights = pool.weights(RecordScores(losses, last_year), 3)
    order = [3, 0, 4, 1, 2]
    moved = pool.weights(RecordScores(losses[:, order], last_year[:, order]), 3)
    assert_allclose(moved, weights[:, order], rtol=1e-9)
    twice = (np.concatenate([values, values], axis=1) for values in (losses, last_year))
    losses_twice, last_year_twice = twice
    doubled = pool.weights(RecordScores(losses_twice, last_year_twice), 3)
    assert_allclose(doubled, np.concatenate([weights, weights], axis=1), rtol=1e-9)
    # The losses of one other region go to the next: the sums stay, and so do the first two.
    shifted, scale = losses.copy(), last_year.copy()
    shifted[:, 3], shifted[:, 4] = 0, losses[:, 3] + losses[:, 4]
    scale[:, 3], scale[:, 4] = 0, last_year[:, 3] + last_year[:, 4]
    other = pool.weights(RecordScores(shifted, scale), 3)
    assert_allclose(other[:, :2], weights[:, :2], rtol=1e-9)
    assert np.abs(other[-1, 3:] - weights[-1, 3:]).max() > 0.01


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32), row=st.integers(0, 34))
def test_what_happens_after_an_origin_changes_nothing_at_it(seed: int, row: int) -> None:
    deaths = history(seed, months=35)
    rng = np.random.default_rng(seed)
    changed = deaths.copy()
    changed[row + 1 :] = rng.choice([0.0, 3, 900, NAN], changed[row + 1 :].shape)
    known, other, cut = (FEW.table(told, HORIZONS) for told in (deaths, changed, deaths[: row + 1]))
    for table in (other, cut):
        assert known.weights[:, : row + 1].tobytes() == table.weights[:, : row + 1].tobytes()


@pytest.mark.parametrize("horizon", [1, 4, 12])
def test_weights_change_in_the_month_of_an_outcome_and_not_before(horizon: int) -> None:
    deaths = np.random.default_rng(1).poisson(30, (50, 2)).astype(float)
    changed = deaths.copy()
    changed[40, 0] = 400
    before, after = (FEW.table(told, (horizon,)).weights[0] for told in (deaths, changed))
    assert_array_equal(before[:40], after[:40])
    assert (before[40] != after[40]).any(axis=1).all()


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_weights_sum_to_one_and_probabilities_are_probabilities(seed: int) -> None:
    table = RecordPool().table(history(seed), HORIZONS)
    assert table.weights.shape == (12, 40, 3, 6)
    assert_allclose(table.weights.sum(axis=3), 1, atol=1e-5)
    assert (table.weights >= 0).all()
    month, region = np.indices((40, 3)).reshape(2, -1)
    asked = np.random.default_rng(seed).choice([1, 5, 25, 4.5, 900], len(month))
    for horizon in HORIZONS:
        probability = table.at(horizon, month, region).exceedance(asked)
        assert probability.min() >= -1e-9
        assert probability.max() <= 1 + 1e-9


def test_a_record_reaches_a_threshold_only_while_it_has_a_death() -> None:
    deaths = np.zeros((40, 2))
    deaths[3, 0] = 1
    deaths[10, 1] = NAN
    month, region = np.indices((40, 2)).reshape(2, -1)
    records = RecordPool().table(deaths, HORIZONS).at(12, month, region)
    probability = records.exceedance(np.full(len(month), 1.0)).reshape(40, 2)
    assert not probability[:, 1].any()
    (months,) = np.nonzero(probability[:, 0])
    assert months.tolist() == list(range(3, 3 + MONTHS))
    assert np.isnan(records.exceedance(np.full(len(month), NAN))).all()


@pytest.mark.parametrize(
    ("probability", "odds"),
    [(0.5, 0), (0.75, 2), (0.25, -2), (0.9, 8), (0.1, -8), (0, -331.33333), (1, 331.33333)],
)
def test_signed_odds_are_log_odds_to_a_learner_that_takes_signed_logs(
    probability: float, odds: float
) -> None:
    (value,) = signed_odds(np.array([probability]))
    assert value == pytest.approx(odds, abs=1e-4)
    p = min(max(probability, 0.003), 0.997)
    assert np.sign(value) * np.log1p(abs(value)) == pytest.approx(np.log(p / (1 - p)))
    assert_array_equal(signed_odds(np.array([NAN])), signed_odds(np.array([0.0])))


@pytest.mark.parametrize("deaths", [0.0, NAN])
def test_where_nothing_was_lost_every_record_counts_the_same(deaths: float) -> None:
    table = RecordPool().table(np.full((30, 2), deaths), HORIZONS)
    assert_allclose(table.weights, 1 / 6, rtol=1e-6)


def test_a_war_that_moves_gets_a_short_half_life_and_a_steady_one_a_long_one() -> None:
    moving = np.repeat([20.0, 500, 60, 900, 10, 300, 50, 800, 100], 8)
    steady = np.tile([40.0, 900], 36)
    pool = RecordPool(half_lives=(1.0, 9.0), spreads=(0.2,), common_rate=0)
    both = np.stack([moving, steady], axis=1)
    short, long = np.moveaxis(pool.table(both, (1,)).weights, 3, 0)
    assert short[0, -1, 0] > 0.9
    assert long[0, -1, 1] > 0.9


def test_a_table_gives_what_stands_at_each_region_month() -> None:
    deaths = history(7)
    table = FEW.table(deaths, HORIZONS)
    month, region = np.array([39, 25, 39]), np.array([2, 0, 1])
    asked = np.array([5.0, 1, 40])
    records = table.at(6, month, region)
    assert_array_equal(records.deaths, last_months(deaths, month, region))
    assert_allclose(records.weights, table.weights[5, month, region], rtol=1e-6)
    assert_allclose(records.weights.sum(axis=1), 1, rtol=0, atol=1e-14)
    assert records.weights.dtype == np.float64
    expected = FEW.exceedance(records.deaths, records.weights, 6, asked)
    assert_array_equal(records.exceedance(asked), expected)
    some = records.of(np.array([False, True, True]))
    assert_array_equal(some.deaths, records.deaths[1:])
    assert_array_equal(some.weights, records.weights[1:])
    assert_array_equal(some.exceedance(asked[1:]), expected[1:])


def test_a_table_of_other_horizons_has_theirs_in_the_order_in_which_they_are_named() -> None:
    deaths = history(7, months=60)
    table = FEW.table(deaths, (30, 2, 13))
    assert table.horizons == (30, 2, 13)
    assert table.weights.shape == (3, 60, 3, 2)
    month, region = np.array([59, 40]), np.array([2, 0])
    for place, horizon in enumerate((30, 2, 13)):
        alone = FEW.table(deaths, (horizon,))
        assert_array_equal(table.weights[place], alone.weights[0])
        records = table.at(horizon, month, region)
        assert records.horizon == horizon
        assert_allclose(records.weights, alone.weights[0, month, region], rtol=1e-6)
    for absent in (1, 3, 36):
        with pytest.raises(ValueError, match="not in tuple"):
            table.at(absent, month, region)


def test_weights_36_months_ahead_wait_36_months_for_an_outcome() -> None:
    """The first outcome tells nothing yet: of one month all half-lives say the same."""
    rng = np.random.default_rng(3)
    deaths = rng.poisson(rng.gamma(1, 30, (60, 2))).astype(float)
    (weights,) = FEW.table(deaths, (36,)).weights
    assert_allclose(weights[:37], 1 / len(FEW.records), rtol=1e-6)
    assert (np.ptp(weights[37:], axis=2) > 0).all()


def test_a_table_of_no_horizon_is_empty() -> None:
    table = FEW.table(history(7), ())
    assert table.weights.shape == (0, 40, 3, 2)


def test_each_observed_month_is_drawn_nine_times_around_its_deaths() -> None:
    pool = RecordPool(half_lives=(1.0, 2.0), spreads=(0.4,))
    past = np.array([[100, NAN, 8] + [NAN] * (MONTHS - 3)])
    issued = pool.distribution(past, np.array([[0.75, 0.25]]), 6)
    z = norm.ppf((np.arange(9) + 0.5) / 9) * 0.4 * np.sqrt(2)
    multiples = np.exp(z) / np.exp(z).mean()
    assert_array_equal(issued.draws[0, :9], np.rint(100 * multiples))
    assert_array_equal(issued.draws[0, 18:27], np.rint(8 * multiples))
    newest = 0.75 * 1 / (1 + 1 / 4) + 0.25 * 1 / (1 + 1 / 2)
    assert_allclose(issued.weights[0, :9], newest / 9)
    assert_allclose(issued.weights[0, 18:27], (1 - newest) / 9)
    assert_array_equal(np.delete(issued.weights[0], [*range(9), *range(18, 27)]), 0)


@given(seed=st.integers(0, 2**32), horizon=st.integers(1, 12))
def test_the_mean_of_the_pool_is_that_of_its_months_up_to_rounding(seed: int, horizon: int) -> None:
    pool, rng = RecordPool(), np.random.default_rng(seed)
    past = last_months(history(seed), np.repeat([5, 30, 39], 3), np.tile([0, 1, 2], 3))
    past = past[~np.isnan(past).all(axis=1)]
    weights = rng.dirichlet(np.ones(6), len(past))
    records = RegionRecords(pool, horizon, past, weights)
    issued = records.distribution()
    assert_allclose(issued.weights.sum(axis=1), 1, rtol=1e-12)
    expected = np.zeros(len(records.deaths))
    seen = ~np.isnan(records.deaths)
    for number, record in enumerate(pool.records):
        counted = record.month_weights() * seen
        mean = np.nansum(counted * records.deaths, axis=1) / counted.sum(axis=1)
        expected += records.weights[:, number] * mean
    assert (np.abs(issued.mean() - expected) <= 0.5 + 1e-9 * expected).all()
    assert (issued.draws == np.rint(issued.draws)).all()


def test_no_rows_have_no_distributions() -> None:
    issued = RecordPool().distribution(np.empty((0, MONTHS)), np.empty((0, 6)), 3)
    assert issued.draws.shape == issued.weights.shape == (0, 2 * MONTHS * 9)
