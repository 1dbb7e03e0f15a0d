from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.archive.coverage import read_coverage
from features.archive.nowhere import deaths_of_countries
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.months import parse_month
from features.panel.panel import Panel, read_panel
from features.places.matching import match_countries
from features.sources.counts import CountsOptions, read_counts
from features.sources.ucdp import Ucdp
from features.words import Level
from tests.features.archive.deliveries import JANUARY, a_delivery
from tests.features.sources.ingested import added
from tests.paths import DATA

LATER = date(2026, 1, 1)
UCDP = DATA / "ucdp_ged"
ADMIN1 = DATA / "admin1_month" / "ged251_admin1_month_2010_2023.csv.gz"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data in '{DATA}'")


def opened(home: Path) -> Vintage:
    return open_vintage(Archive(home), LATER)


def by_country(panel: Panel) -> dict[tuple[str, int], int]:
    """The deaths in the regions of each country and month, where there are any."""
    countries, number = panel.regions.countries
    sums = np.zeros((len(countries), len(panel.months)))
    np.add.at(sums, number, np.nan_to_num(panel.total_deaths).T)
    return {
        (str(countries[country]), int(panel.months[month])): int(sums[country, month])
        for country, month in np.argwhere(sums > 0)
    }


def test_deaths_without_a_region_are_placed_nowhere(tmp_path: Path) -> None:
    delivery = a_delivery(
        "1", [("MLI", JANUARY, 1, 5), ("MLI", JANUARY, 3, 2), ("NER", JANUARY, 4, 9)],
        [("MLI", JANUARY, JANUARY + 1), ("NER", JANUARY, JANUARY)],
    )  # fmt: skip
    delivery.events["admin1"] = ["MLI-gao", None, "NER-dosso"]
    delivery.events["priogrid"] = ["147945", "147945", None]
    Archive(tmp_path).add(delivery)

    def told(level: Level) -> list[tuple[str, int, int, int]]:
        return list(deaths_of_countries(opened(tmp_path), level).itertuples(index=False, name=None))

    assert told("country") == [("MLI", JANUARY, 7, 0)]
    assert told("admin1") == [("MLI", JANUARY, 7, 2)]
    assert told("priogrid") == [("MLI", JANUARY, 7, 0)]


def test_deaths_in_a_cell_of_a_country_that_is_not_observed_are_placed_nowhere(
    tmp_path: Path,
) -> None:
    delivery = a_delivery("1", [("NER", JANUARY, 1, 5)], [("NER", JANUARY, JANUARY)])
    delivery.events["priogrid"] = "147945"  # of Mali
    Archive(tmp_path).add(delivery)
    found = deaths_of_countries(opened(tmp_path), "priogrid")
    assert found[["deaths", "placed_nowhere"]].to_numpy().tolist() == [[5, 5]]


def sixteen_countries(home: Path) -> None:
    path = UCDP / "ged_events_16_countries_1989_2023.csv.gz"
    added(Ucdp(), path, home, coverage=read_coverage(UCDP / "coverage_16_countries.csv"))


def candidate(home: Path) -> None:
    added(Ucdp(), UCDP / "GEDEvent_v23_0_10.csv", home, coverage=None)


@real
@pytest.mark.parametrize("ingest", [sixteen_countries, candidate])
def test_deaths_of_a_country_are_those_in_its_regions_and_those_placed_nowhere(
    tmp_path: Path, ingest: Callable[[Path], None]
) -> None:
    ingest(tmp_path)
    vintage = opened(tmp_path)
    of_country = by_country(read_panel(vintage, "country"))
    found = deaths_of_countries(vintage, "admin1").set_index(["country", "month"])
    assert found["deaths"].to_dict() == of_country
    placed = found["deaths"] - found["placed_nowhere"]
    assert placed[placed > 0].to_dict() == by_country(read_panel(vintage, "admin1"))
    cells = deaths_of_countries(vintage, "priogrid")
    assert cells["deaths"].tolist() == found["deaths"].tolist()
    in_cells = np.nansum(read_panel(vintage, "priogrid").total_deaths)
    assert in_cells == (cells["deaths"] - cells["placed_nowhere"]).sum() > 0


@real
def test_counts_that_name_a_region_are_all_in_regions(tmp_path: Path) -> None:
    options = CountsOptions("counts", "admin1", "1", date(2025, 6, 30))
    Archive(tmp_path).add(read_counts(ADMIN1, options))
    vintage = opened(tmp_path)
    table = pd.read_csv(ADMIN1)
    table["country"] = match_countries(table["country"])
    table["month"] = table["month"].map(parse_month)
    delivered = table.groupby(["country", "month"])["deaths"].sum()
    found = deaths_of_countries(vintage, "admin1")
    states = found.assign(country=found["country"].replace("PSE", "ISR"))  # as it is delivered
    told = states.groupby(["country", "month"])["deaths"].sum()
    assert told.to_dict() == delivered[delivered > 0].to_dict()
    assert found["placed_nowhere"].sum() == 0
    found = found.set_index(["country", "month"])
    assert found["deaths"].to_dict() == by_country(read_panel(vintage, "admin1"))
