import csv
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.places.placement import place_admin1
from features.places.priogrid import cell_of
from features.places.regions import gleditsch_ward_states
from features.sources.ucdp import OFFICIAL_COLUMNS
from tests.command import tocsin
from tests.paths import DATA, ROOT
from tools.ged_like import write_ged_like

REAL = DATA / "ucdp_ged" / "GEDEvent_v23_0_10.csv"
HISTORY = DATA / "ucdp_ged" / "ged_events_16_countries_1989_2023.csv.gz"
real = pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here: set TOCSIN_DATA")
EVENTS = 20_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("delivered") / "GEDEvent_v25_1.csv"
    write_ged_like(path, EVENTS)
    return path


@pytest.fixture(scope="module")
def events(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, low_memory=False, parse_dates=["date_start", "date_end"])


def distinct_places(rows: pd.DataFrame) -> int:
    return len(rows[["latitude", "longitude"]].drop_duplicates())


def test_it_has_the_49_official_columns_in_their_order(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))
    assert tuple(rows[0]) == OFFICIAL_COLUMNS
    assert {len(row) for row in rows} == {49}
    assert len(rows) == 1 + EVENTS


def test_the_command_ingests_all_of_it(file: Path, tmp_path: Path) -> None:
    done = tocsin(tmp_path, "ingest", "ucdp", str(file))
    assert done.returncode == 0, done.stderr
    assert "ucdp-ged 25.1: 20,000 rows read, 20,000 events, 0 rejected" in done.stdout


def test_the_same_numbers_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in {"one": 7, "again": 7, "other": 8}.items():
        write_ged_like(tmp_path / name, 1000, seed=seed)
    one, again, other = ((tmp_path / name).read_bytes() for name in ("one", "again", "other"))
    assert one == again
    assert not set(one.splitlines()[1:]) & set(other.splitlines()[1:])


def test_the_command_writes_what_the_function_writes(tmp_path: Path) -> None:
    script = str(ROOT / "tools" / "ged_like.py")
    written = tmp_path / "command's.csv"
    subprocess.run([sys.executable, script, "500", str(written), "--seed", "3"], check=True)
    write_ged_like(tmp_path / "function.csv", 500, seed=3)
    assert written.read_bytes() == (tmp_path / "function.csv").read_bytes()


def test_ids_are_unique_and_rows_come_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    write_ged_like(path, 150_000)
    ids = pd.read_csv(path, usecols=["id"])["id"].to_numpy()
    assert (np.diff(ids) == 1).all()
    assert len(ids) == 150_000


def test_every_town_lies_in_its_country_and_its_cell(events: pd.DataFrame) -> None:
    latitude, longitude = (events[name].to_numpy() for name in ("latitude", "longitude"))
    countries = events["country_id"].map(gleditsch_ward_states())
    assert countries.notna().all()
    assert countries.nunique() > 100
    assert pd.notna(place_admin1(latitude, longitude, countries)).all()
    np.testing.assert_array_equal(cell_of(latitude, longitude), events["priogrid_gid"])


def test_days_run_from_1989_to_the_last_and_grow_in_number(
    events: pd.DataFrame, tmp_path: Path
) -> None:
    start, end = events["date_start"], events["date_end"]
    assert (start <= end).all()
    assert start.min() >= pd.Timestamp(1989, 1, 1)
    assert end.max() == pd.Timestamp(2024, 12, 31)
    assert (end.dt.year >= 2015).sum() > 3 * (end.dt.year < 1999).sum()
    assert (end - start > pd.Timedelta(days=27)).mean() == pytest.approx(0.02, abs=0.005)
    write_ged_like(tmp_path / "early.csv", 5000, last_day=date(1990, 6, 30))
    early = pd.read_csv(tmp_path / "early.csv", parse_dates=["date_end"])
    assert early["date_end"].max() == pd.Timestamp(1990, 6, 30)


def test_deaths_agree_and_have_a_heavy_tail(events: pd.DataFrame) -> None:
    best, parts = events["best"], events.filter(regex="^deaths_")
    assert (events["low"] <= best).all()
    assert (best <= events["high"]).all()
    assert (events["low"] >= 0).all()
    assert (parts.sum(axis="columns") == best).all()
    assert (parts == 0).mean().min() > 0.5
    assert (best == 0).mean() == pytest.approx(0.07, abs=0.01)
    assert best.quantile(0.99) > 50 * best.median()


def test_types_of_violence_and_actors_agree(events: pd.DataFrame) -> None:
    assert set(events["type_of_violence"]) == {1, 2, 3}
    assert ((events["side_b"] == "Civilians") == (events["type_of_violence"] == 3)).all()
    assert (events["dyad_name"] == events["side_a"] + " - " + events["side_b"]).all()
    assert 200 < events["dyad_name"].nunique() < 500


def test_texts_have_marks_accents_and_line_breaks(events: pd.DataFrame) -> None:
    article, headline = events["source_article"], events["source_headline"]
    assert article.str.fullmatch('".*"', flags=re.DOTALL).all()
    assert article.nunique() > 0.9 * EVENTS
    for mark in ('"', ",", "\n", "[áéíöü]"):
        assert 0.005 < headline.str.contains(mark).mean() < 0.5
    assert events["where_description"].str.contains("\n").mean() > 0.02


@real
def test_rows_and_texts_are_as_long_as_those_of_ucdp(file: Path) -> None:
    ours, theirs = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in (file, REAL))
    mean_row = [path.stat().st_size / len(rows) for path, rows in [(file, ours), (REAL, theirs)]]
    assert mean_row[0] == pytest.approx(mean_row[1], rel=0.2)
    for name in OFFICIAL_COLUMNS:
        length = theirs[name].str.len().mean()
        assert ours[name].str.len().mean() == pytest.approx(length, rel=0.2, abs=3.5), name


@real
def test_events_crowd_into_towns_as_those_of_ucdp(events: pd.DataFrame) -> None:
    history = pd.read_csv(HISTORY, low_memory=False).sample(EVENTS, random_state=1)
    assert distinct_places(events) == pytest.approx(distinct_places(history), rel=0.2)
