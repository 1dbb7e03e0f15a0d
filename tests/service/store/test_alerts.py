from pathlib import Path

import pytest

from alerts.log import add, log_file, writing
from alerts.raising import raise_alerts
from alerts.record import Attempt
from bulletins.reading import read_manifests
from service.store.alerts import MOST, RecentAlerts
from service.store.bulletins import BulletinStore
from tests.alerts.conftest import home, rules_of, two_months
from tests.bulletins.example import NOW

__all__ = ["home", "two_months"]


def ring(home: Path, condition: str = "threshold = 0.5") -> list[str]:
    alerts = raise_alerts(home, rules_of(condition), read_manifests(home)[0][0], NOW)
    return [alert.region for alert in alerts]


def test_alerts_are_taken_up_newest_first(home: Path) -> None:
    recent = RecentAlerts(home)
    assert recent.look() == ()
    ring(home, "threshold = 0.7")
    ring(home, "threshold = 0.5")
    assert [alert.region for alert in recent.look()] == ["MLI-mopti", "MLI-gao"]


def test_attempts_to_deliver_change_nothing(home: Path) -> None:
    ring(home)
    recent = RecentAlerts(home)
    alerts = recent.look()
    with writing(home):
        one = Attempt(alert=alerts[0].id, channel="machine", at=NOW, outcome="failed", details="")
        add(home, [one])
    assert recent.look() is alerts


def test_only_the_last_are_kept(home: Path) -> None:
    rules = [f"threshold = 0.{number:04}" for number in range(1, MOST)]
    raise_alerts(home, rules_of(*rules), read_manifests(home)[0][0], NOW)
    alerts = RecentAlerts(home).look()
    assert (len(alerts), alerts[0].rule) == (MOST, f"rule {MOST - 2}")


def test_what_is_whole_of_a_damaged_log_is_shown_and_said_once(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ring(home)
    log_file(home).write_bytes(log_file(home).read_bytes().replace(b"Mopti", b"Motpi", 1))
    recent = RecentAlerts(home)
    for _ in range(3):
        assert [alert.region for alert in recent.look()] == ["MLI-gao"]
    assert caplog.text.count("is not what was written") == 1


def test_a_log_that_cannot_be_read_stops_nothing(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log_file(home).mkdir(parents=True)
    store = BulletinStore(home)
    assert store.listing.newest is not None
    assert store.listing.alerts == ()
    store.look()
    assert caplog.text.count("the log of alerts cannot be read") == 1


def test_an_alert_changes_the_digest_of_what_is_served(home: Path) -> None:
    store = BulletinStore(home)
    before = store.listing
    ring(home)
    store.look()
    assert store.listing.digest != before.digest
    assert [alert.region for alert in store.listing.alerts] == ["MLI-mopti", "MLI-gao"]
    after = store.listing
    store.look()
    assert store.listing is after
