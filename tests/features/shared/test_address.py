from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from features.errors import StoreError
from features.shared.address import Address
from tests.servers import free_port


@pytest.fixture
def at(address: str) -> Address:
    return Address(address, timeout_s=10)


def test_what_was_put_is_there_below_its_key_and_nothing_else_is(at: Address) -> None:
    assert (at.objects("a"), at.get("a/1")) == ([], None)
    at.put("a/1", b"one")
    at.put("a/2", b"three")
    at.put("ab/3", b"")
    assert [(one.key, one.size) for one in at.objects("a")] == [("a/1", 3), ("a/2", 5)]
    assert (at.get("a/1"), at.get("ab/3"), at.get("a")) == (b"one", b"", None)
    at.delete(["a/1", "ab/3"])
    assert [one.key for one in at.objects("a") + at.objects("ab")] == ["a/2"]


def test_an_object_that_is_written_over_has_another_size_or_tag(at: Address) -> None:
    at.put("a/1", b"one")
    before = at.objects("a")
    assert at.objects("a") == before
    at.put("a/1", b"two")
    assert at.get("a/1") == b"two"
    assert at.objects("a") != before


def test_an_object_is_created_once_and_again_only_as_it_is(at: Address) -> None:
    assert at.create("a/1", b"one")
    assert not at.create("a/1", b"two")
    assert at.create("a/1", b"one")  # the answer to the first request may have been lost
    assert at.get("a/1") == b"one"


def test_of_many_that_create_an_object_at_once_one_does(address: str) -> None:
    together = Barrier(8)

    def create(number: int, key: str) -> bool:
        own = Address(address, timeout_s=10)
        own.objects("a")
        together.wait()
        return own.create(key, b"%d" % number)

    for key in ("a/1", "a/2", "a/3"):
        with ThreadPoolExecutor(8) as pool:
            created = list(pool.map(create, range(8), [key] * 8))
        assert created.count(True) == 1
        assert Address(address, 10).get(key) == b"%d" % created.index(True)


@pytest.mark.parametrize("url", ["", "/srv/shared", "ftp://host/folder", "s3://", "file:///none"])
def test_an_address_that_cannot_be_used_is_refused_by_name(url: str) -> None:
    with pytest.raises(StoreError, match=r"cannot be reached \(.{5,99}\): see to the address"):
        Address(url, timeout_s=1).objects("a")


def test_a_server_that_is_away_is_told_in_a_line(
    object_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    at = Address(object_store, timeout_s=1)
    for use in (
        lambda: at.objects("a"),
        lambda: at.get("a"),
        lambda: at.put("a", b""),
        lambda: at.create("a", b""),
    ):
        with pytest.raises(StoreError) as refusal:
            use()
        reason = "HTTP error: error sending request"
        remedy = "see to the address, the network and the keys"
        assert str(refusal.value) == f"{object_store} cannot be reached ({reason}): {remedy}"


def test_a_bucket_that_is_not_there_is_no_empty_one(object_store: str) -> None:
    with pytest.raises(StoreError, match="404 Not Found"):
        Address("s3://no-such-bucket/tocsin", timeout_s=5).objects("a")


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    at = Address((tmp_path / "shared").as_uri(), timeout_s=5)
    with pytest.raises(StoreError, match="there is no such folder"):
        at.put("a/1", b"one")
    (tmp_path / "shared").mkdir()
    at.put("a/1", b"one")
    (tmp_path / "shared").rename(tmp_path / "away")
    with pytest.raises(StoreError, match="there is no such folder"):
        at.objects("a")
    (tmp_path / "away").rename(tmp_path / "shared")
    assert at.get("a/1") == b"one"
