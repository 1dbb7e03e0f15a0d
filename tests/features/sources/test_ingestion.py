import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.archive.coverage import Coverage, Span
from features.archive.releases import Release
from features.errors import InputError
from features.months import parse_month
from features.places.priogrid import COLUMNS as CELLS_A_ROW
from features.places.regions import gleditsch_ward_states
from features.sources.reading.opening import open_rows
from features.sources.ucdp import Ucdp
from tests.features.sources.ingested import added, csv_text, events, written
from tools.ged_like import write_ged_like

FIRST, RECEIVED = date(1989, 1, 1), date(2025, 1, 15)
MALI = Coverage((Span("MLI", parse_month("2020-01"), parse_month("2020-12")),))
DEATHS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low")
ROW = {
    "id": "1",
    "type_of_violence": "1",
    "side_a": "Government of Mali",
    "where_prec": "1",
    "latitude": "12.65",
    "longitude": "-8.0",
    "priogrid_gid": "147945",
    "country_id": "432",
    "event_clarity": "1",
    "date_prec": "1",
    "date_start": "2020-03-01 00:00:00.000",
    "date_end": "2020-03-02 00:00:00.000",
    **dict.fromkeys(DEATHS, "3"),
}


class Kept(NamedTuple):
    release: Release
    events: pd.DataFrame
    rejected: pd.DataFrame


def ingest(path: Path, home: Path, **said: Any) -> Kept:
    options: dict[str, Any] = {"received_on": RECEIVED, "coverage": MALI} | said
    release = added(Ucdp(), path, home, **options)
    return Kept(release, events(release), release.rejected())


def saved(folder: Path, *rows: dict[str, str]) -> Path:
    return written(folder / "a.csv", csv_text(rows))


