"""The errors a user can meet. A message says what was wrong, where, and what to do."""

from features.printable import printable


class TocsinError(Exception):
    """Anything that Tocsin refuses to do; the command line prints it as one line and exits 1.

    What it quotes from files and requests cannot steer a terminal.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(message))


class InputError(TocsinError):
    """A file or a value from outside cannot be used."""


class ArchiveError(TocsinError):
    """The event archive cannot take or give what was asked of it."""


class CoverageError(TocsinError):
    """The events do not observe the months that were asked for."""


class ConfigurationError(TocsinError):
    """The experiment configuration is wrong."""


class ModelError(TocsinError):
    """A model cannot be fitted, found or trusted."""


class BulletinError(TocsinError):
    """A bulletin is missing, incomplete or not of the form that this version reads."""


class StoreError(TocsinError):
    """What several machines share cannot be reached."""


class RecordError(TocsinError):
    """The track record is damaged, or cannot be written."""


class AlertError(TocsinError):
    """An alert cannot be raised, delivered or read."""
