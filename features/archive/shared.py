"""Releases that several machines share: a name is that of one content on all of them."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from features.archive.folders import NAME, RECORDS, RELEASE_FILE, damage, release_folders
from features.errors import ArchiveError
from features.files import read_whole
from features.hashes import hash_of_file
from features.shared.folders import Entry, SharedFolders


class SharedReleases(SharedFolders):
    """The releases at an address, of which a home has copies; for one thread.

    The id of a release is its place in the home and the beginning of the hash of `release.json`.
    """

    kind, chain = "releases", "releases"
    id_form = rf"(?:{'|'.join(RECORDS)})/source={NAME}/release={NAME}/[0-9a-f]{{12}}"
    error = ArchiveError

    def place_of(self, folder_id: str) -> Path:
        """Return where the copy of a release lies in the home."""
        return self.home / PurePosixPath(folder_id).parent

    def is_copy(self, place: Path, entry: Entry) -> bool:
        """Return whether a release has the record of an entry: of rows, day, number and all."""
        with suppress(OSError):
            return hash_of_file(place / RELEASE_FILE) == entry.files.get(RELEASE_FILE)
        return False

    def refusal(self, copy: Path) -> str:
        """Return why the home cannot have a release: it is simulated and others are not."""
        places = (place for records in RECORDS for place in release_folders(self.home, records))
        first = next(places, None)
        if first is None or _is_simulated(first) == _is_simulated(copy):
            return ""
        theirs, ours = ("simulated", "real") if _is_simulated(copy) else ("real", "simulated")
        return (
            f"{self.address} has {theirs} releases and '{self.home}' {ours} ones, which may never "
            "share an archive: choose another home (TOCSIN_HOME)"
        )

    def holds(self, place: Path) -> bool:
        """Return whether a release of that name is at the address."""
        return any(
            self.place_of(entry.id) == place
            for entry in self.entries
            if entry.id not in self.withdrawn
        )

    def push(self, folder: Path, place: Path, hashes: Mapping[str, str]) -> bool:
        """Copy a release in a folder, whose place is another, to the address.

        Returns False when another machine has added one meanwhile: then that is in the home, and
        may be of the same name. Raises ArchiveError when the same rows were withdrawn.
        """
        for entry in self.entries:
            rows = entry.files.items() - {(RELEASE_FILE, entry.files.get(RELEASE_FILE))}
            is_of_name = entry.id in self.withdrawn and self.place_of(entry.id) == place
            if is_of_name and rows == hashes.items():
                raise ArchiveError(
                    f"{entry.id} was withdrawn at {self.address}: delete withdrawn/{entry.id} "
                    "there to have it again, or keep it out of the home"
                )
        record = hash_of_file(folder / RELEASE_FILE)
        release_id = f"{place.relative_to(self.home).as_posix()}/{record[:12]}"
        if self.add(release_id, folder, hashes).id == release_id:
            return True
        self.pull_all()
        if self.holds(place) and release_id not in {entry.id for entry in self.entries}:
            self.remove(release_id)
        return False


def _is_simulated(folder: Path) -> bool:
    try:
        return bool(json.loads(read_whole(folder / RELEASE_FILE))["simulated"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damage(folder, f"{RELEASE_FILE}: {error}") from error
