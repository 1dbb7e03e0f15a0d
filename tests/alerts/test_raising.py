import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from alerts.log import log_file, read_log
from alerts.raising import raise_alerts, ringing
from alerts.record import Alert
from alerts.rules import Rules
from bulletins.manifest import Manifest
from bulletins.reading import read_manifests
from features.errors import AlertError, BulletinError
from tests.alerts.conftest import rows_with, rules_of
from tests.bulletins.example import EXAMPLE_ID, NOW, publish_bulletin
from tests.bulletins.example_rows import ORIGIN


def newest(home: Path) -> Manifest:
    return read_manifests(home)[0][0]


def raised(home: Path, *rules: str, manifest: Manifest | None = None, **more: Any) -> list[Alert]:
    return raise_alerts(home, rules_of(*rules), manifest or newest(home), NOW, **more)


def regions(alerts: list[Alert]) -> list[str]:
    return [alert.region for alert in alerts]


def test_without_a_rule_nothing_rings(home: Path) -> None:
    assert raise_alerts(home, Rules(), newest(home), NOW) == []
    assert not log_file(home).exists()


def test_every_condition_rings_for_its_own(home: Path) -> None:
    assert regions(raised(home, "threshold = 0.5")) == ["MLI-gao", "MLI-mopti"]
    alerts = raised(home, "threshold = 0.5", "rise = 0.2", "change = 'up'", "first = 'guarded'")
    assert [(alert.rule, alert.region) for alert in alerts] == [
        ("rule 1", "MLI-gao"),
        ("rule 2", "MLI-gao"),
        ("rule 2", "NER-agadez"),
        ("rule 3", "NER-agadez"),
    ]


def test_a_bulletin_rings_once(home: Path) -> None:
    first = raised(home, "threshold = 0.5")
    assert raised(home, "threshold = 0.5") == []
    assert raised(home, "threshold = 0.1\ncountries = ['MLI']") == []
    assert list(read_log(home).alerts) == first


def test_several_that_evaluate_at_once_raise_each_alert_once(home: Path) -> None:
    manifest = newest(home)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(raised, home, "threshold = 0.1", manifest=manifest) for _ in range(4)]
    alerts = [alert.id for job in jobs for alert in job.result()]
    assert len(alerts) == len(set(alerts)) == 3
    log = read_log(home)
    assert (log.faults, len(log.alerts)) == ((), 3)


def test_what_would_ring_is_what_then_rings_and_is_not_recorded(home: Path) -> None:
    rules, manifest = rules_of("threshold = 0.5", "rise = 0.1"), newest(home)
    would = [(rule.name, move.region) for rule, move in ringing(home, rules, manifest)]
    assert not log_file(home).exists()
    alerts = raise_alerts(home, rules, manifest, NOW)
    assert [(alert.rule, alert.region) for alert in alerts] == would
    assert ringing(home, rules, manifest) == []


def test_a_rule_that_was_added_later_rings_for_what_is_new(home: Path) -> None:
    raised(home, "threshold = 0.7")
    assert regions(raised(home, "threshold = 0.5")) == ["MLI-mopti"]


@pytest.mark.parametrize(
    ("quiet", "again"),
    [("", ["MLI-gao", "MLI-mopti"]), ("quiet_months = 1", ["MLI-gao", "MLI-mopti"])]
    + [(quiet, []) for quiet in ("quiet_months = 2", "quiet_days = 32")],
)
def test_a_quiet_period_keeps_a_rule_from_ringing_again(
    home: Path, quiet: str, again: list[str]
) -> None:
    _, before = read_manifests(home)[0]
    rule = f"threshold = 0.5\n{quiet}"
    assert regions(raised(home, rule, manifest=before)) == ["MLI-gao", "MLI-mopti"]
    assert regions(raised(home, rule)) == again


