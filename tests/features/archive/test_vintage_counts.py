from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.archive.coverage import Coverage, Span
from features.archive.monthly import counted_regions, monthly_counts
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.errors import ArchiveError, CoverageError
from features.indicators.catalogue import missing_details
from features.months import format_month, parse_month
from features.panel.panel import Panel, read_panel
from features.places.matching import counted_map, match_countries
from features.places.regions import load_regions
from features.sources.counts import CountsOptions, read_counts
from features.words import Level
from tests.paths import DATA

VINTAGES = DATA / "country_month" / "realtime_vintages_2023_12_to_2024_12.parquet"
FINAL = DATA / "country_month" / "country_month_1989_2024.csv.gz"
ADMIN1 = DATA / "admin1_month" / "ged251_admin1_month_2010_2023.csv.gz"

LATER = date(2021, 1, 1)
ROWS = [
    "Mali,Mopti,2020-01,3,2,0,1,9",
    "Mali,Mopti,2020-02,1,1,0,0,0",
    "Mali,Ségou,2020-03,2,1,0,0,5",
    "Mali,Ménaka,2020-02,4,4,0,0,20",
    "Niger,Tahoua,2020-02,1,0,1,0,2",
    "Niger,Dosso,2020-01,0,0,0,0,0",
]
QUARTER = Coverage(tuple(Span(c, 600, 602) for c in ("MLI", "NER")))  # 2020-01 to 2020-03
COLUMNS = "country,adm_1,month,n_events,n_sb,n_ns,n_os,deaths"


def delivered(
    archive: Archive, folder: Path, lines: list[str], columns: str = COLUMNS, **other: Any
) -> None:
    plain: dict[str, Any] = {
        "source": "s",
        "level": "admin1",
        "release": "1",
        "available_on": date(2020, 6, 1),
    }
    said = CountsOptions(**plain | other)
    file = folder / f"{said.release}.csv"
    file.write_text("\n".join([columns, *lines]) + "\n")
    assert archive.add(read_counts(file, said)).is_new


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path / "home")
    delivered(archive, tmp_path, ROWS, coverage=QUARTER)
    return archive


def panel_of(archive: Archive, level: Level = "admin1", as_of: date = LATER) -> Panel:
    return read_panel(open_vintage(archive, as_of), level)


def deaths(panel: Panel, region: str) -> list[float]:
    by_region: list[float] = panel.total_deaths[:, list(panel.regions.ids).index(region)].tolist()
    return by_region


def test_the_panel_has_the_named_regions_and_zero_where_they_were_quiet(archive: Archive) -> None:
    panel = panel_of(archive)
    assert [format_month(month) for month in panel.months] == ["2020-01", "2020-02", "2020-03"]
    assert panel.regions.ids.tolist() == [
        "MLI-mopti", "MLI-segou", "MLI-x-menaka", "NER-dosso", "NER-tahoua",
    ]  # fmt: skip
    assert panel.observed.all()
    assert deaths(panel, "MLI-mopti") == [9, 0, 0]
    assert deaths(panel, "MLI-segou") == [0, 0, 5]
    assert deaths(panel, "MLI-x-menaka") == [0, 20, 0]
    assert deaths(panel, "NER-dosso") == [0, 0, 0]


def test_events_are_told_by_type_and_what_is_not_is_in_the_total(archive: Archive) -> None:
    panel = panel_of(archive)
    mopti, segou = 0, 1
    assert panel.events[:, 0, mopti].tolist() == [2, 0, 1, 0]
    assert panel.events[:, 2, segou].tolist() == [1, 0, 0, 1]
    assert panel.total_events[:, mopti].tolist() == [3, 1, 0]
    assert panel.deaths[:, 0, mopti].tolist() == [0, 0, 0, 9]


def test_what_counts_do_not_tell_is_named_with_the_indicators_that_need_it(
    archive: Archive, tmp_path: Path
) -> None:
    assert panel_of(archive).details == {"events", "types of events"}
    assert missing_details(panel_of(archive), ["deaths", "events", "state_based_mean_3"]) == {
        "state_based_mean_3": "types of deaths"
    }
    bare = Archive(tmp_path / "bare")
    delivered(bare, tmp_path, ["Mali,Mopti,2020-01,9"], "country,region,month,deaths")
    assert panel_of(bare).details == set()
    assert set(
        missing_details(panel_of(bare), ["deaths", "events", "neighbour_events_mean_3"])
    ) == {
        "events",
        "neighbour_events_mean_3",
    }


