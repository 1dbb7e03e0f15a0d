"""Which bulletin is served: finds those in the home directory and keeps the used ones loaded."""

import logging
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from features.errors import BulletinError
from models.bulletin import ListedIndicator, Manifest
from service.errors import NoBulletinError, UnknownBulletinError
from service.store.frame import Frame
from service.store.reading import REGION, read_indicators, read_manifest, read_scores

LATEST = "latest"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bulletin:
    """One loaded bulletin: its manifest and its scores, in the order of their key.

    `indicators` are those of the catalogue of the day; a bulletin from before they were listed has
    none.
    """

    manifest: Manifest
    scores: Frame
    indicators: tuple[ListedIndicator, ...] = ()

    @cached_property
    def regions(self) -> Frame:
        """The scored regions (columns region, name, country, level), by level and region."""
        return Frame(self.scores.take(self.scores.distinct("region")).select(list(REGION)))

    @cached_property
    def horizons(self) -> dict[str, set[int]]:
        """The horizons [months] at which each target is scored."""
        pairs = self.scores.take(self.scores.distinct("target", "horizon"))
        horizons: dict[str, set[int]] = defaultdict(set)
        for pair in pairs.to_pylist():
            horizons[pair["target"]].add(pair["horizon"])
        return dict(horizons)


Stamps = dict[str, tuple[int, int]]
"""Inode and time of change [ns] of every bulletin's folder: another folder, another stamp."""


class _Shelf(NamedTuple):
    """What was found at one look; replaced whole, so that no reader sees half of it."""

    stamps: Stamps
    manifests: dict[str, Manifest]  # newest first
    newest: Bulletin | None


class BulletinStore:
    """The bulletins of a home directory; safe to share between threads.

    The newest has the latest origin and, of those, the latest issue. A bulletin that is damaged
    is logged and passed over; folders whose name starts with a dot are still being written.
    """

    def __init__(self, home: Path, *, keep: int = 4) -> None:
        self._folder = home / "bulletins"
        self._keep = keep
        self._lock = Lock()
        self._shelf: _Shelf | None = None
        self._loaded: OrderedDict[str, Bulletin] = OrderedDict()

    def current(self) -> Bulletin | None:
        """Return the newest bulletin that can be served, or None when there is none yet."""
        return self._look().newest

    def manifests(self) -> tuple[Manifest, ...]:
        """Return the manifests of all bulletins, newest first."""
        return tuple(self._look().manifests.values())

    def get(self, name: str) -> Bulletin:
        """Return a bulletin by its id, or the newest one for `latest`.

        Raises NoBulletinError when nothing is published, UnknownBulletinError when this one is
        not there or is damaged.
        """
        shelf = self._look()
        if shelf.newest is None:
            raise NoBulletinError("no bulletin has been published yet: issue one, then ask again")
        if name in (LATEST, shelf.newest.manifest.id):
            return shelf.newest
        if name not in shelf.manifests:
            raise UnknownBulletinError(f"there is no bulletin '{name}': see the list of bulletins")
        with self._lock:
            try:
                return self._load(shelf.manifests[name])
            except BulletinError as error:
                _log.warning("%s", error)
                self._drop(name)
                raise UnknownBulletinError(f"bulletin {name} is damaged, not served") from error

    def _look(self) -> _Shelf:
        """Return what is there now. Only the first look waits for another thread's."""
        shelf, stamps = self._shelf, self._find()
        if shelf is not None and (stamps is None or stamps == shelf.stamps):
            return shelf
        if self._lock.acquire(blocking=shelf is None):
            try:
                self._shelf = self._arrange(self._shelf or _Shelf({}, {}, None), stamps or {})
            finally:
                self._lock.release()
        return self._shelf or _Shelf({}, {}, None)

    def _find(self) -> Stamps | None:
        """Return the stamps of the bulletins' folders, None when they cannot be listed now."""
        try:
            if not self._folder.exists():
                return {}
            entries = [entry for entry in self._folder.iterdir() if entry.name[0] != "."]
            stamps = {entry.name: entry.stat() for entry in entries if entry.is_dir()}
        except OSError as error:
            _log.warning("the bulletins cannot be listed now: %s", error)
            return None
        return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stamps.items()}

    def _arrange(self, old: _Shelf, stamps: Stamps) -> _Shelf:
        """Return the shelf for the folders found: reads new manifests and loads the newest."""
        new = {name for name, stamp in stamps.items() if old.stamps.get(name) != stamp}
        kept = [m for name, m in old.manifests.items() if name in stamps and name not in new]
        for name in new:
            self._loaded.pop(name, None)
        manifests = kept + [m for m in map(self._manifest, sorted(new)) if m is not None]
        manifests.sort(key=lambda m: (m.origin, m.issued_at, m.id), reverse=True)
        newest = None
        while manifests and newest is None:
            try:
                newest = self._load(manifests[0])
            except BulletinError as error:
                _log.warning("%s; an older one is served if there is one", error)
                del manifests[0]
        return _Shelf(stamps, {m.id: m for m in manifests}, newest)

    def _manifest(self, name: str) -> Manifest | None:
        try:
            return read_manifest(self._folder / name)
        except BulletinError as error:
            _log.warning("%s; the others are served", error)
            return None

    def _load(self, manifest: Manifest) -> Bulletin:
        if manifest.id not in self._loaded:
            folder = self._folder / manifest.id
            scores, indicators = read_scores(folder, manifest), read_indicators(folder)
            self._loaded[manifest.id] = Bulletin(manifest, scores, indicators)
        self._loaded.move_to_end(manifest.id)
        while len(self._loaded) > self._keep:
            self._loaded.popitem(last=False)
        return self._loaded[manifest.id]

    def _drop(self, name: str) -> None:
        if self._shelf is not None:
            manifests = {key: m for key, m in self._shelf.manifests.items() if key != name}
            self._shelf = self._shelf._replace(manifests=manifests)
