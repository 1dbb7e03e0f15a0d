import gzip
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.archive.coverage import Coverage
from features.archive.releases import Release
from features.errors import InputError
from features.sources.table import Table
from features.sources.table_mapping import TableMapping, read_mapping
from tests.features.sources.ingested import (
    COVERAGE,
    RECEIVED,
    added,
    assert_complete,
    assert_rejected,
    csv_text,
    events,
    garbage,
    refused,
    written,
)

MAPPING = """
source = "my-monitor"
date_format = "%d/%m/%Y"

[columns]
event_id = "ID"
date_start = "start"
country = "where"
type_of_violence = "kind"
best = "killed"
latitude = "lat"
longitude = "lon"

[types]
"Armed clash" = "state-based"
"communal" = "non-state"
"attack" = "one-sided"
"march" = "protest"
"""
ROW = {
    "ID": "e1",
    "start": "05/03/2024",
    "where": "Mali",
    "kind": "armed clash",
    "killed": "3",
    "lat": "14.4843",
    "lon": "-4.1829",
    "remark": "a word",
}


def mapping(folder: Path, text: str = MAPPING) -> TableMapping:
    path = folder / "mapping.toml"
    path.write_text(text)
    return read_mapping(path)


def rows(*changes: dict[str, str]) -> list[dict[str, str]]:
    return [ROW | {"ID": f"e{n:02}"} | change for n, change in enumerate(changes, start=1)]


def read(folder: Path, table: list[dict[str, str]], text: str = MAPPING) -> Release:
    return added(Table(mapping(folder, text)), written(folder / "events.csv", csv_text(table)))


def replaced(old: str, new: str) -> str:
    assert old in MAPPING
    return MAPPING.replace(old, new)


def test_a_row_becomes_an_event_in_the_normal_form(tmp_path: Path) -> None:
    release = read(tmp_path, rows({}))
    event = events(release).iloc[0].to_dict()
    assert (event["event_id"], event["country"], event["admin1"]) == ("e01", "MLI", "MLI-mopti")
    assert event["date_start"] == event["date_end"] == date(2024, 3, 5)
    assert event["type_of_violence"] == 1
    assert (event["best"], event["low"], event["high"]) == (3, 3, 3)
    assert [event[f"deaths_{of}"] for of in ("a", "b", "civilians", "unknown")] == [0, 0, 0, 3]
    assert pd.isna(event["side_a"])
    assert (release.history, release.source, release.kind) == ("my-monitor", "my-monitor", "final")
    assert (release.release, release.available_on) == ("events", RECEIVED)
    assert release.coverage() == COVERAGE


def test_every_column_of_the_normal_form_can_be_named(tmp_path: Path) -> None:
    whole = {
        "date_start": "2024-03-05",
        "date_end": "2024-03-06",
        "country": "MLI",
        "type_of_violence": "one-sided",
        "best": "9",
        "low": "5",
        "high": "12",
        "deaths_a": "1",
        "deaths_b": "2",
        "deaths_civilians": "4",
        "deaths_unknown": "2",
        "latitude": "14.4843",
        "longitude": "-4.1829",
        "side_a": "The first",
        "side_b": "The second",
        "date_prec": "2",
        "where_prec": "3",
        "event_clarity": "1",
        "code_status": "Clear",
        "text": "What was said",
    }
    names = "\n".join(f'{name} = "{name}"' for name in ("event_id", *whole))
    release = read(tmp_path, [{"event_id": "x"} | whole], f'source = "m"\n[columns]\n{names}\n')
    event = events(release).iloc[0].to_dict()
    assert {name: str(event[name]) for name in whole} == whole | {"type_of_violence": "3"}


def test_types_are_told_by_the_mapping_whatever_their_case(tmp_path: Path) -> None:
    kinds = ["armed clash", "ARMED CLASH", " communal ", "attack", "march"]
    found = events(read(tmp_path, rows(*({"kind": kind} for kind in kinds))))
    assert found["type_of_violence"].tolist() == [1, 1, 2, 3, 4]


def test_without_types_the_column_holds_their_names_or_numbers(tmp_path: Path) -> None:
    kinds = ["state-based", "Non-state", "one-sided", "protest", "riot", "strategic development"]
    table = rows(*({"kind": kind} for kind in (*kinds, "2", "6.0", "7", "clash")))
    release = read(tmp_path, table, MAPPING[: MAPPING.index("[types]")])
    assert events(release)["type_of_violence"].tolist() == [1, 2, 3, 4, 5, 6, 2, 6]
    assert release.rejected()["reasons"].tolist() == [
        "type_of_violence is outside 1 to 6",
        "type_of_violence is missing or unreadable",
    ]