def test_a_bulletin_that_is_issued_again_for_its_month_rings_for_what_is_new(home: Path) -> None:
    raised(home, "threshold = 0.7")
    rows = rows_with(ORIGIN, {"NER-agadez": 0.75})
    again = publish_bulletin(home, rows, id=f"{ORIGIN}-{7:012x}", previous=newest(home).previous)
    assert regions(raised(home, "threshold = 0.7", manifest=again)) == ["NER-agadez"]


def test_an_alert_says_what_moved_and_why_and_where_to_look(home: Path) -> None:
    (alert,) = raised(home, "rise = 0.2", public_url="https://risk.example.org/tocsin/")
    assert alert.title == "SIMULATED: Gao, Mali: Instability, January 2025: 75\u00a0% (high)"
    assert alert.sentence.replace("\u00a0", " ") == (
        "Up from 50 % to 75 %, mostly because there was more violence next door (share of the "
        "border with neighbours that had at least 25 deaths in the month: 50 %, before 25 %)."
    )
    address = "https://risk.example.org/tocsin/?level=admin1&target=instability&horizon=1"
    assert alert.text.splitlines() == [
        "SIMULATED: The events behind these scores are invented: no news, no warning.",
        "Gao, Mali",
        "How likely is it that January 2025 has 5 or more deaths?",
        "Now: 75\u00a0% (high).",
        "In the bulletin before: 50\u00a0% (elevated).",
        alert.sentence,
        "Rule rule 0: a rise by 20\u00a0% or more.",
        f"Tocsin, observed to December 2024, issued on 21 January 2025, bulletin {EXAMPLE_ID}",
        f"{address}&bulletin={EXAMPLE_ID}&region=MLI-gao&lang=en",
        f"Alert {alert.id}; a second copy is the same alert.",
    ]
    assert alert.link in alert.text.splitlines()
    assert (alert.previous_probability, alert.previous_risk_level) == (0.5, "elevated")


def test_a_horizon_that_is_not_there_is_refused_before_anything_is_recorded(home: Path) -> None:
    rule = rules_of("threshold = 0.1").rules[0]
    windows = rule.model_copy(update={"name": "windows", "target": "escalation", "horizon": 2})
    rules = Rules(channels=rules_of().channels, rules=(rule, windows))
    with pytest.raises(AlertError, match="no horizon 2 of escalation: it has 3, 6, 12"):
        raise_alerts(home, rules, newest(home), NOW)
    assert not log_file(home).exists()


def test_a_damaged_bulletin_rings_for_nothing(home: Path) -> None:
    manifest = newest(home)
    (home / "bulletins" / manifest.id / "scores.parquet").write_bytes(b"")
    with pytest.raises(BulletinError):
        raised(home, "threshold = 0.5")


def test_where_the_bulletin_before_is_gone_thresholds_still_ring(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(home / "bulletins" / str(newest(home).previous))
    alerts = raised(home, "threshold = 0.7", "rise = 0.001", "change = 'any'", "first = 0.7")
    assert [(alert.rule, alert.region) for alert in alerts] == [
        ("rule 0", "MLI-gao"),
        ("rule 3", "MLI-gao"),
    ]
    assert "The bulletin before had no such score." in alerts[0].text
    assert "alerts of what changed are not raised" in caplog.text


def test_an_older_bulletin_without_reasons_rings_without_them(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, parts={}, indicators=None)
    alerts = raised(tmp_path, "threshold = 0.7")
    assert (regions(alerts), alerts[0].sentence) == (["MLI-gao"], "")


def test_a_damaged_log_is_refused_and_nothing_is_added(home: Path) -> None:
    raised(home, "threshold = 0.7")
    damaged = log_file(home).read_bytes().replace(b"MLI-gao", b"MLI-goa")
    log_file(home).write_bytes(damaged)
    with pytest.raises(AlertError, match=r"line 1 of the log .* is not what was written"):
        raised(home, "threshold = 0.5")
    assert log_file(home).read_bytes() == damaged
