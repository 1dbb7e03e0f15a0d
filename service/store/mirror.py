"""Copies of the bulletins that several machines share, brought by a thread of its own."""

import logging
from collections.abc import Mapping
from threading import Event, Thread
from typing import TYPE_CHECKING, NamedTuple

from features.errors import BulletinError, StoreError

if TYPE_CHECKING:
    from bulletins.shared import SharedBulletins

PULL_EVERY_S = 2.0
"""Time between two looks at the address [s]."""

_log = logging.getLogger(__name__)


class AddressState(NamedTuple):
    """Why the address does not answer, if so, and what is damaged there, by name."""

    trouble: str = ""
    damage: Mapping[str, str] = {}


class Mirror:
    """Keeps the copies in a home up with the address; a slow one keeps no request waiting.

    `state` is replaced whole at each look; as anyone may read it, it does not name the address.
    """

    def __init__(self, shared: "SharedBulletins") -> None:
        self._shared = shared
        self._end = Event()
        self.state = AddressState()

    def start(self) -> None:
        """Look at the address from now on, until `stop`."""
        Thread(target=self._run, name="mirror", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._end.set()

    def _run(self) -> None:
        try:
            self._pull()
            while not self._end.wait(PULL_EVERY_S):
                self._pull()
        finally:
            if not self._end.is_set():
                _log.error("bulletins are copied from %s no more", self._shared.address)

    def _pull(self) -> None:
        before = self.state
        try:
            self.state = AddressState(damage=self._without_address(self._shared.pull()))
        except (StoreError, BulletinError) as error:
            (trouble,) = self._without_address({"": str(error)}).values()
            self.state = before._replace(trouble=trouble)

    def _without_address(self, reasons: Mapping[str, str]) -> dict[str, str]:
        address = self._shared.address
        return {name: why.replace(address, "the shared address") for name, why in reasons.items()}
