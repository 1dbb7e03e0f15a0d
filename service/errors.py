"""What the service refuses: an error for each HTTP status."""

from features.errors import BulletinError, InputError


class UnknownError(InputError):
    """A region, country, level, target or horizon that the bulletin does not score: 404."""


class ParameterError(InputError):
    """A parameter that does not exist or whose value cannot be used: 422."""


class FormatError(InputError):
    """No form of the answer that the request accepts: 406."""


class UnknownBulletinError(BulletinError):
    """A bulletin that is not there or is damaged: 404."""


class StaleError(BulletinError):
    """The newest bulletin is too old to be relied on: 503."""


class NoBulletinError(BulletinError):
    """Nothing has been published yet: 503."""
