from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bulletins.manifest import Manifest
from bulletins.reading import read_manifest
from features.language import LANGUAGES
from service.freshness import Fault, Freshness, over_until
from service.settings import Settings
from tests.bulletins.example import publish_bulletin

FRESHNESS = Freshness(max_age=timedelta(days=45), max_origin_age=timedelta(days=75))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Of real events to December 2024, issued on 21 January 2025."""
    home = tmp_path_factory.mktemp("home")
    publish_bulletin(home)
    (folder,) = (home / "bulletins").iterdir()
    return read_manifest(Path(folder)).model_copy(update={"simulated": False})


def day(month: int, number: int, year: int = 2025) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


def test_a_bulletin_is_stale_so_many_days_after_its_issue(manifest: Manifest) -> None:
    assert FRESHNESS.fault(manifest, day(3, 7)) is None
    assert FRESHNESS.fault(manifest, day(3, 8)) == Fault(issued=date(2025, 1, 21))


def test_a_bulletin_of_today_is_stale_if_its_events_are_old(manifest: Manifest) -> None:
    today = day(3, 17) + timedelta(hours=1)
    new = manifest.model_copy(update={"issued_at": today - timedelta(hours=2)})
    assert FRESHNESS.fault(new, today - timedelta(hours=2)) is None
    assert FRESHNESS.fault(new, today) == Fault(origin="2024-12")
    invented = new.model_copy(update={"simulated": True})
    assert FRESHNESS.fault(invented, today) is None


def test_a_bulletin_of_a_clock_that_was_ahead_is_stale_at_once(manifest: Manifest) -> None:
    ahead = manifest.model_copy(update={"issued_at": day(1, 1, 2031)})
    fault = FRESHNESS.fault(ahead, day(1, 21))
    assert fault is not None
    assert "1 January 2031, which is yet to come" in fault.text()
    assert "move the bulletin away" in fault.remedy
    by_a_minute = manifest.model_copy(update={"issued_at": day(1, 21) + timedelta(minutes=1)})
    assert FRESHNESS.fault(by_a_minute, day(1, 21)) is None


def test_the_reason_is_told_in_the_readers_language() -> None:
    issued, ended = Fault(issued=date(2025, 1, 21)), Fault(origin="2024-12")
    assert (issued.text(), ended.text()) == (
        "it was issued on 21 January 2025",
        "its events end in December 2024",
    )
    assert ended.text(LANGUAGES["fr"]).endswith("décembre 2024")


def test_months_are_over_once_the_next_has_begun(manifest: Manifest) -> None:
    assert over_until(manifest, day(1, 31)) is None
    assert over_until(manifest, day(2, 1)) == "2025-01"
    assert over_until(manifest, day(1, 1, 2028)) == "2027-12"
    assert over_until(manifest.model_copy(update={"simulated": True}), day(1, 1, 2028)) is None


def test_the_settings_say_how_old() -> None:
    assert Freshness.of(Settings()) == FRESHNESS
