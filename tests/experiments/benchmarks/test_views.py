import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from experiments.benchmarks.country_pool import COUNTRY_FORECASTER, RecentMonths
from experiments.benchmarks.files import Run
from experiments.benchmarks.published import CONFLICTOLOGY, LEADERBOARD, LEADERS, leaderboard
from experiments.benchmarks.views import (
    CountryForecaster,
    Draws,
    benchmark_views,
    conflictology_draws,
)
from experiments.benchmarks.views_data import CountryHistory, read_views
from experiments.benchmarks.views_scores import ALL, MEAN, WITHOUT_WARS, ViewsReport, losses_of
from features.errors import InputError, ModelError
from models.metrics import crps_ensemble


@dataclass(frozen=True)
class EverythingSeen:
    """Its draws change with every bit that it is given."""

    name: str = "everything seen"

    def forecast(
        self, history: CountryHistory, origin_row: int, months_ahead: range, seed: int
    ) -> Draws:
        assert origin_row == len(history.months) - 1
        seen = zlib.crc32(history.deaths.tobytes() + history.months.tobytes()) + seed
        rng = np.random.default_rng(seen)
        shape = (len(months_ahead), len(history.countries), 200)
        return rng.gamma(0.5, 40, shape).astype(np.float32)


@dataclass(frozen=True)
class Always:
    """It gives whatever draws it was told to."""

    draws: Draws
    name: str = "always"

    def forecast(
        self, history: CountryHistory, origin_row: int, months_ahead: range, seed: int
    ) -> Draws:
        return self.draws


def value(report: ViewsReport, window: str, part: str, measure: str) -> tuple[float, float]:
    (result,) = [f for f in report.figures if f[:3] == (window, part, measure)]
    return result.ours, result.conflictology


def draws_of(folder: Path, forecaster: CountryForecaster, run: Run, year: int) -> pd.DataFrame:
    path = folder / "drawn.parquet"
    benchmark_views(folder, (year,), forecaster, replace(run, predictions_path=path))
    return pd.read_parquet(path)


def test_figures_are_those_of_the_forecasts_that_are_written(
    views_folder: Path, tmp_path: Path, writing_run: Run
) -> None:
    report = benchmark_views(views_folder, None, EverythingSeen(), writing_run)
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert pq.read_schema(tmp_path / "p.parquet").names == list(written)
    assert list(written) == ["month_id", "country_id", "draw", "outcome"]
    assert len(written) == 2 * 12 * 4 * 200
    means = {}
    for year in (2019, 2020):
        truth = pd.read_parquet(views_folder / f"cm_actuals_{year}.parquet")["outcome"]
        of_year = written[written["month_id"].isin(truth.index.get_level_values("month_id"))]
        draws = of_year["outcome"].to_numpy(float).reshape(len(truth), 200)
        crps = crps_ensemble(truth.to_numpy(float), draws)
        means[str(year)] = crps.mean()
        assert value(report, str(year), ALL, "crps")[0] == pytest.approx(crps.mean())
        kept = ~truth.index.get_level_values("country_id").isin([7, 117])
        assert value(report, str(year), WITHOUT_WARS, "crps")[0] == pytest.approx(crps[kept].mean())
    assert value(report, MEAN, ALL, "crps")[0] == pytest.approx(sum(means.values()) / 2)
    told = json.loads((tmp_path / "f.json").read_text())
    assert [tuple(f.values()) for f in told["figures"]] == list(report.figures)
    assert (told["draws"], told["forecaster"]) == (200, "everything seen")


@pytest.mark.parametrize(
    ("forecaster", "years"), [(EverythingSeen(), None), (COUNTRY_FORECASTER, (2020,))]
)
def test_the_same_tables_give_the_same_bytes_however_many_jobs(
    views_folder: Path, run: Run, forecaster: CountryForecaster, years: tuple[int, ...] | None
) -> None:
    contents = []
    for jobs in (1, 2):
        files = [views_folder / f"{jobs}.{kind}" for kind in ("json", "parquet")]
        again = Run(run.seed, jobs, run.progress, *files)
        benchmark_views(views_folder, years, forecaster, again)
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]
    assert not re.search(rb"\d{4}-\d{2}-\d{2}", contents[0][0])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(seed=st.integers(0, 2**32), month=st.integers(59, 71))
def test_nothing_after_the_origin_changes_a_draw(
    views_folder: Path, run: Run, seed: int, month: int
) -> None:
    before = draws_of(views_folder, EverythingSeen(), run, 2020)
    rng = np.random.default_rng(seed)
    whole = {name: (views_folder / name).read_bytes() for name in
             ("cm_ged_sb_2015_2020.csv", "cm_actuals_2019.parquet", "cm_actuals_2020.parquet")}  # fmt: skip  # noqa: E501
    for year in (2019, 2020):
        path = views_folder / f"cm_actuals_{year}.parquet"
        truth = pd.read_parquet(path)
        later = truth.index.get_level_values("month_id") >= 421 + month
        truth.loc[later, "outcome"] = rng.integers(0, 10**6, later.sum())
        truth.to_parquet(path)
    path = views_folder / "cm_ged_sb_2015_2020.csv"
    table = pd.read_csv(path, index_col=0)
    table.iloc[month:] = rng.integers(0, 10**6, table.iloc[month:].shape).astype(float)
    table.to_csv(path)
    after = draws_of(views_folder, EverythingSeen(), run, 2020)
    for name, content in whole.items():
        (views_folder / name).write_bytes(content)
    pd.testing.assert_frame_equal(before, after)


