import re
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.archive.folders import Records
from features.archive.releases import Archive, Release
from features.months import parse_month
from features.sources.source import FileOptions
from features.sources.states.delivery import read_states
from features.states.conditions import read_conditions, read_elections
from tests.paths import ROOT

TODAY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    """What the page shows in Python."""
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs/data.md").read_text(), re.DOTALL):
        exec(block, names)
    return names


def ingested(folder: Path, table: pd.DataFrame, records: Records) -> Release:
    path = folder / f"{records}.csv"
    table.to_csv(path, index=False)
    release = Archive(folder).add(read_states(path, records, FileOptions(TODAY))).release
    assert release.rows_rejected == 0
    return release


def values(folder: Path) -> list[tuple[str, str, float, int, str]]:
    rows = read_conditions(Archive(folder), TODAY).sort_values(["country", "published"])
    columns = ["country", "variable", "value", "first_month", "published"]
    rows = rows.assign(published=rows["published"].dt.strftime("%Y-%m-%d"))
    return [tuple(row) for row in rows[columns].itertuples(index=False)]


def test_a_year_is_known_some_years_later(recipe: dict[str, Any], tmp_path: Path) -> None:
    table = pd.DataFrame({"gwcode": [432, 436], "year": 2019, "v": [0.25, None]})
    years = recipe["of_years"](table, "gwcode", "polyarchy", "v", 1, "03-31")
    ingested(tmp_path, years, "conditions")
    assert values(tmp_path) == [("MLI", "polyarchy", 0.25, parse_month("2019-01"), "2020-03-31")]


def test_leaders_are_known_from_their_day_of_entry(recipe: dict[str, Any], tmp_path: Path) -> None:
    leaders = pd.DataFrame(
        [
            (432, 4, 9, 2013, 0.0),
            (432, 19, 8, 2020, 1.0),
            (432, 24, 5, 2021, None),
            (432, 9, 25, 2024, 1.0),
        ],
        columns=["ccode", "sdate", "smonth", "syear", "militarycareer"],
    )
    coups = pd.DataFrame(
        [(432, 2020, 8, 18, 2), (432, 2013, 9, 3, 1), (436, 2021, 5, 24, 2)],
        columns=["ccode", "year", "month", "day", "coup"],
    )
    ingested(tmp_path, recipe["of_leaders"](leaders, coups), "conditions")
    entries = [
        (parse_month("2013-09"), "2013-09-04"),
        (parse_month("2020-08"), "2020-08-19"),
        (parse_month("2021-05"), "2021-05-24"),
    ]
    rows = values(tmp_path)
    assert [row for row in rows if row[1] == "leader_by_coup"] == [
        ("MLI", "leader_by_coup", value, *entry)
        for value, entry in zip((0, 1, 0), entries, strict=True)
    ]
    assert [row for row in rows if row[1] == "military_leader"] == [
        ("MLI", "military_leader", value, *entry)
        for value, entry in zip((0, 1), entries[:2], strict=True)
    ]


def test_a_month_that_is_not_listed_is_none_under_soldiers(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    months = pd.DataFrame({"ccode": [432, 432], "year": 1950, "month": [2, 3]})
    ingested(tmp_path, recipe["of_rule"](months, [432, 436], "1950-04"), "conditions")
    rows = values(tmp_path)
    assert {
        country: [row[2] for row in rows if row[0] == country] for country in ("MLI", "NER")
    } == {
        "MLI": [0, 1, 1, 0],
        "NER": [0, 0, 0, 0],
    }
    assert rows[1][3:] == (parse_month("1950-02"), "1950-02-28")


def test_votes_are_due_from_their_announcement_and_those_voided_are_kept(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    table = pd.DataFrame(
        [
            (432, 1, 2007, 4, 29, "Vote, As Scheduled", "X"),
            (432, 2, 2012, 3, 21, "Regime Failure", "X"),
            (432, 2, 2012, 4, None, "Voided by Regime Change", "X"),
            (432, 3, 2013, 6, 1, "Announced", "X"),
            (432, 3, 2013, 7, 28, "Vote, As Scheduled", "X"),
            (432, 4, 2013, 11, 24, "Vote, Early", None),
        ],
        columns=[
            *("ccode", "electionnumber", "elec_year", "elec_month", "elec_day", "event", "type")
        ],
    )
    ingested(tmp_path, recipe["of_elections"](table), "elections")
    rows = read_elections(Archive(tmp_path), TODAY)
    days = rows[["date", "published", "withdrawn"]].apply(lambda of: of.dt.strftime("%Y-%m-%d"))
    assert days.astype(object).where(days.notna(), None).to_numpy().tolist() == [
        ["2007-04-29", "2006-04-29", None],
        ["2012-04-01", "2011-04-01", "2012-03-21"],
        ["2013-07-28", "2013-06-01", None],
        ["2013-11-24", "2013-11-24", None],
    ]
    assert rows["kind"].tolist() == ["x", "x", "x", "any"]
