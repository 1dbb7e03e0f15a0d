import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.archive.coverage import Coverage, Span
from features.errors import InputError
from features.sources.counts_columns import REPEATED
from tests.features.sources.count_files import (
    HAPI,
    HEADER,
    JANUARY,
    WHOLE_ROW,
    counts_of,
    read,
    rows,
)

FULL = "country,region,month,n_events,n_sb,deaths,reference_period_end,event_type"
GOOD = ("MLI", "Mopti", "2020-01", "2", "1", "3", "2020-01-31", "battles")
BAD = [
    ("country", "Atlantis", "country is missing or unknown"),
    ("country", "", "country is missing or unknown"),
    ("region", " ", WHOLE_ROW),
    ("region", "x" * 201, "region is longer than 200 letters"),
    ("month", "", "month is missing or unreadable"),
    ("month", "20201", "month is missing or unreadable"),
    ("month", "2020-13", "month is missing or unreadable"),
    ("month", "1020-01", "month is before 1900-01"),
    ("month", "2021-02", "month is after 2021-01, when it was public"),
    ("reference_period_end", "2020-03-31", "its period is not one month"),
    ("reference_period_end", "soon", "its period is not one month"),
    ("event_type", "", "type is missing or unknown"),
    ("event_type", "earthquake", "type is missing or unknown"),
    ("deaths", "", "deaths is missing or unreadable"),
    ("deaths", "many", "deaths is missing or unreadable"),
    ("deaths", "1.5", "deaths is missing or unreadable"),
    ("deaths", "inf", "deaths is missing or unreadable"),
    ("deaths", "nan", "deaths is missing or unreadable"),
    ("deaths", "-1", "deaths is outside 0 to 2000000"),
    ("deaths", "2000001", "deaths is outside 0 to 2000000"),
    ("n_events", "", "n_events is missing or unreadable"),
    ("n_sb", "3", "the types add up to more events than there are"),
]


def test_a_row_that_cannot_be_used_is_kept_with_its_line_and_why(tmp_path: Path) -> None:
    good = dict(zip(FULL.split(","), GOOD, strict=True))
    bad = [good | {column: text} for column, text, _ in BAD]
    coverage = Coverage((Span("MLI", JANUARY, JANUARY),))
    said: dict[str, Any] = {"header": FULL, "allow_rejects": True, "coverage": coverage}
    delivery = rows(tmp_path, *(",".join(row.values()) for row in (good, *bad)), **said)
    for reasons, (_, _, why) in zip(delivery.rejected["reasons"], BAD, strict=True):
        assert why in reasons.split("; ")
    assert delivery.rejected["line"].tolist() == [*range(3, 3 + len(BAD))]
    assert [json.loads(record) for record in delivery.rejected["record"]] == bad
    assert counts_of(delivery) == [("MLI-mopti", JANUARY, 0, 1, 3), ("MLI-mopti", JANUARY, 1, 1, 0)]


