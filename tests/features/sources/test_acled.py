import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.archive.releases import Archive, Release
from features.errors import InputError
from features.sources.acled import Acled, read_deletions
from features.sources.reading import jsonfile
from features.sources.reading.jsonfile import OTHERS
from features.sources.source import FileOptions
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

ROW = {
    "event_id_cnty": "MLI1",
    "event_date": "2024-01-15",
    "year": "2024",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Military Forces of Mali",
    "assoc_actor_1": "",
    "inter1": "State forces",
    "actor2": "Group of the North",
    "assoc_actor_2": "",
    "inter2": "Rebel group",
    "interaction": "State forces-Rebel group",
    "civilian_targeting": "",
    "iso": "466",
    "region": "Western Africa",
    "country": "Mali",
    "admin1": "Mopti",
    "admin2": "",
    "admin3": "",
    "location": "Mopti",
    "latitude": "14.4843",
    "longitude": "-4.1829",
    "geo_precision": "1",
    "source": "An invented newspaper",
    "source_scale": "National",
    "notes": "On 15 January 2024, two sides clashed near Mopti, of whom 7 died.",
    "fatalities": "7",
    "tags": "",
    "timestamp": "1705968000",
}
REMOTE, CIVILIANS = "Explosions/Remote violence", "Violence against civilians"


def rows(*changes: dict[str, str]) -> list[dict[str, str]]:
    return [ROW | {"event_id_cnty": f"MLI{n}"} | change for n, change in enumerate(changes)]


def envelope(table: list[Any]) -> str:
    said = {"status": 200, "success": True, "last_update": 3, "count": len(table)}
    return json.dumps({**said, "messages": [], "data": table, "filename": "acled"})


def release_of(folder: Path, content: str | bytes, name: str = "export.csv") -> Release:
    return added(Acled(), written(folder / name, content))


def unreadable(*columns: str) -> str:
    return "; ".join(f"{name} is missing or unreadable" for name in columns)


def outside(*columns: str) -> str:
    return "; ".join(f"{name} is outside 1997-01-01 to 2024-06-03" for name in columns)


def values(folder: Path, column: str, *changes: dict[str, str]) -> list[Any]:
    """What a column of the normal form is for rows that differ from ROW as said, all accepted."""
    table = rows(*changes)
    release = release_of(folder, csv_text(table))
    assert release.rows_rejected == 0
    found: pd.Series = events(release).set_index("event_id")[column]
    return found[[row["event_id_cnty"] for row in table]].tolist()


def test_a_row_becomes_an_event_in_the_normal_form(tmp_path: Path) -> None:
    release = release_of(tmp_path, csv_text(rows({})))
    event = events(release).iloc[0].to_dict()
    assert event["event_id"] == "MLI0"
    assert event["type_of_violence"] == 1
    assert (event["side_a"], event["side_b"]) == ("Military Forces of Mali", "Group of the North")
    assert event["date_start"] == event["date_end"] == date(2024, 1, 15)
    assert (event["date_prec"], event["where_prec"]) == (1, 1)
    assert event["event_clarity"] is None or pd.isna(event["event_clarity"])
    assert (event["latitude"], event["longitude"]) == (14.4843, -4.1829)
    assert (event["country"], event["admin1"]) == ("MLI", "MLI-mopti")
    assert (event["best"], event["low"], event["high"]) == (7, 7, 7)
    assert [event[f"deaths_{of}"] for of in ("a", "b", "civilians", "unknown")] == [0, 0, 0, 7]
    assert event["text"] == ROW["notes"]
    assert (release.history, release.source, release.kind) == ("acled", "acled", "final")
    assert (release.release, release.available_on) == ("export", RECEIVED)
    assert release.coverage() == COVERAGE


