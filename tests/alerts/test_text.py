from typing import Any

import pytest

from alerts.evaluation import Move, Reading
from alerts.rules import Rule
from alerts.text import link_of, text_of, trial_text
from features.language import LANGUAGES
from tests.alerts.conftest import rules_of
from tests.bulletins.example import manifest_of
from tests.bulletins.example_rows import rows_of

MOVE = Move(
    region="MLI-gao",
    name="Gao",
    country="MLI",
    target_month="2025-01",
    threshold=5.0,
    now=Reading(0.75, 0.75, "high"),
    before=Reading(0.5, 0.5, None),
    low=None,
    high=None,
)
DEATHS = Move(
    **(vars(MOVE) | {"now": Reading(40.0, 0.9, "high"), "before": None, "low": 3.0, "high": 120.0})
)


def rule_of(condition: str, **changes: Any) -> Rule:
    target = changes.pop("target", "instability")
    return rules_of(condition, target=target).rules[0].model_copy(update=changes)


def say(rule: Rule, move: Move, *, simulated: bool = True) -> tuple[str, list[str]]:
    manifest = manifest_of(rows_of(), simulated=simulated)
    title, text = text_of(rule, move, manifest, "Because.", None, "0" * 32)
    return title.replace("\u00a0", " "), text.replace("\u00a0", " ").splitlines()


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("move", [MOVE, DEATHS])
def test_a_simulated_alert_begins_so_in_every_language_and_no_other_has_the_word(
    language: str, move: Move
) -> None:
    target = "fatalities" if move is DEATHS else "instability"
    rule = rule_of("threshold = 0.5", language=language, target=target)
    title, lines = say(rule, move)
    assert title.startswith("SIMULATED")
    assert lines[0].startswith("SIMULATED")
    title, lines = say(rule, move, simulated=False)
    assert "SIMUL" not in f"{title} {lines}"
    assert "{" not in f"{title} {lines}"


def test_deaths_are_told_with_their_interval() -> None:
    title, lines = say(rule_of("threshold = 30", target="fatalities"), DEATHS)
    assert title == "SIMULATED: Gao, Mali: Deaths, January 2025: 40 deaths expected"
    assert lines[3:7] == [
        "Now: 40 deaths expected, 90 % range 3 to 120.",
        "The bulletin before had no such score.",
        "Because.",
        "Rule rule 0: 30 or more.",
    ]


def test_a_french_rule_speaks_french() -> None:
    title, lines = say(rule_of("first = 'high'", language="fr"), MOVE, simulated=False)
    assert title == "Gao, Mali : Instabilité, janvier 2025 : 75 % (élevé)"
    assert lines[2] == "Maintenant : 75 % (élevé)."
    assert "Règle rule 0 : élevé ou plus pour la première fois." in lines


def test_a_country_is_not_named_twice() -> None:
    mali = Move(**(vars(MOVE) | {"region": "MLI", "name": "Mali"}))
    assert say(rule_of("change = 'up'"), mali)[1][1] == "Mali"


def test_there_is_no_link_where_the_page_has_no_address() -> None:
    assert link_of("", rule_of("threshold = 0.5"), MOVE, manifest_of(rows_of())) is None


def test_a_test_says_that_it_is_one() -> None:
    title, text = trial_text("desk")
    assert title.startswith("TEST")
    assert text.startswith("TEST of the channel 'desk': this is no alert")
