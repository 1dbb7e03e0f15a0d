import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from experiments.benchmarks.files import Run
from experiments.benchmarks.published import CONFLICTOLOGY, LEADERBOARD, LEADERS, leaderboard
from experiments.benchmarks.views import benchmark_views, conflictology_draws, forecast_window
from experiments.benchmarks.views_data import read_views
from experiments.benchmarks.views_scores import ALL, MEAN, WITHOUT_WARS, ViewsReport, losses_of
from experiments.configuration import Configuration
from features.errors import ConfigurationError, InputError
from models.metrics import crps_ensemble
from tests.experiments.benchmarks.conftest import rewrite


def value(report: ViewsReport, window: str, part: str, measure: str) -> float:
    (result,) = [f for f in report.figures if f[:3] == (window, part, measure)]
    return result.ours


def test_figures_are_those_of_the_forecasts_that_are_written(
    views_folder: Path, tmp_path: Path, writing_run: Run, views_experiment: Configuration
) -> None:
    report = benchmark_views(views_folder, None, views_experiment, writing_run)
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert list(written) == ["month_id", "country_id", "draw", "outcome"]
    assert len(written) == 2 * 12 * 4 * 1000
    means = []
    for year in (2019, 2020):
        truth = pd.read_parquet(views_folder / f"cm_actuals_{year}.parquet")["outcome"]
        of_year = written[written["month_id"].isin(truth.index.get_level_values("month_id"))]
        draws = of_year["outcome"].to_numpy(float).reshape(len(truth), 1000)
        assert (np.diff(draws, axis=1) >= 0).all()
        crps = crps_ensemble(truth.to_numpy(float), draws)
        means.append(crps.mean())
        assert value(report, str(year), ALL, "crps") == pytest.approx(crps.mean())
        others = ~truth.index.get_level_values("country_id").isin([7, 117])
        assert value(report, str(year), WITHOUT_WARS, "crps") == pytest.approx(crps[others].mean())
    assert value(report, MEAN, ALL, "crps") == pytest.approx(sum(means) / 2)
    content = json.loads((tmp_path / "f.json").read_text())
    assert [tuple(f.values())[:6] for f in content["figures"]] == list(report.figures)
    first = report.figures[0]
    assert content["figures"][0]["ratio_to_decaying_record"] == pytest.approx(
        first.ours / first.decaying_record
    )
    shown = report.as_markdown()
    for leader, ratio in zip(LEADERS, ("0.870", "0.899", "0.916"), strict=True):
        (row,) = [line for line in shown.splitlines() if leader.model in line]
        assert ratio in row


def test_nothing_after_the_origin_changes_a_byte_and_the_origin_does(
    views_folder: Path, run: Run, views_experiment: Configuration
) -> None:
    path = views_folder / "drawn.parquet"
    writing = replace(run, predictions_path=path)

    def drawn() -> bytes:
        benchmark_views(views_folder, (2020,), views_experiment, writing)
        return path.read_bytes()

    before = drawn()
    truth = pd.read_parquet(views_folder / "cm_actuals_2020.parquet")
    (truth + 100_000).to_parquet(views_folder / "cm_actuals_2020.parquet")
    truth = pd.read_parquet(views_folder / "cm_actuals_2019.parquet")
    late = truth.index.get_level_values("month_id") > 421 + 57
    truth.loc[late, "outcome"] = 100_000
    truth.to_parquet(views_folder / "cm_actuals_2019.parquet")
    assert drawn() == before
    truth["outcome"] += 9 * (truth.index == (421 + 57, 50))
    truth.to_parquet(views_folder / "cm_actuals_2019.parquet")
    assert drawn() != before


def test_a_state_that_is_yet_to_come_has_no_deaths(
    views_folder: Path, run: Run, views_experiment: Configuration
) -> None:
    rewrite(views_folder / "cm_ged_sb_2015_2020.csv", lambda table: table.assign(Suriname=""))
    history, (window, _) = read_views(views_folder)
    past = history.until(window.origin)
    for draws in forecast_window(window, past, views_experiment, run):
        assert (draws[:, 0] == 0).all()
        assert (draws[:, 1:].mean(axis=2) > 1).all()


def test_draws_are_of_the_own_country(
    views_folder: Path, run: Run, views_experiment: Configuration
) -> None:
    history, (window, _) = read_views(views_folder)
    past, scale = history.until(window.origin), np.array([1000, 100, 10, 1])
    larger = replace(past, deaths=past.deaths * scale)
    own, record = forecast_window(window, larger, views_experiment, run)
    assert own.mean(axis=(0, 2)).argmax() == 0
    expected = past.deaths[-24:].mean(axis=0) * scale
    assert_allclose(record.mean(axis=(0, 2)), expected, rtol=0.3)


def test_without_official_draws_conflictology_is_the_last_twelve_months(
    views_folder: Path,
) -> None:
    history, (first, second) = read_views(views_folder)
    drawn = conflictology_draws(second, history.until(second.origin))
    assert drawn.shape == (12, 4, 12)
    assert_array_equal(np.sort(drawn[5, 2]), np.sort(history.deaths[46:58, 2]))
    assert conflictology_draws(first, history.until(first.origin)) is first.conflictology


def test_an_experiment_that_forecasts_something_else_is_refused(
    views_folder: Path, run: Run, views_experiment: Configuration
) -> None:
    other = views_experiment.model_copy(update={"targets": {"fatalities": (3,)}})
    with pytest.raises(ConfigurationError, match="take targets from"):
        benchmark_views(views_folder, None, other, run)
    several = views_experiment.model_copy(update={"learners": ("logistic", "boosting")})
    with pytest.raises(ConfigurationError, match="several learners"):
        benchmark_views(views_folder, None, several, run)


def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    views_folder: Path, run: Run, views_experiment: Configuration
) -> None:
    for path in (views_folder / "no" / "f.json", views_folder):
        with pytest.raises(InputError, match="cannot be written"):
            benchmark_views(views_folder, None, views_experiment, replace(run, json_path=path))


def test_without_a_leaderboard_the_leaders_are_known(views_folder: Path) -> None:
    assert leaderboard(views_folder) == (CONFLICTOLOGY, LEADERS)


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
