"""A delivery to be killed: the function of a process."""

from datetime import UTC, datetime
from pathlib import Path

from alerts.delivery import deliver_alerts
from alerts.webhook import SignedWebhook


def deliver(home: Path, url: str) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    webhook = SignedWebhook(url=url, secret=bytes(24), user_agent="t", now=now)
    deliver_alerts(home, {"machine": webhook}, now)
