import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.errors import NoBulletinError, UnknownBulletinError
from service.store.bulletins import BulletinStore
from tests.bulletins.example import publish_bulletin


def identifier(number: int, origin: str = "2024-12") -> str:
    return f"{origin}-{number:012x}"


def current_id(store: BulletinStore) -> str | None:
    bulletin = store.listing.newest
    return None if bulletin is None else bulletin.manifest.id


def test_without_a_bulletin_there_is_none(tmp_path: Path) -> None:
    store = BulletinStore(tmp_path / "nowhere")
    assert store.listing.newest is None
    assert store.listing.manifests == {}
    with pytest.raises(NoBulletinError):
        store.get("latest")


def test_the_newest_has_the_latest_origin_and_then_the_latest_issue(tmp_path: Path) -> None:
    early, late = datetime(2025, 1, 21, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    publish_bulletin(tmp_path, id=identifier(3), issued_at=early)
    publish_bulletin(tmp_path, id=identifier(1), issued_at=late)
    publish_bulletin(tmp_path, id=identifier(9, "2024-11"), origin="2024-11", issued_at=late)
    store = BulletinStore(tmp_path)
    assert [*store.listing.manifests] == [
        identifier(1),
        identifier(3),
        identifier(9, "2024-11"),
    ]
    assert current_id(store) == identifier(1)
    assert store.get("latest") is store.listing.newest


def test_a_new_bulletin_is_picked_up(tmp_path: Path) -> None:
    store = BulletinStore(tmp_path)
    assert store.listing.newest is None
    publish_bulletin(tmp_path, id=identifier(1, "2024-11"), origin="2024-11")
    store.look()
    assert current_id(store) == identifier(1, "2024-11")
    publish_bulletin(tmp_path, id=identifier(2), origin="2024-12")
    store.look()
    assert current_id(store) == identifier(2)


def test_a_withdrawn_bulletin_is_no_longer_served(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, id=identifier(1, "2024-11"), origin="2024-11")
    publish_bulletin(tmp_path, id=identifier(2))
    store = BulletinStore(tmp_path)
    assert current_id(store) == identifier(2)
    shutil.rmtree(tmp_path / "bulletins" / identifier(2))
    store.look()
    assert current_id(store) == identifier(1, "2024-11")
    with pytest.raises(UnknownBulletinError):
        store.get(identifier(2))


def test_folders_in_progress_and_stray_files_are_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish_bulletin(tmp_path)
    (tmp_path / "bulletins" / ".2025-01-00000000000a").mkdir()
    (tmp_path / "bulletins" / "notes.txt").write_text("seen")
    assert len(BulletinStore(tmp_path).listing.manifests) == 1
    assert caplog.messages == []


@pytest.mark.parametrize("name", ["scores.parquet", "manifest.json"])
def test_a_damaged_newest_is_logged_once_and_the_last_good_one_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    publish_bulletin(tmp_path, id=identifier(1, "2024-11"), origin="2024-11")
    store = BulletinStore(tmp_path)
    publish_bulletin(tmp_path, id=identifier(2))
    damaged = tmp_path / "bulletins" / identifier(2)
    (damaged / name).write_bytes(b"{}")
    for _ in range(3):
        store.look()
        assert current_id(store) == identifier(1, "2024-11")
    assert len(caplog.messages) == 1
    assert name in caplog.text
    assert [*store.listing.manifests] == [identifier(1, "2024-11")]
    with pytest.raises(UnknownBulletinError):
        store.get(identifier(2))


def test_a_damaged_bulletin_that_is_published_again_is_served(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    folder = next((tmp_path / "bulletins").iterdir())
    (folder / "scores.parquet").unlink()
    store = BulletinStore(tmp_path)
    assert store.listing.newest is None
    shutil.rmtree(folder)
    publish_bulletin(tmp_path)
    store.look()
    assert current_id(store) == folder.name


def test_a_damaged_old_bulletin_is_found_out_when_it_is_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = publish_bulletin(tmp_path, id=identifier(1, "2024-11"), origin="2024-11")
    publish_bulletin(tmp_path, id=identifier(2))
    (tmp_path / "bulletins" / old.id / "scores.parquet").write_bytes(b"cut")
    store = BulletinStore(tmp_path)
    assert [*store.listing.manifests] == [identifier(2), old.id]
    with pytest.raises(UnknownBulletinError, match="damaged"):
        store.get(old.id)
    assert [*store.listing.manifests] == [identifier(2)]
    assert current_id(store) == identifier(2)
    assert len(caplog.messages) == 1


def test_used_bulletins_stay_loaded_and_the_longest_unused_goes(tmp_path: Path) -> None:
    names = [identifier(number, f"2024-{number:02d}") for number in range(1, 5)]
    for number, name in enumerate(names, start=1):
        publish_bulletin(tmp_path, id=name, origin=f"2024-{number:02d}")
    store = BulletinStore(tmp_path, keep=2)
    first = store.get(names[0])
    assert store.get(names[0]) is first
    store.get(names[1])
    store.get(names[2])
    assert store.get(names[0]) is not first
    assert store.get(names[3]) is store.listing.newest


@pytest.mark.parametrize("name", ["..", ".", "", "/etc", "../bulletins", "latest/..", "\x00"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    publish_bulletin(tmp_path)
    with pytest.raises(UnknownBulletinError):
        BulletinStore(tmp_path).get(name)


def test_a_link_to_a_folder_of_another_name_is_refused(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    bulletins = tmp_path / "bulletins"
    (bulletins / identifier(7)).symlink_to(bulletins / manifest.id)
    assert [*BulletinStore(tmp_path).listing.manifests] == [manifest.id]


def test_what_cannot_be_opened_hides_no_bulletin(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    bulletins = tmp_path / "bulletins"
    (bulletins / "loop").symlink_to("loop")
    (bulletins / "away").symlink_to(tmp_path / "nowhere")
    store = BulletinStore(tmp_path)
    assert current_id(store) == manifest.id
    assert store.listing.passed_over.keys() == {"loop", "away"}


def test_where_all_are_damaged_it_says_so_and_not_that_none_was_published(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    (tmp_path / "bulletins" / manifest.id / "scores.parquet").write_bytes(b"cut")
    store = BulletinStore(tmp_path)
    assert f"no bulletin can be served: bulletin {manifest.id}" in store.listing.none_because
    with pytest.raises(NoBulletinError, match="no bulletin can be served now"):
        store.get("latest")
    shutil.rmtree(tmp_path / "bulletins")
    (tmp_path / "bulletins").write_text("no folder")
    store.look()
    assert "cannot be listed" in store.listing.none_because
    with pytest.raises(NoBulletinError, match="no bulletin can be served now"):
        store.get("latest")


def test_threads_that_look_together_all_get_the_bulletin(tmp_path: Path) -> None:
    store = BulletinStore(tmp_path)
    publish_bulletin(tmp_path)
    seen: list[str | None] = []

    def look() -> None:
        store.look()
        seen.append(current_id(store))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["2024-12-5f3a9c01d2e4"] * 8
