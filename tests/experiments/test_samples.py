import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from experiments.backtest.grid import in_parallel
from experiments.samples import Samples, newest_origin, samples_at
from features.arrays import FloatArray
from features.errors import CoverageError
from features.months import parse_month
from features.panel.panel import Panel, build_panel
from features.places.regions import load_regions
from features.targets import threshold
from features.words import Target
from models.record import RecordPool, signed_odds
from tests.targets import EVERY_CELL, HORIZONS

MakeSamples = Callable[..., Samples]


def quiet(months: int, regions: int = 1) -> FloatArray:
    return np.zeros((months, regions))


def random_deaths(seed: int) -> FloatArray:
    """Up to four regions, each observed from some month to another, with quiet years in some."""
    rng = np.random.default_rng(seed)
    months, regions = int(rng.integers(30, 110)), int(rng.integers(1, 5))
    deaths = rng.poisson(rng.choice([0.0, 0.05, 6.0], size=(1, regions)), size=(months, regions))
    observed = deaths.astype(np.float64)
    for region in range(regions):
        start, end = sorted(rng.integers(0, months, size=2))
        if rng.random() < 0.5:
            observed[start:end, region] = np.nan
    return observed


def panel_of(spans: list[tuple[str, str, str]]) -> Panel:
    observed = pd.DataFrame(
        [(country, parse_month(first), parse_month(last)) for country, first, last in spans],
        columns=["country", "first_month", "last_month"],
    )
    columns = ["region", "month", "type_of_violence", "events", "deaths"]
    nothing = pd.DataFrame(columns=columns).astype({"region": "str"})
    return build_panel(nothing, observed, load_regions("admin1"))


def test_a_label_counts_from_the_month_in_which_it_becomes_known(make_samples: MakeSamples) -> None:
    samples = make_samples(quiet(40))
    months, regions = samples.observed_between("instability", 3, after=30, until=33)
    assert months.tolist() == [28, 29, 30]
    assert regions.tolist() == [0, 0, 0]


def test_consecutive_spans_share_no_row_and_leave_none_out(make_samples: MakeSamples) -> None:
    samples = make_samples(quiet(60))
    first, _ = samples.observed_between("onset", 6, after=-100, until=40)
    second, _ = samples.observed_between("onset", 6, after=40, until=59)
    assert first.tolist() == list(range(23, 35))
    assert second.tolist() == list(range(35, 54))


def test_rows_stand_only_where_24_months_were_observed(make_samples: MakeSamples) -> None:
    deaths = quiet(60, regions=2)
    deaths[30, 1] = np.nan
    months, regions = make_samples(deaths).observed_between("instability", 1, after=-1, until=59)
    assert months[regions == 0].tolist() == list(range(23, 59))
    assert months[regions == 1].tolist() == [*range(23, 29), *range(54, 59)]


def test_only_quiet_regions_have_an_onset(make_samples: MakeSamples) -> None:
    deaths = quiet(60)
    deaths[30] = 1
    months, _ = make_samples(deaths).issued_between("onset", 3, 0, 60)
    assert months.tolist() == [*range(23, 30), *range(54, 57)]


def test_issued_rows_have_an_outcome_by_the_newest_month(make_samples: MakeSamples) -> None:
    months, _ = make_samples(quiet(60)).issued_between("escalation", 6, 50, 58)
    assert months.tolist() == [50, 51, 52, 53]


def test_the_end_of_the_issued_rows_is_not_among_them(make_samples: MakeSamples) -> None:
    months, _ = make_samples(quiet(60)).issued_between("instability", 1, 40, 43)
    assert months.tolist() == [40, 41, 42]


def test_rows_gather_indicators_outcomes_and_deaths_of_their_places(
    make_samples: MakeSamples,
) -> None:
    deaths = quiet(40, regions=2)
    deaths[33] = [7, 2]
    samples = make_samples(deaths)
    rows = samples.rows("instability", 3, (np.array([29, 30, 30]), np.array([0, 0, 1])))
    assert rows.predictors.indicators[:, :-1].tolist() == [[29], [30], [30]]
    assert rows.outcome.tolist() == [0, 1, 0]
    assert rows.deaths.tolist() == [0, 7, 2]
    assert rows.regions.tolist() == [0, 0, 1]


@pytest.mark.parametrize("target", ["instability", "escalation", "surge"])
def test_rows_have_the_records_of_their_origin_at_their_horizon_and_threshold(
    make_samples: MakeSamples, target: Target
) -> None:
    deaths = random_deaths(5)
    samples = make_samples(deaths)
    where = (np.array([26, 28, 28]), np.array([0, 0, deaths.shape[1] - 1]))
    indicators, records = samples.rows(target, 4, where).predictors
    table = samples.pool.table(deaths, HORIZONS)
    for row, (month, region) in enumerate(zip(*where, strict=True)):
        assert_array_equal(records.deaths[row], deaths[month - 23 : month + 1, region][::-1])
        assert_allclose(records.weights[row], table.weights[3, month, region], rtol=1e-6)
    needed = threshold(target, deaths, samples.tau)[where]
    expected = records.exceedance(needed)
    assert_array_equal(samples.record_probability(target, 4, where), expected)
    assert_array_equal(indicators[:, -1], signed_odds(expected).astype(np.float32))


def test_a_forecast_reads_the_newest_month_of_the_regions_that_may_be_scored(
    make_samples: MakeSamples,
) -> None:
    deaths = np.random.default_rng(1).poisson(4, (30, 3)).astype(float)
    deaths[10, 1] = np.nan
    month, region = make_samples(deaths).newest()
    assert (month.tolist(), region.tolist()) == ([29, 29], [0, 2])


