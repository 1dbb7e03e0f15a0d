import json
import random
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest

from features.archive.coverage import Coverage, Span, read_coverage, whole_world
from features.archive.releases import Release
from features.errors import InputError
from features.months import parse_month
from features.places.regions import gleditsch_ward_states
from features.sources.ucdp import OFFICIAL_COLUMNS, Ucdp
from tests.features.sources.ingested import added, csv_text, events, refused, written
from tests.paths import DATA

UCDP = DATA / "ucdp_ged"
real = pytest.mark.skipif(not UCDP.exists(), reason=f"{UCDP} is not here: set TOCSIN_DATA")

RECEIVED = date(2025, 1, 15)
MALI = Coverage((Span("MLI", parse_month("2020-01"), parse_month("2020-12")),))
ROW = {
    "id": "1",
    "code_status": "Clear",
    "type_of_violence": "1",
    "side_a": "Government of Mali",
    "side_b": "JNIM",
    "where_prec": "1",
    "latitude": "12.65",
    "longitude": "-8.0",
    "priogrid_gid": "147945",
    "country_id": "432",
    "event_clarity": "1",
    "date_prec": "1",
    "date_start": "2020-03-01 00:00:00.000",
    "date_end": "2020-03-02 00:00:00.000",
    "deaths_a": "1",
    "deaths_b": "2",
    "deaths_civilians": "0",
    "deaths_unknown": "0",
    "best": "3",
    "high": "4",
    "low": "2",
}


ODD_BOUNDS = "{} events have low above high and are kept: best is what counts"
UNPLACED = "{} of {} deaths lie in no {}: they count in their country only"


def lines(*changes: dict[str, str], good: int = 40) -> list[str]:
    """The header and rows that differ from ROW as said, below `good` faultless ones."""
    rows = [ROW | {"id": f"g{n}"} for n in range(good)]
    rows += [ROW | {"id": f"x{n}"} | change for n, change in enumerate(changes)]
    return csv_text(rows, quoted=False).splitlines()


@dataclass(frozen=True)
class Ingested:
    """A release and its tables, as they are in the archive."""

    release: Release
    coverage: Coverage
    events: pd.DataFrame
    rejected: pd.DataFrame


def ingest(path: Path, **said: Any) -> Ingested:
    options: dict[str, Any] = {"received_on": RECEIVED, "coverage": None, "allow_rejects": False}
    with TemporaryDirectory() as home:
        release = added(Ucdp(), path, Path(home), **options | said)
        return Ingested(release, release.coverage(), events(release), release.rejected())


def read(
    folder: Path, content: list[str] | bytes, name: str = "mine.csv", *, allow: bool = False
) -> Ingested:
    text = content if isinstance(content, bytes) else "\n".join(content)
    return ingest(written(folder / name, text), coverage=MALI, allow_rejects=allow)


def reasons(read: Ingested) -> list[str]:
    return read.rejected["reasons"].tolist()


@real
def test_the_web_export_loads_whole() -> None:
    coverage = Coverage((Span("MLI", parse_month("1989-01"), parse_month("2023-12")),))
    ingested = ingest(UCDP / "web_export_mali_ged241.csv", coverage=coverage)
    assert (len(ingested.events), len(ingested.rejected)) == (2120, 0)
    assert ingested.events["best"].sum() == 15742
    assert ingested.release.name == "ucdp-ged web_export_mali_ged241"
    assert (ingested.release.kind, ingested.release.available_on) == ("final", RECEIVED)
    first = ingested.events.set_index("event_id").loc["235799"]
    assert first["date_start"] == date(2016, 5, 26)
    assert first["side_b"] == "Tuareg"


@real
def test_the_candidate_release_says_what_it_is_by_its_name() -> None:
    ingested = ingest(UCDP / "GEDEvent_v23_0_10.csv")
    assert ingested.release.name == "ucdp-candidate 23.0.10"
    assert (ingested.release.kind, ingested.release.available_on) == (
        "candidate",
        date(2023, 11, 20),
    )
    assert ingested.coverage == whole_world(parse_month("2023-10"), parse_month("2023-10"))
    assert (len(ingested.events), len(ingested.rejected)) == (2391, 0)
    assert ingested.release.notes == (
        ODD_BOUNDS.format(9),
        UNPLACED.format("297 events with 746", "12,603", "first-order region"),
        UNPLACED.format("453 events with 5,087", "12,603", "cell"),
    )
    gaza = ingested.events[ingested.events["country"] == "PSE"]
    assert len(gaza) > 0