def test_all_reasons_of_a_row_are_told(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,1", "Oz,,x,-1", allow_rejects=True)
    assert delivery.rejected["reasons"][0].split("; ") == [
        "country is missing or unknown",
        "month is missing or unreadable",
        "deaths is outside 0 to 2000000",
    ]


def test_a_row_with_more_fields_than_the_header_is_rejected_but_not_one_more_comma(
    tmp_path: Path,
) -> None:
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,1,", "MLI,Kayes,2020-01,1,7", allow_rejects=True)
    assert counts_of(delivery) == [("MLI-mopti", JANUARY, 0, 0, 1)]
    assert delivery.rejected["reasons"].tolist() == ["has more fields than the header"]


def test_a_row_that_is_cut_short_is_rejected(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,1", "MLI,Mop", allow_rejects=True)
    assert delivery.rows_accepted == len(delivery.rejected) == 1


def test_an_empty_row_is_rejected_and_not_taken_for_tags(tmp_path: Path) -> None:
    delivery = rows(tmp_path, ",,,", "MLI,Mopti,2020-01,1", allow_rejects=True)
    assert (delivery.rows_accepted, delivery.rejected["line"].tolist()) == (1, [2])


def test_of_rows_that_are_repeated_the_first_stands(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-01,5", "MLI,Mopti,2020-02,5", "MLI,Mopti,2020-02,5")
    delivery = rows(tmp_path, *lines, allow_rejects=True)
    assert [count[1:] for count in counts_of(delivery)] == [(600, 0, 0, 5), (601, 0, 0, 5)]
    assert delivery.rejected[["line", "reasons"]].to_numpy().tolist() == [[4, REPEATED]]


@pytest.mark.parametrize("allow", [True, False])
def test_rows_of_one_region_and_month_with_other_figures_are_refused(
    tmp_path: Path, allow: bool
) -> None:
    lines = ("MLI,Gao,2020-01,5", "MLI,Mopti,2020-01,5", "MLI,Gao,2020-01,6", "MLI,Gao,2020-02,1")
    with pytest.raises(InputError, match="in lines 2 and 4") as refusal:
        rows(tmp_path, *lines, allow_rejects=allow)
    assert "add them up first" in str(refusal.value)
    assert "--allow-rejects" not in str(refusal.value)


def test_rows_that_differ_in_a_column_that_is_not_read_are_no_repetition(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-01,5,Bankass", "MLI,Mopti,2020-01,6,Djenné")
    delivery = rows(tmp_path, *lines, header=f"{HEADER},admin2")
    assert counts_of(delivery) == [("MLI-mopti", JANUARY, 0, 0, 11)]


def test_more_than_a_twentieth_that_is_rejected_refuses_the_file(tmp_path: Path) -> None:
    good = [f"MLI,Mopti,2020-{month:02d},1" for month in range(1, 11)]
    good += [f"MLI,Kayes,2020-{month:02d},1" for month in range(1, 10)]
    bad = ["MLI,Gao,2020-01,x", "MLI,Gao,2020-02,"]
    assert len(rows(tmp_path, *good, *bad[:1]).rejected) == 1  # 1 of 20
    with pytest.raises(InputError, match=r"9\.5 %.*2 of 21 rows.*deaths is missing.*2 rows") as no:
        rows(tmp_path, *good, *bad)
    assert "--allow-rejects" in str(no.value)
    delivery = rows(tmp_path, *good, *bad, allow_rejects=True)
    assert (delivery.rows_accepted, len(delivery.rejected)) == (19, 2)


def test_a_file_of_which_nothing_can_be_used_is_refused_even_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row of"):
        rows(tmp_path, "MLI,Mopti,2020-01,x", allow_rejects=True)


@pytest.mark.parametrize(
    ("header", "lacks"),
    [
        ("region,month,deaths", "country"),
        ("country,month,deaths", "region"),
        ("country,region,deaths", "month"),
        ("country,region,month", "deaths"),
        ("country,region,month,n_events", "deaths"),
    ],
)
def test_a_file_that_lacks_a_column_is_refused_and_told_what_it_may_be_called(
    tmp_path: Path, header: str, lacks: str
) -> None:
    with pytest.raises(InputError, match=rf"lacks columns .*{lacks}: "):
        rows(tmp_path, ",".join(["1"] * (header.count(",") + 1)), header=header)


@pytest.mark.parametrize("text", [HEADER, HEADER + "\n", HAPI])
def test_a_file_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="a header and no rows"):
        read(tmp_path, text)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="several columns named month"):
        rows(tmp_path, "MLI,Mopti,2020-01,2020-01,1", header="country,region,month,Month,deaths")


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["MLI", "Mopti", "2020-01", "3", "-1", "", "x", "\0", "#"]),
                 min_size=1, max_size=6),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_every_row_is_accepted_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("counts")
    good = "MLI,Kayes,2020-01,1"
    delivery = rows(folder, good, *(",".join(line) for line in table), allow_rejects=True)
    lines = [line for line in table if any(line) or len(line) > 1]
    assert delivery.rows_accepted + len(delivery.rejected) == 1 + len(lines)
    assert (delivery.counts[["events", "deaths"]] >= 0).all(axis=None)


def test_repeated_rows_are_to_be_added_up_and_never_left_out(tmp_path: Path) -> None:
    lines = [f"MLI,Mopti,2020-01,{deaths}" for deaths in (3, 11, 40)]
    with pytest.raises(InputError, match=r"in lines 2 and 4.*add them up") as no:
        rows(tmp_path, *lines)
    assert "--allow-rejects" not in str(no.value)


@pytest.mark.parametrize(
    ("header", "product"),
    [
        ("event_id_cnty,event_date,inter1,inter2,country,admin1,fatalities", "tocsin ingest acled"),
        ("id,type_of_violence,country,adm_1,date_start,best", "tocsin ingest ucdp"),
        ("country_cy,year_cy,sb_total_deaths_best_cy", "country-years, not events"),
    ],
)
def test_a_file_of_events_or_years_is_named(tmp_path: Path, header: str, product: str) -> None:
    with pytest.raises(InputError, match=product):
        rows(tmp_path, ",".join("1" for _ in header.split(",")), header=header)