def test_constants_hold_for_every_row(tmp_path: Path) -> None:
    text = """
        source = "m"
        [columns]
        event_id = "ID"
        date_start = "start"
        [constants]
        country = "Ivory Coast"
        type_of_violence = "riot"
        best = 0
        where_prec = 6
        side_a = "those who 'are' there"
    """
    table = [ROW | {"start": "2024-03-05"}]
    path = written(tmp_path / "events.csv", csv_text(table))
    coverage = Coverage((COVERAGE.spans[0]._replace(country="CIV"),))
    event = events(added(Table(mapping(tmp_path, text)), path, coverage=coverage)).iloc[0]
    assert (event["country"], event["type_of_violence"], event["best"]) == ("CIV", 5, 0)
    assert (event["where_prec"], event["side_a"]) == (6, "those who 'are' there")


def test_countries_are_names_codes_or_gleditsch_ward_numbers(tmp_path: Path) -> None:
    nowhere = {"lat": "", "lon": ""}
    names = ["Mali", "MLI", "Congo, Dem. Rep.", "Côte d'Ivoire"]
    found = events(read(tmp_path, rows(*({"where": name} | nowhere for name in names))))
    assert found["country"].tolist() == ["MLI", "MLI", "COD", "CIV"]
    numbered = replaced("[columns]", 'country_code = "gleditsch-ward"\n[columns]')
    (tmp_path / "b").mkdir()
    table = rows(*({"where": number} | nowhere for number in ("432", "490.0")))
    assert events(read(tmp_path / "b", table, numbered))["country"].tolist() == ["MLI", "COD"]


def test_deaths_of_no_side_are_of_unknown_ones_and_empty_bounds_the_best_estimate(
    tmp_path: Path,
) -> None:
    text = replaced(
        'best = "killed"',
        'best = "killed"\nlow = "least"\nhigh = "most"\ndeaths_a = "a"\ndeaths_civilians = "c"',
    )
    table = rows(
        {"killed": "9", "least": "5", "most": "12", "a": "2", "c": "3"},
        {"killed": "9", "least": "", "most": "", "a": "", "c": "3"},
        {"killed": "1", "least": "1", "most": "1", "a": "2", "c": "3"},
    )
    found = events(read(tmp_path, table, text))
    assert found[["low", "best", "high"]].to_numpy().tolist() == [[5, 9, 12], [9, 9, 9], [1, 1, 1]]
    sides = ["deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown"]
    assert found[sides].to_numpy().tolist() == [[2, 0, 3, 4], [0, 0, 3, 6], [2, 0, 3, 0]]


def test_a_missing_end_is_the_start_and_days_without_a_format_are_iso_only(
    tmp_path: Path,
) -> None:
    text = replaced('date_format = "%d/%m/%Y"', "").replace(
        'country = "where"', 'country = "where"\ndate_end = "end"'
    )
    table = rows(
        {"start": "2024-03-05", "end": "2024-03-07 12:00"},
        {"start": "2024-03-05", "end": ""},
        {"start": "05/03/2024", "end": ""},
        {"start": "2024-03-05", "end": "soon"},
    )
    release = read(tmp_path, table, text)
    assert events(release)["date_end"].tolist() == [date(2024, 3, 7), date(2024, 3, 5)]
    unreadable = "date_{} is missing or unreadable"
    assert release.rejected()["reasons"].tolist() == [
        f"{unreadable.format('start')}; {unreadable.format('end')}",
        unreadable.format("end"),
    ]


def test_an_id_may_be_made_up_of_several_columns(tmp_path: Path) -> None:
    text = replaced('event_id = "ID"', 'event_id = ["ID", "start", "remark"]')
    release = read(tmp_path, rows({}, {"remark": ""}, {"killed": "5", "ID": "e01"}), text)
    assert events(release)["event_id"].tolist() == [
        "e01 | 05/03/2024 | a word",
        "e02 | 05/03/2024 | ",
    ]
    assert release.rejected()["reasons"].tolist() == ["event_id is repeated"]


