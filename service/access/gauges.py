"""What is measured of the bulletins, for Prometheus."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from service.store.bulletins import BulletinStore

_DAY_S = 86_400


def measure_bulletins(
    registry: CollectorRegistry, store: BulletinStore, now: Callable[[], datetime]
) -> None:
    """Add gauges to a registry: the age of the current bulletin and how many are passed over."""

    def age() -> float:
        newest, _ = store.last_look
        if newest is None:
            return float("nan")
        return (now() - newest.manifest.issued_at).total_seconds() / _DAY_S

    Gauge(
        "tocsin_bulletin_age_days", "Time since the current bulletin was issued", registry=registry
    ).set_function(age)
    Gauge(
        "tocsin_bulletins_passed_over", "Bulletins that cannot be served", registry=registry
    ).set_function(lambda: float(len(store.passed_over)))
