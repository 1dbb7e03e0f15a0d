import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.archive.coverage import Coverage, Span
from features.errors import InputError
from features.months import format_month
from features.places.matching import read_corrections
from features.places.regions import load_regions
from features.sources.counts import CountsDelivery, CountsOptions, read_counts, vintages_in
from features.sources.counts_columns import REPEATED

JANUARY = 600  # 2020-01
HEADER = "country,region,month,deaths"
WHOLE_ROW = "counts a whole country: it is of use at the level country only"
HAPI = """\
location_code,has_hrp,in_gho,provider_admin1_name,provider_admin2_name,admin1_code,admin1_name,\
admin2_code,admin2_name,admin_level,event_type,events,fatalities,reference_period_start,\
reference_period_end,dataset_id,resource_id,warning,error
#country+code,#meta+has_hrp,#meta+in_gho,#adm1+name+provider,#adm2+name+provider,#adm1+code,\
#adm1+name,#adm2+code,#adm2+name,#adm+level,#event+type,#indicator+event+num,#affected+killed,\
#date+start,#date+end,#meta+dataset_id,#meta+resource_id,#meta+warning,#meta+error
"""
PERIOD = "2020-01-01 00:00:00+00:00,2020-01-31 00:00:00+00:00,d,r,,"


def said(**other: Any) -> CountsOptions:
    plain: dict[str, Any] = {
        "source": "s",
        "level": "admin1",
        "release": "1",
        "available_on": date(2021, 1, 1),
    }
    return CountsOptions(**plain | other)


def read(folder: Path, text: str, **other: Any) -> CountsDelivery:
    file = folder / "counts.csv"
    file.write_text(text, encoding="utf-8")
    return read_counts(file, said(**other))


def rows(folder: Path, *lines: str, header: str = HEADER, **other: Any) -> CountsDelivery:
    return read(folder, "\n".join([header, *lines]) + "\n", **other)


def counted(delivery: CountsDelivery) -> list[tuple[Any, ...]]:
    """Return region, month, type, events and deaths."""
    return list(delivery.counts.drop(columns="country").itertuples(index=False, name=None))


def spans(delivery: CountsDelivery) -> list[tuple[str, int, int]]:
    return [(s.country, s.first_month, s.last_month) for s in delivery.identity.coverage.spans]


def test_a_row_of_counts_is_deaths_of_a_region_in_a_month(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "Mali,Mopti,2020-01,5", "MLI,Ségou Region,2020-02,7")
    assert counted(delivery) == [
        ("MLI-mopti", JANUARY, 0, 0, 5),
        ("MLI-segou", JANUARY + 1, 0, 0, 7),
    ]
    assert (delivery.rows_accepted, len(delivery.rejected)) == (2, 0)
    assert spans(delivery) == [("MLI", JANUARY, JANUARY + 1)]
    assert delivery.identity.history == delivery.identity.source == "s"
    assert delivery.identity.level == "admin1"


def test_columns_may_have_other_names_in_any_order_and_case(tmp_path: Path) -> None:
    delivery = rows(
        tmp_path, "7,2020-01-01,2,Mopti,MLI,x",
        header="Fatalities,Start Date,Events,Admin1 Name,ISO3,Notes",
    )  # fmt: skip
    assert counted(delivery) == [("MLI-mopti", JANUARY, 0, 2, 7)]


def test_of_columns_that_say_the_same_the_first_that_is_filled_counts(tmp_path: Path) -> None:
    delivery = rows(
        tmp_path, "MLI,Mopti,Sahel,2020-01,1", "MLI,,Kayes,2020-01,2",
        header="location_code,admin1_name,provider_admin1_name,month,deaths",
    )  # fmt: skip
    assert counted(delivery) == [
        ("MLI-kayes", JANUARY, 0, 0, 2),
        ("MLI-mopti", JANUARY, 0, 0, 1),
    ]


