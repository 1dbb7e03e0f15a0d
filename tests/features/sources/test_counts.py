import gzip
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.archive.coverage import Coverage, Span
from features.errors import InputError
from features.sources.counts import read_counts, vintages_in
from features.sources.counts_columns import REPEATED
from tests.features.sources.count_files import (
    HAPI,
    HEADER,
    JANUARY,
    PERIOD,
    WHOLE_ROW,
    counts_of,
    options_of,
    read,
    rows,
    spans_of,
)


def test_a_row_of_counts_is_deaths_of_a_region_in_a_month(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "Mali,Mopti,2020-01,5", "MLI,Ségou Region,2020-02,7")
    assert counts_of(delivery) == [
        ("MLI-mopti", JANUARY, 0, 0, 5),
        ("MLI-segou", JANUARY + 1, 0, 0, 7),
    ]
    assert (delivery.rows_accepted, len(delivery.rejected)) == (2, 0)
    assert spans_of(delivery) == [("MLI", JANUARY, JANUARY + 1)]
    assert delivery.identity.history == delivery.identity.source == "s"
    assert delivery.identity.level == "admin1"


def test_columns_may_have_other_names_in_any_order_and_case(tmp_path: Path) -> None:
    delivery = rows(
        tmp_path, "7,2020-01-01,2,Mopti,MLI,x",
        header="Fatalities,Start Date,Events,Admin1 Name,ISO3,Notes",
    )  # fmt: skip
    assert counts_of(delivery) == [("MLI-mopti", JANUARY, 0, 2, 7)]


