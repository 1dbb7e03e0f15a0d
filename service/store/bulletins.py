"""Which bulletin is served: finds those in the home directory and keeps the used ones loaded."""

import logging
import os
import time
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from bulletins.form import ListedIndicator, Manifest
from bulletins.frame import Frame
from bulletins.parts import Part
from bulletins.reading import read_indicators, read_manifest, read_parts, read_scores
from features.errors import BulletinError
from service.errors import NoBulletinError, UnknownBulletinError, UnknownError

LATEST = "latest"

_SETTLED_NS = 100_000_000
"""A folder's time of change is coarse: a change within so much of it may not have moved it yet."""

_UNSETTLED = -2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Bulletin:
    """One loaded bulletin: its manifest, its scores in the order of their key, and the rest.

    `indicators` are those of the catalogue of the day, `parts` the Parquet files by name;
    a bulletin from before they were kept has none.
    """

    manifest: Manifest
    scores: Frame
    indicators: tuple[ListedIndicator, ...] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)

    def part(self, name: str) -> Part:
        """Return a file beside the scores; raises UnknownError when the bulletin has none such."""
        if name not in self.parts:
            kept = name.removesuffix(".parquet").replace("_", " ")
            raise UnknownError(
                f"bulletin {self.manifest.id} was issued before {kept} were kept: ask a newer one"
            )
        return self.parts[name]

    @property
    def files(self) -> dict[str, bytes]:
        """The Parquet files as they were published, by name."""
        return {name: part.content for name, part in self.parts.items()}

    @cached_property
    def horizons(self) -> dict[str, set[int]]:
        """The horizons [months] at which each target is scored."""
        pairs = self.scores.take(self.scores.distinct("target", "horizon"))
        horizons: dict[str, set[int]] = defaultdict(set)
        for pair in pairs.to_pylist():
            horizons[pair["target"]].add(pair["horizon"])
        return dict(horizons)


Stamp = tuple[tuple[str, int, int, int], ...]
"""Name, inode, size and time of change [ns] of every file in a folder: other content, another."""


class _Shelf(NamedTuple):
    """What was found at one look; replaced whole, so that no reader sees half of it."""

    changed: int  # when the folder of the bulletins last changed [ns]
    stamps: dict[str, Stamp]
    manifests: dict[str, Manifest]  # newest first
    newest: Bulletin | None
    passed_over: dict[str, str]  # why, by the name of the folder
    number: int  # one more whenever something else was found


_EMPTY = _Shelf(-1, {}, {}, None, {}, 0)


