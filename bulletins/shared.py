"""Bulletins that several machines share: each follows the last at the address."""

from pathlib import Path

from bulletins.chain import head_of
from bulletins.folders import ID
from bulletins.manifest import Manifest
from bulletins.reading import read_manifests
from features.errors import BulletinError
from features.shared.folders import SharedFolders


class SharedBulletins(SharedFolders):
    """The bulletins at an address, of which a home has copies; for one thread."""

    kind, chain = "bulletins", "chain"
    id_form = ID
    error = BulletinError

    def place_of(self, folder_id: str) -> Path:
        """Return where the copy of a bulletin lies in the home."""
        return self.home / "bulletins" / folder_id

    def catch_up(self) -> None:
        """Copy both ways: then the next bulletin of the home follows the last at the address.

        What the home issued by itself is pushed. Raises BulletinError when something at the address
        is damaged, or was issued apart from the home.
        """
        self.pull_all()
        for manifest in sorted(read_manifests(self.home)[0], key=lambda m: (m.issued_at, m.id)):
            self.push(manifest, self.place_of(manifest.id))

    def push(self, manifest: Manifest, folder: Path) -> bool:
        """Copy a bulletin to the address, as the one after the last that was pulled or pushed.

        Returns False when it was there already. Raises BulletinError when it is not the next:
        another publisher has issued one meanwhile, or the home apart. Then it is not there.
        """
        ids = {entry.id for entry in self.entries}
        if manifest.id in ids:
            return False
        self._require_place(manifest, ids)
        entry = self.add(manifest.id, folder, manifest.hashes)
        if entry.id != manifest.id:
            self.remove(manifest.id)
            raise BulletinError(
                f"bulletin {entry.id} was issued at {self.address} meanwhile, and nothing here: "
                "publish again, after it"
            )
        return True

    def _require_place(self, manifest: Manifest, ids: set[str]) -> None:
        """Raise BulletinError unless a bulletin follows the last at the address, or a lost one."""
        manifests, _ = read_manifests(self.home)
        last = head_of([other for other in manifests if other.id in ids])
        before = None if last is None else last.id
        named = None if manifest.chain is None else manifest.chain.id
        is_lost = named is not None and named not in {other.id for other in manifests}
        if named != before and not (is_lost or manifest.is_older):
            raise BulletinError(
                f"bulletin {manifest.id} does not follow {before}, the last at {self.address}: it "
                "was issued apart; move it out of the home, or share the home at another address"
            )
