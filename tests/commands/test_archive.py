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