@real
def test_the_events_of_sixteen_countries_are_read_placed_and_kept_whatever_their_coverage() -> None:
    coverage = read_coverage(UCDP / "coverage_16_countries.csv")
    path = UCDP / "ged_events_16_countries_1989_2023.csv.gz"
    ingested = ingest(path, coverage=coverage)
    assert (len(ingested.events), len(ingested.rejected)) == (45568, 0)
    assert ingested.release.notes[0] == ODD_BOUNDS.format(227)
    unplaced = ingested.events[ingested.events["admin1"].isna()]
    lost = f"{len(unplaced):,} events with {unplaced['best'].sum():,}"
    assert ingested.release.notes[1] == UNPLACED.format(lost, "481,850", "first-order region")
    assert ingested.release.release == "ged_events_16_countries_1989_2023"
    assert set(ingested.events["country"]) == {span.country for span in coverage.spans}
    vague = ingested.events["where_prec"] >= 5
    assert ingested.events.loc[vague, ["admin1", "priogrid"]].isna().all(axis=None)
    assert ingested.events.loc[ingested.events["where_prec"] >= 4, "priogrid"].isna().all()
    mali = ingested.events[(ingested.events["country"] == "MLI") & ~vague]
    assert mali["admin1"].notna().all()


@real
def test_best_above_high_is_an_oddity_of_the_source_and_kept() -> None:
    ingested = ingest(UCDP / "GEDEvent_v23_0_10.csv")
    assert (ingested.events["best"] > ingested.events["high"]).sum() == 11


def test_a_row_becomes_an_event_in_the_normal_form(tmp_path: Path) -> None:
    ingested = read(tmp_path, lines(good=1))
    event = ingested.events.iloc[0].to_dict()
    assert event["event_id"] == "g0"
    assert event["country"] == "MLI"
    assert event["date_end"] == date(2020, 3, 2)
    assert event["priogrid"] == "147945"
    assert event["admin1"].startswith("ML")
    assert (event["best"], event["high"], event["low"]) == (3, 4, 2)
    assert (event["side_a"], event["side_b"]) == ("Government of Mali", "JNIM")
    assert pd.isna(event["text"])


def test_what_is_given_goes_before_what_the_name_says(tmp_path: Path) -> None:
    path = written(tmp_path / "GEDEvent_v21_1.csv", "\n".join(lines()))
    day = date(2021, 6, 8)
    given_all = ingest(path, available_on=day, coverage=MALI, release="21.1b")
    assert (given_all.release.available_on, given_all.release.release) == (day, "21.1b")
    assert given_all.coverage == MALI
    shown = Coverage((Span("MLI", parse_month("2020-03"), parse_month("2020-03")),))
    assert ingest(path).coverage == shown


def test_a_file_name_with_odd_characters_still_names_a_release(tmp_path: Path) -> None:
    ingested = read(tmp_path, lines(), " Mali (1) ged.CSV")
    assert ingested.release.release == "Mali-1-ged"


