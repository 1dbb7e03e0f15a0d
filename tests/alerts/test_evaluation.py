from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.evaluation import Move, Reading, is_quiet, moves_of, rings
from alerts.record import Alert, id_of_alert
from alerts.rules import Rule
from bulletins.manifest import Manifest
from bulletins.reading import read_manifests, read_scores
from features.months import format_month, parse_month
from features.words import RISK_LEVELS
from tests.alerts.conftest import rules_of
from tests.bulletins.example import CUTS, manifest_of
from tests.bulletins.example_rows import ORIGIN, rows_of

probabilities = st.floats(0, 1)
limits = st.floats(0.001, 1)


def rule_of(condition: str) -> Rule:
    return rules_of(condition).rules[0]


def reading(probability: float) -> Reading:
    level = RISK_LEVELS[sum(probability >= cut for cut in CUTS) - 1]
    return Reading(probability, probability, level)


def move(now: float, before: float | None) -> Move:
    return Move(
        region="MLI-gao",
        name="Gao",
        country="MLI",
        target_month="2025-01",
        threshold=5.0,
        now=reading(now),
        before=None if before is None else reading(before),
        low=None,
        high=None,
    )


@pytest.mark.parametrize(
    ("condition", "now", "before", "is_ringing"),
    [
        ("threshold = 0.5", 0.5, None, True),
        ("threshold = 0.5", 0.5, 0.9, True),
        ("threshold = 0.5", 0.49, 0.1, False),
        ("rise = 0.1", 0.5, 0.4, True),
        ("rise = 0.1", 0.49, 0.4, False),
        ("rise = 0.1", 0.4, 0.5, False),
        ("rise = 0.1", 0.9, None, False),
        ("change = 'up'", 0.6, 0.59, True),
        ("change = 'up'", 0.59, 0.6, False),
        ("change = 'down'", 0.59, 0.6, True),
        ("change = 'any'", 0.59, 0.6, True),
        ("change = 'any'", 0.61, 0.6, False),
        ("change = 'any'", 0.61, None, False),
        ("first = 0.5", 0.5, 0.4, True),
        ("first = 0.5", 0.6, 0.5, False),
        ("first = 0.5", 0.5, None, True),
        ("first = 'high'", 0.6, 0.59, True),
        ("first = 'high'", 0.8, 0.6, False),
        ("first = 'high'", 0.59, 0.1, False),
    ],
)
def test_known_moves(condition: str, now: float, before: float | None, is_ringing: bool) -> None:
    assert rings(rule_of(condition), move(now, before)) is is_ringing


def test_the_first_time_comes_once() -> None:
    assert not rings(rule_of("first = 0.5"), move(0.5, 0.4), has_rung=True)


