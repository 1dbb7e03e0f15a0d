import re
from pathlib import Path

import pytest

from alerts.delivery import senders_of
from alerts.rules import Rule, Rules, Webhook, read_rules, refuse_impossible
from features.errors import AlertError
from tests.alerts.conftest import CHANNELS, ENVIRONMENT, rules_of
from tests.bulletins.example import NOW, manifest_of
from tests.bulletins.example_rows import rows_of
from tests.paths import ROOT

DOCS = ROOT / "docs" / "alerts.md"

RULE = """
[[rules]]
name = "a"
level = "admin1"
countries = ["MLI"]
target = "instability"
horizon = 1
threshold = 0.5
channels = ["machine"]
"""


def read(folder: Path, text: str) -> Rules:
    file = folder / "alerts.toml"
    file.write_text(text)
    return read_rules(file)


def test_a_rule_is_read_as_it_is_written(tmp_path: Path) -> None:
    rules = read(tmp_path, CHANNELS + RULE)
    (rule,) = rules.rules
    assert (rule.name, rule.countries, rule.threshold, rule.language) == ("a", ("MLI",), 0.5, "en")
    assert isinstance(rules.channels["machine"], Webhook)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('countries = ["MLI"]', 'regions = ["MLI-gaoo"]', "unknown admin1 region: MLI-gaoo"),
        ('countries = ["MLI"]', 'regions = ["MLI"]', "unknown admin1 region: MLI"),
        ('countries = ["MLI"]', 'countries = ["Malli"]', "did you mean Mali (MLI)"),
        ('countries = ["MLI"]', 'countries = ["MLI", "Mali"]', "a name stands there twice"),
        ('countries = ["MLI"]', 'countries = ["MLI"]\nregions = ["MLI-gao"]', "regions or"),
        ('["MLI"]', "[]", "rules.0.countries"),
        ('"admin1"', '"district"', "rules.0.level"),
        ('"instability"', '"stability"', "rules.0.target"),
        ("horizon = 1", "horizon = 13", "rules.0.horizon"),
        ("threshold = 0.5", "", "give one of threshold, rise, change, first"),
        ("threshold = 0.5", "threshold = 0.5\nrise = 0.1", "give one of threshold"),
        ("threshold = 0.5", "threshold = 50", "is a probability, 0 to 1, not 50"),
        ("threshold = 0.5", "threshold = true", "rules.0.threshold"),
        ("horizon = 1", "horizon = true", "rules.0.horizon"),
        ('["machine"]', '["machine", "machine"]', "a name stands there twice"),
        ("threshold = 0.5", "threshold = nan", "rules.0.threshold"),
        ("threshold = 0.5", "first = 'severe'", "rules.0.first"),
        ("threshold = 0.5", "threshold = 0.5\nlanguage = 'xx'", "no language 'xx'"),
        ("threshold = 0.5", "threshold = 0.5\nquiet_days = 1\nquiet_months = 1", "quiet_days or"),
        ("threshold = 0.5", "threshold = 0.5\nquiet = 1", "rules.0.quiet: Extra inputs"),
        ('["machine"]', '["machin"]', "unknown channel of 'a': machin"),
        ('["machine"]', "[]", "rules.0.channels"),
        ("[[rules]]", RULE + "[[rules]]", "2 rules are called 'a'"),
        ("http://127.0.0.1:9/hook", "ftp://example.org", "no address"),
        ("http://127.0.0.1:9/hook", "https://example.org:port/", "no address"),
        ("http://127.0.0.1:9/hook", "https://me:hush@example.org/", "must not hold a password"),
        ('secret_variable = "HOOK', 'secret_file = "HOOK', "write the whole path"),
        ("secret_variable", "secret", "channels.machine.webhook.secret"),
        ("[[rules]]", "[rules]", "rules: "),
        ("[[rules]]", "[[rules]", "cannot be read as TOML"),
    ],
)
def test_a_mistake_is_refused_in_one_line_that_names_it(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = CHANNELS + RULE
    assert old in text
    with pytest.raises(AlertError) as refusal:
        read(tmp_path, text.replace(old, new))
    message = str(refusal.value)
    assert reason in message
    assert message.endswith("nothing was sent")
    assert "\n" not in message.rstrip()
    assert "hush" not in message


def test_the_example_of_the_documentation_is_a_file_of_rules(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    rules = read(tmp_path, example)
    secret = {"TOCSIN_WEBHOOK_SECRET": ENVIRONMENT["HOOK_SECRET"]}
    desk = {"TOCSIN_DESK": "mailtos://user:password@example.org?to=desk@example.org"}
    assert set(senders_of(rules, secret | desk, lambda: NOW, "tocsin")) == {"desk", "machine"}
    assert [rule.limit for rule in rules.rules] == ["high", 0.15, 500]


def test_the_documentation_has_every_key_of_a_rule() -> None:
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert set(Rule.model_fields) <= keys


def test_deaths_have_thresholds_of_deaths(tmp_path: Path) -> None:
    text = RULE.replace("instability", "fatalities").replace("0.5", "50")
    assert read(tmp_path, CHANNELS + text).rules[0].limit == 50


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "the variable HOOK_SECRET is not set"),
        ({"HOOK_SECRET": "whsec_c2hvcnQ="}, "24 bytes or more"),
        ({"HOOK_SECRET": "hush, hush, hush, hush, hush, hush"}, "24 bytes or more"),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_and_not_quoted(
    environment: dict[str, str], reason: str
) -> None:
    with pytest.raises(AlertError, match=reason) as refusal:
        senders_of(rules_of(), environment, lambda: NOW, "tocsin")
    assert "hush" not in str(refusal.value)
    assert "c2hvcnQ" not in str(refusal.value)


def test_a_secret_in_a_file_is_read_from_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    channel = Webhook(kind="webhook", url="https://example.org", secret_file=file)
    with pytest.raises(AlertError, match="cannot be read"):
        channel.secret({})
    file.write_text(ENVIRONMENT["HOOK_SECRET"] + "\n")
    assert len(channel.secret({})) == 24


@pytest.mark.parametrize("url", ["nowhere://hush", "mailto://", "hush", ""])
def test_a_url_that_apprise_does_not_know_is_refused_and_not_quoted(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    rules = rules_of(channels=f'[channels.desk]\nkind = "apprise"\nurl = "{url}"')
    with pytest.raises(AlertError, match=r"desk|the URL") as refusal:
        senders_of(rules, {}, lambda: NOW, "tocsin")
    assert "hush" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


def test_a_horizon_that_the_bulletin_does_not_have_is_refused() -> None:
    manifest = manifest_of(rows_of())
    rules = rules_of("rise = 0.1")
    refuse_impossible(rules, manifest, {"instability": {1, 2}})
    refuse_impossible(rules, manifest, {})
    with pytest.raises(AlertError, match="has no horizon 1 of instability: it has 2, 3"):
        refuse_impossible(rules, manifest, {"instability": {2, 3}})
