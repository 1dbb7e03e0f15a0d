import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.panel.panel import Panel
from features.signs import groups
from features.signs.groups import group_id, group_opponents, group_regions, other_names
from tests.features.indicators.worlds import incidents_of, panels, world_on_a_line
from tests.features.signs.rows import rows_by

A, B = 0, 1
ARMY = "Government of Mali"


def world_of_groups() -> Panel:
    """The world on a line, 2022-01 (index 0) to 2024-03 (index 26), with three groups."""
    rows = [
        (0, A, 5.0, 1, ARMY, "River Band"),
        (10, B, 7.0, 2, "River Band", "Front"),
        (16, A, 1.0, 3, "Front", "civilians of a name"),
        (25, B, 2.0, 1, ARMY, "Front"),
        (26, B, 4.0, 1, "Front", "Front"),
        (26, -1, 99.0, 1, ARMY, "Front"),
    ]
    line = world_on_a_line()
    first = int(line.months[0])
    told = [
        (first + month, region, 13.0, -8.0, deaths, kind, a, "" if kind == 3 else b)
        for month, region, deaths, kind, a, b in rows
    ]
    return line.with_incidents(incidents_of(told))


def test_groups_are_told_where_they_fought_since_when_and_until_when() -> None:
    panel = world_of_groups()
    rows = rows_by(group_regions(panel), "actor", "region")
    first = int(panel.months[0])
    assert list(rows) == [("Front", "A"), ("Front", "B"), ("River Band", "A"), ("River Band", "B")]

    def figures(actor: str, region: str, *names: str) -> list[float]:
        return [rows[actor, region][name] for name in names]

    months = ("first_month", "last_month", "began")
    assert figures("Front", "B", *months) == [first + 10, first + 26, first + 10]
    assert figures("Front", "B", "events", "deaths") == [3, 13]
    late = ("events_3", "deaths_3", "events_12", "deaths_12")
    assert figures("Front", "B", *late) == [2, 6, 2, 6]
    assert figures("River Band", "A", "events", "events_12") == [1, 0]
    assert figures("Front", "A", "events_3", "events_12") == [0, 1]
    assert figures("River Band", "B", "began") == [first]


def test_opponents_are_groups_state_forces_civilians_or_unknown() -> None:
    table = group_opponents(world_of_groups())
    rows = table[["actor", "opponent", "opponent_kind", "region", "events"]]
    assert [*rows.itertuples(index=False, name=None)] == [
        ("Front", None, "civilians", "A", 1),
        ("Front", None, "unknown", "B", 1),
        ("Front", ARMY, "state", "B", 1),
        ("Front", "River Band", "group", "B", 1),
        ("River Band", "Front", "group", "B", 1),
        ("River Band", ARMY, "state", "A", 1),
    ]  # fmt: skip


@settings(max_examples=20)
@given(panel=panels(min_months=3))
def test_opponents_add_up_to_the_regions(panel: Panel) -> None:
    figures = ["events", "deaths", "events_3", "deaths_3", "events_12", "deaths_12"]
    by_region = group_regions(panel).set_index(["actor", "region"])[figures]
    added = group_opponents(panel).groupby(["actor", "region"])[figures].sum()
    pd.testing.assert_frame_equal(by_region, added)


@settings(max_examples=20)
@given(panel=panels(min_months=8), ago=st.integers(1, 5))
def test_nothing_after_the_last_month_is_read(panel: Panel, ago: int) -> None:
    last = int(panel.months[-1]) - ago
    quiet = panel.with_incidents(panel.incidents.until(last))
    for table in (group_regions, group_opponents):
        pd.testing.assert_frame_equal(table(panel.until(last)), table(quiet.until(last)))


def test_a_history_without_incidents_has_no_groups() -> None:
    panel = world_on_a_line()
    assert group_regions(panel).empty
    assert group_opponents(panel).empty


def test_an_id_can_stand_in_an_address_and_tells_names_apart() -> None:
    names = ["JNIM", "SPLM/A", "SPLM - A", "Guéré", "كتيبة", "A" * 200]
    ids = [group_id(name) for name in names]
    assert all(re.fullmatch(r"[a-z0-9-]{6,67}", id_) for id_ in ids)
    assert len(set(ids)) == len(ids)
    assert ids[0].startswith("jnim-")
    assert ids[3].startswith("guere-")


def test_other_names_are_documented_and_predecessors_apart() -> None:
    names = other_names("JNIM")
    assert "GSIM" in names.aliases
    assert "Ansar Dine" in names.predecessors
    assert other_names("nobody") == ((), ())
    assert all(other_names(name).aliases for name in ("IS", "AQIM", "JAS"))


def test_documented_names_are_of_groups_of_the_real_file(real_data: Callable[..., Path]) -> None:
    path = real_data("ucdp_ged", "ged_events_16_countries_1989_2023.csv.gz")
    rows = pd.read_csv(path, usecols=["side_a", "side_b", "year"])
    actors = set(rows["side_a"]) | set(rows["side_b"])
    table = pd.read_csv(Path(groups.__file__).with_name("group_names.csv"))
    assert set(table["name"]) <= actors
    assert not table.duplicated(["name", "other_name"]).any()
    # Two names of one group in the source name each other; no other alias is a group of its own.
    aliases = table[table["relation"] == "other name"]
    pairs = set(zip(aliases["name"], aliases["other_name"], strict=True))
    both = {(name, other) for name, other in pairs if other in actors}
    assert both == {(other, name) for name, other in both}
    assert both >= {("JAS", "Jama'atu Ahlis Sunna Lidda'awati wal-Jihad")}
    # A group is not seen before the one that it came out of.
    first = rows.melt("year").groupby("value")["year"].min()
    origins = table[table["relation"] == "came out of"]
    for name, origin in zip(origins["name"], origins["other_name"], strict=True):
        assert first[origin] <= first[name], (name, origin)
