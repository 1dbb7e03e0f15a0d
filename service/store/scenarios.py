"""The scenarios of a home that are served; those that are used are loaded."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bulletins.scenarios import (
    FAMILIES_FILE,
    SCENARIO_FILE,
    SCORES_FILE,
    SUPPORT_FILE,
    VIOLENCE_FILE,
    ScenarioManifest,
    read_scenario_manifest,
    read_scenario_table,
    scenario_folders,
)
from bulletins.tables import Frame
from features.errors import BulletinError
from service.errors import UnknownError

_log = logging.getLogger(__name__)

_LOADED = 8  # scenarios at a time

Stamps = dict[str, tuple[int, int, int]]


class StoredScenario(NamedTuple):
    """A scenario and its tables."""

    manifest: ScenarioManifest
    scores: Frame
    families: Frame
    violence: Frame
    support: Frame


class ScenarioStore:
    """The scenarios of a home; what is damaged is passed over, and logged once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._stamps: Stamps = {}
        self._manifests: tuple[ScenarioManifest, ...] = ()
        self._read = lru_cache(maxsize=_LOADED)(_read)

    def look(self) -> tuple[ScenarioManifest, ...]:
        """Return what there is, by newest origin and name: the same tuple while it is the same."""
        stamps: Stamps = {}
        try:
            for folder in scenario_folders(self._home):
                status = (folder / SCENARIO_FILE).stat()
                stamps[folder.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
        except (BulletinError, OSError) as error:
            if self._manifests:
                _log.warning("%s; no scenario is shown", error)
            stamps = {}
        if stamps != self._stamps:
            self._stamps = stamps
            manifests = [one for name in stamps if (one := self._manifest(name)) is not None]
            manifests.sort(key=lambda manifest: (manifest.name, manifest.id))
            manifests.sort(key=lambda manifest: manifest.origin, reverse=True)
            self._manifests = tuple(manifests)
        return self._manifests

    def _manifest(self, name: str) -> ScenarioManifest | None:
        try:
            return read_scenario_manifest(self._home / "scenarios" / name)
        except BulletinError as error:
            _log.warning("%s; the good ones are served", error)
            return None

    def get(self, manifests: tuple[ScenarioManifest, ...], name: str) -> StoredScenario:
        """Return one of some scenarios; raises UnknownError when it is not there, or damaged."""
        manifest = next((one for one in manifests if one.id == name), None)
        if manifest is None:
            raise UnknownError(f"there is no scenario '{name}': see the list of scenarios")
        try:
            return self._read(self._home / "scenarios" / name, manifest.model_dump_json())
        except BulletinError as error:
            _log.warning("%s", error)
            raise UnknownError(f"scenario {name} is damaged, not served") from error


def _read(folder: Path, manifest: str) -> StoredScenario:
    stored = ScenarioManifest.model_validate_json(manifest)
    names = (SCORES_FILE, FAMILIES_FILE, VIOLENCE_FILE, SUPPORT_FILE)
    return StoredScenario(stored, *(read_scenario_table(folder, stored, name) for name in names))
