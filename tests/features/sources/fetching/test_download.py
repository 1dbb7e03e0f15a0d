import gzip
import re
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.fetching.download import DownloadedFile, download
from features.sources.fetching.transport import Transport
from tests.features.sources.fetching.server import (
    Answer,
    Site,
    hidden,
    says,
    seen,
)

BODY = bytes(range(256)) * 400
OTHER = BODY[::-1] + b"more"


def anything(path: Path) -> None:
    assert path.is_file()


def only(body: bytes) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        if path.read_bytes() != body:
            raise InputError("it is something else: fetch again")

    return check


def serves(body: bytes, etag: str = '"1"', *, breaks_after: int | None = None) -> Answer:
    """A server of one file that keeps to RFC 9110, but for breaking off."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        begin = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        first = int(begin[1]) if begin and handler.headers.get("If-Range") == etag else 0
        part = body[first:]
        handler.send_response(206 if first else 200)
        if first:
            handler.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        handler.send_header("ETag", etag)
        handler.send_header("Content-Length", str(len(part)))
        handler.end_headers()
        handler.wfile.write(part[:breaks_after])

    return answer


def fetch(
    address: str,
    target: Path,
    client: Transport,
    *,
    check: Callable[[Path], None] = anything,
    advice: dict[int, str] | None = None,
) -> DownloadedFile:
    return download(address, target, client, check=check, advice=advice or {})


def refusal(address: str, target: Path, client: Transport, **options: Any) -> str:
    """The one line with which a download is refused; nothing is visible after it."""
    with pytest.raises(InputError) as error:
        fetch(address, target, client, **options)
    text = str(error.value)
    assert "\n" not in text
    assert not target.exists()
    assert not seen(target.parent)
    return text


def test_a_file_comes_whole_under_its_name_and_nothing_else_is_left(site: Site) -> None:
    address, asked = site.serve(serves(BODY))
    target = site.folder / "new" / "file"
    fetched = fetch(address, target, site.client(), check=only(BODY))
    assert fetched == DownloadedFile(target, was_there=False, bytes=len(BODY))
    assert target.read_bytes() == BODY
    assert (seen(target.parent), hidden(target.parent)) == (["file"], [])
    assert asked[0][1]["user-agent"] == "tocsin/0"
    assert asked[0][1]["accept-encoding"] == "identity"
    assert "range" not in asked[0][1]


def test_a_file_that_is_there_and_whole_is_not_asked_for(site: Site) -> None:
    address, asked = site.serve(serves(BODY))
    (site.folder / "file").write_bytes(BODY)
    fetched = fetch(address, site.folder / "file", site.client(), check=only(BODY))
    assert fetched == DownloadedFile(site.folder / "file", was_there=True, bytes=len(BODY))
    assert asked == []


def test_a_file_that_is_there_in_half_is_replaced(site: Site) -> None:
    address, _ = site.serve(serves(BODY))
    (site.folder / "file").write_bytes(BODY[:100])
    assert not fetch(address, site.folder / "file", site.client(), check=only(BODY)).was_there
    assert (site.folder / "file").read_bytes() == BODY


def test_what_broke_off_is_continued(site: Site) -> None:
    address, asked = site.serve(serves(BODY, breaks_after=70_000), serves(BODY))
    fetch(address, site.folder / "file", site.client(), check=only(BODY))
    assert asked[1][1]["range"] == "bytes=70000-"
    assert asked[1][1]["if-range"] == '"1"'


def test_what_broke_off_for_ever_is_kept_and_continued_by_the_next_download(site: Site) -> None:
    address, asked = site.serve(*[serves(BODY, breaks_after=30_000)] * 2, serves(BODY))
    text = refusal(address, site.folder / "file", site.client(attempts=2))
    assert "broke off" in text
    assert "2 attempts" in text
    assert (site.folder / ".file.part").read_bytes() == BODY[:60_000]
    fetch(address, site.folder / "file", site.client(), check=only(BODY))
    assert [headers.get("range") for _, headers in asked] == [None, "bytes=30000-", "bytes=60000-"]
    assert hidden(site.folder) == []


def test_a_rest_that_is_only_a_part_is_followed_by_the_next(site: Site) -> None:
    part = f"bytes 500-999/{len(BODY)}"
    address, asked = site.serve(
        serves(BODY, breaks_after=500),
        says(206, BODY[500:1000], Content_Range=part, ETag='"1"'),
        serves(BODY),
    )
    fetch(address, site.folder / "file", site.client())
    assert (site.folder / "file").read_bytes() == BODY
    assert asked[2][1]["range"] == "bytes=1000-"


@given(cuts=st.lists(st.integers(0, len(BODY)), max_size=5), changes_at=st.integers(0, 6))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_wherever_it_breaks_off_and_changes_the_file_is_one_of_the_two_or_not_there(
    site: Site, cuts: list[int], changes_at: int
) -> None:
    answers = [
        serves(OTHER, '"2"', breaks_after=cut)
        if n >= changes_at
        else serves(BODY, breaks_after=cut)
        for n, cut in enumerate(cuts)
    ]
    last = OTHER if len(cuts) >= changes_at else BODY
    address, _ = site.serve(*answers, serves(last, '"2"' if last is OTHER else '"1"'))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "file"
        try:
            fetch(address, target, site.client(attempts=4), check=anything)
        except InputError:
            assert seen(target.parent) == []
        else:
            assert target.read_bytes() in (BODY, OTHER)


def test_a_server_that_ignores_ranges_is_asked_for_all(site: Site) -> None:
    address, asked = site.serve(serves(BODY, breaks_after=500), says(200, BODY, ETag='"1"'))
    fetch(address, site.folder / "file", site.client(), check=only(BODY))
    assert asked[1][1]["range"] == "bytes=500-"


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"1"'}])
def test_what_cannot_be_known_again_is_begun_afresh(site: Site, headers: dict[str, str]) -> None:
    broken = says(200, BODY[:500], Content_Length=str(len(BODY)), **headers)
    address, asked = site.serve(broken, says(200, OTHER, **headers))
    fetch(address, site.folder / "file", site.client(), check=only(OTHER))
    assert "range" not in asked[1][1]


def test_a_file_is_known_again_by_its_day_when_it_has_no_tag(site: Site) -> None:
    day = "Mon, 01 Jul 2024 10:00:00 GMT"
    rest = f"bytes 500-{len(BODY) - 1}/{len(BODY)}"
    address, asked = site.serve(
        says(200, BODY[:500], Content_Length=str(len(BODY)), Last_Modified=day),
        says(206, BODY[500:], Content_Range=rest),
    )
    fetch(address, site.folder / "file", site.client(), check=only(BODY))
    assert asked[1][1]["if-range"] == day


def test_a_file_that_changes_between_attempts_is_begun_afresh(site: Site) -> None:
    address, _ = site.serve(serves(BODY, breaks_after=500), serves(OTHER, '"2"'))
    fetch(address, site.folder / "file", site.client(), check=only(OTHER))


@pytest.mark.parametrize(
    "wrong",
    [
        says(206, OTHER[500:], Content_Range=f"bytes 500-{len(OTHER) - 1}/{len(OTHER)}"),
        says(206, OTHER[500:], Content_Range=f"bytes 500-{len(OTHER) - 1}/*", ETag='"2"'),
        says(206, OTHER[400:], Content_Range=f"bytes 400-{len(BODY) - 1}/{len(BODY)}"),
        says(206, OTHER[500:]),
        says(416, b"", Content_Range=f"bytes */{len(OTHER)}"),
    ],
    ids=["other size", "other tag", "other part", "no part", "beyond the end"],
)
def test_the_rest_of_something_else_is_never_appended(site: Site, wrong: Answer) -> None:
    address, asked = site.serve(serves(BODY, breaks_after=500), wrong, serves(OTHER, '"2"'))
    fetch(address, site.folder / "file", site.client(), check=only(OTHER))
    assert "range" not in asked[2][1]


@pytest.mark.parametrize("status", [400, 408, 429, 500, 502, 503])
def test_what_passes_is_asked_for_again_after_waits_that_double(site: Site, status: int) -> None:
    address, asked = site.serve(*[says(status, b"slow down")] * 3, serves(BODY))
    patient = site.client(first_wait=4.0, longest_wait=10.0)
    fetch(address, site.folder / "file", patient, check=only(BODY))
    assert site.waits == [4.0, 8.0, 10.0]
    assert len(asked) == 4


@pytest.mark.parametrize("status", [400, 429, 500])
def test_what_does_not_pass_after_all_is_an_error_that_says_so(site: Site, status: int) -> None:
    address, asked = site.serve(says(status))
    text = refusal(
        address, site.folder / "file", site.client(attempts=3), advice={status: "do this instead"}
    )
    assert f"3 attempts (last: the server answers {status}): do this instead" in text
    assert len(asked) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418])
def test_a_plain_refusal_is_not_asked_for_again(site: Site, status: int) -> None:
    address, asked = site.serve(says(status))
    assert f"answers {status}" in refusal(address, site.folder / "file", site.client())
    assert (len(asked), site.waits) == (1, [])


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "120"}, 120.0),
        ({"Retry_After": "1"}, 5.0),
        ({"Retry_After": "soon"}, 5.0),
        ({"Retry_After": "Fri, 31 Dec 2100 23:59:59 GMT"}, None),
    ],
)
def test_a_server_that_says_how_long_is_left_alone_as_long(
    site: Site, headers: dict[str, str], wait: float | None
) -> None:
    address, asked = site.serve(says(429, b"", **headers), serves(BODY))
    if wait is None:
        assert "asks to be left alone" in refusal(address, site.folder / "file", site.client())
        assert (len(asked), site.waits) == (1, [])
    else:
        fetch(address, site.folder / "file", site.client(), check=only(BODY))
        assert site.waits == [wait]


def test_requests_begin_the_gap_apart(site: Site) -> None:
    address, _ = site.serve(serves(BODY))
    slow = site.client(gap=3.0)
    for name in "abc":
        fetch(address, site.folder / name, slow, check=only(BODY))
    assert site.waits == [3.0, 3.0]


@pytest.mark.parametrize(
    "headers", [{"Transfer_Encoding": "chunked"}, {"Content_Length": str(len(BODY) + 1)}]
)
def test_a_body_without_its_end_is_an_error(site: Site, headers: dict[str, str]) -> None:
    chunk = b"%x\r\n%b\r\n" % (len(BODY), BODY) if "Transfer_Encoding" in headers else BODY

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, text in headers.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()
        handler.wfile.write(chunk)

    address, asked = site.serve(answer)
    assert "broke off" in refusal(address, site.folder / "file", site.client(attempts=2))
    assert len(asked) == 2


def test_a_body_in_chunks_comes_whole(site: Site) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for begin in range(0, len(BODY), 30_000):
            chunk = BODY[begin : begin + 30_000]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        handler.wfile.write(b"0\r\n\r\n")

    address, _ = site.serve(answer)
    fetch(address, site.folder / "file", site.client(), check=only(BODY))


def test_a_packed_body_is_unpacked(site: Site) -> None:
    address, _ = site.serve(says(200, gzip.compress(BODY), Content_Encoding="gzip", ETag='"1"'))
    fetch(address, site.folder / "file", site.client(), check=only(BODY))


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(BODY)


@pytest.mark.parametrize(
    "answer",
    [
        endless,
        says(200, BODY, Content_Length=str(10**15)),
        says(200, gzip.compress(bytes(10**7)), Content_Encoding="gzip"),
    ],
    ids=["endless", "announced", "packed"],
)
def test_what_is_too_large_is_refused_and_does_not_fill_the_disk(
    site: Site, answer: Answer
) -> None:
    address, asked = site.serve(answer)
    text = refusal(address, site.folder / "file", site.client(largest=300_000))
    assert "larger than 300,000 bytes" in text
    assert hidden(site.folder) == []
    assert len(asked) == 1


def test_the_largest_size_counts_what_came_before(site: Site) -> None:
    def goes_on(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 70000-{len(BODY) - 1}/*")
        handler.end_headers()
        handler.wfile.write(BODY[:40_000])

    begun = says(200, BODY[:70_000], Content_Length="90000", ETag='"1"')
    address, _ = site.serve(begun, goes_on)
    assert "larger" in refusal(address, site.folder / "file", site.client(largest=100_000))


def test_a_silent_server_is_given_up(site: Site) -> None:
    over = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        over.wait(5)

    def silent_midway(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        handler.wfile.write(BODY[:10])
        handler.wfile.flush()
        over.wait(5)

    address, asked = site.serve(silent, silent_midway)
    text = refusal(address, site.folder / "file", site.client(attempts=2, timeout=0.1))
    over.set()
    assert "no answer within 0.1 s" in text
    assert len(asked) == 2


def test_a_server_that_drips_is_given_up_and_what_came_is_continued(site: Site) -> None:
    def drips(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.send_header("ETag", '"1"')
        handler.end_headers()
        for byte in BODY:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.02)

    address, asked = site.serve(drips, serves(BODY))
    hasty = site.client(longest_answer=0.2, clock=time.monotonic)
    fetch(address, site.folder / "file", hasty, check=only(BODY))
    assert asked[1][1]["range"].startswith("bytes=")


def test_no_server_is_an_error(site: Site) -> None:
    text = refusal("http://127.0.0.1:9/file", site.folder / "file", site.client(attempts=2))
    assert "no connection" in text


@pytest.mark.parametrize("address", ["nowhere", "ftp://127.0.0.1/file", "http://[::1"])
def test_an_address_that_is_none_is_an_error_at_once(site: Site, address: str) -> None:
    assert "see to the address" in refusal(address, site.folder / "file", site.client())
    assert site.waits == []


def test_what_fails_its_check_leaves_nothing(site: Site) -> None:
    address, _ = site.serve(serves(OTHER))
    text = refusal(address, site.folder / "file", site.client(), check=only(BODY))
    assert "something else" in text
    assert hidden(site.folder) == []


def test_two_downloads_at_once_give_one_whole_file(site: Site) -> None:
    both_began = threading.Barrier(2)

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.1)
        serves(BODY)(handler)

    address, asked = site.serve(slowly)
    fetched: list[DownloadedFile] = []

    def run() -> None:
        both_began.wait()
        fetched.append(fetch(address, site.folder / "file", site.client(), check=only(BODY)))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.was_there for each in fetched) == [False, True]
    assert (site.folder / "file").read_bytes() == BODY
    assert len(asked) == 1


@pytest.fixture
def small_disk() -> Iterator[Callable[[], None]]:
    """No file may grow beyond 50,000 bytes until the returned function is called."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_an_error_and_what_came_is_continued(
    site: Site, small_disk: Callable[[], None]
) -> None:
    address, asked = site.serve(serves(BODY))
    text = refusal(address, site.folder / "file", site.client())
    small_disk()
    assert "cannot be written" in text
    kept = (site.folder / ".file.part").read_bytes()
    assert kept == BODY[: len(kept)]
    assert kept
    fetch(address, site.folder / "file", site.client(), check=only(BODY))
    assert asked[1][1]["range"] == f"bytes={len(kept)}-"


def test_a_place_that_cannot_be_written_is_an_error(site: Site) -> None:
    address, asked = site.serve(serves(BODY))
    (site.folder / "taken").write_text("a file, not a folder")
    with pytest.raises(InputError, match="cannot be written"):
        fetch(address, site.folder / "taken" / "file", site.client())
    assert asked == []
