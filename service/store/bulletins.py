"""Which bulletins are served: those in the home directory, the used ones loaded."""

import hashlib
import logging
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from alerts.record import Alert
from bulletins.folders import bulletin_folders
from bulletins.manifest import ListedIndicator, Manifest
from bulletins.reading import (
    read_documents,
    read_indicators,
    read_manifest,
    read_parts,
    read_scores,
)
from bulletins.scenarios import ScenarioManifest
from bulletins.tables import Frame, Part
from features.errors import BulletinError
from features.words import DISPLAYED, Target
from service.errors import NoBulletinError, UnknownBulletinError, UnknownError
from service.store.alerts import RecentAlerts
from service.store.mirror import AddressState, Mirror
from service.store.record import RecordState, RecordStore
from service.store.scenarios import ScenarioStore

LATEST = "latest"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Bulletin:
    """One loaded bulletin: its manifest, its scores in the order of their key, and the rest.

    `parts` are the Parquet files by name, `documents` the reports and model cards. Older bulletins
    have neither parts, documents nor indicators. `pcodes` are by region, from the operator.
    """

    manifest: Manifest
    scores: Frame
    indicators: tuple[ListedIndicator, ...] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    pcodes: Mapping[str, str] = field(default_factory=dict)

    def part(self, name: str) -> Part:
        """Return a file by its name; raises UnknownError when the bulletin does not have it."""
        if name not in self.parts:
            content = name.removesuffix(".parquet").replace("_", " ")
            age = f"bulletin {self.manifest.id} was issued before {content} were kept"
            raise UnknownError(f"{age}: ask a newer one")
        return self.parts[name]

    def rows_of_region(
        self, name: str, region: str, columns: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of a region in a file, none when the bulletin does not have it."""
        if name not in self.parts:
            return []
        rows: list[dict[str, Any]] = self.parts[name].of_region(region, columns).to_pylist()
        return rows

    def words_of_indicator(self, name: str) -> dict[str, Any]:
        """Return the name, meaning and unit of an indicator; None for what is not known."""
        listed = self.listed.get(name)
        return {"name": name} | {word: getattr(listed, word, None) for word in ("meaning", "unit")}

    @cached_property
    def listed(self) -> dict[str, ListedIndicator]:
        """The indicators by name."""
        return {indicator.name: indicator for indicator in self.indicators}

    @cached_property
    def targets(self) -> list[Target]:
        """The targets that are scored, in the order in which people see them."""
        return [target for target in DISPLAYED if target in self.horizons]

    @cached_property
    def horizons(self) -> dict[str, set[int]]:
        """The horizons [months] at which each target is scored."""
        pairs = self.scores.take(self.scores.distinct("target", "horizon")).to_pylist()
        horizons: dict[str, set[int]] = {}
        for pair in pairs:
            horizons.setdefault(pair["target"], set()).add(pair["horizon"])
        return horizons


Stamp = tuple[tuple[str, int, int, int], ...]
"""Name, inode, size and time of change [ns] of every file in a folder; that of permissions too."""

_NONE_YET = "no bulletin has been published yet: issue one, then ask again"
_NONE_NOW = "no bulletin can be served now: ask again later; /readyz says why"
_ADDRESS = "address"
_FEW = 3
"""The most reasons in a refusal; more are counted."""


class Listing(NamedTuple):
    """The bulletins as they were at one look; replaced whole, so that no reader sees half of it.

    `manifests` are by id, the newest first; `newest` is None while none can be served.
    `passed_over` says why a folder is not served, `trouble` why none can be looked at now, if so.
    `alerts` are the last that rang, the newest first; `scenarios` are no bulletins. `digest`
    changes with the set of bulletins, `record`, the track record, alerts, scenarios and `pcodes`.
    `address` is None where bulletins are not shared.
    """

    stamps: dict[str, Stamp]
    manifests: dict[str, Manifest]
    newest: Bulletin | None
    passed_over: dict[str, str]
    digest: str
    trouble: str = ""
    record: RecordState = RecordState()
    alerts: tuple[Alert, ...] = ()
    scenarios: tuple[ScenarioManifest, ...] = ()
    pcodes: Mapping[str, str] = {}
    address: AddressState | None = None

    @property
    def unserved(self) -> Mapping[str, str]:
        """Why bulletins that are here, or at the address, cannot be served, by name."""
        return {**self.passed_over, **(self.address.damage if self.address else {})}

    @property
    def troubles(self) -> list[str]:
        """Why bulletins here, or at the address, cannot be looked at."""
        return [why for why in (self.trouble, self.address and self.address.trouble) if why]

    @property
    def is_in_trouble(self) -> bool:
        """Whether there is something that cannot be served, or looked at."""
        return bool(self.troubles or self.unserved)

    @property
    def none_because(self) -> str:
        """Return why no bulletin can be served, for operators: none is there, or all damaged."""
        reasons = self.troubles or sorted(self.unserved.values())
        if not reasons:
            return _NONE_YET
        more = f"; {len(reasons) - _FEW} more cannot either" if len(reasons) > _FEW else ""
        return f"no bulletin can be served: {'; '.join(reasons[:_FEW])}{more}"

    def choose(
        self, name: str = LATEST, *, origin: str | None = None, issued_by: date | None = None
    ) -> Manifest:
        """Return the newest by name, origin (YYYY-MM), day [UTC]; raises UnknownBulletinError."""
        for manifest in self.manifests.values():
            is_named = name in (LATEST, manifest.id)
            is_of_origin = origin in (None, manifest.origin)
            is_issued = issued_by is None or manifest.issued_at.astimezone(UTC).date() <= issued_by
            if is_named and is_of_origin and is_issued:
                return manifest
        asked = {"with the id": name, "of origin": origin, "issued by": issued_by}
        conditions = ", ".join(f"{k} {v}" for k, v in asked.items() if v not in {LATEST, None})
        raise UnknownBulletinError(f"there is no bulletin {conditions}: see the list of bulletins")


class BulletinStore:
    """The bulletins of a home directory, at most `keep` and the newest loaded; thread-safe.

    `look` takes up what has changed in the folder. The newest bulletin has the latest origin and,
    of those, the latest issue. A damaged one is passed over, and logged if that is news.
    """

    def __init__(
        self,
        home: Path,
        *,
        keep: int = 4,
        pcodes: Mapping[str, str] | None = None,
        mirror: Mirror | None = None,
    ) -> None:
        self._home, self._folder = home, home / "bulletins"
        self._keep, self._mirror = keep, mirror
        self._lock = Lock()
        self._loaded: OrderedDict[str, Bulletin] = OrderedDict()
        self.records, self._alerts = RecordStore(home), RecentAlerts(home)
        self.scenarios = ScenarioStore(home)
        self.listing = _with_digest(Listing({}, {}, None, {}, digest="", pcodes=pcodes or {}))
        self._read()

    def get(self, name: str, listing: Listing | None = None) -> Bulletin:
        """Return a bulletin of a listing (default: the present one) by its id or `latest`.

        Raises NoBulletinError when none can be served, UnknownBulletinError when this one is not
        there or is damaged.
        """
        listing = listing or self.listing
        if listing.newest is None:
            raise NoBulletinError(_NONE_NOW if listing.is_in_trouble else _NONE_YET)
        if name in (LATEST, listing.newest.manifest.id):
            return listing.newest
        if name not in listing.manifests:
            raise UnknownBulletinError(f"there is no bulletin '{name}': see the list of bulletins")
        with self._lock:
            try:
                return self._load(listing.manifests[name])
            except BulletinError as error:
                _log.warning("%s", error)
                self._pass_over(name, str(error))
                raise UnknownBulletinError(f"bulletin {name} is damaged, not served") from error

    def look(self) -> None:
        """Read the folder again, and load the newest bulletin if it is another one now."""
        before = self.listing
        self._read()
        log_passed_over(self.listing, before)

    def _read(self) -> None:
        with self._lock:
            try:
                names = [folder.name for folder in bulletin_folders(self._home)]
            except BulletinError as error:
                self.listing = self.listing._replace(trouble=str(error))
                return
            stamps, listing = {name: self._stamp(name) for name in names}, self.listing
            if stamps != listing.stamps or listing.trouble:
                listing = self._listing_of(stamps)
            listing = listing._replace(
                record=self.records.look(listing.record),
                alerts=self._alerts.look(),
                scenarios=self.scenarios.look(),
                address=None if self._mirror is None else self._mirror.state,
            )
            if listing != self.listing:
                self.listing = _with_digest(listing)

    def _stamp(self, name: str) -> Stamp:
        try:
            entries = sorted(os.scandir(self._folder / name), key=lambda entry: entry.name)
            stats = [(entry.name, entry.stat()) for entry in entries]
        except OSError:
            return ()
        return tuple((name, s.st_ino, s.st_size, s.st_ctime_ns) for name, s in stats)

    def _listing_of(self, stamps: dict[str, Stamp]) -> Listing:
        """Read the manifests that are new or changed, and load the newest bulletin."""
        old = self.listing
        changed = {name for name, stamp in stamps.items() if old.stamps.get(name) != stamp}
        for name in changed | (old.stamps.keys() - stamps.keys()):
            self._loaded.pop(name, None)
        unchanged = stamps.keys() - changed
        passed_over = {name: why for name, why in old.passed_over.items() if name in unchanged}
        manifests = [m for name, m in old.manifests.items() if name in unchanged]
        for name in sorted(changed):
            try:
                manifests.append(read_manifest(self._folder / name))
            except BulletinError as error:
                passed_over[name] = str(error)
        manifests.sort(key=lambda m: (m.origin, m.issued_at, m.id), reverse=True)
        newest = None
        while manifests and newest is None:
            try:
                newest = self._load(manifests[0])
            except BulletinError as error:
                passed_over[manifests.pop(0).id] = str(error)
        by_id = {m.id: m for m in manifests}
        return old._replace(
            stamps=stamps, manifests=by_id, newest=newest, passed_over=passed_over, trouble=""
        )

    def _load(self, manifest: Manifest) -> Bulletin:
        if manifest.id not in self._loaded:
            folder = self._folder / manifest.id
            self._loaded[manifest.id] = Bulletin(
                manifest,
                read_scores(folder, manifest),
                read_indicators(folder, manifest),
                read_parts(folder, manifest),
                read_documents(folder, manifest),
                self.listing.pcodes,
            )
        self._loaded.move_to_end(manifest.id)
        while len(self._loaded) > self._keep:
            self._loaded.popitem(last=False)
        return self._loaded[manifest.id]

    def _pass_over(self, name: str, why: str) -> None:
        listing = self.listing
        if name not in listing.manifests:  # it has been withdrawn meanwhile
            return
        manifests = {key: m for key, m in listing.manifests.items() if key != name}
        passed_over = listing.passed_over | {name: why}
        self.listing = _with_digest(listing._replace(manifests=manifests, passed_over=passed_over))


def log_passed_over(listing: Listing, before: Listing | None = None) -> None:
    """Log why bulletins cannot be served or looked at, if it is another reason than before."""
    reasons = _troubles(listing)
    known = {} if before is None else _troubles(before)
    for name, reason in sorted(reasons.items()):
        if known.get(name) != reason:
            _log.warning("%s; the good ones are served", reason)
    if _ADDRESS in known.keys() - reasons.keys():
        _log.info("the shared address answers again")


def _troubles(listing: Listing) -> dict[str, str]:
    """Return why things cannot be served: by bulletin, and of all bulletins and the record."""
    address = listing.address.trouble if listing.address else ""
    others = {"": listing.trouble, "record": listing.record.trouble, _ADDRESS: address}
    return {**listing.unserved} | {name: why for name, why in others.items() if why}


def _with_digest(listing: Listing) -> Listing:
    others = (*(one.id for one in listing.alerts), *(one.id for one in listing.scenarios))
    given = repr(sorted(listing.pcodes.items()))
    parts = [*listing.manifests, repr(listing.record.stamp), *others, given]
    return listing._replace(digest=hashlib.sha256("\n".join(parts).encode()).hexdigest())