class BulletinStore:
    """The bulletins of a home directory; safe to share between threads.

    The newest has the latest origin and, of those, the latest issue. A bulletin that is damaged
    is logged and passed over; folders whose name starts with a dot are still being written.
    """

    def __init__(self, home: Path, *, keep: int = 4) -> None:
        self._folder = home / "bulletins"
        self._path = str(self._folder)
        self._keep = keep
        self._lock = Lock()
        self._shelf: _Shelf | None = None
        self._loaded: OrderedDict[str, Bulletin] = OrderedDict()

    @property
    def last_look(self) -> tuple[Bulletin | None, int]:
        """The newest bulletin at the last look, and a number that grows when bulletins change."""
        shelf = self._shelf or _EMPTY
        return shelf.newest, shelf.number

    @property
    def passed_over(self) -> dict[str, str]:
        """Why folders of bulletins are not served, by their name, at the last look."""
        return dict((self._shelf or _EMPTY).passed_over)

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
                self._drop(name, str(error))
                raise UnknownBulletinError(f"bulletin {name} is damaged, not served") from error

    def choose(
        self, name: str = LATEST, *, origin: str | None = None, issued_by: date | None = None
    ) -> Manifest:
        """Return the newest bulletin of a name, an origin (YYYY-MM), and issued by a day [UTC].

        Raises UnknownBulletinError when there is none.
        """
        for manifest in self.manifests():
            is_named = name in (LATEST, manifest.id)
            is_of_origin = origin in (None, manifest.origin)
            is_issued = issued_by is None or manifest.issued_at.astimezone(UTC).date() <= issued_by
            if is_named and is_of_origin and is_issued:
                return manifest
        asked = [f"with the id {name}"] if name != LATEST else []
        asked += [f"of origin {origin}"] if origin is not None else []
        asked += [f"issued by {issued_by}"] if issued_by is not None else []
        raise UnknownBulletinError(
            f"there is no bulletin {', '.join(asked)}: see the list of bulletins"
        )

    def is_as_seen(self) -> bool:
        """Tell, by a few looks at the disk, whether all is as it was at the last look."""
        shelf = self._shelf
        if shelf is None or shelf.changed == _UNSETTLED or self._changed() != shelf.changed:
            return False
        # What could not be read may be a copy that is still being made.
        return all(self._stamp(name) == shelf.stamps.get(name) for name in shelf.passed_over)

    def _look(self) -> _Shelf:
        """Return what is there now. Only the first look waits for another thread's."""
        shelf = self._shelf
        if shelf is not None and self.is_as_seen():
            return shelf
        if self._lock.acquire(blocking=shelf is None):
            try:
                # Before the folders are read: what changes meanwhile is seen at the next look.
                changed = self._changed()
                stamps = self._find()
                if stamps is not None:
                    self._arrange_anew(changed, stamps)
            finally:
                self._lock.release()
        return self._shelf or _EMPTY

    def _arrange_anew(self, changed: int, stamps: dict[str, Stamp]) -> None:
        old = self._shelf or _EMPTY
        if self._shelf is not None and stamps == old.stamps:
            self._shelf = old._replace(changed=changed)
            return
        self._shelf = self._arrange(old, changed, stamps)

    def _changed(self) -> int:
        """When a bulletin last came or went [ns]; -1 where there is no folder for them yet."""
        try:
            changed = os.stat(self._path).st_mtime_ns  # noqa: PTH116  # at every request
        except OSError:
            return -1
        return changed if time.time_ns() - changed > _SETTLED_NS else _UNSETTLED

    def _find(self) -> dict[str, Stamp] | None:
        """Return the stamps of the bulletins' folders, None when they cannot be listed now."""
        try:
            if not self._folder.exists():
                return {}
            names = [entry.name for entry in os.scandir(self._folder) if entry.is_dir()]
            return {name: self._stamp(name) for name in names if not name.startswith(".")}
        except OSError as error:
            _log.warning("the bulletins cannot be listed now: %s", error)
            return None

    def _stamp(self, name: str) -> Stamp:
        try:
            entries = sorted(os.scandir(self._folder / name), key=lambda entry: entry.name)
            stats = [(entry.name, entry.stat()) for entry in entries]
        except OSError:
            return ()
        return tuple((name, s.st_ino, s.st_size, s.st_mtime_ns) for name, s in stats)

    def _arrange(self, old: _Shelf, changed: int, stamps: dict[str, Stamp]) -> _Shelf:
        """Return the shelf for the folders found: reads new manifests and loads the newest."""
        new = {name for name, stamp in stamps.items() if old.stamps.get(name) != stamp}
        for name in new | (old.stamps.keys() - stamps.keys()):
            self._loaded.pop(name, None)
        passed_over = {n: why for n, why in old.passed_over.items() if n in stamps and n not in new}
        manifests = [m for n, m in old.manifests.items() if n in stamps and n not in new]
        for name in sorted(new):
            try:
                manifests.append(read_manifest(self._folder / name))
            except BulletinError as error:
                _log.warning("%s; the others are served", error)
                passed_over[name] = str(error)
        manifests.sort(key=lambda m: (m.origin, m.issued_at, m.id), reverse=True)
        newest = None
        while manifests and newest is None:
            try:
                newest = self._load(manifests[0])
            except BulletinError as error:
                _log.warning("%s; an older one is served if there is one", error)
                passed_over[manifests.pop(0).id] = str(error)
        by_id = {m.id: m for m in manifests}
        return _Shelf(changed, stamps, by_id, newest, passed_over, old.number + 1)

    def _load(self, manifest: Manifest) -> Bulletin:
        if manifest.id not in self._loaded:
            folder = self._folder / manifest.id
            self._loaded[manifest.id] = Bulletin(
                manifest,
                read_scores(folder, manifest),
                read_indicators(folder),
                read_parts(folder, manifest),
            )
        self._loaded.move_to_end(manifest.id)
        while len(self._loaded) > self._keep:
            self._loaded.popitem(last=False)
        return self._loaded[manifest.id]

    def _drop(self, name: str, why: str) -> None:
        if self._shelf is not None:
            manifests = {key: m for key, m in self._shelf.manifests.items() if key != name}
            passed_over = self._shelf.passed_over | {name: why}
            self._shelf = self._shelf._replace(
                manifests=manifests, passed_over=passed_over, number=self._shelf.number + 1
            )