def csv_of(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def contents(home: Path) -> dict[str, bytes]:
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
DAY = re.compile(r"((\d{4})-(\d\d?)-(\d\d?)|(\d\d?)/(\d\d?)/(\d{4}))([ T].*)?", re.ASCII)


def number(text: str) -> float | None:
    if NUMBER.fullmatch(text) is None or not math.isfinite(float(text)):
        return None
    return float(text)


def whole(text: str) -> int | None:
    read = number(text)
    return None if read is None or read % 1 or abs(read) >= 2**53 else int(read)


def identifier(text: str) -> str:
    """The id in a field: `12.0`, `1.2e+01` and `012` are 12; none where digits are lost."""
    plain = text.strip(" \t\r\n")
    if match := re.fullmatch(r"([0-9]+)[.]0+", plain, re.ASCII):
        plain = match[1]
    elif match := re.fullmatch(r"[0-9](?:[.]([0-9]*))?[eE][+]([0-9]+)", plain, re.ASCII):
        plain = str(int(float(plain))) if len(match[1] or "") >= int(match[2]) else ""
    return re.sub("^0+([0-9]+)$", r"\1", plain, flags=re.ASCII)


def day(text: str) -> date | None:
    match = DAY.fullmatch(text)
    if match is None:
        return None
    year, month, of_month = match.group(2, 3, 4) if match[2] else match.group(7, 5, 6)
    try:
        return date(int(year), int(month), int(of_month))
    except ValueError:
        return date.min if int(year) == 0 else None


def is_misplaced(latitude: float | None, longitude: float | None, stated: float | None) -> bool:
    if latitude is None or longitude is None or stated is None:
        return False
    if abs(latitude) > 90 or abs(longitude) > 180:
        return False
    row, column = divmod(stated - 1, CELLS_A_ROW)
    across = abs(column - (math.floor(longitude * 2) + 360))
    down = abs(row - (math.floor(latitude * 2) + 180))
    return max(down, min(across, CELLS_A_ROW - across)) > 1


RANGES = {
    "date_prec": (1, 5),
    "where_prec": (1, 7),
    "event_clarity": (1, 2),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    **dict.fromkeys(DEATHS, (0, 2_000_000)),
}
REQUIRED = ("type_of_violence", "date_start", "date_end", "country", *DEATHS)


def faults(fields: list[str]) -> set[str]:
    """All reasons for which a row of these fields cannot be used."""
    row = {name: text.strip(" \t\r\n") for name, text in zip(ROW, fields, strict=False)}
    row = dict.fromkeys(ROW, "") | row
    of: dict[str, Any] = {name: whole(row[name]) for name in RANGES}
    of |= {name: number(row[name]) for name in ("latitude", "longitude")}
    of |= {name: day(row[name]) for name in ("date_start", "date_end")}
    of["type_of_violence"] = whole(row["type_of_violence"])
    of["country"] = gleditsch_ward_states().get(whole(row["country_id"]) or 0)
    if of["type_of_violence"] in range(4, 10):
        return {f"type_of_violence {of['type_of_violence']} is not counted"}
    found = faults_of_fields(row, of) | faults_of_days(of)
    if is_misplaced(of["latitude"], of["longitude"], number(row["priogrid_gid"])):
        found.add("coordinates lie outside its priogrid_gid")
    if re.search("[\r\n]", row["side_a"]):
        found.add("side_a runs over lines")
    if any(text.strip(" \t\r\n") for text in fields[len(ROW) :]):
        found.add("has more fields than the header")
    return found


def faults_of_fields(row: dict[str, str], of: dict[str, Any]) -> set[str]:
    found = {f"{name} is missing or unreadable" for name in REQUIRED if of[name] is None}
    if not identifier(row["id"]):
        found.add("event_id is missing or unreadable")
    for name in ("date_prec", "where_prec", "event_clarity", "latitude", "longitude"):
        if row[name] and of[name] is None:
            found.add(f"{name} is unreadable")
    for name, (low, high) in RANGES.items():
        if of[name] is not None and not low <= of[name] <= high:
            found.add(f"{name} is outside {low} to {high}")
    kind = of["type_of_violence"]
    if kind is not None and not 1 <= kind <= 9:
        found.add("type_of_violence is outside 1 to 6")
    return found


def faults_of_days(of: dict[str, Any]) -> set[str]:
    found = {
        f"{name} is outside {FIRST} to {RECEIVED}"
        for name in ("date_start", "date_end")
        if of[name] is not None and not FIRST <= of[name] <= RECEIVED
    }
    if of["date_start"] and of["date_end"] and of["date_start"] > of["date_end"]:
        found.add("date_start is after date_end")
    return found


NUMBERS = ["", " ", "nan", "inf", "-inf", "1e308", "1e309", "-1", "1.5", "1.0", "-0", "+2", "0x10"]
NUMBERS += ["٣", "TRUE", "3 00", "1e-400", "2000001", "9007199254740993", "1,5", "--1", ".", "1e"]
DAYS = ["2099-01-01", "2020-02-30", "31-Nov-20", "2/1/20", "2020-3-2", "20200301"]
DAYS += ["0000-01-01", "99999-01-01", "2020-03-02T09:00:00Z", "2020-13-45", "1988-12-31", "today"]
THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(\W\d{3})+(\W\d*)?\s*")  # are told from the whole file
GARBAGE = st.one_of(
    st.sampled_from([*NUMBERS, *DAYS, '"', "a\nb", "a\rb", ",", "12.4995", "91", "4", "7", "-1.0"]),
    st.integers(-400, 400_000).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0_"), max_size=6),
).filter(lambda text: THOUSANDS.fullmatch(text) is None)


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """The fields of a row: faultless, with garbage in some, cut short or too long."""
    changes = draw(st.dictionaries(st.sampled_from(list(ROW)), GARBAGE, max_size=2))
    fields = list((ROW | {"id": draw(st.integers(0, 60).map(str))} | changes).values())
    match draw(st.integers(0, 9)):
        case 0:
            return fields[: draw(st.integers(1, len(fields)))]
        case 1:
            return fields + draw(st.lists(GARBAGE, min_size=1, max_size=3))
        case _:
            return fields


def begins(text: str) -> list[int]:
    """The lines, from 1, on which the records of well-formed text begin; blank lines are none."""
    reader = csv.reader(io.StringIO(text, newline=""))
    before, found = 0, []
    for fields in reader:
        if fields:
            found.append(before + 1)
        before = reader.line_num
    return found


BLANK_SURPLUS = [*(ROW | {"id": "0"}).values(), "", ""]
COMMA_SURPLUS = [*(ROW | {"id": "1"}).values(), ","]


@settings(max_examples=20, deadline=None)
@example([BLANK_SURPLUS, COMMA_SURPLUS, BLANK_SURPLUS], "utf-8")
@given(st.lists(rows(), min_size=10, max_size=80), st.sampled_from(["utf-8", "utf-16"]))
def test_every_row_is_accepted_or_rejected_for_the_reasons_that_apply(
    tmp_path_factory: pytest.TempPathFactory, delivered: list[list[str]], encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    delivered = [["good", *list(ROW.values())[1:]], *delivered]
    text = csv_of([list(ROW), *delivered]).replace("\n3", "\n\n3")
    (folder / "a.csv").write_bytes(text.encode(encoding))
    kept = ingest(folder / "a.csv", folder / "home")
    expected, accepted = [], []
    seen: set[str] = set()
    lines = begins(text)[1:]
    delivered = [fields for fields in csv.reader(io.StringIO(text, newline="")) if fields][1:]
    for line, fields in zip(lines, delivered, strict=True):
        reasons = faults(fields)
        event_id = identifier(fields[0])
        if not reasons and event_id in seen:
            reasons = {"event_id is repeated"}
        if reasons:
            expected.append((line, reasons, fields))
        else:
            seen.add(event_id)
            accepted.append(fields)
    assert kept.rejected["line"].tolist() == [line for line, _, _ in expected]
    assert [set(r.split("; ")) for r in kept.rejected["reasons"]] == [r for _, r, _ in expected]
    for record, (_, _, fields) in zip(kept.rejected["record"], expected, strict=True):
        content = json.loads(record)
        assert [content[name] for name in ROW if name in content] == fields[: len(ROW)]
        assert content.get("beyond the header", "") == ",".join(fields[len(ROW) :])
    assert Counter(kept.events["event_id"]) == Counter(identifier(f[0]) for f in accepted)
    for name in DEATHS:
        assert kept.events[name].sum() == sum(
            int(float(dict(zip(ROW, f, strict=False))[name])) for f in accepted
        )
    assert kept.release.rows_read == len(delivered)


def records(path: Path) -> dict[int, list[str]]:
    """The delivered fields of every record but the header, by the line on which it begins."""
    with open_rows(path) as text:
        text.name_columns([*ROW])
        batches = list(text.batches())
    return {
        record.pop("_line"): [f for name, f in record.items() if f is not None and name != "_lines"]
        for batch in batches
        for record in batch.to_pylist()
    }


SPOILT = st.one_of(
    st.sampled_from([b"\0", b'"', b",", b"\n", b"\r", b"\n\n", b"\xe9", b"\xff\xfe", b'""', b"9,"]),
    st.binary(max_size=4),
)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(130, 10_000), st.integers(0, 60), SPOILT), min_size=1, max_size=12
    )
)
def test_whatever_happens_to_a_file_no_record_of_it_is_lost(
    tmp_path_factory: pytest.TempPathFactory, spoilt: list[tuple[int, int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("spoilt")
    rows = [[f"é{n}", *list(ROW.values())[1:]] for n in range(100)]
    content = csv_of([list(ROW), *rows]).encode()
    header = content.index(b"\n") + 1
    for at, cut, put in sorted(spoilt, reverse=True):
        begin = header + at % (len(content) - header)
        content = content[:begin] + put + content[begin + cut :]
    path = folder / "a.csv"
    path.write_bytes(content + b"\n" + csv_of([["whole", *rows[0][1:]]]).encode())
    expected = records(path)
    try:
        kept = ingest(path, folder / "home")
    except InputError as error:
        if "no usable event" not in str(error):
            raise
        return
    assert kept.release.rows_read == len(expected)
    assert (len(kept.events), len(kept.rejected)) == (
        kept.release.rows_accepted,
        kept.release.rows_rejected,
    )
    for line, reasons, record in kept.rejected.itertuples(index=False):
        assert reasons
        assert list(json.loads(record).values()) == expected.pop(line)
    ids = Counter(identifier(fields[0]) for fields in expected.values())
    assert Counter(kept.events["event_id"]) == ids


def test_a_file_of_which_more_than_a_twentieth_is_rejected_changes_nothing_unless_it_is_allowed(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    for name, bad in (("few", 5), ("many", 6)):
        rows = [ROW | {"id": f"{n}"} | ({"best": ""} if n < bad else {}) for n in range(100)]
        written(tmp_path / f"{name}.csv", csv_text(rows))
    few = ingest(tmp_path / "few.csv", home, allow_rejects=False)
    assert (len(few.events), len(few.rejected)) == (95, 5)
    before = contents(home)
    for _ in range(2):
        with pytest.raises(InputError, match=r"6\.0 % of it cannot be used \(6 of 100 rows\)"):
            ingest(tmp_path / "many.csv", home, allow_rejects=False)
        assert contents(home) == before
    many = ingest(tmp_path / "many.csv", home)
    assert (len(many.events), len(many.rejected)) == (94, 6)
    assert before.items() <= contents(home).items()


def test_a_field_of_ten_megabytes_is_no_trouble(tmp_path: Path) -> None:
    long = 'word, "word"\n' * 800_000
    rows = [[*(ROW | {"id": f"{n}"}).values(), "", ""] for n in range(40)]
    rows[20][-1] = long
    rows[30][-2] = long
    text = csv_of([[*ROW, "source_headline", "source_original"], *rows])
    (tmp_path / "a.csv").write_text(text)
    kept = ingest(tmp_path / "a.csv", tmp_path / "home")
    assert kept.release.rows_accepted == 39
    assert kept.rejected["reasons"].tolist() == ["text is longer than 100000 bytes"]
    assert kept.rejected["line"].tolist() == [32 + 800_000]
    assert json.loads(kept.rejected["record"][0])["source_headline"] == long
    assert "20" in set(kept.events["event_id"])


def test_nothing_but_the_files_of_a_release_stays_in_the_archive(tmp_path: Path) -> None:
    kept = ingest(saved(tmp_path, ROW), tmp_path / "home")
    assert sorted(path.name for path in kept.release.folder.iterdir()) == [
        "coverage.parquet",
        "deleted.parquet",
        "events.parquet",
        "rejected.parquet",
        "release.json",
    ]
    assert list(kept.release.folder.parent.iterdir()) == [kept.release.folder]


def test_events_at_one_point_written_in_two_ways_are_counted_once_each(tmp_path: Path) -> None:
    rows = [
        ROW | {"id": f"at {zero}", "longitude": zero, "latitude": "17.5", "priogrid_gid": ""}
        for zero in ("0", "-0", "0.0", "-0.0", "1e-400")
    ]
    kept = ingest(saved(tmp_path, *rows), tmp_path / "home")
    assert len(kept.events) == 5
    assert len(set(kept.events["priogrid"])) == 1


def test_events_without_any_place_are_kept(tmp_path: Path) -> None:
    path = saved(tmp_path, ROW | {"latitude": "", "longitude": ""})
    kept = ingest(path, tmp_path / "home")
    assert kept.events[["country", "best"]].to_numpy().tolist() == [["MLI", 3]]
    assert kept.events[["admin1", "priogrid", "latitude"]].isna().all(axis=None)


def test_a_territory_alone_may_be_observed(tmp_path: Path) -> None:
    gaza = ROW | {"latitude": "31.5", "longitude": "34.45", "priogrid_gid": "", "country_id": "666"}
    path = saved(tmp_path, gaza)
    palestine = Coverage((MALI.spans[0]._replace(country="PSE"),))
    kept = ingest(path, tmp_path / "home", coverage=palestine)
    assert kept.events["country"].tolist() == ["PSE"]
    israel = Coverage((MALI.spans[0]._replace(country="ISR"),))
    with pytest.raises(InputError, match="no usable event in the months"):
        ingest(path, tmp_path / "other", coverage=israel)


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [ROW | {"id": f"{n}"} for n in range(40)] + [ROW | {"id": "bad", "best": ""}]
    path = saved(tmp_path, *rows)
    text = path.read_text()
    opened = Ucdp.open
    times: list[int] = []

    def opened_and_changed(source: Ucdp, path: Path) -> Any:
        times.append(1)
        path.write_text(text if len(times) == 1 else text.replace("bad", "mad"))
        return opened(source, path)

    monkeypatch.setattr(Ucdp, "open", opened_and_changed)
    with pytest.raises(InputError, match="changed while it was read"):
        ingest(path, tmp_path / "home")
    assert contents(tmp_path / "home") == {}


def test_the_events_of_a_release_by_type_and_month_are_those_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "GEDEvent_v25_1.csv"
    write_ged_like(path, 3000)
    kept = ingest(path, tmp_path / "home", coverage=None, allow_rejects=False)
    delivered = pd.read_csv(path, usecols=["type_of_violence", "date_end", "best", "low"])
    assert kept.release.rows_accepted == len(delivered) == 3000
    of_file = delivered.groupby(["type_of_violence", delivered["date_end"].str[:7]])
    months = kept.events["date_end"].astype("str").str[:7]
    of_archive = kept.events.groupby([kept.events["type_of_violence"].astype("int64"), months])
    for column in ("best", "low"):
        expected = of_file[column].agg(["size", "sum"])
        found = of_archive[column].agg(["size", "sum"]).astype("int64")
        assert found.to_numpy().tolist() == expected.to_numpy().tolist()
        assert found["size"].sum() == kept.release.rows_accepted


@pytest.mark.parametrize(
    "text", ["15960.0", '="15960"', "1.5960E+04", "1.59600e+4", "015960", " 15960.00 "]
)
def test_an_id_is_the_same_however_a_spreadsheet_writes_it(tmp_path: Path, text: str) -> None:
    kept = ingest(saved(tmp_path, ROW | {"id": text}), tmp_path / "home")
    assert kept.events["event_id"].tolist() == ["15960"]


def test_an_id_that_lost_its_digits_is_rejected_and_a_text_stays(tmp_path: Path) -> None:
    ids = ["1.6E+04", "X.0", "1E4", "v1.0"]
    kept = ingest(saved(tmp_path, *(ROW | {"id": text} for text in ids)), tmp_path / "home")
    assert kept.rejected["reasons"].tolist() == ["event_id is missing or unreadable"]
    assert sorted(kept.events["event_id"]) == ["1E4", "X.0", "v1.0"]
