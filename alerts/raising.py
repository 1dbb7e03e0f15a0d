"""Raise the alerts of a bulletin: evaluate the rules, drop what rang already, record the rest."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from alerts.evaluation import Move, is_quiet, moves_of, rings
from alerts.log import add, sound_log, writing
from alerts.record import Alert, id_of_alert
from alerts.rules import Rule, Rules, refuse_impossible
from alerts.text import link_of, text_of
from bulletins.form import DRIVERS_FILE
from bulletins.manifest import ListedIndicator, Manifest
from bulletins.reading import (
    read_file,
    read_indicators,
    read_manifest,
    read_scores,
)
from bulletins.reasons import reasons_of
from bulletins.tables import Frame, Part
from features.errors import BulletinError
from features.language import LANGUAGES
from features.words import SPECS

_log = logging.getLogger(__name__)

_ByScore = dict[tuple[str, str, int], list[Alert]]


def raise_alerts(
    home: Path, rules: Rules, manifest: Manifest, raised_at: datetime, public_url: str = ""
) -> list[Alert]:
    """Evaluate rules on a bulletin of a home, and record the alerts that are new; return those.

    For the same bulletin and rules a second time raises none. `public_url` is where people reach
    the page. Raises what `ringing` does; nothing was recorded then.
    """
    reasons = _Reasons(home, manifest)
    with writing(home):
        raised = [
            _alert(rule, move, manifest, reasons, raised_at, public_url)
            for rule, move in ringing(home, rules, manifest)
        ]
        if raised:
            add(home, raised)
    return raised


def ringing(home: Path, rules: Rules, manifest: Manifest) -> list[tuple[Rule, Move]]:
    """Return which rules ring for which scores of a bulletin and have not yet; record nothing.

    Raises AlertError for a damaged log or a rule that can never ring, BulletinError for a damaged
    bulletin.
    """
    scores = read_scores(home / "bulletins" / manifest.id, manifest)
    refuse_impossible(rules, manifest, _horizons_of(scores))
    previous = _previous(home, manifest)
    earlier: dict[str, _ByScore] = defaultdict(lambda: defaultdict(list))
    for alert in sound_log(home).alerts:
        earlier[alert.rule][alert.region, alert.target, alert.horizon].append(alert)
    return [
        (rule, move)
        for rule in rules.rules
        for move in _ringing(rule, manifest, scores, previous, earlier[rule.name])
    ]


def _horizons_of(scores: Frame) -> Mapping[str, set[int]]:
    """Return the horizons at which each target is scored."""
    horizons: dict[str, set[int]] = defaultdict(set)
    for pair in scores.take(scores.distinct("target", "horizon")).to_pylist():
        horizons[pair["target"]].add(pair["horizon"])
    return horizons


def _ringing(
    rule: Rule,
    manifest: Manifest,
    scores: Frame,
    previous: tuple[Manifest, Frame] | None,
    earlier: _ByScore,
) -> list[Move]:
    """Return the scores for which a rule rings, and has not yet."""
    moves = moves_of(rule, manifest, scores, previous)
    if not moves:
        _log.warning(
            "rule '%s': bulletin %s scores no such region, target and level", rule.name, manifest.id
        )
    ringing = []
    for move in moves:
        alerts = earlier[move.region, rule.target, rule.horizon]
        others = [alert for alert in alerts if alert.bulletin != manifest.id]
        is_new = len(others) == len(alerts)
        if (
            is_new
            and rings(rule, move, has_rung=bool(others))
            and not is_quiet(rule, manifest, others)
        ):
            ringing.append(move)
    return ringing


def _previous(home: Path, manifest: Manifest) -> tuple[Manifest, Frame] | None:
    """Return the bulletin that changes are measured against; None without one, or a whole one."""
    if manifest.previous is None:
        return None
    folder = home / "bulletins" / manifest.previous
    try:
        before = read_manifest(folder)
        return before, read_scores(folder, before)
    except BulletinError as error:
        _log.warning("%s; alerts of what changed are not raised", error)
        return None


class _Reasons:
    """Why the scores of a bulletin are what they are, read when that is first asked for."""

    def __init__(self, home: Path, manifest: Manifest) -> None:
        self._folder, self._manifest = home / "bulletins" / manifest.id, manifest
        self._drivers: Part | None = None
        self._indicators: dict[str, ListedIndicator] | None = None

    def sentence(self, rule: Rule, move: Move) -> str:
        """Return the sentence, empty where an older bulletin has no reasons."""
        if self._manifest.drivers_sha256 is None:
            return ""
        if self._drivers is None or self._indicators is None:
            hash_of_drivers = self._manifest.drivers_sha256
            self._drivers = Part(read_file(self._folder, DRIVERS_FILE, hash_of_drivers))
            listed = read_indicators(self._folder, self._manifest)
            self._indicators = {indicator.name: indicator for indicator in listed}
        key = (SPECS[rule.target].shares, rule.horizon)
        drivers = [
            row
            for row in self._drivers.of_region(move.region).to_pylist()
            if (row["target"], row["horizon"]) == key
        ]
        if not drivers:
            return ""
        before = None if move.before is None else move.before.probability
        language = LANGUAGES[rule.language]
        return reasons_of(drivers, before, self._indicators, language).sentence


def _alert(
    rule: Rule,
    move: Move,
    manifest: Manifest,
    reasons: _Reasons,
    raised_at: datetime,
    public_url: str,
) -> Alert:
    alert_id = id_of_alert(rule.name, manifest.id, move.region, rule.target, rule.horizon)
    link, sentence = link_of(public_url, rule, move, manifest), reasons.sentence(rule, move)
    title, text = text_of(rule, move, manifest, sentence, link, alert_id)
    before = move.before
    return Alert(
        id=alert_id,
        rule=rule.name,
        bulletin=manifest.id,
        origin=manifest.origin,
        issued_at=manifest.issued_at,
        raised_at=raised_at,
        simulated=manifest.simulated,
        region=move.region,
        name=move.name,
        country=move.country,
        level=rule.level,
        target=rule.target,
        horizon=rule.horizon,
        target_month=move.target_month,
        value=move.now.value,
        previous_value=None if before is None else before.value,
        probability=move.now.probability,
        previous_probability=None if before is None else before.probability,
        risk_level=move.now.risk_level,
        previous_risk_level=None if before is None else before.risk_level,
        language=rule.language,
        title=title,
        text=text,
        sentence=sentence,
        link=link,
        channels=rule.channels,
    )
