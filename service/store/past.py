"""What older bulletins and the history say of one region, read when it is needed."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

import pyarrow as pa

from bulletins.form import HISTORY_FILE, SCORES_FILE, Manifest
from bulletins.reading import read_file
from bulletins.tables import Part
from features.errors import BulletinError
from service.store.bulletins import Bulletin

_log = logging.getLogger(__name__)

MOST_ORIGINS = 24
"""The number of origins whose bulletins are shown, the newest."""

_COLUMNS = (
    *("target", "horizon", "target_month", "threshold", "probability"),
    *("mean", "q05", "q50", "q95"),
)


class PastScores:
    """The scores of older bulletins; a few megabytes of compressed files are cached."""

    def __init__(self, home: Path, *, keep: int = MOST_ORIGINS) -> None:
        self._folder = home / "bulletins"
        self._keep = keep
        self._lock = Lock()
        self._parts: OrderedDict[str, Part] = OrderedDict()

    def of_region(
        self, manifests: tuple[Manifest, ...], bulletin: str, region: str
    ) -> Iterator[tuple[Manifest, pa.Table]]:
        """Yield the older of `manifests` (newest first), one an origin, and a region's scores."""
        ids = [manifest.id for manifest in manifests]
        older = manifests[ids.index(bulletin) + 1 :] if bulletin in ids else manifests
        origins: set[str] = set()
        for manifest in older:
            if manifest.origin in origins or len(origins) == self._keep:
                continue
            try:
                part = self._part(manifest)
            except BulletinError as error:
                _log.warning("passed over: %s", error)
                continue
            origins.add(manifest.origin)
            yield manifest, part.of_region(region, _COLUMNS)

    def _part(self, manifest: Manifest) -> Part:
        """Return the scores of a bulletin; raises BulletinError."""
        sha256 = manifest.scores_sha256
        with self._lock:
            if sha256 not in self._parts:
                content = read_file(self._folder / manifest.id, SCORES_FILE, sha256)
                self._parts[sha256] = Part(content)
            self._parts.move_to_end(sha256)
            while len(self._parts) > self._keep:
                self._parts.popitem(last=False)
            return self._parts[sha256]


class Deaths:
    """The observed deaths of one region by month (YYYY-MM) [deaths/month]."""

    def __init__(self, bulletin: Bulletin, region: str) -> None:
        self._by_month: dict[str, float] = {}
        if HISTORY_FILE in bulletin.parts:
            columns = ("month", "observed", "deaths")
            rows = bulletin.parts[HISTORY_FILE].of_region(region, columns).to_pylist()
            self._by_month = {row["month"]: row["deaths"] for row in rows if row["observed"]}

    def mean_over(self, months: Sequence[str]) -> float | None:
        """Return the mean over some months; None unless each was observed."""
        if not all(month in self._by_month for month in months):
            return None
        return sum(self._by_month[month] for month in months) / len(months)
