"""The whole path of a history that comes aggregated: counts in, scores out."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from features.months import format_month
from features.sources.simulation.world import World
from tests.command import as_toml, tocsin
from tests.features.sources.simulation.truth import counts_of, deaths_of
from tests.service.conftest import serving_with
from tests.training import without_pictures

NAMES = {"MLI-mopti": "Mopty", "MLI-segou": "Region de Segou", "MLI-kidal": "Upper Azawad"}
ALONE = "MLI-x-upper-azawad"


@pytest.fixture(scope="module")
def table(world: World) -> pd.DataFrame:
    """The world as a source tabulates it: region-months with events, and names of its own."""
    month, region = np.nonzero(counts_of(world))
    regions = world.regions.table.iloc[region].reset_index(drop=True)
    return pd.DataFrame(
        {
            "country": regions["country"],
            "adm_1": regions["id"].map(NAMES).fillna(regions["name"]),
            "month": [format_month(int(world.months[m])) for m in month],
            "n_events": counts_of(world)[month, region],
            "deaths": deaths_of(world)[month, region],
            "region": regions["id"],
        }
    )


@pytest.fixture(scope="module")
def files(
    world: World,
    table: pd.DataFrame,
    small_settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("files")
    table.drop(columns="region").to_csv(folder / "counts.csv", index=False)
    first, last = (format_month(int(world.months[n])) for n in (0, -1))
    spans = [f"{country},{first},{last}\n" for country in sorted(set(table["country"]))]
    (folder / "coverage.csv").write_text("".join(["country,first_month,last_month\n", *spans]))
    untold = ["state_based_mean_3", "neighbour_one_sided_decay_12"]
    experiment = small_settings | {
        "indicators": [*small_settings["indicators"], "events_mean_3", *untold],
        "learners": ["logistic"],
        "logistic": {"indicators": ["deaths_decay_6", "months_since_1", untold[0]]},
    }
    (folder / "small.toml").write_text(as_toml(experiment))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def outputs(home: Path, files: Path) -> dict[str, str]:
    """What the commands printed, by the first word of each."""
    printed = {}
    for arguments in (
        ("ingest", "counts", str(files / "counts.csv"), "--source", "own-counts", "--release", "1",
         "--available-on", "2025-01-15", "--matches", str(files / "matches.csv"),
         "--coverage", str(files / "coverage.csv")),
        ("train", "--origin", "2023-12", "--config", str(files / "small.toml"), "--jobs", "1"),
        ("publish", "--origin", "2023-12"),
    ):  # fmt: skip
        with without_pictures():
            done = tocsin(home, *arguments)
        assert done.returncode == 0, done.stderr
        printed[arguments[0]] = done.stdout
    return printed


@pytest.fixture(scope="module")
def address(home: Path, outputs: dict[str, str]) -> Iterator[str]:
    with serving_with(home, now=lambda: datetime.now(UTC)) as client:
        yield str(client.base_url)


def test_ingest_says_what_it_took_and_what_has_no_geometry(
    outputs: dict[str, str], files: Path, table: pd.DataFrame
) -> None:
    number = table["region"].nunique()
    assert f"{len(table):,} rows read, {len(table):,} rows of counts" in outputs["ingest"]
    assert f"{number - 1} of {number} regions matched" in outputs["ingest"]
    assert "without geometry: MLI, Upper Azawad" in outputs["ingest"]
    with (files / "matches.csv").open() as report:
        matched = {row["name"]: (row["region"], row["how"]) for row in csv.DictReader(report)}
    assert matched["Mopty"] == ("MLI-mopti", "spelling")
    assert matched["Region de Segou"] == ("MLI-segou", "name")
    assert matched["Upper Azawad"] == ("", "unmatched")


def test_train_says_which_indicators_it_leaves_out_and_why(outputs: dict[str, str]) -> None:
    (line,) = (line for line in outputs["train"].splitlines() if "do not tell" in line)
    assert line.strip() == (
        "the events do not tell types of deaths: without state_based_mean_3, "
        "neighbour_one_sided_decay_12"
    )


def test_every_region_that_is_named_has_scores_geometry_or_not(
    outputs: dict[str, str], home: Path, table: pd.DataFrame
) -> None:
    (file,) = (home / "bulletins").glob("*/scores.parquet")
    scores = pd.read_parquet(file)
    expected = set(table["region"]) - {"MLI-kidal"} | {ALONE}
    assert set(scores["region"]) == expected
    own = scores[scores["region"] == ALONE]
    assert own["name"].unique().tolist() == ["Upper Azawad"]
    assert own["probability"].between(0, 1).all()
    assert {"instability", "escalation", "fatalities"} <= set(own["target"])


def test_the_service_and_the_terminal_answer_for_a_region_without_geometry(
    address: str, home: Path
) -> None:
    profile = httpx.get(f"{address}/v1/scores/{ALONE}").json()
    assert profile["region"]["name"] == "Upper Azawad"
    assert {score["horizon"] for score in profile["scores"]} == {1, 2, 3, 6, 12}
    regions = httpx.get(f"{address}/v1/regions?country=MLI&limit=100").json()["items"]
    assert ALONE in {region["id"] for region in regions}
    shown = tocsin(home, "scores", "--region", ALONE)
    assert (shown.returncode, "Upper Azawad" in shown.stdout) == (0, True)


def test_the_map_has_the_regions_with_outlines(address: str) -> None:
    page = httpx.get(address)
    assert page.status_code == 200


def test_scores_can_be_set_beside_what_happened_and_computed_again(
    home: Path, outputs: dict[str, str]
) -> None:
    record = tocsin(home, "evaluate")
    assert record.returncode == 0, record.stderr
    assert "| instability | 12 |" in record.stdout
    (bulletin,) = (home / "bulletins").glob("2023-12-*")
    again = tocsin(home, "replay", bulletin.name)
    assert (again.returncode, "bit for bit" in again.stdout) == (0, True), again.stderr


def test_the_archive_is_shown_with_its_level(home: Path, outputs: dict[str, str]) -> None:
    shown = tocsin(home, "events")
    assert "2025-01-15,false,admin1,1379,0,3,2010-01,2024-12" in shown.stdout


def test_counts_and_events_of_one_history_are_not_mixed_up(home: Path, files: Path) -> None:
    refused = tocsin(
        home, "ingest", "counts", str(files / "counts.csv"), "--source", "own-counts",
        "--release", "2", "--available-on", "2025-01-15", "--level", "priogrid",
    )  # fmt: skip
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "lacks columns that counts need (cell" in refused.stderr
