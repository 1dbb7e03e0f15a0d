from datetime import date
from pathlib import Path

from tests.features.sources.ingested import written
from tests.features.sources.states.ingested import RECEIVED, ingested, reasons, rows

HEADER = "country,date,outcome,actor,published,id,name,note,source"


def test_a_row_says_all_that_the_open_table_has(tmp_path: Path) -> None:
    content = [
        HEADER,
        "NER,2023-07-26,Success,Military,2023-07-27,n1,Guard,watched,press",
        "Burkina Faso,2015-09-17,unsuccessful,,,,,,",
        "BFA,2023-09-26,conspiracy,STATE,,,,,",
    ]
    table = rows(ingested(written(tmp_path / "a.csv", "\n".join(content)), "coups"))
    assert table.astype(object).where(table.notna(), None).to_numpy().tolist() == [
        ["BFA-2015-09-17", "BFA", date(2015, 9, 17), "failed", "unknown", *[None] * 4],
        ["BFA-2023-09-26", "BFA", date(2023, 9, 26), "plot", "state", *[None] * 4],
        [
            *("n1", "NER", date(2023, 7, 26), "success", "military", date(2023, 7, 27)),
            *("Guard", "watched", "press"),
        ],
    ]


def test_each_fault_of_a_row_has_its_reason(tmp_path: Path) -> None:
    content = [
        HEADER,
        "Atlantis,2020-08-18,success,,,,,,",
        "Congo,2020-08-18,success,,,,,,",
        "MLI,2020-13-18,success,,,,,,",
        "MLI,2024-06-04,success,,,,,,",
        "MLI,2020-08-18,2,,,,,,",
        "MLI,2020-08-18,success,army,,,,,",
        "MLI,2020-08-18,success,,soon,,,,",
        "MLI,2020-08-18,success,,2024-06-04,,,,",
        "MLI,2020-08-18,success,,,,,,",
        "MLI,2020-08-18,failed,,,,,,",
        "MLI,2021-05-24,success,,,,,,,more",
    ]
    path = written(tmp_path / "a.csv", "\n".join(content))
    release = ingested(path, "coups", allow_rejects=True)
    assert release.rows_accepted == 1
    assert reasons(release) == {
        2: "country is missing or unknown",
        3: "'Congo' may be COD or COG: write the code",
        4: "date is missing or unreadable",
        5: f"date is outside 1900-01-01 to {RECEIVED}",
        6: "outcome is none of success, failed, plot",
        7: "actor is none of military, state, rebel, popular, foreign, unknown",
        8: "published is unreadable",
        9: f"published is after {RECEIVED}",
        11: "it repeats an earlier row",
        12: "has more fields than the header",
    }


def test_a_code_goes_before_a_name_and_numbers_of_both_schemes_are_known(tmp_path: Path) -> None:
    header, *lines = (
        "iso3,country,gwcode,ccode,date,outcome",
        *(
            ("COG", "Congo", "", "", "COG"),
            ("", "Mali", "", "", "MLI"),
            ("", "", "970", "", "KIR"),
            ("", "", "", "970", "NRU"),
            ("", "", "", "679", "YEM"),
            ("", "Republic of Vietnam", "", "817", "VNM"),
            ("", "German Democratic Republic", "", "265", "DEU"),
        ),
    )
    days = [f"200{number}-01-02" for number in range(len(lines))]
    text = [",".join([*line[:4], day, "failed"]) for line, day in zip(lines, days, strict=True)]
    table = rows(ingested(written(tmp_path / "a.csv", "\n".join([header, *text])), "coups"))
    assert table.sort_values("date")["country"].tolist() == [line[4] for line in lines]
