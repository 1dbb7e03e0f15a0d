import json
import sys
from pathlib import Path

import pytest

from alerts.log import log_file, read_log
from bulletins.reading import read_manifests
from commands.alerts import raise_at_publication
from commands.verify import findings_of
from features.errors import AlertError
from tests.alerts.conftest import CHANNELS, SECRET, home, receiver, two_months
from tests.alerts.receivers import HttpReceiver, status
from tests.bulletins.example import EXAMPLE_ID
from tests.command import Outcome, tocsin

__all__ = ["home", "receiver", "two_months"]

RULE = """
[[rules]]
name = "half"
level = "admin1"
target = "instability"
horizon = 1
threshold = 0.5
channels = ["machine"]
"""


def write_rules(home: Path, receiver: HttpReceiver, rules: str = RULE) -> Path:
    file = home / "alerts.toml"
    file.write_text(CHANNELS.replace("http://127.0.0.1:9/hook", receiver.url) + rules)
    return file


def alert(home: Path, *arguments: str) -> Outcome:
    return tocsin(home, "alert", *arguments, HOOK_SECRET=SECRET)


def test_without_rules_the_example_is_named(home: Path) -> None:
    for command in ("check", "test", "send"):
        done = alert(home, command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.endswith("docs/alerts.md has an example\n")
    assert alert(home, "list") == (0, "\n", "")


def test_alerts_are_raised_sent_and_listed(home: Path, receiver: HttpReceiver) -> None:
    file = write_rules(home, receiver)
    assert alert(home, "check").stdout.splitlines() == [
        f"{file} can be used: rules: 1, channels: 1",
        f"'half' would raise 2 new alerts of bulletin {EXAMPLE_ID}",
    ]
    assert receiver.deliveries == []
    done = alert(home, "send")
    assert done == (
        *(0, f"SIMULATED bulletin {EXAMPLE_ID}: 2 new alerts; 2 sent, 0 failed, 0 pending\n"),
        "",
    )
    rows = json.loads(alert(home, "list", "--format", "json").stdout)
    assert [(row["state"], row["details"]) for row in rows] == [("delivered", "204")] * 2
    assert all(row["title"].startswith("SIMULATED") for row in rows)
    assert "0 new alerts; 0 sent" in alert(home, "send").stdout
    assert len(receiver.deliveries) == 2
    assert SECRET not in log_file(home).read_text()


def test_what_cannot_be_delivered_is_said_and_tried_again(
    home: Path, receiver: HttpReceiver
) -> None:
    write_rules(home, receiver)
    receiver.answer = lambda _: status(403)
    done = alert(home, "send")
    assert done.returncode == 1
    assert done.stdout.endswith("2 new alerts; 0 sent, 2 failed, 2 pending\n")
    assert done.stderr.splitlines()[-1].startswith("tocsin: 2 alerts could not be delivered")
    receiver.answer = lambda _: status(200)
    assert alert(home, "send").stdout.endswith("0 new alerts; 2 sent, 0 failed, 0 pending\n")


def test_a_test_is_sent_by_the_channel_that_is_named(home: Path, receiver: HttpReceiver) -> None:
    write_rules(home, receiver)
    assert alert(home, "test", "--channel", "machine") == (0, "machine: delivered (204)\n", "")
    assert json.loads(receiver.deliveries[0].body)["type"] == "test"
    receiver.answer = lambda _: status(404)
    assert alert(home, "test") == (1, "machine: failed (404)\n", "")
    done = alert(home, "test", "--channel", "desk")
    assert done.stderr == "tocsin: there is no channel 'desk': there are machine\n"
    assert not log_file(home).exists()


@pytest.mark.parametrize("command", ["check", "test", "send"])
def test_a_file_with_a_mistake_is_refused_before_anything_is_sent(
    home: Path, receiver: HttpReceiver, command: str
) -> None:
    wrong = RULE.replace("half", "other").replace("admin1", "admin2")
    write_rules(home, receiver, RULE + wrong)
    done = alert(home, command)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "rules.1.level" in done.stderr
    assert receiver.deliveries == []
    assert not log_file(home).exists()


def test_a_secret_that_is_missing_sends_nothing(home: Path, receiver: HttpReceiver) -> None:
    write_rules(home, receiver)
    done = tocsin(home, "alert", "send")
    assert done.stderr == (
        "tocsin: the variable HOOK_SECRET is not set: it holds the secret of a channel\n"
    )
    assert receiver.deliveries == []


def test_without_apprise_a_channel_of_it_says_what_to_install(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "alerts.messenger", raising=False)
    channel = '[channels.machine]\nkind = "apprise"\nurl = "mailto://example.org"\n'
    (home / "alerts.toml").write_text(channel + RULE)
    done = alert(home, "check")
    assert done.stderr == (
        "tocsin: this needs apprise, which is not installed: pip install 'tocsin[alerts]'\n"
    )


def test_a_bulletin_can_be_named(home: Path, receiver: HttpReceiver) -> None:
    write_rules(home, receiver)
    assert "bulletin 2024-11-000000000001: 2 new" in alert(home, "send", f"2024-11-{1:012x}").stdout
    done = alert(home, "send", "2024-10-000000000000")
    assert done.stderr.startswith("tocsin: there is no bulletin 2024-10-000000000000: ")


def test_publication_raises_the_alerts_of_the_newest_bulletin_alone(
    home: Path, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(home))
    newest, before = read_manifests(home)[0]
    assert raise_at_publication(newest) == []
    write_rules(home, receiver)
    assert raise_at_publication(before) == []
    assert len(raise_at_publication(newest)) == 2
    assert len(read_log(home).pending) == 2
    assert receiver.deliveries == []


def test_a_file_of_rules_that_is_named_and_not_there_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(home))
    newest = read_manifests(home)[0][0]
    (home / "alerts.toml").symlink_to("nowhere")
    with pytest.raises(AlertError, match="there are no rules, no file"):
        raise_at_publication(newest)
    monkeypatch.setenv("TOCSIN_ALERTS", str(home / "mine.toml"))
    with pytest.raises(AlertError, match=r"mine\.toml"):
        raise_at_publication(newest)


def test_links_lead_to_the_public_address(home: Path, receiver: HttpReceiver) -> None:
    write_rules(home, receiver)
    tocsin(home, "alert", "send", HOOK_SECRET=SECRET, TOCSIN_PUBLIC_URL="https://risk.example.org")
    link = json.loads(receiver.deliveries[0].body)["data"]["link"]
    assert link.startswith("https://risk.example.org/?level=admin1&target=instability&horizon=1&")


def test_verify_and_list_find_a_log_that_was_changed(home: Path, receiver: HttpReceiver) -> None:
    write_rules(home, receiver)
    alert(home, "send")
    findings = [one for one in findings_of(home) if one.about == "alerts"]
    details = "2 in the log, with 2 attempts to deliver them"
    assert findings == [("whole", "alerts", details)]
    log_file(home).write_bytes(log_file(home).read_bytes().replace(b"Gao", b"Goa", 1))
    states = {one.state for one in findings_of(home) if one.about == "alerts"}
    assert states == {"damaged"}
    done = alert(home, "list")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "line 1 of the log of alerts is not what was written" in done.stderr