def test_the_month_of_the_origin_does_change_the_draws(views_folder: Path, run: Run) -> None:
    before = draws_of(views_folder, EverythingSeen(), run, 2020)
    path = views_folder / "cm_actuals_2019.parquet"
    truth = pd.read_parquet(path)
    truth["outcome"] += truth.index == (421 + 57, 50)
    truth.to_parquet(path)
    after = draws_of(views_folder, EverythingSeen(), run, 2020)
    assert not before["outcome"].equals(after["outcome"])


def test_without_official_draws_conflictology_is_the_last_twelve_months(
    views_folder: Path,
) -> None:
    history, (first, second) = read_views(views_folder)
    drawn = conflictology_draws(second, history.until(second.origin))
    assert drawn.shape == (12, 4, 12)
    assert_array_equal(np.sort(drawn[5, 2]), np.sort(history.deaths[46:58, 2]))
    assert conflictology_draws(first, history.until(first.origin)) is first.conflictology


def test_recent_months_come_equally_often_and_unborn_states_had_no_deaths() -> None:
    deaths = np.arange(30.0).reshape(15, 2)
    deaths[:9, 1] = np.nan
    history = CountryHistory(np.arange(15), np.array([1, 2]), ("a", "b"), deaths)
    drawn = RecentMonths(draws=240).forecast(history, 14, range(3, 15), seed=1)
    assert drawn.shape == (12, 2, 240)
    values, counts = np.unique(drawn[4, 0], return_counts=True)
    assert_array_equal(values, np.arange(6.0, 30, 2))
    assert (counts == 20).all()
    assert (drawn[0, 1] == 0).sum() == 6 * 20


GOOD = np.ones((12, 4, 200), np.float32)


@pytest.mark.parametrize(
    "draws",
    [GOOD[:, :, :199], GOOD[:, :3], GOOD[:11], GOOD[0], -GOOD, GOOD * np.nan, GOOD * np.inf],
)
def test_what_are_no_draws_are_refused_and_nothing_is_written(
    views_folder: Path, tmp_path: Path, writing_run: Run, draws: Draws
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ModelError, match="always returned draws"):
        benchmark_views(views_folder, None, Always(draws), writing_run)
    assert sorted(tmp_path.iterdir()) == before


def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    views_folder: Path, run: Run
) -> None:
    for path in (views_folder / "no" / "f.json", views_folder):
        with pytest.raises(InputError, match="cannot be written"):
            benchmark_views(views_folder, None, Always(GOOD * np.nan), replace(run, json_path=path))


def test_without_a_leaderboard_the_leaders_are_known(views_folder: Path, run: Run) -> None:
    assert leaderboard(views_folder) == (CONFLICTOLOGY, LEADERS)
    shown = benchmark_views(views_folder, None, RecentMonths(), run).as_markdown()
    for leader, ratio in zip(LEADERS, ("0.870", "0.899", "0.916"), strict=True):
        (row,) = [line for line in shown.splitlines() if leader.model in line]
        assert ratio in row


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,crps_hist\nx,1\n", "lacks the columns ign_hist"),
        ("model,crps_hist,ign_hist,mis_hist\nx,1,2,?\n", "holds no scores"),
        ("model,crps_hist,ign_hist,mis_hist\nx,1,2,3\n", "lacks VIEWS_bm_conflictology"),
    ],
)
def test_a_leaderboard_of_another_form_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / LEADERBOARD).write_text(text)
    with pytest.raises(InputError, match=message):
        leaderboard(tmp_path)


def test_the_leaders_known_are_those_of_the_real_leaderboard(
    real_data: Callable[..., Path],
) -> None:
    bar, entries = leaderboard(real_data("views_challenge"))
    ours = {e.model: e for e in (replace(CONFLICTOLOGY, model=bar.model), *LEADERS)}
    for entry in (bar, *entries):
        known = ours.pop(entry.model, entry)
        assert_allclose(
            (known.crps, known.ign, known.mis), (entry.crps, entry.ign, entry.mis), rtol=1e-5
        )
    assert not ours
    fair = [entry for entry in entries if not entry.hindsight]
    best = [min(fair, key=lambda e: getattr(e, score)).model for score in ("crps", "ign", "mis")]
    assert best == [leader.model for leader in LEADERS]


def test_conflictology_scores_what_is_known_of_it_on_the_real_windows(
    real_data: Callable[..., Path],
) -> None:
    _, windows = read_views(real_data("views_challenge"), range(2018, 2024))
    assert {window.outcome.shape for window in windows} == {(12, 191)}
    means = dict.fromkeys(("crps", "ign", "mis", "ign_own"), 0.0)
    for window in windows:
        assert window.conflictology is not None
        for measure, loss in losses_of(window.outcome, window.conflictology).items():
            means[measure] += loss.mean() / len(windows)
    assert means["crps"] == pytest.approx(49.36, abs=0.005)
    assert means["mis"] == pytest.approx(873.5, abs=0.05)
    assert means["ign"] == pytest.approx(0.647, abs=0.0005)
    assert means["ign_own"] == pytest.approx(1.224, abs=0.0005)


def test_conflictology_from_the_real_history_is_the_official_one(
    real_data: Callable[..., Path],
) -> None:
    history, windows = read_views(real_data("views_challenge"), range(2020, 2024))
    for window in windows:
        own = conflictology_draws(replace(window, conflictology=None), history.until(window.origin))
        assert window.conflictology is not None
        assert_array_equal(np.sort(own, axis=2), np.sort(window.conflictology, axis=2))