@given(probabilities, st.none() | probabilities, limits, limits)
def test_a_lower_limit_rings_whenever_a_higher_one_does(
    now: float, before: float | None, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    for name in ("threshold", "rise"):
        if rings(rule_of(f"{name} = {high}"), move(now, before)):
            assert rings(rule_of(f"{name} = {low}"), move(now, before))


@given(probabilities, probabilities)
def test_a_change_is_up_or_down_and_never_both(now: float, before: float) -> None:
    up, down, either = (
        rings(rule_of(f"change = '{way}'"), move(now, before)) for way in ("up", "down", "any")
    )
    assert either == (up or down)
    assert not (up and down)


@given(probabilities, probabilities, st.sampled_from(["rise = 0.001", "change = 'any'"]))
def test_what_did_not_move_rings_for_no_move(now: float, other: float, condition: str) -> None:
    assert not rings(rule_of(condition), move(now, now))
    assert not rings(rule_of("rise = 0.001"), move(min(now, other), max(now, other)))


def earlier(manifest: Manifest, months: int, days: float) -> Alert:
    """An alert that was raised some months (of origin) and days (of issue) before a bulletin."""
    fields: dict[str, Any] = dict.fromkeys(
        ("previous_value", "previous_probability", "risk_level", "previous_risk_level", "link")
    )
    issued_at = manifest.issued_at - timedelta(days)
    return Alert(
        id=id_of_alert("rule 0", "b", "MLI-gao", "instability", 1),
        rule="rule 0",
        bulletin="b",
        origin=format_month(parse_month(manifest.origin) - months),
        issued_at=issued_at,
        raised_at=issued_at,
        simulated=True,
        region="MLI-gao",
        name="Gao",
        country="MLI",
        level="admin1",
        target="instability",
        horizon=1,
        target_month="2025-01",
        value=0.5,
        probability=0.5,
        language="en",
        title="",
        text="",
        sentence="",
        channels=("machine",),
        **fields,
    )


@given(st.integers(-3, 12), st.integers(-90, 400), st.integers(1, 12), st.integers(1, 400))
def test_a_rule_is_quiet_for_its_period_after_an_alert_and_no_longer(
    months: int, days: int, quiet_months: int, quiet_days: int
) -> None:
    manifest = manifest_of(rows_of())
    alert = earlier(manifest, months, days)
    by_months = rule_of(f"threshold = 0.5\nquiet_months = {quiet_months}")
    by_days = rule_of(f"threshold = 0.5\nquiet_days = {quiet_days}")
    assert is_quiet(by_months, manifest, [alert]) == (0 <= months < quiet_months)
    assert is_quiet(by_days, manifest, [alert]) == (0 <= days < quiet_days or months == 0)
    assert is_quiet(rule_of("threshold = 0.5"), manifest, [alert]) == (months == 0)
    assert not is_quiet(by_months, manifest, [])


def test_a_score_stands_beside_that_of_the_same_horizon_a_month_before(two_months: Path) -> None:
    newest, before = read_manifests(two_months)[0]
    scores, older = (read_scores(two_months / "bulletins" / m.id, m) for m in (newest, before))
    moves = moves_of(rule_of("rise = 0.1"), newest, scores, (before, older))
    assert newest.origin == ORIGIN
    assert {m.region: (m.before and m.before.probability, m.now.probability) for m in moves} == {
        "MLI-gao": (0.5, 0.75),
        "MLI-mopti": (0.5, 0.5),
        "NER-agadez": (0.125, 0.25),
        "NER-tillaberi": (0.0, 0.0),
    }
    gao = moves[0]
    assert (gao.now.risk_level, gao.before and gao.before.risk_level) == ("high", "elevated")
    assert gao.target_month == "2025-01"
    assert all(m.before is None for m in moves_of(rule_of("rise = 0.1"), newest, scores, None))


def test_a_rule_looks_at_its_own_regions(two_months: Path) -> None:
    newest = read_manifests(two_months)[0][0]
    scores = read_scores(two_months / "bulletins" / newest.id, newest)

    def regions(places: str) -> list[str]:
        rule = rule_of(f"threshold = 0.1\n{places}")
        return [move.region for move in moves_of(rule, newest, scores, None)]

    assert regions("countries = ['NER']") == ["NER-agadez", "NER-tillaberi"]
    assert regions("regions = ['MLI-gao', 'NER-agadez']") == ["MLI-gao", "NER-agadez"]
    assert regions("regions = ['AFG-badghis']") == []


def test_deaths_are_compared_by_their_mean(two_months: Path) -> None:
    newest = read_manifests(two_months)[0][0]
    scores = read_scores(two_months / "bulletins" / newest.id, newest)
    rule = rule_of("threshold = 0.5").model_copy(update={"target": "fatalities"})
    gao = moves_of(rule, newest, scores, None)[0]
    # uniform from 0 to 5 / (1 - 0.75)
    assert (gao.now.value, gao.low, gao.high) == (10.0, 1.0, 19.0)
    assert gao.now.risk_level == "high"


def test_an_alert_has_one_id_and_no_other_has_it() -> None:
    ids = {
        id_of_alert(rule, bulletin, region, target, horizon)
        for rule in ("a", "b")
        for bulletin in ("x", "y")
        for region in ("1", "11")
        for target in ("onset", "escalation")
        for horizon in (1, 3)
    }
    assert len(ids) == 32
    assert id_of_alert("a", "x", "1", "onset", 3) == id_of_alert("a", "x", "1", "onset", 3)
