from datetime import date
from pathlib import Path

from tests.features.sources.ingested import written
from tests.features.sources.states.ingested import RECEIVED, ingested, reasons, rows

HEADER = "country,date,kind,published,withdrawn,note"


def test_votes_are_kept_whatever_became_of_them(tmp_path: Path) -> None:
    content = [
        HEADER,
        "MLI,2012-04-29,Presidential,2011-12-01,2012-03-22,voided",
        "MLI,2030-02-27,presidential,2021-01-15,,to come",
    ]
    table = rows(ingested(written(tmp_path / "votes.csv", "\n".join(content)), "elections"))
    assert table.astype(object).where(table.notna(), None).to_numpy().tolist() == [
        ["MLI", date(2012, 4, 29), "presidential", date(2011, 12, 1), date(2012, 3, 22), "voided"],
        ["MLI", date(2030, 2, 27), "presidential", date(2021, 1, 15), None, "to come"],
    ]


def test_each_fault_of_a_row_has_its_reason(tmp_path: Path) -> None:
    content = [
        HEADER,
        "MLI,2012-04-29,a,2011-12-01,,",
        "MLI,2012-04-29,a,2011-12-01,,again",
        "MLI,2012-04-29,,2011-12-01,,",
        "MLI,2012-04-29,b,,,",
        "MLI,2012-04-29,b,2024-06-04,,",
        "MLI,2012-04-29,b,2011-12-01,2011-11-30,",
        "MLI,2012-04-29,b,2011-12-01,later,",
        "MLI,2012-04-29,b,2011-12-01,2024-06-04,",
    ]
    path = written(tmp_path / "votes.csv", "\n".join(content))
    release = ingested(path, "elections", allow_rejects=True)
    assert release.rows_accepted == 1
    assert reasons(release) == {
        3: "it repeats an earlier row",
        4: "kind is missing or unreadable",
        5: "published is missing or unreadable",
        6: f"published is after {RECEIVED}",
        7: "withdrawn is before published",
        8: "withdrawn is unreadable",
        9: f"withdrawn is after {RECEIVED}",
    }
