from datetime import date
from pathlib import Path

from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.panel.panel import read_panel
from features.words import Level
from tests.features.archive.deliveries import JANUARY, a_delivery


def test_a_country_that_is_known_as_a_whole_only_is_not_peace_in_its_regions(
    tmp_path: Path,
) -> None:
    delivery = a_delivery(
        "1",
        [("MLI", JANUARY + 1, 1, 5), ("MLI", JANUARY + 2, 1, 2), ("NER", JANUARY + 1, 1, 9)],
        [("MLI", JANUARY, JANUARY + 2), ("NER", JANUARY, JANUARY + 2)],
    )
    delivery.events["admin1"] = [None, None, "NER-dosso"]
    delivery.events["priogrid"] = [None, "147945", None]
    Archive(tmp_path).add(delivery)

    def observed(level: Level, region: str) -> list[bool]:
        panel = read_panel(open_vintage(Archive(tmp_path), date(2026, 1, 1)), level)
        return list(panel.observed[:, panel.regions.table["id"].tolist().index(region)])

    assert observed("admin1", "MLI-gao") == [True, False, False]
    assert observed("priogrid", "147944") == [True, True, True]
    assert observed("admin1", "NER-diffa") == [True, True, True]
    assert observed("country", "MLI") == [True, True, True]