@pytest.mark.parametrize(
    ("header", "months"),
    [
        (
            "month",
            ["2020-01", "2020-01-01", "2020-01-01 00:00:00+00:00", "2020-01-01T00:00:00"],
        ),
        ("year,month", ["2020,1", "2020,01", "2020,January", "2020,jan"]),
        # The middle of the week of the 29th of December is the 1st of January.
        ("week", ["2020-01-04", "2020-W01", "2019-12-29"]),
    ],
)
def test_months_are_read_in_every_form_that_leaves_no_doubt(
    tmp_path: Path, header: str, months: list[str]
) -> None:
    lines = [f"Mali,{region},{month},5" for region, month in zip("abcd", months, strict=False)]
    coverage = Coverage((Span("MLI", JANUARY, JANUARY),))
    columns = f"country,region,{header},deaths"
    delivery = rows(tmp_path, *lines, header=columns, coverage=coverage)
    assert counted(delivery) == [
        (f"MLI-x-{region}", JANUARY, 0, 0, 5) for region in "abcd"[: len(months)]
    ]


def test_weeks_are_summed_to_the_month_of_their_middle_and_only_whole_months_observed(
    tmp_path: Path,
) -> None:
    days = pd.date_range("2020-01-06", "2020-03-30", freq="7D")
    delivery = rows(
        tmp_path, *(f"MLI,Mopti,{day:%Y-%m-%d},1" for day in days),
        header="country,region,week,deaths",
    )  # fmt: skip
    # Thursdays: 9 16 23 30 January; 6 13 20 27 February; 5 12 19 26 March; 2 April
    assert [(month - JANUARY, deaths) for _, month, _, _, deaths in counted(delivery)] == [
        (0, 4), (1, 4), (2, 4), (3, 1),
    ]  # fmt: skip
    # The week to 5 January is not there, nor are those of the rest of April.
    assert spans(delivery) == [("MLI", JANUARY + 1, JANUARY + 2)]
    assert any("2 of 4 counts are of countries or months" in doubt for doubt in delivery.doubts)


