import json
from pathlib import Path

from features.archive.releases import Archive
from tests.command import tocsin
from tests.features.archive.deliveries import JANUARY, a_delivery


def test_the_history_of_a_region_says_null_where_it_was_not_observed(tmp_path: Path) -> None:
    deaths = [("MLI", JANUARY, 1, 5), ("MLI", JANUARY, 1, 2)]
    delivery = a_delivery("1", deaths, [("MLI", JANUARY, JANUARY)])
    delivery.events["admin1"] = [None, "MLI-mopti"]
    Archive(tmp_path).add(delivery)
    asked = ("history", "admin1", "MLI-gao", "--to", "2020-02")
    assert tocsin(tmp_path, *asked).stdout.splitlines() == [
        "month,events,deaths,state_based,non_state,one_sided,placed_nowhere",
        "2020-01,0,0,0,0,0,5",
        "2020-02,null,null,null,null,null,null",
    ]
    (month,) = json.loads(tocsin(tmp_path, *asked, "--from", "2020-02", "--format", "json").stdout)
    assert month == dict.fromkeys(month) | {"month": "2020-02"}
    refused = tocsin(tmp_path, "history", "admin1", "MLI-goa")
    assert refused.returncode
    assert "no admin1 region 'MLI-goa': write its id, such as MLI-gao" in refused.stderr


def test_coups_beside_events_are_listed_verified_and_part_of_the_status(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Archive(home).add(a_delivery("1", [("MLI", JANUARY, 1, 5)], [("MLI", JANUARY, JANUARY)]))
    file = tmp_path / "list.csv"
    file.write_text("country,date,outcome\nMLI,2012-03-22,success\n")
    added = tocsin(home, "ingest", "coups", str(file), "--to", "2012-12")
    assert added.stdout.splitlines()[0] == "coups list: 1 rows read, 1 coups, 0 rejected"
    shown = json.loads(tocsin(home, "events", "--format", "json").stdout)
    assert [(row["release"], row["records"], row["to"]) for row in shown] == [
        ("ucdp-ged 1", "events", "2020-01"),
        ("coups list", "coups", "2012-12"),
    ]
    assert "1 in the archive; coups" in tocsin(home, "status").stdout
    (home / "coups" / "source=coups" / "release=list" / "coups.parquet").write_bytes(b"other")
    damaged = tocsin(home, "verify")
    assert damaged.returncode == 1
    assert "damaged   coups" in damaged.stdout
    assert tocsin(home, "ingest", "counts", str(file), "--source", "x").returncode == 1
    wrong = tocsin(home, "ingest", "elections", str(file))
    assert wrong.stderr.splitlines() == [
        f"tocsin: '{file}' is a list of coups: use tocsin ingest coups (it lacks kind)"
    ]
