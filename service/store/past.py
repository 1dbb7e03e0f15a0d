"""What other bulletins said of one region, read from their files on disk when it is asked."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import pyarrow as pa

from bulletins.form import SCORES_FILE, Manifest
from bulletins.parts import Part

_log = logging.getLogger(__name__)

MOST_ORIGINS = 24
"""Of so many origins, the newest, earlier bulletins are told."""

_COLUMNS = (
    "target",
    "horizon",
    "target_month",
    "threshold",
    "probability",
    "mean",
    "q05",
    "q50",
    "q95",
)


class PastScores:
    """The scores of other bulletins, a few megabytes of them kept as compressed as on disk."""

    def __init__(self, home: Path, *, keep: int = MOST_ORIGINS) -> None:
        self._folder = home / "bulletins"
        self._keep = keep
        self._lock = Lock()
        self._parts: OrderedDict[str, Part] = OrderedDict()

    def of_region(
        self, manifests: tuple[Manifest, ...], but: str, region: str
    ) -> Iterator[tuple[Manifest, pa.Table]]:
        """Yield bulletins and their scores of a region: of each origin the newest issue.

        `manifests` are the newest first; the bulletin `but`, and newer ones than it, are left out.
        """
        names = [manifest.id for manifest in manifests]
        older = manifests[names.index(but) + 1 :] if but in names else manifests
        seen: set[str] = set()
        for manifest in older:
            if manifest.origin in seen or len(seen) == self._keep:
                continue
            part = self._part(manifest)
            if part is not None:
                seen.add(manifest.origin)
                yield manifest, part.of_region(region, _COLUMNS)

    def _part(self, manifest: Manifest) -> Part | None:
        with self._lock:
            part = self._parts.get(manifest.scores_sha256)
            if part is None:
                part = _whole(self._folder / manifest.id / SCORES_FILE, manifest.scores_sha256)
                if part is None:
                    return None
                self._parts[manifest.scores_sha256] = part
            self._parts.move_to_end(manifest.scores_sha256)
            while len(self._parts) > self._keep:
                self._parts.popitem(last=False)
            return part


def _whole(file: Path, sha256: str) -> Part | None:
    """Return the file, None where it is not what was published."""
    try:
        content = file.read_bytes()
    except OSError as error:
        _log.warning("bulletin %s is passed over: %s", file.parent.name, error.strerror)
        return None
    if hashlib.sha256(content).hexdigest() != sha256:
        _log.warning("bulletin %s is passed over: its scores are damaged", file.parent.name)
        return None
    return Part(content)