def test_other_processes_get_the_records_and_do_not_make_them_again(
    make_samples: MakeSamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = make_samples(quiet(30) + 7)
    sent = pickle.dumps(samples)
    monkeypatch.delattr(RecordPool, "table")
    received = pickle.loads(sent)
    assert_array_equal(received.records.weights, samples.records.weights)


def test_samples_count_what_the_panel_measures(panel: Panel) -> None:
    origin = parse_month("2020-06")
    events = samples_at(panel.counting("events", None), origin, 5).deaths
    fighting = samples_at(panel.counting("deaths", ("state-based",)), origin, 5).deaths
    past = panel.until(origin)
    assert_array_equal(events, past.total_events)
    assert_array_equal(fighting, past.deaths[0])
    assert np.nansum(events) != np.nansum(past.total_deaths) != np.nansum(fighting)


def test_a_pool_is_told_or_the_usual_one(panel: Panel) -> None:
    origin = parse_month("2020-06")
    own = RecordPool(half_lives=(2.0,))
    assert samples_at(panel, origin, 5, (), own).pool is own
    assert samples_at(panel, origin, 5, ()).pool.get_params() == RecordPool().get_params()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    cell=st.sampled_from(EVERY_CELL),
    after=st.integers(-20, 120),
    span=st.integers(0, 60),
)
def test_known_rows_are_exactly_the_eligible_ones_whose_window_ends_in_the_span(
    make_samples: MakeSamples, seed: int, cell: tuple[Target, int], after: int, span: int
) -> None:
    samples = make_samples(random_deaths(seed))
    target, horizon = cell
    months, regions = samples.observed_between(target, horizon, after, after + span)
    labels = samples.labels(target, horizon)
    expected = {
        (t, r)
        for t, r in np.argwhere(samples.eligible & ~np.isnan(labels)).tolist()
        if after < t + horizon <= after + span
    }
    assert set(zip(months.tolist(), regions.tolist(), strict=True)) == expected
    assert len(months) == len(expected)


def test_the_newest_origin_is_the_last_month_with_24_observed_before_it_anywhere() -> None:
    panel = panel_of([("BEN", "2018-01", "2021-06"), ("TGO", "2022-01", "2023-05")])
    assert newest_origin(panel) == parse_month("2021-06")


def test_too_short_a_history_has_no_origin_and_says_so() -> None:
    with pytest.raises(CoverageError, match="no admin1 region is observed for 24 months on end"):
        newest_origin(panel_of([("BEN", "2020-01", "2021-11")]))


def test_an_origin_at_which_nothing_was_observed_long_enough_is_refused() -> None:
    panel = panel_of([("BEN", "2018-01", "2021-06"), ("TGO", "2022-01", "2023-05")])
    with pytest.raises(CoverageError, match="in each of the 24 months to 2023-05: choose an earl"):
        samples_at(panel, parse_month("2023-05"), 5, ("deaths",))


def test_an_origin_after_the_last_month_is_refused_with_what_there_is() -> None:
    panel = panel_of([("BEN", "2018-01", "2021-06")])
    with pytest.raises(CoverageError, match="observe 2018-01 to 2021-06, not 2021-07"):
        samples_at(panel, parse_month("2021-07"), 5, ("deaths",))


def test_samples_end_at_the_origin_and_hold_nothing_of_what_follows(panel: Panel) -> None:
    origin = parse_month("2020-06")
    later = panel.months > origin
    scrambled = replace(panel, deaths=panel.deaths.copy(), events=panel.events.copy())
    rng = np.random.default_rng(4)
    scrambled.deaths[:, later] = rng.poisson(9, size=scrambled.deaths[:, later].shape)
    scrambled.events[:, later] = rng.poisson(3, size=scrambled.events[:, later].shape)
    names = ("deaths", "deaths_long_run", "neighbour_deaths_decay_36")
    known, other = (samples_at(p, origin, 5, names) for p in (panel, scrambled))
    assert known.months[-1] == origin
    assert known.indicators.tobytes() == other.indicators.tobytes()
    assert_array_equal(known.deaths, other.deaths)
    assert_array_equal(known.eligible, other.eligible)
    assert known.names == names


def test_a_cluster_sees_how_much_there_is_to_send(make_samples: MakeSamples) -> None:
    small, large = make_samples(quiet(30)), make_samples(quiet(30, regions=500))
    held = large.indicators.nbytes + large.deaths.nbytes + large.eligible.nbytes
    held += large.records.weights.nbytes
    assert sys.getsizeof(small) < 20_000 < held < sys.getsizeof(large) < held + 5_000


def files_of(samples: Samples) -> list[Path]:
    """The files that a process reads its samples from."""
    arrays = (samples.indicators, samples.records.weights)
    return [Path(array.filename or "") for array in arrays if isinstance(array, np.memmap)]


def test_processes_read_one_copy_of_samples_in_files(
    make_samples: MakeSamples, tmp_path: Path
) -> None:
    samples = make_samples(random_deaths(1))
    own = samples.in_files(tmp_path)
    assert_array_equal(own.indicators, samples.indicators)
    assert_array_equal(own.records.weights, samples.records.weights)
    files = [tmp_path / "indicators.npy", tmp_path / "weights.npy"]
    of_processes = dict(in_parallel(files_of, {"a": (own,), "b": (own,)}, 2))
    assert of_processes == {"a": files, "b": files}
