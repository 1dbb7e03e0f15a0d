"""What the log of alerts records: an alert as it was raised, and every attempt to deliver it."""

import hashlib
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from features.strict import Strict
from features.words import Level, RiskName, Target

Outcome = Literal["delivered", "failed", "unknown"]
"""What became of an attempt; `unknown`: it was sent, and no answer came."""


class Alert(Strict):
    """One alert: which rule rang, for which score, and what is said, word for word.

    `value` and `previous_value` are what the rule looks at: a probability, or mean deaths a month
    where a distribution is forecast. What was not known is null. `sentence` is part of `text`.
    """

    kind: Literal["alert"] = "alert"
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    rule: str
    bulletin: str
    origin: str
    issued_at: AwareDatetime
    raised_at: AwareDatetime
    simulated: bool
    region: str
    name: str
    country: str
    level: Level
    target: Target
    horizon: int
    target_month: str
    value: float
    previous_value: float | None
    probability: float
    previous_probability: float | None
    risk_level: RiskName | None
    previous_risk_level: RiskName | None
    language: str
    title: str
    text: str
    sentence: str
    link: str | None
    channels: tuple[str, ...]


class Attempt(Strict):
    """One attempt to deliver an alert by a channel; `details` say more, and hold no secret."""

    kind: Literal["attempt"] = "attempt"
    alert: str
    channel: str
    at: AwareDatetime
    outcome: Outcome
    details: str


Record = Annotated[Alert | Attempt, Field(discriminator="kind")]


def id_of_alert(rule: str, bulletin: str, region: str, target: str, horizon: int) -> str:
    """Return the id of an alert: the same for the same rule, bulletin and score."""
    key = "\n".join((rule, bulletin, region, target, str(horizon)))
    return hashlib.sha256(key.encode()).hexdigest()[:32]