def test_of_columns_that_say_the_same_the_first_that_is_filled_counts(tmp_path: Path) -> None:
    delivery = rows(
        tmp_path, "MLI,Mopti,Sahel,2020-01,1", "MLI,,Kayes,2020-01,2",
        header="location_code,admin1_name,provider_admin1_name,month,deaths",
    )  # fmt: skip
    assert counts_of(delivery) == [
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
    assert counts_of(delivery) == [
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
    assert [(month - JANUARY, deaths) for _, month, _, _, deaths in counts_of(delivery)] == [
        (0, 4), (1, 4), (2, 4), (3, 1),
    ]  # fmt: skip
    # The week to 5 January is not there, nor are those of the rest of April.
    assert spans_of(delivery) == [("MLI", JANUARY + 1, JANUARY + 2)]
    assert any("2 of 4 counts are of countries or months" in doubt for doubt in delivery.doubts)


def test_weeks_that_make_no_whole_month_need_a_coverage(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no month that is whole"):
        rows(tmp_path, "MLI,Mopti,2020-01-06,1", header="country,region,week,deaths")


def test_a_month_that_was_not_over_when_it_became_public_is_not_observed(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-11,1", "MLI,Mopti,2020-12,1")
    for day, last in ((30, JANUARY + 10), (31, JANUARY + 11)):
        delivery = rows(tmp_path, *lines, available_on=date(2020, 12, day))
        assert spans_of(delivery) == [("MLI", JANUARY + 10, last)]


def test_what_a_source_tells_by_type_is_there_by_type_and_the_rest_is_not_told_apart(
    tmp_path: Path,
) -> None:
    delivery = rows(
        tmp_path, "MLI,Mopti,2020-01,5,2,1,1,9,4,0,0",
        header="country,adm_1,month,n_events,n_sb,n_ns,n_os,deaths,deaths_sb,deaths_ns,deaths_os",
    )  # fmt: skip
    assert counts_of(delivery) == [
        ("MLI-mopti", JANUARY, 0, 1, 5),
        ("MLI-mopti", JANUARY, 1, 2, 4),
        ("MLI-mopti", JANUARY, 2, 1, 0),
        ("MLI-mopti", JANUARY, 3, 1, 0),
    ]


def test_without_a_total_the_types_are_all(tmp_path: Path) -> None:
    columns = "country,adm_1,month,deaths_sb,deaths_os"
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,4,3", header=columns)
    assert counts_of(delivery) == [
        ("MLI-mopti", JANUARY, 1, 0, 4),
        ("MLI-mopti", JANUARY, 3, 0, 3),
    ]


def test_a_row_may_have_a_type(tmp_path: Path) -> None:
    types = {"1": 1, "2.0": 2, "one-sided": 3, "State-based": 1, "Battles": 0, "Riots": 5}
    lines = [f"MLI,{region},2020-01,4,{text}" for region, text in zip("abcdef", types, strict=True)]
    delivery = rows(tmp_path, *lines, header="country,region,month,deaths,event_type")
    assert counts_of(delivery) == [
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
    assert counts_of(delivery) == [
        ("MLI-mopti", JANUARY, 0, 7, 20),  # 10 - 4 + 1 events, 30 - 12 + 2 deaths
        ("MLI-mopti", JANUARY, 3, 4, 12),
        ("MLI-mopti", JANUARY, 4, 3, 0),
    ]
    assert delivery.rejected[["line", "reasons"]].to_numpy().tolist() == [[7, WHOLE_ROW]]
    assert spans_of(delivery) == [("MLI", JANUARY, JANUARY)]
    assert (delivery.rows_aside, delivery.notes) == (1, ("the line of HXL tags is no row",))


def test_the_decimal_sign_of_counts_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--decimal for counts"):
        rows(tmp_path, "MLI,Gao,2020-01,1.000")
    for sign, deaths in ((".", 1), (",", 1000)):
        delivery = rows(tmp_path, "MLI,Gao,2020-01,1.000", decimal=sign)
        assert counts_of(delivery) == [("MLI-gao", JANUARY, 0, 0, deaths)]


def test_targeted_civilians_are_kept_where_political_violence_is_not_told(tmp_path: Path) -> None:
    columns = "country,region,month,deaths,event_type"
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,4,civilian_targeting", header=columns)
    assert counts_of(delivery) == [("MLI-mopti", JANUARY, 3, 0, 4)]


def test_a_first_column_without_a_name_holds_numbers_of_rows(tmp_path: Path) -> None:
    lines = ("0,MLI,Mopti,2020-01,1", "1,MLI,Mopti,2020-01,1")
    delivery = rows(tmp_path, *lines, header=f",{HEADER}", allow_rejects=True)
    assert counts_of(delivery) == [("MLI-mopti", JANUARY, 0, 0, 1)]
    assert delivery.rejected["reasons"].tolist() == [REPEATED]


def test_a_packed_file_and_a_parquet_file_are_read_as_the_plain_one(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-01,5", "MLI,Kayes,2020-02,7", "MLI,Gao,2020-02,x")
    plain = rows(tmp_path, *lines, allow_rejects=True)
    packed = tmp_path / "counts.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "counts.csv").read_bytes()))
    table = tmp_path / "counts.parquet"
    pd.read_csv(tmp_path / "counts.csv").to_parquet(table)
    for file in (packed, table):
        other = read_counts(file, options_of(allow_rejects=True))
        assert counts_of(other) == counts_of(plain)
        assert other.rejected["record"].tolist() == plain.rejected["record"].tolist()
    assert read_counts(packed, options_of(allow_rejects=True)).sha256 == plain.sha256


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
    assert counts_of(read_counts(tmp_path / "counts.parquet", options_of())) == [
        ("MLI-mopti", JANUARY, 0, 0, 5)
    ]


def test_reading_again_gives_the_same(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-02,5", "MLI,Ménaka,2020-01,1", "NER,Tahoua,2020-01,2")
    written: list[dict[str, bytes]] = []
    for order in (lines, lines[::-1]):
        folder = tmp_path / str(len(written))
        folder.mkdir()
        rows(folder, *order).write(folder)
        written.append({p.name: p.read_bytes() for p in folder.glob("*.parquet")})
    assert written[0] == written[1]


def test_a_month_is_read_in_any_form_that_no_other_month_can_have(tmp_path: Path) -> None:
    months = ["202001", "202001.0", "2020m1", "2020M01", "2020/01", "01/2020", "1-2020"]
    months += ["January 2020", "Jan-20", "Jan 2020"]
    lines = [f"MLI,{region},{m},1" for region, m in zip("abcdefghij", months, strict=True)]
    assert counts_of(rows(tmp_path, *lines)) == [
        (f"MLI-x-{region}", JANUARY, 0, 0, 1) for region in "abcdefghij"
    ]


def test_a_file_of_one_country_is_said_to_be_of_it(tmp_path: Path) -> None:
    header = "Province,Month,Year,Events,Fatalities"
    line = "Mopti,January,2020,2,7"
    delivery = rows(tmp_path, line, header=header, country="MLI")
    assert counts_of(delivery) == [("MLI-mopti", JANUARY, 0, 2, 7)]
    with pytest.raises(InputError, match="say with --country of which one it is"):
        rows(tmp_path, line, header=header)
    with pytest.raises(InputError, match="has a column country: leave out --country NER"):
        rows(tmp_path, "MLI,Mopti,2020-01,1", country="NER")


def test_each_vintage_of_a_table_observes_what_its_own_rows_tell(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(
        "vintage,month,country,deaths\n"
        "2020-02-21,2020-01,Mali,60\n"
        "2020-03-21,2020-01,Mali,96\n2020-03-21,2020-02,Mali,0\n2020-03-21,2020-02,Togo,1\n"
    )
    options = options_of(level="country")
    early, late = (read_counts(file, options.of(vintage)) for vintage in vintages_in(file))
    assert (early.identity.release, early.identity.available_on) == (
        "2020-02-21",
        date(2020, 2, 21),
    )
    assert counts_of(early) == [("MLI", JANUARY, 0, 0, 60)]
    assert spans_of(early) == [("MLI", JANUARY, JANUARY)]
    assert counts_of(late) == [("MLI", JANUARY, 0, 0, 96), ("TGO", JANUARY + 1, 0, 0, 1)]
    assert spans_of(late) == [("MLI", JANUARY, JANUARY + 1), ("TGO", JANUARY + 1, JANUARY + 1)]
    (vintage, _) = vintages_in(file)
    file.write_text(file.read_text().replace("60", "61"))
    with pytest.raises(InputError, match="changed while it was read"):
        read_counts(file, options.of(vintage))