UNUSABLE = [
    ({"ID": ""}, "event_id is missing or unreadable"),
    ({"ID": "e01"}, "event_id is repeated"),
    ({"where": "Atlantis"}, "country is missing or unreadable"),
    ({"killed": "-1"}, "; ".join(f"{n} is outside 0 to 2000000" for n in ("best", "high", "low"))),
    ({"lat": "north"}, "latitude is unreadable"),
    ({"lon": "200"}, "longitude is outside -180 to 180"),
    (
        {"kind": "quarrel"},
        (
            "its type of violence is not among the [types] of the mapping; "
            "type_of_violence is missing or unreadable"
        ),
    ),
]


def test_a_row_that_cannot_be_used_is_kept_as_it_came_with_its_reasons(tmp_path: Path) -> None:
    table = rows({}, *(change for change, _ in UNUSABLE))
    assert_rejected(read(tmp_path, table), table, [reason for _, reason in UNUSABLE])


def test_columns_named_as_readers_name_their_own_can_be_used(tmp_path: Path) -> None:
    text = replaced('"killed"', '"line"').replace('"kind"', '"Lines"')
    table = [
        {{"killed": "line", "kind": "Lines"}.get(name, name): text for name, text in row.items()}
        for row in rows({}, {"lat": "x"})
    ]
    release = read(tmp_path, table, text)
    assert events(release)["best"].tolist() == [3]
    assert release.rejected()["line"].tolist() == [3]


def parquet_of(table: list[dict[str, str]]) -> pa.Table:
    days = [datetime.strptime(row["start"], "%d/%m/%Y").date() for row in table]  # noqa: DTZ007
    return pa.table(
        {
            "ID": pa.array([row["ID"] for row in table]).dictionary_encode(),
            "start": pa.array(days),
            "where": pa.array([row["where"] for row in table], pa.large_string()),
            "kind": [row["kind"] for row in table],
            "killed": pa.array([Decimal(row["killed"]) for row in table], pa.decimal128(9, 2)),
            "lat": [float(row["lat"]) for row in table],
            "lon": [float(row["lon"]) for row in table],
            "remark": [row["remark"] for row in table],
            "sides": [["a", "b"] for _ in table],
            "outline": [b"\x00\xff" for _ in table],
        }
    )