TYPES = [
    ("Battles", "State forces", "Rebel group", "", 1),
    ("Battles", "Rebel group", "State forces", "", 1),
    ("Battles", "Political militia", "External/Other forces", "", 1),
    ("Battles", "Rebel group", "Identity militia", "", 2),
    ("battles ", " rebel GROUP ", "Political militia", "", 2),
    ("Battles", "1", "2", "", 1),
    ("Battles", "4", "8", "", 1),
    ("Battles", "3", "4", "", 2),
    ("Battles", "2.0", "3.0", "", 2),
    (REMOTE, "State forces", "Rebel group", "", 1),
    (REMOTE, "State forces", "", "", 1),
    (REMOTE, "Rebel group", "", "", 2),
    (REMOTE, "2", "0", "", 2),
    (REMOTE, "Rebel group", "Political militia", "", 2),
    (REMOTE, "State forces", "Civilians", "", 3),
    (REMOTE, "3", "7", "", 3),
    (REMOTE, "State forces", "Rebel group", "Civilian targeting", 3),
    (CIVILIANS, "State forces", "Civilians", "Civilian targeting", 3),
    (CIVILIANS, "", "", "", 3),
    ("Protests", "Protesters", "", "", 4),
    ("Riots", "Rioters", "State forces", "", 5),
    ("Strategic developments", "Rebel group", "", "", 6),
    ("Strategic developments", "a kind of its own", "", "", 6),
    ("Battle-No change of territory", "1", "2", "", 1),
    ("battle-Non-state actor overtakes territory", "2", "4", "", 2),
    ("Remote violence", "1", "7", "", 3),
    ("Riots/Protests", "5", "1", "", 5),
    ("Riots/Protests", "6", "0", "", 4),
    ("Headquarters or base established", "2", "0", "", 6),
    ("Non-violent transfer of territory", "2", "1", "", 6),
]


def test_the_type_of_violence_follows_from_the_kind_of_event_and_the_actors(
    tmp_path: Path,
) -> None:
    names = ("event_type", "inter1", "inter2", "civilian_targeting")
    changes = [dict(zip(names, said, strict=True)) for *said, _ in TYPES]
    found = values(tmp_path, "type_of_violence", *changes)
    assert list(zip(changes, found, strict=True)) == [
        (change, kind) for change, (*_, kind) in zip(changes, TYPES, strict=True)
    ]


def test_an_export_from_before_civilian_targeting_tells_civilians_by_the_second_side(
    tmp_path: Path,
) -> None:
    old = [
        {name: text for name, text in row.items() if name != "civilian_targeting"}
        for row in rows(
            {"event_type": REMOTE, "inter1": "2", "inter2": "7"},
            {"event_type": REMOTE, "inter1": "2", "inter2": "1"},
        )
    ]
    assert events(release_of(tmp_path, csv_text(old)))["type_of_violence"].tolist() == [3, 1]


def test_days_are_read_in_every_form_that_acled_has_used(tmp_path: Path) -> None:
    said = ["2024-01-15", "2024-01-15T00:00", "15 January 2024", "15-January-2024", "15-Jan-2024"]
    said += ["15-Jan-24", "15/01/2024"]
    days = values(tmp_path, "date_end", *({"event_date": day} for day in said))
    assert days == [date(2024, 1, 15)] * len(said)


def test_a_week_and_a_month_are_precisions_of_their_own(tmp_path: Path) -> None:
    said = ({"time_precision": code} for code in "123")
    assert values(tmp_path, "date_prec", *said) == [1, 3, 4]


def test_a_region_coded_to_its_capital_is_known_by_its_region(tmp_path: Path) -> None:
    said = ({"geo_precision": code} for code in "123")
    assert values(tmp_path, "where_prec", *said) == [1, 2, 4]


def test_countries_are_matched_by_name(tmp_path: Path) -> None:
    countries = {
        "Mali": "MLI",
        "Democratic Republic of Congo": "COD",
        "Republic of Congo": "COG",
        "Ivory Coast": "CIV",
        "eSwatini": "SWZ",
        "Kosovo": "XKX",
        "Palestine": "PSE",
        "Gaza Strip": "PSE",
        "Bailiwick of Jersey": "JEY",
        " Niger": "NER",
    }
    nowhere = {"latitude": "", "longitude": ""}
    found = values(tmp_path, "country", *({"country": name} | nowhere for name in countries))
    assert found == list(countries.values())


def test_an_export_by_actors_is_named_before_a_coverage_is_asked_for(tmp_path: Path) -> None:
    table = [
        {k: v for k, v in row.items() if k not in ("actor2", "inter2")} for row in rows({}, {})
    ]
    with refused("export by actors (monadic)", "dyadic"):
        added(Acled(), written(tmp_path / "a.csv", csv_text(table)), tmp_path, received_on=RECEIVED)


