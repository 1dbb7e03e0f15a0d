"""What older bulletins and the history say of one region, read when it is needed."""

import logging
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from bulletins.form import HISTORY_FILE, SCORES_FILE
from bulletins.manifest import Manifest
from bulletins.reading import read_file
from bulletins.tables import Part
from features.errors import BulletinError
from service.store.bulletins import Bulletin, Listing, Stamp

_log = logging.getLogger(__name__)

MOST_ORIGINS = 24
"""The number of origins whose bulletins are shown, the newest."""

_COLUMNS = (
    *("region", "target", "horizon", "target_month", "threshold", "probability"),
    *("mean", "q05", "q50", "q95"),
)


class PastScores:
    """The scores of older bulletins; a few megabytes of compressed files are cached."""

    def __init__(self, home: Path, *, keep: int = MOST_ORIGINS) -> None:
        self._folder = home / "bulletins"
        self._keep = keep
        self._part = lru_cache(maxsize=keep)(self._read)

    def of_region(
        self, listing: Listing, bulletin: str, region: str
    ) -> Iterator[tuple[Manifest, pa.Table]]:
        """Yield those that are older than a bulletin, one an origin, and a region's scores."""
        ids, manifests = list(listing.manifests), list(listing.manifests.values())
        older = manifests[ids.index(bulletin) + 1 :] if bulletin in ids else manifests
        origins: set[str] = set()
        for manifest in older:
            if manifest.origin in origins or len(origins) == self._keep:
                continue
            stamp = listing.stamps.get(manifest.id)
            part = self._part(manifest.id, manifest.scores_sha256, stamp)
            if part is None:
                continue
            origins.add(manifest.origin)
            yield manifest, part.of_region(region, _COLUMNS)

    def _read(self, bulletin: str, sha256: str, _stamp: Stamp | None) -> Part | None:
        """Return the scores of a bulletin, None if they are damaged: until they are changed."""
        try:
            return Part(read_file(self._folder / bulletin, SCORES_FILE, sha256))
        except BulletinError as error:
            _log.warning("passed over: %s", error)
            return None


def observed_deaths(bulletin: Bulletin, region: str) -> dict[str, float]:
    """Return the observed deaths of a region by month (YYYY-MM) [deaths/month]."""
    rows = bulletin.rows_of_region(HISTORY_FILE, region, ("month", "observed", "deaths"))
    return {row["month"]: row["deaths"] for row in rows if row["observed"]}