def test_an_unmatched_region_has_no_neighbours_and_no_place_and_changes_no_other(
    archive: Archive,
) -> None:
    panel = panel_of(archive)
    menaka = panel.regions.ids.tolist().index("MLI-x-menaka")
    assert panel.neighbour_count[menaka] == 0
    assert panel.regions.neighbours[[menaka]].nnz == 0
    assert panel.regions.borders[[menaka]].nnz == 0
    unknown = ["latitude", "longitude", "area", "border_distance"]
    assert panel.regions.table.loc[menaka, unknown].isna().all()
    assert (panel.regions.table.dtypes[unknown] == np.float64).all()
    assert panel.regions.table.loc[menaka, "name"] == "Ménaka"
    bundled = load_regions("admin1").only(panel.regions.ids)
    others = np.flatnonzero(panel.regions.ids != "MLI-x-menaka")
    touching = panel.regions.neighbours[others][:, others]
    assert (touching.toarray() == bundled.neighbours.toarray()).all()
    assert touching.nnz > 0
    borders = panel.regions.borders[others][:, others]
    assert (borders.toarray() == bundled.borders.toarray()).all()


def test_the_map_with_unmatched_regions_is_in_order_and_its_neighbours_symmetric(
    archive: Archive,
) -> None:
    whole = counted_map("admin1", counted_regions(open_vintage(archive, LATER)))
    assert len(whole) == len(load_regions("admin1")) + 1
    assert (np.sort(whole.ids) == whole.ids).all()
    links = whole.neighbours.toarray()
    assert (links == links.T).all()


def test_countries_are_the_sums_of_their_regions(archive: Archive) -> None:
    panel = panel_of(archive, "country")
    assert panel.regions.ids.tolist() == ["MLI", "NER"]
    assert deaths(panel, "MLI") == [9, 20, 5]
    assert deaths(panel, "NER") == [0, 2, 0]
    assert panel.regions.neighbours.nnz == 2


def test_counts_of_regions_say_nothing_of_cells(archive: Archive) -> None:
    with pytest.raises(CoverageError, match=r"counted by admin1.*priogrid"):
        panel_of(archive, "priogrid")