UNUSABLE: list[tuple[dict[str, str], str]] = [
    ({"event_id_cnty": ""}, "event_id is missing or unreadable"),
    ({"event_id_cnty": "MLI0"}, "event_id is repeated"),
    (
        {"event_type": "Quarrels"},
        "event_type is none of ACLED's; type_of_violence is missing or unreadable",
    ),
    (
        {"event_type": "Riots/Protests", "inter1": "3"},
        f"riots/protests is of neither rioters nor protesters; {unreadable('type_of_violence')}",
    ),
    ({"event_type": ""}, "type_of_violence is missing or unreadable"),
    ({"inter1": "Pirates"}, "inter1 or inter2 is no kind of actor"),
    ({"inter1": ""}, "inter1 or inter2 is no kind of actor"),
    ({"inter2": "9"}, "inter1 or inter2 is no kind of actor"),
    ({"country": "Atlantis"}, "country is missing or unreadable"),
    ({"time_precision": "4"}, "time_precision is unreadable"),
    ({"geo_precision": "near"}, "geo_precision is unreadable"),
    ({"latitude": "north"}, "latitude is unreadable"),
    ({"longitude": "181"}, "longitude is outside -180 to 180"),
    ({"fatalities": "many"}, unreadable("deaths_unknown", "best", "high", "low")),
    ({"event_date": "03/04/2024"}, unreadable("date_start", "date_end")),
    ({"event_date": "1996-12-31"}, outside("date_start", "date_end")),
    ({"event_date": "2024-06-04"}, outside("date_start", "date_end")),
]


def test_a_row_that_cannot_be_used_is_kept_as_it_came_with_its_reasons(tmp_path: Path) -> None:
    table = rows({}, *(change for change, _ in UNUSABLE))
    release = release_of(tmp_path, csv_text(table))
    assert_rejected(release, table, [reason for _, reason in UNUSABLE])


def test_a_refused_file_is_answered_with_the_fields_behind_the_reason(tmp_path: Path) -> None:
    path = written(tmp_path / "export.csv", csv_text(rows({}, {"inter1": "Pirates"})))
    with refused("as on line 3: event_type 'Battles', inter1 'Pirates', inter2 'Rebel group')"):
        added(Acled(), path, allow_rejects=False)


def test_a_row_with_more_fields_than_the_header_is_rejected(tmp_path: Path) -> None:
    release = release_of(tmp_path, csv_text(rows({}, {})).rstrip("\n") + ",surplus\n")
    assert release.rejected()["reasons"].tolist() == ["has more fields than the header"]


def test_json_and_csv_of_the_same_events_agree(tmp_path: Path) -> None:
    table = rows(
        {},
        {"event_type": REMOTE, "inter2": "", "actor2": "", "notes": 'Ségou: "x", \u2014\ny'},
        {"event_type": "Quarrels"},
        {"fatalities": "0", "event_date": "2024-05-31"},
    )
    typed = [
        row | {"fatalities": int(row["fatalities"]), "latitude": float(row["latitude"])}
        for row in table
    ]
    forms: dict[str, str | bytes] = {
        "a.csv": csv_text(table),
        "b.json": envelope(typed),
        "c.json": json.dumps(table, indent=2),
        "d.json.gz": gzip.compress(envelope(table).encode()),
        "e": "\ufeff" + envelope(table),
    }
    read = {name: release_of(tmp_path, content, name) for name, content in forms.items()}
    plain = events(read["a.csv"])
    assert len(plain) == 3
    for release in read.values():
        pd.testing.assert_frame_equal(events(release), plain)
        assert (release.rows_read, release.rows_rejected) == (4, 1)
    assert read["b.json"].rejected()["line"].tolist() == [3]
    assert read["c.json"].rejected()["line"].tolist() == [3]


@pytest.mark.parametrize("looked_at", [1, 20_000])
def test_fields_of_json_that_only_later_records_have_are_kept_with_a_rejected_row(
    tmp_path: Path, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonfile, "_BATCH", looked_at)
    first, second = rows({}, {"country": "Atlantis"})
    remark = {"by": ["me"], "n": 1}
    release = release_of(tmp_path, json.dumps([first, second | {"remark": remark}]))
    record = json.loads(release.rejected()["record"][0])
    if looked_at == 1:
        assert json.loads(record.pop(OTHERS)) == {"remark": {"by": ["me"], "n": "1"}}
    else:
        assert json.loads(record.pop("remark")) == {"by": ["me"], "n": "1"}
    assert record == second