DIALECTS = {
    "crlf": lambda rows: "\r\n".join(rows).encode(),
    "byte order mark": lambda rows: b"\xef\xbb\xbf" + "\n".join(rows).encode(),
    "utf-16": lambda rows: "\n".join(rows).encode("utf-16"),
    "trailing commas": lambda rows: "\n".join([rows[0], *(f"{r}," for r in rows[1:])]).encode(),
    "blank lines": lambda rows: ("\n\n".join(rows) + "\n\n\n").encode(),
    "no quotation": lambda rows: "\n".join(rows).replace('"', "").encode(),
    "loud header": lambda rows: "\n".join([f" {rows[0].upper()} ", *rows[1:]]).encode(),
    "web names": lambda rows: re.sub(
        r",(best|high|low)(?=[,\n])", r",\1_est", "\n".join(rows) + "\n"
    ).encode(),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """Forty faultless events, from a file as it should be."""
    return read(tmp_path_factory.mktemp("plain"), lines())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_events(tmp_path: Path, dialect: str, plain: Ingested) -> None:
    other = read(tmp_path, DIALECTS[dialect](lines()), "other.csv")
    pd.testing.assert_frame_equal(other.events, plain.events)
    assert other.rejected.empty


def test_a_file_without_a_header_is_read_by_the_official_layout(tmp_path: Path) -> None:
    numbered = [ROW | {"id": str(number)} for number in range(3)]
    rows = [",".join(row.get(name, "") for name in OFFICIAL_COLUMNS) for row in numbered]
    for ending in ("", ","):
        ingested = read(tmp_path, [row + ending for row in rows])
        assert ingested.events["event_id"].tolist() == ["0", "1", "2"]
        assert ingested.events["best"].tolist() == [3, 3, 3]


def test_what_had_to_be_mended_is_noted(tmp_path: Path) -> None:
    ingested = read(tmp_path, "\n".join(lines({"side_b": "André"})).encode("cp1252"))
    assert ingested.events["side_b"].iloc[-1] == "André"
    assert ingested.release.notes == ("some bytes are not UTF-8 and were read as Windows-1252",)


def test_an_event_whose_estimates_disagree_is_kept_and_spoken_of(tmp_path: Path) -> None:
    ingested = read(tmp_path, "\n".join(lines({"low": "9"}, {})).encode())
    assert len(ingested.rejected) == 0
    assert ingested.events["low"].max() == 9
    assert ingested.release.notes == (ODD_BOUNDS.format(1),)


FAULTS: list[tuple[dict[str, str], str]] = [
    ({"id": ""}, "event_id is missing or unreadable"),
    ({"id": "g3"}, "event_id is repeated"),
    ({"type_of_violence": "4"}, "type_of_violence 4 is not counted"),
    ({"country_id": "9999"}, "country is missing or unreadable"),
    ({"best": "-1", "low": "-1"}, "best is outside 0 to 2000000; low is outside 0 to 2000000"),
    ({"best": "3.5"}, "best is missing or unreadable"),
    ({"best": "1e300"}, "best is missing or unreadable"),
    ({"deaths_a": "many"}, "deaths_a is missing or unreadable"),
    ({"deaths_b": "1\0"}, "deaths_b is missing or unreadable"),
    ({"date_end": "2020-02-30"}, "date_end is missing or unreadable"),
    ({"date_end": "03/04/2020"}, "date_end is missing or unreadable"),
    ({"date_end": "2020-02-01"}, "date_start is after date_end"),
    ({"date_end": "2025-01-16"}, "date_end is outside 1989-01-01 to 2025-01-15"),
    ({"latitude": "north"}, "latitude is unreadable"),
    ({"latitude": "95"}, "latitude is outside -90 to 90"),
    ({"where_prec": "8"}, "where_prec is outside 1 to 7"),
    ({"date_prec": "?"}, "date_prec is unreadable"),
    ({"side_a": "Government\nof Mali"}, "side_a runs over lines"),
    ({"country_id": "-1"}, "country is missing or unreadable"),
    ({"country_id": "0"}, "country is missing or unreadable"),
    ({"latitude": "-8.0", "longitude": "12.65"}, "coordinates lie outside its priogrid_gid"),
]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """A file with a row of every fault, each after one that is faultless."""
    changes = [change for fault, _ in FAULTS for change in ({}, fault)]
    folder = tmp_path_factory.mktemp("faulty")
    return read(folder, "\n".join(lines(*changes)).encode(), allow=True)


@pytest.mark.parametrize(
    ("number", "change", "reason"), [(n, *fault) for n, fault in enumerate(FAULTS)]
)
def test_a_row_that_cannot_be_used_is_kept_with_its_reason_and_as_it_came(
    number: int, change: dict[str, str], reason: str, faulty: Ingested
) -> None:
    assert reasons(faulty)[number] == reason
    lines_above = sum("\n" in "".join(fault.values()) for fault, _ in FAULTS[:number])
    assert faulty.rejected["line"][number] == 43 + 2 * number + lines_above
    record = json.loads(faulty.rejected["record"][number])
    expected = ROW | {"id": f"x{2 * number + 1}"} | change
    assert {name: text.replace("\ufffd", "\0") for name, text in record.items()} == expected


def test_the_rows_beside_those_that_cannot_be_used_are_events(faulty: Ingested) -> None:
    assert len(faulty.rejected) == len(FAULTS)
    assert set(faulty.events["event_id"]) == {
        *(f"g{n}" for n in range(40)),
        *(f"x{2 * n}" for n in range(len(FAULTS))),
    }


def test_an_odd_row_is_an_event_all_the_same(tmp_path: Path) -> None:
    odd = [
        {"where_prec": "", "date_prec": "", "event_clarity": "", "code_status": ""},
        {"latitude": "", "longitude": ""},
        {"best": "9"},
        {"best": "3.0", "date_end": "3/13/2020"},
        {"priogrid_gid": "147946"},
        {"latitude": "12.499"},
        {"latitude": "13.001"},
        {"longitude": "-8.001"},
        {"side_a": 'the ""DRAGON"" group, "north"'},
    ]
    ingested = read(tmp_path, lines(*odd))
    assert reasons(ingested) == []
    by_id = ingested.events.set_index("event_id")
    assert by_id.loc["x0", ["where_prec", "date_prec", "event_clarity"]].isna().all()
    assert by_id.loc["x1", ["latitude", "admin1", "priogrid"]].isna().all()
    assert by_id.loc["x3", "best"] == 3
    assert by_id.loc["x8", "side_a"] == odd[-1]["side_a"]


def test_an_event_known_by_country_or_a_part_of_it_has_no_region(tmp_path: Path) -> None:
    changes = [{"where_prec": "5"}, {"where_prec": "6"}, {"where_prec": "7"}, {"latitude": ""}]
    odd = read(tmp_path, lines(*changes)).events.tail(4)
    assert odd[["admin1", "priogrid"]].isna().all(axis=None)
    assert (odd["country"] == "MLI").all()


def test_an_event_known_by_first_order_unit_is_in_it_and_in_no_cell(tmp_path: Path) -> None:
    ingested = read(tmp_path, lines({"where_prec": "3"}, {"where_prec": "4"}))
    district, unit = ingested.events.tail(2).to_dict("records")
    assert (district["admin1"], unit["admin1"]) == ("MLI-bamako", "MLI-bamako")
    assert district["priogrid"] == "147945"
    assert pd.isna(unit["priogrid"])
    assert ingested.release.notes == (UNPLACED.format("1 events with 3", "126", "cell"),)


def test_rows_cut_in_half_or_too_long_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    content = lines()
    content[5] = content[5][:20]
    content[9] += ",,surplus"
    ingested = read(tmp_path, content, allow=True)
    assert ingested.rejected["line"].tolist() == [6, 10]
    assert reasons(ingested)[1] == "has more fields than the header"
    assert len(ingested.events) == 38


def test_a_file_of_which_too_much_is_rejected_is_refused_with_the_commonest_reasons(
    tmp_path: Path,
) -> None:
    bad = [{"best": ""}, {"best": ""}, {"latitude": "99"}]
    most_often = "best is missing or unreadable (2 rows, as on line 39: best empty), latitude is"
    with refused("7.5 % of it cannot be used (3 of 40 rows)", most_often, "--allow-rejects"):
        read(tmp_path, lines(*bad, good=37))
    assert len(read(tmp_path, lines(*bad, good=37), allow=True).events) == 37
    assert len(read(tmp_path, lines(*bad, good=57)).events) == 57


def test_a_quotation_mark_that_is_not_closed_costs_its_row_and_never_joins_two(
    tmp_path: Path,
) -> None:
    for at in (2, 40):
        content = lines()
        content[at] = content[at].replace("JNIM", '"JNIM')
        content[at + 1 :] = [row.replace("JNIM", '"JNIM"') for row in content[at + 1 :]]
        ingested = read(tmp_path, content)
        assert ingested.rejected["line"].tolist() == [at + 1]
        assert f'"id": "g{at - 1}"' in ingested.rejected["record"][0].replace('":"', '": "')
        assert len(ingested.events) == 39


def test_a_field_that_swallows_the_rest_of_a_file_is_not_one_bad_row(tmp_path: Path) -> None:
    content = lines(good=200)
    content[150] = content[150].replace("JNIM", '"JNIM')
    content[-1] += '"'
    with pytest.raises(InputError, match=r"is refused: 25\.5 % of it cannot be used"):
        read(tmp_path, content)


def test_a_column_may_be_named_as_readers_name_their_own(tmp_path: Path) -> None:
    content = lines({"best": ""}, good=40)
    content = [f"{row},{name}" for row, name in zip(content, ["line", *["7"] * 41], strict=True)]
    content = [f"{row},{name}" for row, name in zip(content, ["Lines", *["9"] * 41], strict=True)]
    ingested = read(tmp_path, content)
    assert ingested.rejected["line"].tolist() == [42]
    assert json.loads(ingested.rejected["record"][0])["line"] == "7"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"\n\n  \n", "it lacks id"),
        ("a.csv", random.Random(1).randbytes(5000), "is not a UCDP event file"),
        ("a.csv", b"<!DOCTYPE html>\n<html><body>404</body></html>\n", "a web page, not data"),
        ("a.csv", "\n".join(lines()[:1]).encode(), "a header and no rows"),
        ("a.csv", "\n".join(f"{row},{row}" for row in lines()).encode(), "several columns named"),
        ("a.csv", lines(good=1)[0].replace(",best", "").encode(), "lacks best; give"),
        ("a.csv", "\n".join(lines({"date_end": "2021-03-02"}, good=0)).encode(), "no usable event"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with refused(said, name):
        read(tmp_path, content, name)


def test_a_missing_path_and_a_folder_are_refused_before_anything_is_asked(tmp_path: Path) -> None:
    for said in ({}, {"coverage": MALI}):
        with pytest.raises(InputError, match="is a folder"):
            ingest(tmp_path, **said)
        with pytest.raises(InputError, match="does not exist"):
            ingest(tmp_path / "none.csv", **said)


def test_events_of_a_new_type_are_kept_aside_and_cost_no_file(tmp_path: Path) -> None:
    new = [{"type_of_violence": kind} for kind in ("4", "4", "5")]
    kept = read(tmp_path, lines(*new, good=10))
    assert len(kept.events) == 10
    assert (kept.release.rows_aside, kept.release.notes) == (3, ())
    assert sorted(kept.rejected["reasons"]) == [
        f"type_of_violence {kind} is not counted" for kind in (4, 4, 5)
    ]


def days(folder: Path, *texts: str) -> list[date]:
    changes = [{"date_start": text, "date_end": text} for text in texts]
    kept = read(folder, lines(*changes, good=0), allow=True)
    return kept.events["date_end"].tolist()


def test_one_day_beyond_twelve_tells_the_order_of_all_dates_with_slashes(tmp_path: Path) -> None:
    assert days(tmp_path, "03/02/2020", "13/02/2020 00:00") == [date(2020, 2, 3), date(2020, 2, 13)]
    assert days(tmp_path, "02/03/2020", "2/13/2020") == [date(2020, 2, 3), date(2020, 2, 13)]


@pytest.mark.parametrize("texts", [["03/02/2020"], ["03/13/2020", "13/03/2020", "03/02/2020"]])
def test_dates_of_which_the_order_cannot_be_told_refuse_the_file(
    tmp_path: Path, texts: list[str]
) -> None:
    changes = [{"date_end": text} for text in texts]
    with refused("date_end is missing or unreadable", f"date_end '{texts[0]}'"):
        read(tmp_path, lines(*changes, good=10))


def test_days_that_a_spreadsheet_has_changed_are_read(tmp_path: Path) -> None:
    assert days(tmp_path, "31-Dec-19", "1-Mar-20", "02 March 2020") == [
        *(date(2019, 12, 31), date(2020, 3, 1), date(2020, 3, 2)),
    ]


@pytest.mark.parametrize(
    ("header", "product"),
    [
        ("country_cy,year_cy,best_cy", "country-years, not events: download UCDP GED"),
        ("conflict_id,year,incompatibility,intensity_level", "conflict-years of UCDP and PRIO"),
        ("conflict_id,dyad_id,year,bd_best", "deaths of conflicts or dyads by year"),
        ("event_id_cnty,event_date,inter1,inter2", "ACLED events: use tocsin ingest acled"),
        ("country,adm_1,month,deaths_sb", "a table of counts, not of events"),
    ],
)
def test_another_product_is_named_before_a_coverage_is_asked_for(
    tmp_path: Path, header: str, product: str
) -> None:
    with refused(product):
        ingest(written(tmp_path / "mine.csv", header + "\n" + ",".join("1" for _ in header)))


def a_whole_month() -> str:
    """A Candidate file of as many countries and events as one has, in the official order."""
    states = sorted({n: c for n, c in gleditsch_ward_states().items() if 0 < n < 900}.items())
    rows = [
        ROW | {"id": str(1000 * n + k), "country_id": str(n), "priogrid_gid": "", "where_prec": "6"}
        for n, _ in states
        for k in range(4)
    ]
    days = {"date_start": "2024-01-05", "date_end": "2024-01-06"}
    return csv_text([row | days for row in rows], quoted=False)


def test_a_file_that_is_cut_anywhere_observes_no_more_than_it_shows(tmp_path: Path) -> None:
    whole = a_whole_month()
    path = tmp_path / "GEDEvent_v24_0_1.csv"
    complete = ingest(written(path, whole))
    assert complete.coverage == whole_world(parse_month("2024-01"), parse_month("2024-01"))
    for cut in random.Random(4).sample(range(1, len(whole)), 15):
        try:
            ingested = ingest(written(path, whole[:cut]))
        except InputError:
            continue
        shown = set(ingested.events["country"])
        assert {span.country for span in ingested.coverage.spans} == shown
        assert any("not the whole release" in doubt for doubt in ingested.release.doubts)
