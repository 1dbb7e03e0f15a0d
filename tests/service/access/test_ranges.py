"""Parts of a Parquet file, by the examples of RFC 9110, section 14.1.2, and by asking for them."""

import httpx
import pytest

from service.access.ranges import NOTHING, asked_part

FILE = "/v1/bulletins/latest/files/scores.parquet"
FILTERED = "/v1/scores?target=instability&format=parquet"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-499", slice(0, 500)),
        ("bytes=500-999", slice(500, 1000)),
        ("bytes=-500", slice(9500, 10_000)),
        ("bytes=9500-", slice(9500, 10_000)),
        ("bytes=0-0", slice(0, 1)),
        ("bytes=-1", slice(9999, 10_000)),
        ("Bytes=9990-20000", slice(9990, 10_000)),
        ("bytes=-20000", slice(0, 10_000)),
        ("bytes=10000-", NOTHING),
        ("bytes=-0", NOTHING),
        (None, None),
        ("bytes=0-0,-1", None),
        ("bytes=5-4", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=x-", None),
        (f"bytes={'9' * 5000}-", None),
        ("items=0-4", None),
    ],
)
def test_the_part_that_is_asked_for(asked: str | None, part: slice | None) -> None:
    assert asked_part(asked, None, '"tag"', 10_000) == part


@pytest.mark.parametrize(
    ("if_range", "is_part"), [('"tag"', True), ('"other"', False), ('W/"tag"', False)]
)
def test_a_part_of_what_has_changed_is_all(if_range: str, is_part: bool) -> None:
    """`If-Range` compares strongly, and there are no dates of change."""
    assert (asked_part("bytes=0-4", if_range, '"tag"', 10) is not None) == is_part


@pytest.mark.parametrize("path", [FILE, FILTERED])
def test_a_file_is_read_by_parts(client: httpx.Client, path: str) -> None:
    head = client.head(path)
    length = int(head.headers["content-length"])
    assert (head.headers["accept-ranges"], head.content) == ("bytes", b"")
    whole = client.get(path)
    assert (whole.status_code, len(whole.content)) == (200, length)
    end = client.get(path, headers={"Range": "bytes=-8", "If-Range": whole.headers["etag"]})
    assert (end.status_code, end.content) == (206, whole.content[-8:])
    assert end.content.endswith(b"PAR1")
    assert end.headers["content-range"] == f"bytes {length - 8}-{length - 1}/{length}"
    assert end.headers["content-length"] == "8"
    assert end.headers["etag"] == whole.headers["etag"]
    changed = client.get(path, headers={"Range": "bytes=-8", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, whole.content)


def test_a_part_beyond_the_end_is_refused(client: httpx.Client) -> None:
    refused = client.get(FILE, headers={"Range": "bytes=99999999-"})
    assert refused.status_code == 416
    length = client.head(FILE).headers["content-length"]
    assert refused.headers["content-range"] == f"bytes */{length}"
    assert f"the answer has {length} bytes" in refused.json()["detail"]


def test_a_known_file_is_not_sent_again_in_parts(client: httpx.Client) -> None:
    etag = client.head(FILE).headers["etag"]
    known = client.get(FILE, headers={"Range": "bytes=0-3", "If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")


def test_what_is_no_parquet_is_given_whole(client: httpx.Client) -> None:
    told = client.get("/v1/scores?format=csv", headers={"Range": "bytes=0-3"})
    assert told.status_code == 200
    assert "accept-ranges" not in told.headers
