from datetime import date
from pathlib import Path

import pandas as pd

from experiments.judging.outcomes import SETTLED_AFTER, final_months, known_outcomes
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.months import parse_month
from features.panel.panel import read_panel
from features.sources.counts import CountsOptions, read_counts
from tests.experiments.ledger import MALI, ORIGIN, Ledger, score
from tests.features.archive.deliveries import JANUARY


def final_of_mali(archive: Archive, day: date, settled_after: int = SETTLED_AFTER) -> list[int]:
    vintage = open_vintage(archive, day)
    panel = read_panel(vintage, "country")
    final = final_months(vintage, panel, settled_after)
    column = list(panel.regions.ids).index("MLI")
    return [int(month) for month in panel.months[final[:, column]]]


def test_events_of_a_final_release_are_final_and_those_of_a_candidate_are_not(
    ledger: Ledger,
) -> None:
    assert final_of_mali(ledger.archive, date(2022, 2, 20)) == [*range(JANUARY, ORIGIN)]
    assert final_of_mali(ledger.archive, date(2022, 2, 20), 0) == [*range(JANUARY, ORIGIN)]


def test_what_is_known_has_an_outcome_by_the_threshold_that_was_issued(ledger: Ledger) -> None:
    panel = read_panel(open_vintage(ledger.archive, date(2022, 2, 20)), "country")
    asked = [
        score(MALI, "instability", 1, 0.5, threshold=30.0),
        score(MALI, "instability", 2, 0.5, threshold=31.0),
        score(MALI, "escalation", 3, 0.5, threshold=30.0),
        score(MALI, "fatalities", 3, 0.5),
        score(MALI, "instability", 4, 0.5),
        score(("ZZZ", "Nowhere", "ZZZ", "country"), "instability", 1, 0.5),
    ]
    known = known_outcomes(panel, pd.DataFrame(asked), ORIGIN - 3)
    told = known.set_index(["target", "horizon"])["outcome"].to_dict()
    assert told == {
        ("instability", 1): 1,
        ("instability", 2): 0,
        ("escalation", 3): 1,
        ("fatalities", 3): 30,
    }
    assert not known["is_final"].any()


def test_counts_are_final_once_they_are_old(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    months = [f"Mali,{2020 + n // 12}-{n % 12 + 1:02d},{n}" for n in range(36)]
    file.write_text("\n".join(["country,month,deaths", *months]) + "\n")
    options = CountsOptions("own", "country", "1", date(2023, 2, 1))
    archive = Archive(tmp_path / "home")
    archive.add(read_counts(file, options))
    day = date(2023, 2, 1)
    # August 2021 is eighteen months old in February 2023.
    assert final_of_mali(archive, day)[-1] == parse_month("2021-08")
    assert final_of_mali(archive, day, 2)[-1] == parse_month("2022-12")
    assert final_of_mali(archive, day, 0)[-1] == parse_month("2022-12")
