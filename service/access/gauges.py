"""What is measured of the bulletins, for Prometheus."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.store.bulletins import BulletinStore


class BulletinGauges(Collector):
    """The current bulletin, its age and whether it is stale, and how many cannot be served."""

    def __init__(
        self, store: BulletinStore, max_age: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._max_age = max_age
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges as they stand; of a current bulletin none while there is none."""
        yield _gauge(
            "tocsin_bulletins_passed_over",
            "Bulletins that cannot be served",
            len(self._store.passed_over),
        )
        newest, _ = self._store.last_look
        if newest is None:
            return
        manifest = newest.manifest
        age = self._now() - manifest.issued_at
        yield _gauge(
            "tocsin_bulletin_age_days",
            "Time since the current bulletin was issued",
            age / timedelta(days=1),
        )
        yield _gauge(
            "tocsin_bulletin_stale", "1 once it is older than it should be", age > self._max_age
        )
        current = GaugeMetricFamily(
            "tocsin_bulletin", "1 for the current bulletin", labels=("bulletin", "origin")
        )
        current.add_metric((manifest.id, manifest.origin), 1)
        yield current


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=float(value))
