"""What the service refuses: an error for each reason, with its HTTP status."""

from typing import ClassVar

from features.errors import BulletinError, ConfigurationError, InputError, TocsinError


class RefusalError(TocsinError):
    """A request that is answered with an HTTP status other than success."""

    status: ClassVar[int]


class UnknownError(RefusalError, InputError):
    """A region, country, level, target or horizon that the bulletin does not score."""

    status = 404


class ParameterError(RefusalError, InputError):
    """A parameter that does not exist or whose value cannot be used."""

    status = 422


class QueryError(RefusalError, InputError):
    """The same, where a standard has another status for it."""

    status = 400


class FormatError(RefusalError, InputError):
    """No form of the answer that the request accepts."""

    status = 406


class UnknownBulletinError(RefusalError, BulletinError):
    """A bulletin that is not there or is damaged."""

    status = 404


class KeysError(RefusalError, ConfigurationError):
    """The API keys cannot be read."""

    status = 503


class StaleError(RefusalError, BulletinError):
    """The newest bulletin is too old to be relied on."""

    status = 503


class NoBulletinError(RefusalError, BulletinError):
    """Nothing has been published yet."""

    status = 503
