"""The track record that is served: the newest edition, and older ones by number."""

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bulletins.record import (
    SCORE,
    Division,
    Edition,
    coup_caution,
    edition_folders,
    folder_name,
    read_edition,
    read_summary,
)
from bulletins.tables import Frame
from features.errors import RecordError
from features.language import ENGLISH, Language
from features.words import OF_COUPS
from service.errors import NoBulletinError, UnknownError


class Record(NamedTuple):
    """One edition, and its summary (SUMMARY_SCHEMA)."""

    edition: Edition
    summary: Frame

    def rows(
        self, by: Division, groups: Collection[str] | None = None, **values: str
    ) -> list[dict[str, Any]]:
        """Return the rows of one division, of some groups or all, with some values in columns."""
        wanted: dict[str, list[str]] = {name: [value] for name, value in values.items()}
        wanted["by"] = [by]
        if groups is not None:
            wanted["group"] = [*groups]
        masks = [self.summary.among(name, among) for name, among in wanted.items()]
        rows = self.summary.rows[np.logical_and.reduce(masks)]
        return list(self.summary.take(rows).to_pylist())

    def caution(self, language: Language = ENGLISH) -> str | None:
        """Return why what is recorded of coups proves nothing yet; None if it does, or nothing is.

        Outcomes count as they were first known.
        """
        rows = self.rows("all", state="first", target=OF_COUPS[0], forecast=SCORE)
        return next((coup_caution(row["attempts"], row["origins"], language) for row in rows), None)


class RecordState(NamedTuple):
    """The newest edition at one look: None without any, and where it is damaged, as `trouble` says.

    `stamp` changes when the edition does.
    """

    record: Record | None = None
    trouble: str = ""
    stamp: tuple[object, ...] = ()


class RecordStore:
    """The editions of a home; the newest is taken up by `look`. Thread-safe."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._older = lru_cache(maxsize=2)(self._read)

    def look(self, before: RecordState) -> RecordState:
        """Return the newest edition now; that of before if it is the same."""
        try:
            folders = edition_folders(self._home)
            if not folders:
                return RecordState()
            stats = [(path.name, path.stat()) for path in sorted(folders[-1].iterdir())]
        except (RecordError, OSError) as error:
            return before._replace(trouble=str(error))
        files = tuple((name, s.st_ino, s.st_size, s.st_ctime_ns) for name, s in stats)
        stamp = (folders[-1].name, files)
        if stamp == before.stamp:
            return before
        try:
            return RecordState(self._read(int(folders[-1].name)), stamp=stamp)
        except RecordError as error:
            return RecordState(None, str(error), stamp)

    def get(self, state: RecordState, number: int | None = None) -> Record | None:
        """Return an edition by its number, or the newest of a look; None if there is none at all.

        Raises NoBulletinError when the newest is damaged, UnknownError when there is no such.
        """
        if number is None or (state.record and state.record.edition.number == number):
            if state.trouble:
                raise NoBulletinError(state.trouble)
            return state.record
        try:
            return self._older(number)
        except RecordError as error:
            newest = (
                "none" if state.record is None else f"the newest is {state.record.edition.number}"
            )
            raise UnknownError(
                f"there is no edition {number} of the track record: {newest}"
            ) from error

    def _read(self, number: int) -> Record:
        edition = read_edition(self._home / "record" / folder_name(number))
        return Record(edition, read_summary(self._home, edition))