def test_records_of_json_may_be_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    table = rows(*({"notes": "word " * 19_000} for _ in range(200)))
    release = release_of(tmp_path, envelope(table), "long.json")
    assert len(json.dumps(table)) > 1 << 24
    assert (release.rows_accepted, release.rows_rejected) == (200, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"status": 403, "success": false, "error": "denied"}', "begins with .*403"),
        (envelope(rows({}, {}))[:-400], "is cut off or no JSON after record 1"),
        ('[{"event_id_cnty": "MLI1"}]', "it lacks event_date, event_type, inter1"),
        ("[1, 2]", "has a record without fields"),
        (b'[{"event_id_cnty": "\xff"}]', "is not in UTF-8"),
        ("[" * 100_000, "nested too deeply|cut off"),
        (envelope([]), "no rows"),
        ("a,b\n1,2\n", "it lacks event_id_cnty, event_date"),
        ("<html><body>403</body></html>", "a web page, not data"),
        (csv_text(rows({})).replace("year", "country", 1), "several columns named country"),
        ("", "is empty"),
    ],
)
def test_a_file_that_is_none_of_acleds_is_refused_in_one_line(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        release_of(tmp_path, content, "odd")
    assert "\n" not in str(refused.value)
    assert Archive(tmp_path / "home").releases() == []


def test_what_is_said_of_a_file_goes_before_what_is_supposed(tmp_path: Path) -> None:
    said = FileOptions(RECEIVED, date(2024, 6, 1), COVERAGE, release="week-22", kind="candidate")
    identity = Acled().identify(tmp_path / "export.csv", said)
    assert (identity.release, identity.kind) == ("week-22", "candidate")
    assert identity.available_on == date(2024, 6, 1)


DELETED = [
    {"event_id_cnty": "MLI9", "deleted_timestamp": "1714521600"},
    {"event_id_cnty": "MLI10", "deleted_timestamp": "1714521599"},
    {"event_id_cnty": " MLI9 ", "deleted_timestamp": "1714521600"},
]


@pytest.mark.parametrize("form", [csv_text, envelope, json.dumps])
def test_deletions_are_read_sorted_and_each_once(tmp_path: Path, form: Any) -> None:
    path = written(tmp_path / "deleted", form(DELETED))
    assert read_deletions(path) == ("MLI10", "MLI9")
    assert read_deletions(path, until=date(2024, 4, 30)) == ("MLI10",)


def test_an_empty_list_of_deletions_deletes_nothing(tmp_path: Path) -> None:
    assert read_deletions(written(tmp_path / "deleted.json", envelope([]))) == ()


def test_deletions_are_kept_with_the_release(tmp_path: Path) -> None:
    path = written(tmp_path / "export.csv", csv_text(rows({})))
    release = added(Acled(), path, deleted=("MLI9", "MLI10"))
    kept = pq.ParquetFile(release.folder / "deleted.parquet").read()["event_id"].to_pylist()
    assert kept == ["MLI10", "MLI9"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("data_id,deleted_timestamp\n1,2\n", "it lacks event_id_cnty"),
        ("event_id_cnty,deleted_timestamp\nMLI1,2\n,3\n", "line 3: event_id_cnty is empty"),
        ("event_id_cnty,deleted_timestamp\nMLI1,May\n", "is 'May', which is no number of seconds"),
        ("event_id_cnty,deleted_timestamp\nMLI1,nan\n", "is 'nan'"),
    ],
)
def test_a_list_of_deletions_that_is_none_is_refused(
    tmp_path: Path, content: str, said: str
) -> None:
    with refused(said):
        read_deletions(written(tmp_path / "deleted.csv", content), until=RECEIVED)


@settings(max_examples=10)
@given(changes=garbage(ROW, "State forces"), form=st.sampled_from([csv_text, envelope]))
def test_of_garbage_every_row_is_either_accepted_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, str]], form: Any
) -> None:
    table = rows({"event_id_cnty": "good"}, *changes)
    assert_complete(release_of(tmp_path_factory.mktemp("garbage"), form(table)), len(table))
