import csv
import io
import json
import logging
import os
import zipfile
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.fetching.download import DownloadedFile
from features.sources.fetching.transport import NotThereError, Transport
from features.sources.fetching.ucdp import csv_name, due_releases, fetch_release, release_address
from features.sources.ucdp import OFFICIAL_COLUMNS, official_release
from tests.features.sources.fetching.server import (
    Answer,
    Site,
    hidden,
    says,
    seen,
)
from tests.paths import DATA

TOKEN = "s3cret-of-the-analyst"
CANDIDATE = DATA / "ucdp_ged" / "GEDEvent_v23_0_10.csv"


def event(number: int, **other: object) -> dict[str, Any]:
    numbers = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low")
    return (
        dict.fromkeys(OFFICIAL_COLUMNS, None)
        | dict.fromkeys(numbers, 0)
        | {
            "id": number,
            "active_year": True,
            "code_status": "Clear",
            "type_of_violence": 3,
            "side_a": 'A, "the first"',
            "side_b": "Civilians\r",
            "where_prec": 1,
            "latitude": 14.5,
            "longitude": -4.25,
            "country_id": 432,
            "event_clarity": 1,
            "date_prec": 1,
            "date_start": "2023-05-02T00:00:00",
            "date_end": "2023-05-02T00:00:00",
        }
        | other
    )


def table(*, header: bool = True, rows: int = 40) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, OFFICIAL_COLUMNS)
    if header:
        writer.writeheader()
    writer.writerows(event(number) for number in range(rows))
    return text.getvalue().encode()


