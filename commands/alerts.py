"""Alerts: check the rules, try the channels, see what rang, and send what is pending."""

import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from commands.environment import home, setting, simulated_mark, working
from commands.rows import RowFormat, print_rows
from commands.stores import pull_bulletins
from features.errors import AlertError, BulletinError
from features.printable import printable

if TYPE_CHECKING:
    from alerts.letter import Sender
    from alerts.record import Alert
    from alerts.rules import Rules
    from bulletins.manifest import Manifest

app = typer.Typer(help="Ring when a score is high or moves.", no_args_is_help=True)

RulesFile = Annotated[
    Path | None, typer.Option("--rules", help="Rules in TOML; default: alerts.toml in the home.")
]


def rules_file(chosen: Path | None = None) -> Path:
    """Return where the rules are: as chosen, as the setting says, or in the home."""
    named = str(setting("alerts"))
    return chosen or (Path(named) if named else home() / "alerts.toml")


def rules_if_any() -> "Rules | None":
    """Return the rules; None where no setting names a file and the home has none."""
    file = rules_file()
    if not setting("alerts") and not os.path.lexists(file):
        return None
    return _read(file)


def senders_of_rules(rules: "Rules") -> "dict[str, Sender]":
    """Return what speaks to each channel; raises AlertError for one that cannot be used."""
    from alerts.delivery import senders_of

    return senders_of(rules, os.environ, lambda: datetime.now(UTC), f"tocsin/{version('tocsin')}")


def raise_at_publication(manifest: "Manifest") -> "list[Alert]":
    """Raise the alerts of a bulletin that was just issued, if there are rules and none is newer."""
    rules = rules_if_any()
    if rules is None or _chosen_bulletin(None).id != manifest.id:
        return []
    return _raise(rules, manifest)


@app.command("check")
def check_rules(rules: RulesFile = None) -> None:
    """Say whether rules and channels can be used, and what would ring now; nothing is sent."""
    from collections import Counter

    from alerts.raising import ringing
    from bulletins.reading import read_manifests

    file = rules_file(rules)
    checked = _read(file)
    senders_of_rules(checked)
    pull_bulletins()
    manifests, _ = read_manifests(home())
    newest = manifests[0] if manifests else None
    rung = ringing(home(), checked, newest) if newest is not None else []
    numbers = f"rules: {len(checked.rules)}, channels: {len(checked.channels)}"
    print(printable(f"{file} can be used: {numbers}"))
    if newest is not None:
        by_rule = Counter(rule.name for rule, _ in rung)
        for rule in checked.rules:
            alerts = f"{by_rule[rule.name]} new alerts of bulletin {newest.id}"
            print(printable(f"'{rule.name}' would raise {alerts}"))


@app.command("test")
def try_channels(
    channel: Annotated[
        list[str] | None, typer.Option(help="Only this channel; default: every one.")
    ] = None,
    rules: RulesFile = None,
) -> None:
    """Send a test, marked as one, by each channel; exits 1 if one does not arrive."""
    from alerts.letter import trial_letter

    senders = senders_of_rules(_read(rules_file(rules)))
    unknown = set(channel or ()) - set(senders)
    if unknown:
        there = ", ".join(senders) or "none"
        raise AlertError(f"there is no channel '{min(unknown)}': there are {there}")
    has_failed = False
    for name in channel or senders:
        with working(f"trying {name}"):
            outcome, details = senders[name].send(trial_letter(name, uuid4().hex))
        print(printable(f"{name}: {outcome}{f' ({details})' if details else ''}"))
        has_failed |= outcome != "delivered"
    if has_failed:
        raise typer.Exit(1)


@app.command("list")
def list_alerts(row_format: RowFormat = None) -> None:
    """List the alerts, the newest first, with what became of each by each of its channels."""
    from alerts.log import read_log

    log = read_log(home())
    last = {(attempt.alert, attempt.channel): attempt for attempt in log.attempts}
    rows = []
    for alert in reversed(log.alerts):
        for channel in alert.channels:
            attempt = last.get((alert.id, channel))
            rows.append(
                {
                    "alert": alert.id,
                    "raised": f"{alert.raised_at:%Y-%m-%d %H:%M}",
                    "rule": alert.rule,
                    "title": alert.title,
                    "channel": channel,
                    "state": log.states.get((alert.id, channel), "pending"),
                    "at": attempt and f"{attempt.at:%Y-%m-%d %H:%M}",
                    "details": attempt and attempt.details,
                }
            )
    print_rows(rows, row_format, unseen=["alert", "at"])
    if log.faults:
        raise AlertError(log.faults[0])


@app.command("send")
def send_alerts(
    bulletin: Annotated[str | None, typer.Argument(help="Id; default: the newest.")] = None,
    rules: RulesFile = None,
) -> None:
    """Raise the alerts of a bulletin and deliver all pending ones; exits 1 if some still are."""
    from alerts.delivery import deliver_alerts

    checked = _read(rules_file(rules))
    senders = senders_of_rules(checked)
    pull_bulletins()
    manifest = _chosen_bulletin(bulletin)
    raised = _raise(checked, manifest)
    with working("sending"):
        deliveries = deliver_alerts(home(), senders, lambda: datetime.now(UTC))
    print(
        f"{simulated_mark(simulated=manifest.simulated)}bulletin {manifest.id}: {len(raised)} new "
        f"alerts; {deliveries.sent} sent, {deliveries.failed} failed, {deliveries.pending} pending"
    )
    if deliveries.pending:
        raise AlertError(
            f"{deliveries.pending} alerts could not be delivered: `tocsin alert list` says why, "
            "the next `tocsin alert send` tries again"
        )


def _read(file: Path) -> "Rules":
    from alerts.rules import read_rules

    if not file.exists():
        raise AlertError(f"there are no rules, no file '{file}': docs/alerts.md has an example")
    return read_rules(file)


def _raise(rules: "Rules", manifest: "Manifest") -> "list[Alert]":
    from alerts.raising import raise_alerts
    from commands.settings import read_settings

    url = read_settings().public_url
    return raise_alerts(home(), rules, manifest, datetime.now(UTC), url)


def _chosen_bulletin(bulletin: str | None) -> "Manifest":
    """Return the manifest of a bulletin, or of the newest; raises BulletinError without one."""
    from bulletins.reading import read_manifests

    manifests, refused = read_manifests(home())
    for manifest in manifests:
        if bulletin in (None, manifest.id):
            return manifest
    reason = refused.get(bulletin or "") or f"there is no bulletin {bulletin or 'yet'}"
    raise BulletinError(f"{reason}: `tocsin bulletins` lists those that there are")
