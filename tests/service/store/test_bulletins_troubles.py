"""Whatever lies beside it, the last good bulletin goes on being served, and the service says so."""

import shutil
import threading
from pathlib import Path

import httpx
import pytest

from features.months import format_month, parse_month
from tests.bulletins.example import publish_bulletin
from tests.service.conftest import newest_id, serve_home, wait_until

GOOD, NEW = "2024-11-00000000000a", "2024-12-5f3a9c01d2e4"


def spoil(folder: Path, how: str) -> None:
    if how == "no manifest":
        (folder / "manifest.json").unlink()
    elif how == "half a file":
        file = folder / "drivers.parquet"
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif how == "one bit":
        file = folder / "history.parquet"
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(bytes(content))
    elif how == "a file missing":
        (folder / "regions.parquet").unlink()
    elif how == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        (folder / "manifest.json").write_text('{"format": 1}')


@pytest.mark.parametrize(
    "how", ["no manifest", "half a file", "one bit", "a file missing", "empty", "another form"]
)
def test_a_spoilt_newest_is_passed_over_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    publish_bulletin(tmp_path, id=GOOD, origin="2024-11")
    publish_bulletin(tmp_path)
    spoil(tmp_path / "bulletins" / NEW, how)
    with serve_home(tmp_path) as client:
        body = client.get("/readyz").json()
        assert body["bulletin"] == GOOD
        (told,) = body["passed_over"]
        assert told["bulletin"] == NEW
        assert told["reason"] in caplog.text
        assert str(tmp_path) not in client.get("/readyz").text
        assert client.get("/v1/scores?limit=1").json()["bulletin"]["id"] == GOOD
        assert client.get(f"/v1/scores?limit=1&bulletin={NEW}").status_code == 404


def test_where_none_can_be_served_operators_alone_are_told_which(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    spoil(tmp_path / "bulletins" / NEW, "one bit")
    with serve_home(tmp_path) as client:
        refused = client.get("/v1/scores?limit=1")
        assert (refused.status_code, NEW in refused.text) == (503, False)
        assert "/readyz says why" in refused.json()["detail"]
        unready = client.get("/readyz")
        assert (unready.status_code, NEW in unready.text) == (503, True)


def test_a_bulletin_that_is_copied_file_by_file_is_taken_up_once_it_is_whole(
    tmp_path: Path,
) -> None:
    publish_bulletin(tmp_path, id=GOOD, origin="2024-11")
    publish_bulletin(tmp_path / "elsewhere")
    source, place = (home / "bulletins" / NEW for home in (tmp_path / "elsewhere", tmp_path))
    with serve_home(tmp_path) as client:

        def current() -> str:
            told: str = client.get("/v1/scores?limit=1").json()["bulletin"]["id"]
            return told

        place.mkdir()
        files = sorted(source.iterdir())
        for file in files:
            assert current() == GOOD
            content = file.read_bytes()
            (place / file.name).write_bytes(content[: len(content) // 2])
            assert current() == GOOD
            (place / file.name).write_bytes(content)
        wait_until(lambda: current() == NEW)
        assert client.get("/readyz").json()["passed_over"] == []


def test_the_current_one_may_be_deleted_while_it_is_served(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, id=GOOD, origin="2024-11")
    publish_bulletin(tmp_path)
    with serve_home(tmp_path) as client:
        assert client.get("/v1/scores/MLI-gao").json()["bulletin"]["id"] == NEW
        shutil.rmtree(tmp_path / "bulletins" / NEW)
        wait_until(lambda: newest_id(client) == GOOD)
        for path in ("/v1/scores/MLI-gao", "/v1/movers", "/v1/regions/MLI-gao/history"):
            assert client.get(path).json()["bulletin"]["id"] == GOOD
        shutil.rmtree(tmp_path / "bulletins")
        wait_until(lambda: newest_id(client) is None)
        assert client.get("/v1/scores").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_among_a_hundred_bulletins_each_can_be_asked(tmp_path: Path) -> None:
    first = publish_bulletin(tmp_path)
    folder = tmp_path / "bulletins" / first.id
    for number in range(1, 100):  # the same scores, which is quicker than a hundred others
        origin = format_month(parse_month("2024-12") - number)
        copy = folder.with_name(f"{origin}-{number:012x}")
        shutil.copytree(folder, copy)
        manifest = first.model_copy(update={"id": copy.name, "origin": origin})
        (copy / "manifest.json").write_text(manifest.model_dump_json())
    with serve_home(tmp_path) as client:
        listed = client.get("/v1/bulletins?limit=1000").json()
        assert listed["total"] == 100
        origins = [manifest["origin"] for manifest in listed["items"]]
        assert origins == sorted(origins, reverse=True)
        for origin in origins[::9]:
            told = client.get(f"/v1/scores?origin={origin}&limit=1").json()
            assert told["bulletin"]["origin"] == origin
        earlier = client.get("/v1/scores/MLI-gao").json()["earlier"]
        assert len({score["bulletin"] for score in earlier}) == 24


def test_no_answer_is_torn_while_bulletins_come_and_go(tmp_path: Path) -> None:
    """Each answer names one bulletin, and all of its scores are of that one."""
    publish_bulletin(tmp_path, id=GOOD, origin="2024-11")
    stop = threading.Event()
    faults: list[str] = []

    def ask(address: str) -> None:
        with httpx.Client(base_url=address) as client:
            while not stop.is_set():
                body = client.get("/v1/scores?limit=300").json()
                names = {item["bulletin"] for item in body.get("items", [])}
                if names != {body.get("bulletin", {}).get("id")}:
                    faults.append(str(names))

    with serve_home(tmp_path) as client:
        threads = [threading.Thread(target=ask, args=(str(client.base_url),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(12):
            bulletin = publish_bulletin(tmp_path, id=f"2024-12-{number:012x}").id
            wait_until(lambda expected=bulletin: newest_id(client) == expected)  # type: ignore[misc]
            shutil.rmtree(tmp_path / "bulletins" / f"2024-12-{number:012x}")
        stop.set()
        for thread in threads:
            thread.join()
        assert faults == []