def test_csv_plain_gzipped_zipped_and_parquet_of_the_same_events_agree(tmp_path: Path) -> None:
    table = rows({}, {"killed": "0", "kind": "march"}, {"where": "Atlantis"}, {"where": "Niger"})
    how = mapping(tmp_path)
    text = csv_text(table).encode()
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as file:
        file.writestr("events.csv", text)
    parquet = parquet_of(table)
    pq.write_table(parquet, tmp_path / "d.parquet", row_group_size=3)
    at_midnight = parquet["start"].cast(pa.timestamp("us"))
    pq.write_table(parquet.set_column(1, "start", at_midnight), tmp_path / "e.parquet")
    iso = how.model_copy(update={"date_format": None})
    read = [added(Table(how), tmp_path / name) for name in ("a.csv", "b.csv.gz", "c.zip")]
    read += [added(Table(iso), tmp_path / name) for name in ("d.parquet", "e.parquet")]
    for release in read:
        pd.testing.assert_frame_equal(events(release), events(read[0]))
        assert (release.rows_accepted, release.rows_rejected) == (3, 1)
    assert events(read[0])["type_of_violence"].tolist() == [1, 4, 1]
    assert len({release.sha256 for release in read}) == 3
    left = ("columns without single values were left out: sides, outline",)
    abroad = (
        "1 events with 3 of 6 deaths lie in no first-order region: they count in their country only"
    )
    assert [release.notes for release in read] == [*[(abroad,)] * 3, *[(*left, abroad)] * 2]
    assert read[3].rejected()["line"].tolist() == [3]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('best = "killed"', 'bst = "killed"', "columns.bst: no such key is known here"),
        ('event_id = "ID"', "", "columns.event_id: Field required"),
        ('event_id = "ID"', "event_id = []", "columns.event_id: Tuple should have at least 1"),
        ('source = "my-monitor"', "", "source: Field required"),
        ("my-monitor", "../my", "source: String should match pattern"),
        ('"state-based"', '"war"', "types.Armed clash: Input should be 'state-based', 'non-state'"),
        ('"communal"', '"ARMED clash"', "types: two of the values differ in case only"),
        ('best = "killed"', "", "best is missing: name it under [columns] or [constants]"),
        ('country = "where"', "", "country is missing: name it under"),
        ('type_of_violence = "kind"', "", "type_of_violence is missing: name it under"),
        ('latitude = "lat"', "", "latitude and longitude need each other"),
        ("[types]", "[constants]\nbest = 1\n[types]", "best stands under [columns] and [const"),
        ("[types]", "[constants]\nlow = 1\n[types]", "constants.low: no such key is known here"),
        ("[types]", "[constants]\ncountry = 'Atlantis'\n[types]", "'Atlantis' is no country"),
        ("[types]", "[constants]\nwhere_prec = 8\n[types]", "constants.where_prec: Input should"),
        (
            'best = "killed"',
            'best = "killed"\ndate_format = "%Y"',
            "columns.date_format: no such key is known here; it belongs above the first [table]",
        ),
        ("%d/%m/%Y", "%d/%Q/%Y", "date_format: only %% %B %H"),
        ("%d/%m/%Y", "%d/%m/%Y%", "date_format: only %% %B %H"),
        ("%d/%m/%Y", "%m/%Y", "date_format: it must name a day"),
        ("[columns]", 'country_code = "iso2"\n[columns]', "country_code: Input should be 'name'"),
        ("[columns]", "[columns", "is not TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_in_one_line_that_names_the_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with refused(said, "mapping.toml"):
        mapping(tmp_path, replaced(old, new))


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    text = replaced('best = "killed"', 'bst = "killed"').replace('"state-based"', '"war"')
    with pytest.raises(InputError, match=r"columns\.bst: .*; types\.Armed clash: "):
        mapping(tmp_path, text)


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", Path("/dev/zero")):
        with pytest.raises(InputError, match="cannot be read"):
            read_mapping(path)


def test_types_need_a_column(tmp_path: Path) -> None:
    text = replaced('type_of_violence = "kind"', "") + '[constants]\ntype_of_violence = "riot"\n'
    with pytest.raises(InputError, match=r"\[types\] needs type_of_violence under \[columns\]"):
        mapping(tmp_path, text)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (csv_text(rows({})).replace("killed", "dead").encode(), "has no column 'killed'"),
        (csv_text(rows({})).replace("remark", "id").encode(), "several columns named id"),
        (csv_text(rows({})).splitlines()[0].encode(), "a header and no rows"),
        (b"PAR1 and then nothing of the kind PAR1", "cannot be read as Parquet"),
        (b"", "is empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with refused(said):
        added(Table(mapping(tmp_path)), written(tmp_path / "odd", content))


def test_a_column_of_lists_cannot_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(parquet_of(rows({})), path)
    with pytest.raises(InputError, match="has no column 'sides', which the mapping names"):
        added(Table(mapping(tmp_path, replaced('"killed"', '"sides"'))), path)


@settings(max_examples=10, deadline=None)
@given(changes=garbage(ROW, "31/02/2024"), as_parquet=st.booleans())
def test_of_garbage_every_row_is_either_accepted_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, Any]], as_parquet: bool
) -> None:
    folder = tmp_path_factory.mktemp("garbage")
    table = rows({"ID": "good"}, *changes)
    path = folder / "events"
    if as_parquet:
        pq.write_table(pa.Table.from_pylist(table), path)
    else:
        path.write_text(csv_text(table), newline="")
    assert_complete(added(Table(mapping(folder)), path), len(table))


def test_a_line_of_hxl_tags_below_the_header_is_no_row(tmp_path: Path) -> None:
    tags = {name: f"#tag+{name}" for name in ROW} | {"remark": ""}
    release = read(tmp_path, [tags, *rows({}, {})])
    assert (release.rows_read, release.rows_rejected) == (2, 0)
    assert release.notes == ("the line of HXL tags is no row",)


def test_a_first_column_without_a_name_holds_numbers_of_rows(tmp_path: Path) -> None:
    release = read(tmp_path, [{"": str(n)} | row for n, row in enumerate(rows({}, {}))])
    assert (release.rows_read, release.rows_rejected) == (2, 0)