def zipped(method: int = zipfile.ZIP_DEFLATED, **files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        for name, text in files.items():
            file.writestr(name.replace("__", "."), text)
    return packed.getvalue()


STORED = zipped(zipfile.ZIP_STORED, a__csv=table(), readme__txt=b"cite us")
YEARLY = zipped(GEDEvent_v24_1__csv=table(), readme__txt=b"cite us")


def api_of(
    events: list[dict[str, Any]],
    *,
    total: int | None = None,
    pages: int | None = None,
    first: int = 0,
    size: int = 2,
) -> Answer:
    """The API, its pages counted from `first`; it gives `size` events a page."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        address = urlsplit(handler.path)
        page = max(int(parse_qs(address.query)["page"][0]) - first, 0)
        more = (page + 1) * size < len(events)
        following = f"http://elsewhere.invalid{address.path}?pagesize=2&page={page + 1 + first}"
        said = {
            "TotalCount": len(events) if total is None else total,
            "TotalPages": -(-len(events) // size) if pages is None else pages,
            "PreviousPageUrl": "",
            "NextPageUrl": following if more else "",
            "Result": events[page * size : (page + 1) * size],
        }
        says(200, json.dumps(said).encode())(handler)

    return answer


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fetch(
    address: str,
    folder: Path,
    client: Transport,
    release: str = "24.1",
    token: str | None = None,
) -> DownloadedFile:
    return fetch_release(release, folder, client, token=token, files=address, api=address)


def refusal(address: str, folder: Path, client: Transport, **options: Any) -> str:
    """The one line with which a fetch is refused; nothing is visible after it."""
    with pytest.raises(InputError) as error:
        fetch(address, folder, client, **options)
    text = str(error.value)
    assert "\n" not in text
    assert TOKEN not in text
    assert seen(folder) == []
    return text


@pytest.mark.parametrize(
    ("release", "address"),
    [
        ("24.1", "https://ucdp.uu.se/downloads/ged/ged241-csv.zip"),
        ("24.0.10", "https://ucdp.uu.se/downloads/candidateged/GEDEvent_v24_0_10.csv"),
        ("25.0.1", "https://ucdp.uu.se/downloads/candidateged/GEDEvent_v25_0_1.csv"),
    ],
)
def test_a_release_has_its_address(release: str, address: str) -> None:
    assert release_address(release) == address


@pytest.mark.parametrize("release", ["", "24", "24.0", "24.0.0", "24.0.13", "24.1/../x", "24.10"])
def test_what_is_no_release_has_no_address(release: str) -> None:
    with pytest.raises(InputError, match="not a UCDP release"):
        release_address(release)


@pytest.mark.parametrize(
    ("day", "releases"),
    [
        (date(2024, 7, 19), ["24.1", "24.0.1", "24.0.2", "24.0.3", "24.0.4", "24.0.5"]),
        (date(2024, 7, 20), ["24.1", *(f"24.0.{month}" for month in range(1, 7))]),
        (
            date(2024, 6, 29),
            ["23.1", *(f"23.0.{m}" for m in range(1, 13)), *(f"24.0.{m}" for m in range(1, 6))],
        ),
        (date(2024, 6, 30), ["24.1", "24.0.1", "24.0.2", "24.0.3", "24.0.4", "24.0.5"]),
    ],
)
def test_the_releases_of_a_day_are_the_yearly_one_and_the_months_since(
    day: date, releases: list[str]
) -> None:
    assert due_releases(day) == releases


def test_before_the_first_release_there_is_none() -> None:
    with pytest.raises(InputError, match="2017-06-30"):
        due_releases(date(2017, 6, 29))


@given(st.dates(date(2017, 6, 30), date(2090, 1, 1)))
def test_the_releases_of_a_day_were_out_and_observe_its_past_without_a_gap(day: date) -> None:
    found = [official_release(csv_name(release)) for release in due_releases(day)]
    known = [each for each in found if each is not None]
    assert len(known) == len(found)
    assert all(each.available_on <= day for each in known)
    firsts = [min(span.first_month for span in each.coverage.spans) for each in known]
    lasts = [each.coverage.last_month for each in known]
    assert all(first == last + 1 for first, last in zip(firsts[1:], lasts, strict=False))
    assert len(known) <= 18
    assert known[-1].available_on.toordinal() > day.toordinal() - 62


def test_a_yearly_release_comes_as_its_zip_file(site: Site) -> None:
    address, asked = site.serve(says(200, YEARLY))
    fetched = fetch(address, site.folder, site.client())
    assert fetched == DownloadedFile(
        site.folder / "ged241-csv.zip", was_there=False, bytes=len(YEARLY)
    )
    assert fetched.path.read_bytes() == YEARLY
    assert asked[0][0] == "/ged/ged241-csv.zip"
    assert fetch(address, site.folder, site.client()).was_there
    assert len(asked) == 2


FIRST, LATER = "Sun, 20 Apr 2025 00:00:00 GMT", "Mon, 15 Dec 2025 00:00:00 GMT"
OTHER = table().replace(b"-4.25", b"-4.75")


def versions(*contents: tuple[bytes, dict[str, str]]) -> Answer:
    """A server of one file that keeps to RFC 9110; its versions follow each other on request."""
    left = list(contents)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body, headers = left.pop(0) if len(left) > 1 else left[0]
        tag, day = headers.get("ETag"), headers.get("Last_Modified")
        if "If-None-Match" in handler.headers and tag is not None:
            same = handler.headers["If-None-Match"] == tag
        else:
            same = day is not None and handler.headers.get("If-Modified-Since") == day
        says(304 if same else 200, b"" if same else body, **headers)(handler)

    return answer


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        ({"ETag": '"1"'}, (table(), {"ETag": '"1"'}), False),
        ({"ETag": 'W/"1"'}, (table(), {"ETag": 'W/"1"'}), False),
        ({"ETag": '"1"', "Last_Modified": FIRST}, (table(), {"ETag": '"1"'}), False),
        ({"Last_Modified": FIRST}, (table(), {"Last_Modified": FIRST}), False),
        ({}, (table(), {}), False),
        ({"ETag": '"1"'}, (OTHER, {"ETag": '"2"'}), True),
        ({"ETag": '"1"', "Last_Modified": LATER}, (OTHER, {"ETag": '"2"'}), True),
        ({"ETag": 'W/"1"'}, (OTHER, {"ETag": 'W/"2"'}), True),
        ({"Last_Modified": FIRST}, (OTHER, {"Last_Modified": LATER}), True),
        ({"ETag": '"1"'}, (table(rows=41), {}), True),
        ({}, (table(rows=41), {}), True),
    ],
)
def test_a_file_that_is_there_is_fetched_again_if_it_has_changed(
    site: Site, before: dict[str, str], now: tuple[bytes, dict[str, str]], changes: bool
) -> None:
    address, asked = site.serve(versions((table(), before), now))
    assert fetch(address, site.folder, site.client(), release="23.0.5").remark == ""
    fetched = fetch(address, site.folder, site.client(), release="23.0.5")
    assert asked[1][1].get("if-none-match") == before.get("ETag")
    assert (not fetched.was_there, "has changed" in fetched.remark) == (changes, changes)
    assert fetched.path.read_bytes() == now[0]
    assert fetch(address, site.folder, site.client(), release="23.0.5").was_there
    assert hidden(site.folder) == []


def test_a_file_that_was_fetched_by_hand_is_asked_for_by_its_own_day_and_size(site: Site) -> None:
    address, asked = site.serve(says(304), says(200, table(), Last_Modified=LATER))
    file = site.folder / "GEDEvent_v23_0_5.csv"
    file.write_bytes(table())
    os.utime(file, (0, 0))
    assert fetch(address, site.folder, site.client(), release="23.0.5").was_there
    assert asked[0][1]["if-modified-since"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert not fetch(address, site.folder, site.client(), release="23.0.5").was_there


def test_what_breaks_off_while_it_is_fetched_again_leaves_the_file_and_its_version(
    site: Site,
) -> None:
    half = says(200, OTHER[:500], Content_Length=str(len(OTHER)), ETag='"2"')
    address, asked = site.serve(says(200, table(), ETag='"1"'), half, half, says(304))
    path = fetch(address, site.folder, site.client(), release="23.0.5").path
    with pytest.raises(InputError, match="could not be fetched"):
        fetch(address, site.folder, site.client(attempts=1), release="23.0.5")
    assert path.read_bytes() == table()
    assert fetch(address, site.folder, site.client(), release="23.0.5").was_there
    assert asked[-1][1]["if-none-match"] == '"1"'


def test_a_file_that_is_there_stays_if_the_server_does_not_answer(site: Site) -> None:
    address, asked = site.serve(says(200, YEARLY), says(500))
    fetch(address, site.folder, site.client())
    fetched = fetch(address, site.folder, site.client())
    assert (fetched.was_there, len(asked)) == (True, 2)
    assert fetched.remark == "it was not asked whether it has changed"


@pytest.mark.parametrize("header", [True, False])
def test_a_monthly_release_comes_as_its_csv_file_with_or_without_header(
    site: Site, header: bool
) -> None:
    address, asked = site.serve(says(200, table(header=header)))
    fetched = fetch(address, site.folder, site.client(), release="23.0.5")
    assert asked[0][0] == "/candidateged/GEDEvent_v23_0_5.csv"
    assert fetched.path.name == "GEDEvent_v23_0_5.csv"
    assert fetched.path.read_bytes() == table(header=header)


@pytest.mark.skipif(not CANDIDATE.is_file(), reason=f"needs {CANDIDATE}")
def test_a_real_monthly_file_that_breaks_off_comes_whole(site: Site) -> None:
    real = CANDIDATE.read_bytes()
    half = len(real) // 2
    part = {"Content-Range": f"bytes {half}-{len(real) - 1}/{len(real)}"}
    address, _ = site.serve(
        says(200, real[:half], Content_Length=str(len(real)), ETag='"1"'),
        says(206, real[half:], ETag='"1"', **part),
    )
    assert fetch(address, site.folder, site.client(), release="23.0.10").path.read_bytes() == real


@pytest.mark.parametrize(
    ("release", "body", "wrong"),
    [
        ("24.1", b"\n <!DOCTYPE html><html>Maintenance</html>", "web page"),
        ("24.0.5", b"\xef\xbb\xbf<html>Maintenance</html>", "web page"),
        ("24.0.5", b'{"error": "no"}', "message"),
        ("24.1", YEARLY[: len(YEARLY) // 2], "not a whole zip file"),
        ("24.1", YEARLY[:60] + b"\0\0\0\0" + YEARLY[64:], "zip|damaged"),
        ("24.1", STORED.replace(b"cite us", b"cite me"), "damaged in 'readme.txt'"),
        ("24.1", zipped(a__csv=table(), b__csv=table()), "2 CSV files"),
        ("24.1", zipped(readme__txt=b"cite us"), "0 CSV files"),
        ("24.1", zipped(a__csv=b"date,rain\n2024-01-01,3\n"), "does not begin like"),
        ("24.1", zipped(a__csv=table() + bytes(10**7)), "unpacks to more than"),
        ("24.0.5", b"date,rain\n2024-01-01,3\n", "does not begin like"),
        ("24.0.5", b"", "does not begin like"),
        ("24.0.5", YEARLY, "does not begin like"),
        ("24.0.5", table()[:-60], "middle of a row"),
    ],
)
def test_what_is_not_a_whole_ucdp_file_is_refused_and_leaves_nothing(
    site: Site, release: str, body: bytes, wrong: str
) -> None:
    address, asked = site.serve(says(200, body))
    text = refusal(address, site.folder, site.client(largest=5_000_000), release=release)
    assert any(each in text for each in wrong.split("|"))
    assert hidden(site.folder) == []
    assert len(asked) == 1


def test_a_length_that_is_too_short_gives_half_a_file_which_is_refused(site: Site) -> None:
    address, _ = site.serve(says(200, YEARLY, Content_Length=str(len(YEARLY) - 30)))
    assert "not a whole zip" in refusal(address, site.folder, site.client())


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "asked too often"),
        (404, "has not, or not yet, published release 24.1"),
        (401, "token"),
        (403, "token"),
    ],
)
def test_a_refusal_says_what_to_do(site: Site, status: int, advice: str, token: str | None) -> None:
    address, asked = site.serve(says(status, b"no"))
    text = refusal(address, site.folder, site.client(attempts=2), token=token)
    assert advice in text
    assert str(status) in text
    assert len(asked) == (2 if status == 400 else 1)


@pytest.mark.parametrize(
    ("token", "answer"), [(None, says(404)), (TOKEN, says(404)), (TOKEN, api_of([]))]
)
def test_what_is_not_published_can_be_told_from_other_errors(
    site: Site, token: str | None, answer: Answer
) -> None:
    address, _ = site.serve(answer)
    with pytest.raises(NotThereError):
        fetch(address, site.folder, site.client(), token=token)


def test_a_400_that_passes_is_no_error(site: Site) -> None:
    address, _ = site.serve(says(400), says(400), says(200, YEARLY))
    assert fetch(address, site.folder, site.client(first_wait=7.0)).bytes == len(YEARLY)
    assert site.waits == [7.0, 14.0]


@pytest.mark.parametrize("first", [0, 1])
def test_the_pages_of_the_api_become_a_file_of_the_official_layout(site: Site, first: int) -> None:
    address, asked = site.serve(api_of([event(number) for number in range(5)], first=first))
    fetched = fetch(address, site.folder, site.client(), release="23.0.5", token=TOKEN)
    assert fetched.path.name == "GEDEvent_v23_0_5.csv"
    assert fetched.bytes == fetched.path.stat().st_size
    rows = rows_of(fetched.path)
    assert tuple(rows[0]) == OFFICIAL_COLUMNS
    assert [row["id"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert (rows[0]["side_a"], rows[0]["side_b"]) == ('A, "the first"', "Civilians\r")
    assert (rows[0]["active_year"], rows[0]["adm_1"], rows[0]["longitude"]) == ("true", "", "-4.25")
    assert asked[0][0] == "/gedevents/23.0.5?pagesize=1000&page=0"
    assert all(headers["x-ucdp-access-token"] == TOKEN for _, headers in asked)
    assert hidden(site.folder) == []
    assert len(asked) == 3
    assert fetch(address, site.folder, site.client(), release="23.0.5", token=TOKEN).was_there
    assert len(asked) == 3


def test_a_zip_that_is_there_spares_the_api(site: Site) -> None:
    address, asked = site.serve(says(500))
    (site.folder / "ged241-csv.zip").write_bytes(YEARLY)
    assert fetch(address, site.folder, site.client(), token=TOKEN).was_there
    assert asked == []


def test_pages_that_came_are_not_asked_for_again(site: Site) -> None:
    api = api_of([event(number) for number in range(5)])
    address, asked = site.serve(api, api, says(500), says(500), api)
    text = refusal(address, site.folder, site.client(attempts=2), token=TOKEN)
    assert "answers 500" in text
    with (site.folder / ".GEDEvent_v24_1.csv.part").open("ab") as file:
        file.write(b"half of a pa")
    fetched = fetch(address, site.folder, site.client(), token=TOKEN)
    assert [row["id"] for row in rows_of(fetched.path)] == ["0", "1", "2", "3", "4"]
    assert [parse_qs(path)["page"][0] for path, _ in asked] == ["0", "1", "2", "2", "2"]


def test_what_came_as_a_file_is_not_continued_from_the_api(site: Site) -> None:
    address, _ = site.serve(
        says(200, table()[:500], Content_Length=str(10**4), ETag='"1"'),
        api_of([event(1), event(2)]),
    )
    refusal(address, site.folder, site.client(attempts=1), release="24.0.5")
    fetched = fetch(address, site.folder, site.client(), release="24.0.5", token=TOKEN)
    assert [row["id"] for row in rows_of(fetched.path)] == ["1", "2"]


EVENTS = [event(number) for number in range(5)]
BACKWARD = json.dumps(
    {"TotalCount": 9, "TotalPages": 2, "NextPageUrl": "x?page=0", "Result": EVENTS}
)


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ([api_of(EVENTS, pages=4)], "5 events on 4 pages, of which 5 came in 5 rows on 3"),
        ([api_of(EVENTS, pages=2)], "5 events on 2 pages, of which 5 came in 5 rows on 3"),
        ([api_of([*EVENTS[:4], EVENTS[0]])], "of which 4 came in 5 rows"),
        ([api_of([*EVENTS, EVENTS[0]], total=5)], "of which 5 came in 6 rows"),
        ([api_of(EVENTS), api_of([*EVENTS, event(9)])], "changed while"),
        ([api_of([])], "has no events"),
        ([says(200, b"<html>Maintenance</html>")], "not JSON"),
        ([says(200, b"[]")], "not a page of events"),
        ([says(200, b'{"TotalCount": 1e999, "NextPageUrl": "", "Result": []}')], "not a page"),
        ([says(200, b'{"TotalCount": 2, "NextPageUrl": "", "Result": [{"id": 1}]}')], "not a page"),
        ([api_of([event(1, country_id=None)])], "without id, country or day"),
        ([api_of([event(1, side_a=["x"])])], "without id, country or day|not flat"),
        ([says(200, BACKWARD.encode())], "changed while"),
    ],
)
def test_pages_that_do_not_make_up_the_release_are_refused_and_leave_nothing(
    site: Site, answers: list[Answer], wrong: str
) -> None:
    address, _ = site.serve(*answers)
    text = refusal(address, site.folder, site.client(attempts=2), token=TOKEN)
    assert any(each in text for each in wrong.split("|"))


@pytest.mark.parametrize("total", [1_200, 4])
def test_an_api_that_counts_other_events_than_it_gives_is_believed_by_its_pages(
    site: Site, total: int
) -> None:
    address, _ = site.serve(api_of(EVENTS, total=total))
    fetched = fetch(address, site.folder, site.client(), release="23.0.5", token=TOKEN)
    assert len(rows_of(fetched.path)) == 5
    assert fetched.remark == f"the API counts {total:,} events and gives 5, on all of its 3 pages"


def test_a_page_without_any_event_is_followed_by_the_next(site: Site) -> None:
    """The API leaves out events that it counts, so that a page may be short or empty."""
    said = {"TotalCount": 7, "TotalPages": 2, "Result": []}
    first = says(200, json.dumps(said | {"NextPageUrl": "x?page=1"}).encode())
    last = says(200, json.dumps(said | {"NextPageUrl": "", "Result": EVENTS}).encode())
    address, _ = site.serve(first, last)
    fetched = fetch(address, site.folder, site.client(), release="23.0.5", token=TOKEN)
    assert len(rows_of(fetched.path)) == 5


def test_pages_without_end_do_not_fill_the_disk(site: Site) -> None:
    address, _ = site.serve(api_of([event(number) for number in range(10_000)]))
    assert "larger" in refusal(address, site.folder, site.client(largest=5_000), token=TOKEN)
    assert hidden(site.folder) == []


def test_the_token_goes_nowhere_but_to_the_api(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    elsewhere, asked_elsewhere = site.serve(api_of(EVENTS))
    address, asked = site.serve(api_of(EVENTS), says(302, Location=elsewhere + "/gedevents?page=1"))
    assert "moved" in refusal(address, site.folder, site.client(), token=TOKEN)
    assert asked_elsewhere == []
    assert all(TOKEN not in path for path, _ in asked)
    assert len(hidden(site.folder)) == 2
    assert all(TOKEN not in file.read_text() for file in site.folder.iterdir())
    assert "http" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("token", ["", " ", f"{TOKEN}\n{TOKEN}", f"{TOKEN}\N{BULLET}"])
def test_a_token_that_can_be_none_is_refused_and_not_repeated(site: Site, token: str) -> None:
    address, asked = site.serve(api_of(EVENTS))
    assert "copy it again" in refusal(address, site.folder, site.client(), token=token)
    assert asked == []
