import json
from pathlib import Path

import pandas as pd
import pytest

from experiments.benchmarks.views import EXPERIMENT as VIEWS
from tests.command import tocsin


def test_views_prints_its_tables_and_writes_what_was_asked(
    views_folder: Path,
    tmp_path: Path,
) -> None:
    experiment = tmp_path / "own.toml"
    text = VIEWS.read_text().replace("months = 24", "months = 6")
    experiment.write_text(text.replace("iterations = 100", "iterations = 3"))
    done = tocsin(
        None, "benchmark", "views", "--data", str(views_folder), "--windows", "2020",
        "--config", str(experiment),
        "--json", str(tmp_path / "f.json"), "--predictions", str(tmp_path / "p.parquet"),
        "--jobs", "1",
    )  # fmt: skip
    assert done.returncode == 0
    assert "| 2020 |" in done.stdout
    assert "| PaCE_ShapeFinder | published |" in done.stdout
    assert {f["window"] for f in json.loads((tmp_path / "f.json").read_text())["figures"]} == {
        "2020",
        "mean",
    }
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert written.groupby(["month_id", "country_id"])["draw"].nunique().eq(1000).all()
    assert (written["month_id"].min(), written["month_id"].max()) == (481, 492)


def test_sub_forecast_prints_its_tables_and_writes_what_was_asked(
    counts_path: Path,
    tmp_path: Path,
) -> None:
    done = tocsin(
        None, "benchmark", "sub-forecast", "--data", str(counts_path), "--from", "2021-02",
        "--to", "2021-04", "--units", "5", "--json", str(tmp_path / "f.json"),
        "--predictions", str(tmp_path / "p.parquet"), "--jobs", "1",
    )  # fmt: skip
    assert done.returncode == 0
    assert "forest + news, published" in done.stdout
    assert json.loads((tmp_path / "f.json").read_text())["units"] == 5
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert sorted(set(written["origin"])) == ["2021-02", "2021-03", "2021-04"]
    assert written["probability"].between(0, 1).all()


@pytest.mark.parametrize(
    "arguments",
    [
        ("views", "--data", "nowhere"),
        ("views", "--data", "nowhere", "--windows", "soon"),
        ("views", "--data", "nowhere", "--json", "no/where.json"),
        ("sub-forecast", "--data", "nowhere.csv"),
        ("sub-forecast", "--data", "nowhere.csv", "--from", "soon"),
    ],
)
def test_what_cannot_be_used_is_one_plain_line(
    arguments: tuple[str, ...],
    tmp_path: Path,
) -> None:
    refused = tocsin(None, "benchmark", *arguments, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("tocsin: ")
    assert refused.stderr.count("\n") == 1