def test_countries_are_matched_by_name_and_a_file_without_rejects_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"Mali": "MLI", " Niger ": "NER", "Burkina Faso": "BFA"}
    times: list[Path] = []
    open_file = Table.open

    def open_and_count(table: Table, path: Path) -> Any:
        times.append(path)
        return open_file(table, path)

    monkeypatch.setattr(Table, "open", open_and_count)
    release = read(tmp_path, rows(*({"where": n, "lat": "", "lon": ""} for n in names)))
    assert events(release)["country"].tolist() == list(names.values())
    assert times == [tmp_path / "events.csv"]


def test_a_country_that_may_be_either_of_two_is_rejected_with_both_codes(tmp_path: Path) -> None:
    release = read(tmp_path, rows({"where": "Congo"}, *[{}] * 25))
    (reasons,) = release.rejected()["reasons"]
    assert "'Congo' may be COD or COG: write the code" in reasons


def of_incidents(folder: Path, mapping: str, *lines: str) -> Release:
    head = 'source = "incidents"\n'
    rest = '[constants]\ntype_of_violence = "one-sided"\n'
    toml = written(folder / "mapping.toml", head + mapping + rest)
    file = written(folder / "a.csv", "\n".join(lines) + "\n")
    return added(
        Table(read_mapping(toml)), file, folder / "home", received_on=RECEIVED, coverage=COVERAGE
    )


PARTS = """[columns]
event_id = "id"
country = "country"
best = "killed"
date_start = ["year", "month", "day"]
"""


def test_a_date_in_parts_of_which_the_day_is_unknown_is_known_by_its_month(tmp_path: Path) -> None:
    release = of_incidents(
        tmp_path, PARTS, "id,country,year,month,day,killed",
        "a,Mali,2024,3,5,1", "b,Mali,2024,3,0,1", "c,Mali,2024,March,,1", "d,Mali,2024.0,3.0,-9,1",
    )  # fmt: skip
    dates = events(release).set_index("event_id").loc[list("abcd")]
    assert dates["date_end"].tolist() == [date(2024, 3, 5), *[date(2024, 3, 1)] * 3]
    assert dates["date_prec"].fillna(0).tolist() == [0, 4, 4, 4]


def test_a_value_that_is_declared_missing_is_none_and_unknown_deaths_are_kept_aside(
    tmp_path: Path,
) -> None:
    mapping = 'missing = ["-99", "NA"]\n' + PARTS + 'side_a = "side"\nlow = "low"\n'
    release = of_incidents(
        tmp_path, mapping, "id,country,year,month,day,killed,low,side",
        "a,Mali,2024,3,5,4,-99,NA", "b,Mali,2024,3,-99,5,5,x", "c,Mali,2024,3,5,-99,1,x",
    )  # fmt: skip
    kept = events(release).set_index("event_id").loc[list("ab")]
    assert kept[["best", "low"]].to_numpy().tolist() == [[4, 4], [5, 5]]
    assert kept["side_a"].isna().tolist() == [True, False]
    assert kept["date_prec"].fillna(0).tolist() == [0, 4]
    assert release.rejected()["reasons"].tolist() == ["its deaths are not known"]


def test_rows_that_are_victims_become_incidents(tmp_path: Path) -> None:
    mapping = """sum = true
[columns]
event_id = "incident"
country = "country"
best = "dead"
date_start = "day"
[where]
status = ["k", "killed"]
"""
    release = of_incidents(
        tmp_path, mapping, "incident,country,day,status,dead",
        "i1,Mali,2024-03-05,K,1", "i1,Mali,2024-03-06,k,1", "i1,Mali,2024-03-05,injured,1",
        "i2,Mali,2024-03-09,killed,2", "i2,Mali,2024-03-09,,1",
    )  # fmt: skip
    found = events(release)[["event_id", "date_start", "date_end", "best"]]
    assert found.to_numpy().tolist() == [
        ["i1", date(2024, 3, 5), date(2024, 3, 6), 2],
        ["i2", date(2024, 3, 9), date(2024, 3, 9), 2],
    ]
    assert "3 rows were added up to 2" in release.notes
    assert (release.rows_accepted, release.rows_rejected) == (2, 2)


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        (PARTS.replace(', "day"]', "]"), "give one column, or those of the year, month, day"),
        ('date_format = "%Y-%m-%d"\n' + PARTS, "date_format is for a date in one column"),
    ],
)
def test_dates_in_parts_have_three_parts_and_no_format(
    tmp_path: Path, mapping: str, fault: str
) -> None:
    with refused(fault):
        of_incidents(tmp_path, mapping, "id")