def test_counts_of_countries_say_nothing_of_regions(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    delivered(archive, tmp_path, ["Mali,2020-01,5"], "country,month,deaths", level="country")
    assert deaths(panel_of(archive, "country"), "MLI") == [5]
    with pytest.raises(CoverageError, match="counted by country"):
        panel_of(archive, "admin1")


def test_counts_of_cells_are_those_of_cells_and_of_countries(tmp_path: Path) -> None:
    cells = load_regions("priogrid", ["MLI"]).ids[:2]
    lines = [f"{cells[0]},2020-01,5", f"{cells[1]},2020-01,2"]
    archive = Archive(tmp_path)
    delivered(archive, tmp_path, lines, "gid,month,deaths", level="priogrid")
    assert panel_of(archive, "priogrid").total_deaths.tolist() == [[5, 2]]
    assert deaths(panel_of(archive, "country"), "MLI") == [7]
    with pytest.raises(CoverageError, match="counted by priogrid"):
        panel_of(archive, "admin1")


def test_demonstrations_are_kept_and_are_no_deaths_of_organised_violence(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    columns = "country,region,month,deaths,events,event_type"
    lines = ["MLI,Mopti,2020-01,5,1,battles", "MLI,Mopti,2020-01,2,3,demonstration"]
    delivered(archive, tmp_path, lines, columns)
    assert monthly_counts(open_vintage(archive, LATER), "admin1")["deaths"].tolist() == [5, 2]
    assert deaths(panel_of(archive), "MLI-mopti") == [5]


def test_a_later_release_revises_the_months_it_covers_and_no_others(
    archive: Archive, tmp_path: Path
) -> None:
    revised = ["Mali,Mopti,2020-02,1,1,0,0,7", "Mali,Kayes,2020-04,1,1,0,0,1"]
    other: dict[str, Any] = {"release": "2", "available_on": date(2020, 7, 1)}
    delivered(archive, tmp_path, revised, **other, coverage=Coverage((Span("MLI", 601, 603),)))
    before = panel_of(archive, as_of=date(2020, 6, 30))
    assert deaths(before, "MLI-mopti") == [9, 0, 0]
    assert "MLI-kayes" not in before.regions.ids
    after = panel_of(archive, as_of=date(2020, 7, 1))
    assert deaths(after, "MLI-mopti") == [9, 7, 0, 0]
    # The second names no Ménaka, the first no Kayes.
    assert np.isnan(deaths(after, "MLI-x-menaka")).tolist() == [False, True, True, True]
    assert np.isnan(deaths(after, "MLI-kayes")).tolist() == [True, False, False, False]
    assert deaths(panel_of(archive, "country", date(2020, 7, 1)), "MLI") == [9, 7, 0, 1]
    assert np.isnan(deaths(after, "NER-tahoua")).tolist() == [False, False, False, True]


def test_a_region_without_outline_is_the_same_in_every_release(
    archive: Archive, tmp_path: Path
) -> None:
    again = ["Mali,MENAKA,2020-04,1,1,0,0,3"]
    delivered(archive, tmp_path, again, release="2", available_on=date(2020, 7, 1))
    assert deaths(panel_of(archive), "MLI-x-menaka") == [0, 20, 0, 3]


def test_a_month_of_a_region_that_is_not_known_is_null_at_every_level(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    lines = ["Niger,Dosso,2020-01,4", "Niger,Tahoua,2020-01,x", "Niger,Tahoua,2020-02,2"]
    lines += ["Niger,Dosso,2020-02,0"]
    delivered(archive, tmp_path, lines, "country,region,month,deaths", allow_rejects=True)
    assert deaths(panel_of(archive), "NER-dosso") == [4, 0]
    assert np.isnan(deaths(panel_of(archive), "NER-tahoua")).tolist() == [True, False]
    assert np.isnan(deaths(panel_of(archive, "country"), "NER")).tolist() == [True, False]


def test_what_is_observed_can_be_said(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    first, last = parse_month("2019-12"), parse_month("2020-02")
    coverage = Coverage((Span("MLI", first, last),))
    delivered(archive, tmp_path, ROWS, coverage=coverage)
    panel = panel_of(archive)
    assert deaths(panel, "MLI-mopti") == [0, 9, 0]
    assert set(panel.regions.table["country"]) == {"MLI"}


def test_the_same_delivery_again_changes_nothing_and_another_is_refused(
    archive: Archive, tmp_path: Path
) -> None:
    said = CountsOptions("s", "admin1", "1", date(2020, 6, 1), QUARTER)
    assert not archive.add(read_counts(tmp_path / "1.csv", said)).is_new
    (tmp_path / "1.csv").write_text("\n".join([COLUMNS, *ROWS[:-1]]))
    with pytest.raises(ArchiveError, match="other content"):
        archive.add(read_counts(tmp_path / "1.csv", said))


@pytest.mark.skipif(not VINTAGES.exists(), reason=f"{VINTAGES} is not here: set TOCSIN_DATA")
def test_real_revisions_are_read_as_they_were_known(tmp_path: Path) -> None:
    every = pd.read_parquet(VINTAGES).query("month >= '2023-01'")
    every = every[every["vintage"].isin(["2023-12-22", "2024-07-21", "2024-12-21"])]
    final = pd.read_csv(FINAL).query("month >= '2023-01'").drop(columns="source")
    known = dict(list(every.groupby("vintage"))) | {"2025-06-30": final}
    archive = Archive(tmp_path / "home")
    for day, table in known.items():
        text = table[["country", "month", "deaths"]].to_csv(index=False, header=False)
        delivered(
            archive, tmp_path, text.splitlines(), "country,month,deaths",
            level="country", release=str(day), available_on=date.fromisoformat(str(day)),
        )  # fmt: skip
    mali = {}
    for day in known:
        panel = panel_of(archive, "country", date.fromisoformat(str(day)))
        mali[day] = dict(zip(map(format_month, panel.months), deaths(panel, "MLI"), strict=True))
    assert mali["2024-07-21"]["2024-06"] == 60
    assert mali["2025-06-30"]["2024-06"] == 96
    assert (mali["2023-12-22"]["2023-09"], mali["2024-12-21"]["2023-09"]) == (210, 354)
    for day, table in known.items():
        own = table[table["country"] == "Mali"]
        assert mali[day] == dict(zip(own["month"], own["deaths"], strict=True))


@pytest.mark.skipif(not ADMIN1.exists(), reason=f"{ADMIN1} is not here: set TOCSIN_DATA")
def test_no_death_of_a_real_table_is_lost(tmp_path: Path) -> None:
    table = pd.read_csv(ADMIN1)
    delivery = read_counts(ADMIN1, CountsOptions("ged", "admin1", "25.1", date(2025, 6, 30)))
    assert (delivery.rows_accepted, len(delivery.rejected)) == (len(table), 0)
    assert delivery.matches["region"].notna().mean() >= 0.84
    archive = Archive(tmp_path)
    archive.add(delivery)
    admin1 = panel_of(archive, as_of=date(2026, 1, 1))
    assert np.nansum(admin1.total_deaths) == table["deaths"].sum()
    assert np.nansum(admin1.total_events) == table["n_events"].sum()
    country = panel_of(archive, "country", date(2026, 1, 1))
    by_country = dict(
        zip(country.regions.ids, np.nansum(country.total_deaths, axis=0), strict=True)
    )
    in_file = table.groupby(match_countries(table["country"]))["deaths"].sum().to_dict()
    by_country["ISR"] += by_country.pop("PSE")
    assert by_country == in_file
