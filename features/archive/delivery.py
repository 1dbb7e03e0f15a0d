"""A delivery: what a source hands to the archive, and what it says of itself."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from features.archive.coverage import Coverage
from features.archive.folders import Records
from features.strict import Strict
from features.words import Level

Kind = Literal["final", "candidate"]
"""`final` releases are a source's considered record; `candidate` ones are early and get revised."""


@dataclass(frozen=True)
class Identity:
    """What a delivery is. Only releases of one `history` revise each other.

    `level` is that of the regions of counts, None for a release of events. `is_implied`: what it
    observes is not said, but implied by its name. `is_habit`: `available_on` is not known, but when
    its source usually publishes.
    """

    history: str
    source: str
    release: str
    kind: Kind
    available_on: date
    coverage: Coverage
    file_name: str
    level: Level | None = None
    simulated: bool = False
    is_implied: bool = False
    is_habit: bool = False
    records: Records = "events"


class Deaths(Strict):
    """Deaths in the rows of a delivery: of all that were read, taken, and in observed months."""

    read: int
    taken: int
    observed: int


@dataclass(frozen=True)
class ReleaseContent:
    """What a delivery has written.

    `sha256` is that of the delivered content, unpacked; `rows_aside` are rejected rows that are no
    fault of it; `rows_deleted` counts withdrawn events, which are no rows of it; `notes` name what
    was mended in reading, `doubts` what may be wrong. `coverage` is what it observes, if not what
    it is said to.
    """

    sha256: str
    rows_accepted: int
    rows_rejected: int
    rows_aside: int = 0
    rows_deleted: int = 0
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    deaths: Deaths | None = None
    coverage: Coverage | None = None


class Delivery(Protocol):
    """A release on its way into the archive."""

    @property
    def identity(self) -> Identity:
        """What it is."""

    def write(self, folder: Path) -> ReleaseContent:
        """Write accepted, rejected and deleted rows, nothing else; raises InputError if useless."""