def test_weeks_that_make_no_whole_month_need_a_coverage(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no month that is whole"):
        rows(tmp_path, "MLI,Mopti,2020-01-06,1", header="country,region,week,deaths")


def test_a_month_that_was_not_over_when_it_became_public_is_not_observed(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-11,1", "MLI,Mopti,2020-12,1")
    for day, last in ((30, JANUARY + 10), (31, JANUARY + 11)):
        delivery = rows(tmp_path, *lines, available_on=date(2020, 12, day))
        assert spans(delivery) == [("MLI", JANUARY + 10, last)]


def test_what_a_source_tells_by_type_is_there_by_type_and_the_rest_is_not_told_apart(
    tmp_path: Path,
) -> None:
    delivery = rows(
        tmp_path, "MLI,Mopti,2020-01,5,2,1,1,9,4,0,0",
        header="country,adm_1,month,n_events,n_sb,n_ns,n_os,deaths,deaths_sb,deaths_ns,deaths_os",
    )  # fmt: skip
    assert counted(delivery) == [
        ("MLI-mopti", JANUARY, 0, 1, 5),
        ("MLI-mopti", JANUARY, 1, 2, 4),
        ("MLI-mopti", JANUARY, 2, 1, 0),
        ("MLI-mopti", JANUARY, 3, 1, 0),
    ]


def test_without_a_total_the_types_are_all(tmp_path: Path) -> None:
    columns = "country,adm_1,month,deaths_sb,deaths_os"
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,4,3", header=columns)
    assert counted(delivery) == [
        ("MLI-mopti", JANUARY, 1, 0, 4),
        ("MLI-mopti", JANUARY, 3, 0, 3),
    ]


def test_a_row_may_have_a_type(tmp_path: Path) -> None:
    types = {"1": 1, "2.0": 2, "one-sided": 3, "State-based": 1, "Battles": 0, "Riots": 5}
    lines = [f"MLI,{region},2020-01,4,{text}" for region, text in zip("abcdef", types, strict=True)]
    delivery = rows(tmp_path, *lines, header="country,region,month,deaths,event_type")
    assert counted(delivery) == [
        (f"MLI-x-{region}", JANUARY, number, 0, 4)
        for region, number in zip("abcdef", types.values(), strict=True)
    ]


def test_conflict_events_of_hdx_are_read_as_they_are_delivered(tmp_path: Path) -> None:
    place = "MLI,Y,Y,Mopti,Bankass,ML05,Mopti,ML0501,Bankass,2"
    delivery = read(
        tmp_path,
        HAPI
        + f"{place},political_violence,10,30,{PERIOD}\n"
        + f"{place},civilian_targeting,4,12,{PERIOD}\n"
        + f"{place},demonstration,3,,{PERIOD}\n"
        + f"MLI,Y,Y,Mopti,Djenné,ML05,Mopti,ML0502,Djenné,2,political_violence,1,2,{PERIOD}\n"
        + f"ALB,N,N,,,,,,,0,political_violence,1,1,{PERIOD}\n",
    )
    assert counted(delivery) == [
        ("MLI-mopti", JANUARY, 0, 7, 20),  # 10 - 4 + 1 events, 30 - 12 + 2 deaths
        ("MLI-mopti", JANUARY, 3, 4, 12),
        ("MLI-mopti", JANUARY, 4, 3, 0),
    ]
    assert delivery.rejected[["line", "reasons"]].to_numpy().tolist() == [[7, WHOLE_ROW]]
    assert spans(delivery) == [("MLI", JANUARY, JANUARY)]
    assert (delivery.rows_aside, delivery.notes) == (1, ("the line of HXL tags is no row",))


def test_at_the_level_country_every_row_of_hdx_counts(tmp_path: Path) -> None:
    place = "MLI,Y,Y,Mopti,Bankass,ML05,Mopti,ML0501,Bankass,2"
    delivery = read(
        tmp_path,
        HAPI
        + f"{place},political_violence,10,30,{PERIOD}\n"
        + f"ALB,N,N,,,,,,,0,political_violence,1,1,{PERIOD}\n",
        level="country",
    )
    assert counted(delivery) == [("ALB", JANUARY, 0, 1, 1), ("MLI", JANUARY, 0, 10, 30)]


def test_rows_without_a_region_count_whole_countries_and_are_no_faults(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Gao,2020-01,4", "LBN,,2020-01,3", "DZA, ,2020-01,0")
    assert counted(delivery) == [("MLI-gao", JANUARY, 0, 0, 4)]
    assert spans(delivery) == [("MLI", JANUARY, JANUARY)]
    assert (delivery.rows_aside, delivery.notes) == (2, ())
    assert set(delivery.rejected["reasons"]) == {WHOLE_ROW}
    with pytest.raises(InputError, match="region is missing"):
        rows(tmp_path, "MLI,Gao,2020-01,4,1", "LBN,,2020-01,3,1", header=f"{HEADER},admin_level")


def test_the_decimal_sign_of_counts_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--decimal for counts"):
        rows(tmp_path, "MLI,Gao,2020-01,1.000")
    for sign, deaths in ((".", 1), (",", 1000)):
        delivery = rows(tmp_path, "MLI,Gao,2020-01,1.000", decimal=sign)
        assert counted(delivery) == [("MLI-gao", JANUARY, 0, 0, deaths)]


WHOLE = "counts more than its regions"


def test_a_month_known_by_a_row_of_the_whole_country_is_not_peace_in_its_regions(
    tmp_path: Path,
) -> None:
    lines = [f"MLI,{name},2020-{month},3" for name in ("Gao", "Mopti") for month in ("01", "04")]
    lines += ["NER,Diffa,2020-01,1", "NER,Diffa,2020-02,1", "NER,Diffa,2020-03,1"]
    delivery = rows(tmp_path, *lines, "MLI,,2020-02,9", "MLI,,2020-03,0", "MLI,,2020-04,6")
    assert spans(delivery) == [
        ("MLI", JANUARY, JANUARY), ("MLI", JANUARY + 2, JANUARY + 3),
        ("NER", JANUARY, JANUARY + 2),
    ]  # fmt: skip
    assert any(f"{WHOLE}: MLI-gao 2020-02, MLI-mopti 2020-02" in it for it in delivery.doubts)


def test_of_a_coverage_that_is_given_the_same_months_are_unknown(tmp_path: Path) -> None:
    coverage = Coverage((Span("MLI", JANUARY, JANUARY + 1),))
    lines = ["MLI,Gao,2020-01,4", "MLI,Mopti,2020-02,4", "MLI,,2020-02,5"]
    delivery = rows(tmp_path, *lines, coverage=coverage)
    assert delivery.unknown.to_numpy().tolist() == [["MLI-gao", JANUARY + 1]]


def test_weeks_of_a_whole_country_are_not_peace_in_its_regions(tmp_path: Path) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2019-12-30", "2020-05-04", freq="7D")]
    regions = [
        f"MLI,{name},{day},1,1" for name in ("Gao", "Mopti") for day in days if "-02-" not in day
    ]
    whole = [f"MLI,,{day},4,4" for day in days if "-02-" in day]
    ner = [f"NER,Diffa,{day},0,0" for day in days]
    delivery = rows(
        tmp_path, *regions, *whole, *ner, header="country,admin1,week,events,fatalities"
    )
    assert spans(delivery) == [
        ("MLI", JANUARY, JANUARY), ("MLI", JANUARY + 2, JANUARY + 3),
        ("NER", JANUARY, JANUARY + 3),
    ]  # fmt: skip
    assert any(WHOLE in doubt for doubt in delivery.doubts)


def test_records_of_hdx_of_a_whole_country_are_not_peace_in_its_regions(tmp_path: Path) -> None:
    def record(admin1: str | None, month: int, fatalities: int) -> dict[str, Any]:
        return {
            "location_code": "MLI",
            "admin1_name": admin1,
            "admin_level": 0 if admin1 is None else 1,
            "event_type": "political_violence",
            "events": 1,
            "fatalities": fatalities,
            "reference_period_start": f"2020-{month:02d}-01T00:00:00",
            "reference_period_end": f"2020-{month:02d}-28T00:00:00",
        }

    file = tmp_path / "counts.json"
    records = [record("Gao", 1, 3), record("Gao", 3, 3), record("Mopti", 2, 1), record(None, 2, 8)]
    file.write_text(json.dumps({"data": records}))
    delivery = read_counts(file, said())
    assert ["MLI-gao", JANUARY + 1] in delivery.unknown.to_numpy().tolist()
    assert any(f"{WHOLE}: MLI-gao 2020-02" in doubt for doubt in delivery.doubts)


def test_cells_are_not_peace_where_only_the_whole_country_is_counted(tmp_path: Path) -> None:
    lines = ["147945,MLI,2020-01,3,2", "147945,MLI,2020-03,3,2", ",MLI,2020-02,7,0"]
    delivery = rows(
        tmp_path, *lines, "147944,MLI,2020-02,1,2",
        header="priogrid,country,month,deaths,admin_level", level="priogrid",
    )  # fmt: skip
    assert any(f"{WHOLE}: 147945 2020-02" in doubt for doubt in delivery.doubts)


def test_at_the_level_country_a_whole_country_and_its_regions_are_not_added_up(
    tmp_path: Path,
) -> None:
    lines = ["MLI,Gao,2020-01,4", "MLI,Mopti,2020-01,3", "MLI,,2020-01,7"]
    with pytest.raises(InputError, match="the whole of MLI in line 4 and a region of it in line 2"):
        rows(tmp_path, *lines, level="country")
    assert len(rows(tmp_path, *lines[:2], "NER,,2020-01,7", level="country").counts) == 2


def test_a_part_of_the_world_beside_a_region_is_none(tmp_path: Path) -> None:
    header = "region,country,admin1,month,deaths"
    lines = ["Western Africa,MLI,Gao,2020-01,4", "Western Africa,MLI,,2020-01,3"]
    delivery = rows(tmp_path, *lines, header=header)
    assert counted(delivery) == [("MLI-gao", JANUARY, 0, 0, 4)]


def test_what_names_together_tell_is_noted(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "GHA,Volta,2020-01,4", "GHA,Oti,2020-01,3")
    assert "the outline of Volta (GHA) is that of before 2019, with Oti" in delivery.doubts


def test_targeted_civilians_are_kept_where_political_violence_is_not_told(tmp_path: Path) -> None:
    columns = "country,region,month,deaths,event_type"
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,4,civilian_targeting", header=columns)
    assert counted(delivery) == [("MLI-mopti", JANUARY, 3, 0, 4)]


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
    assert counted(delivery) == [("MLI-mopti", JANUARY, 0, 1, 3), ("MLI-mopti", JANUARY, 1, 1, 0)]


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
    assert counted(delivery) == [("MLI-mopti", JANUARY, 0, 0, 1)]
    assert delivery.rejected["reasons"].tolist() == ["has more fields than the header"]


def test_a_row_that_is_cut_short_is_rejected(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,1", "MLI,Mop", allow_rejects=True)
    assert delivery.rows_accepted == len(delivery.rejected) == 1


def test_an_empty_row_is_rejected_and_not_taken_for_tags(tmp_path: Path) -> None:
    delivery = rows(tmp_path, ",,,", "MLI,Mopti,2020-01,1", allow_rejects=True)
    assert (delivery.rows_accepted, delivery.rejected["line"].tolist()) == (1, [2])


def test_a_first_column_without_a_name_holds_numbers_of_rows(tmp_path: Path) -> None:
    lines = ("0,MLI,Mopti,2020-01,1", "1,MLI,Mopti,2020-01,1")
    delivery = rows(tmp_path, *lines, header=f",{HEADER}", allow_rejects=True)
    assert counted(delivery) == [("MLI-mopti", JANUARY, 0, 0, 1)]
    assert delivery.rejected["reasons"].tolist() == [REPEATED]


def test_of_rows_that_are_repeated_the_first_stands(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-01,5", "MLI,Mopti,2020-02,5", "MLI,Mopti,2020-02,5")
    delivery = rows(tmp_path, *lines, allow_rejects=True)
    assert [count[1:] for count in counted(delivery)] == [(600, 0, 0, 5), (601, 0, 0, 5)]
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
    assert counted(delivery) == [("MLI-mopti", JANUARY, 0, 0, 11)]


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


def test_a_packed_file_and_a_parquet_file_are_read_as_the_plain_one(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-01,5", "MLI,Kayes,2020-02,7", "MLI,Gao,2020-02,x")
    plain = rows(tmp_path, *lines, allow_rejects=True)
    packed = tmp_path / "counts.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "counts.csv").read_bytes()))
    table = tmp_path / "counts.parquet"
    pd.read_csv(tmp_path / "counts.csv").to_parquet(table)
    for file in (packed, table):
        other = read_counts(file, said(allow_rejects=True))
        assert counted(other) == counted(plain)
        assert other.rejected["record"].tolist() == plain.rejected["record"].tolist()
    assert read_counts(packed, said(allow_rejects=True)).sha256 == plain.sha256


def test_parquet_of_dates_and_numbers_is_read(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "country": ["MLI"],
            "region": pd.Categorical(["Mopti"]),
            "month": pd.to_datetime(["2020-01-01"]),
            "deaths": [5.0],
        }
    )
    table.to_parquet(tmp_path / "counts.parquet")
    assert counted(read_counts(tmp_path / "counts.parquet", said())) == [
        ("MLI-mopti", JANUARY, 0, 0, 5)
    ]


def test_two_names_of_one_region_are_summed(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Ségou,2020-01,5", "MLI,Segou Region,2020-01,2")
    assert counted(delivery) == [("MLI-segou", JANUARY, 0, 0, 7)]
    assert delivery.regions["id"].tolist() == ["MLI-segou"]
    assert delivery.matches["name"].tolist() == ["Segou Region", "Ségou"]


def test_an_unmatched_name_is_a_region_of_its_own_without_outline(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Ménaka,2020-01,5", "MLI,Mopti,2020-01,1")
    assert delivery.regions.to_numpy().tolist() == [
        ["MLI-mopti", "Mopti", "MLI", True],
        ["MLI-x-menaka", "Ménaka", "MLI", False],
    ]
    assert delivery.matches.set_index("name")["how"].to_dict() == {
        "Mopti": "name",
        "Ménaka": "unmatched",
    }


def test_the_id_of_an_unmatched_region_does_not_depend_on_what_else_is_there(
    tmp_path: Path,
) -> None:
    first = rows(tmp_path, "MLI,Ménaka,2020-01,5", "NER,Ménaka,2020-01,5", "MLI,मेनाका,2020-01,1")
    again = rows(tmp_path, "MLI,मेनाका,2020-03,1", "MLI,MENAKA,2020-03,5")
    assert set(again.regions["id"]) < set(first.regions["id"])
    assert len(set(first.regions["id"])) == 3


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=20, unique=True))
def test_ids_are_never_those_of_bundled_regions_and_fit_for_an_address(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    table = pd.DataFrame({"region": names}).assign(country="MLI", month="2020-01", deaths=1)
    file = tmp_path_factory.mktemp("counts") / "counts.parquet"
    table.to_parquet(file)
    try:
        delivery = read_counts(file, said(allow_rejects=True))
    except InputError:  # there is nothing but spaces
        return
    made_up = delivery.regions.loc[~delivery.regions["is_bundled"], "id"]
    assert not set(made_up) & set(load_regions("admin1").ids)
    assert made_up.str.fullmatch(r"MLI-x-[a-z0-9-]+").all()
    assert delivery.counts["deaths"].sum() == delivery.rows_accepted
    assert delivery.rows_accepted + len(delivery.rejected) == len(names)


@pytest.mark.parametrize(
    ("other", "country"), [("DR Congo (Zaire)", "COG"), ("Republic of the Congo", "COD")]
)
def test_a_name_of_either_of_two_countries_is_settled_by_the_other_wherever_in_the_file(
    other: str, country: str, tmp_path: Path
) -> None:
    months = [format_month(JANUARY + month) for month in range(2_500)]  # more than DuckDB's vector
    lines = [f"{name},{month},1" for name in ("Congo", other) for month in months]
    options: dict[str, Any] = {"header": "country,month,deaths", "level": "country"}
    delivery = rows(tmp_path, *lines, available_on=date(2300, 1, 1), **options)
    assert delivery.rows_accepted == 5_000
    assert delivery.counts.groupby("country").size()[country] == 2_500
    with pytest.raises(InputError, match="'Congo' may be COD or COG"):
        rows(tmp_path, *lines[:2_500], **options)


def test_gaza_and_the_west_bank_of_israel_are_in_palestine(tmp_path: Path) -> None:
    delivery = rows(
        tmp_path, "Israel,Gaza Strip,2020-01,5", "Israel,Jerusalem district,2020-01,1",
        "Israel,Atlantis,2020-01,2",
    )  # fmt: skip
    assert delivery.counts[["country", "region", "deaths"]].to_numpy().tolist() == [
        ["ISR", "ISR-jerusalem", 1],
        ["ISR", "ISR-x-atlantis", 2],
        ["PSE", "PSE-gaza-strip", 5],
    ]
    assert spans(delivery) == [("ISR", JANUARY, JANUARY), ("PSE", JANUARY, JANUARY)]


def test_corrections_decide_also_against_a_territory_and_are_part_of_the_content(
    tmp_path: Path,
) -> None:
    table = tmp_path / "corrections.csv"
    table.write_text("country,name,region\nISR,Gaza Strip,\nMLI,Ménaka,MLI-gao\n")
    lines = ("ISR,Gaza Strip,2020-01,5", "MLI,Menaka,2020-01,1")
    plain = rows(tmp_path, *lines)
    corrected = rows(tmp_path, *lines, corrections=read_corrections(table))
    assert [count[0] for count in counted(corrected)] == ["ISR-x-gaza-strip", "MLI-gao"]
    assert corrected.sha256 != plain.sha256


def test_only_countries_that_are_named_are_observed(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,0", "NER,Tahoua,2020-03,1")
    assert spans(delivery) == [("MLI", JANUARY, JANUARY), ("NER", JANUARY + 2, JANUARY + 2)]
    assert delivery.regions["id"].tolist() == ["MLI-mopti", "NER-tahoua"]
    assert counted(delivery) == [("NER-tahoua", JANUARY + 2, 0, 0, 1)]


def test_what_a_given_coverage_does_not_observe_is_said(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-01,1", "MLI,Mopti,2020-02,1", "NER,Tahoua,2020-01,1")
    coverage = Coverage((Span("MLI", JANUARY, JANUARY),))
    delivery = rows(tmp_path, *lines, coverage=coverage)
    assert delivery.identity.coverage == coverage
    assert delivery.doubts == ("2 of 3 counts are of countries or months not observed",)
    with pytest.raises(InputError, match="doubtful: 2 of 3 counts"):
        rows(tmp_path, *lines, coverage=coverage, strict=True)
    with pytest.raises(InputError, match="no count in the months"):
        rows(tmp_path, *lines, coverage=Coverage((Span("TCD", JANUARY, JANUARY),)))


def test_at_the_level_country_no_region_is_read(tmp_path: Path) -> None:
    lines = ("Mali,2020-01,5", "Burkina Faso,2020-01,2")
    delivery = rows(tmp_path, *lines, header="country,month,deaths", level="country")
    assert counted(delivery) == [("BFA", JANUARY, 0, 0, 2), ("MLI", JANUARY, 0, 0, 5)]
    assert delivery.regions["is_bundled"].all()


def test_cells_need_no_country_and_have_one_if_it_is_said(tmp_path: Path) -> None:
    cells = load_regions("priogrid").table
    inside = cells.loc[cells["country"] == "MLI", "id"].iloc[0]
    alone = rows(
        tmp_path, f"{inside}.0,2020-01,5", "1,2020-01,9", header="gid,month,deaths",
        level="priogrid", allow_rejects=True,
    )  # fmt: skip
    assert counted(alone) == [(inside, JANUARY, 0, 0, 5)]
    assert alone.rejected["reasons"].tolist() == ["country is missing or unknown"]
    named = rows(
        tmp_path, f"NER,{inside},2020-01,5", "NER,1,2020-01,1", "NER,x,2020-01,1",
        header="country,gid,month,deaths", level="priogrid", allow_rejects=True,
    )  # fmt: skip
    assert named.counts["country"].tolist() == ["NER", "NER"]
    assert named.regions["id"].tolist() == [inside, "NER-x-1"]
    assert named.rejected["reasons"].tolist() == ["region is missing or unreadable"]


def test_reading_again_gives_the_same(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-02,5", "MLI,Ménaka,2020-01,1", "NER,Tahoua,2020-01,2")
    written: list[dict[str, bytes]] = []
    for order in (lines, lines[::-1]):
        folder = tmp_path / str(len(written))
        folder.mkdir()
        rows(folder, *order).write(folder)
        written.append({p.name: p.read_bytes() for p in folder.glob("*.parquet")})
    assert written[0] == written[1]


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


def test_a_month_is_read_in_any_form_that_no_other_month_can_have(tmp_path: Path) -> None:
    months = ["202001", "202001.0", "2020m1", "2020M01", "2020/01", "01/2020", "1-2020"]
    months += ["January 2020", "Jan-20", "Jan 2020"]
    lines = [f"MLI,{region},{m},1" for region, m in zip("abcdefghij", months, strict=True)]
    assert counted(rows(tmp_path, *lines)) == [
        (f"MLI-x-{region}", JANUARY, 0, 0, 1) for region in "abcdefghij"
    ]


def test_a_file_of_one_country_is_said_to_be_of_it(tmp_path: Path) -> None:
    header = "Province,Month,Year,Events,Fatalities"
    line = "Mopti,January,2020,2,7"
    delivery = rows(tmp_path, line, header=header, country="MLI")
    assert counted(delivery) == [("MLI-mopti", JANUARY, 0, 2, 7)]
    with pytest.raises(InputError, match="say with --country of which one it is"):
        rows(tmp_path, line, header=header)
    with pytest.raises(InputError, match="has a column country: leave out --country NER"):
        rows(tmp_path, "MLI,Mopti,2020-01,1", country="NER")


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


def test_each_vintage_of_a_table_observes_what_its_own_rows_tell(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(
        "vintage,month,country,deaths\n"
        "2020-02-21,2020-01,Mali,60\n"
        "2020-03-21,2020-01,Mali,96\n2020-03-21,2020-02,Mali,0\n2020-03-21,2020-02,Togo,1\n"
    )
    options = said(level="country")
    early, late = (read_counts(file, options.of(vintage)) for vintage in vintages_in(file))
    assert (early.identity.release, early.identity.available_on) == (
        "2020-02-21",
        date(2020, 2, 21),
    )
    assert counted(early) == [("MLI", JANUARY, 0, 0, 60)]
    assert spans(early) == [("MLI", JANUARY, JANUARY)]
    assert counted(late) == [("MLI", JANUARY, 0, 0, 96), ("TGO", JANUARY + 1, 0, 0, 1)]
    assert spans(late) == [("MLI", JANUARY, JANUARY + 1), ("TGO", JANUARY + 1, JANUARY + 1)]
    (vintage, _) = vintages_in(file)
    file.write_text(file.read_text().replace("60", "61"))
    with pytest.raises(InputError, match="changed while it was read"):
        read_counts(file, options.of(vintage))
