"""The rules file: when to ring, for which regions, and through which channels. It is TOML."""

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from bulletins.manifest import Manifest
from features.errors import AlertError, ConfigurationError, InputError
from features.files import read_whole
from features.language import LANGUAGES
from features.places.countries import bundled_regions, known_country
from features.strict import Strict
from features.toml import read_toml
from features.words import SPECS, Level, RiskName, Target

_PREFIX = "whsec_"  # of a secret, as standardwebhooks.com has it
_SHORTEST_SECRET = 24  # bytes, by the same
_CONDITIONS = ("threshold", "rise", "change", "first")
_FEW = 5

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Positive = Annotated[float, Field(gt=0, le=1e9, strict=True)]


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")
    return names


def _country(text: str) -> str:
    try:
        return known_country(text)
    except InputError as error:
        raise ValueError(str(error)) from error


_Names = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct)]
_Countries = Annotated[
    tuple[Annotated[str, AfterValidator(_country)], ...],
    Field(min_length=1),
    AfterValidator(_distinct),
]


def _whole(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("write the whole path, from the root")
    return path


_File = Annotated[Path, AfterValidator(_whole)]


class Apprise(Strict):
    """A channel of apprise: its URL, or the variable or the file that holds it."""

    kind: Literal["apprise"]
    url: str | None = None
    url_variable: str | None = None
    url_file: _File | None = None

    @model_validator(mode="after")
    def _one_url(self) -> "Apprise":
        if sum(place is not None for place in (self.url, self.url_variable, self.url_file)) != 1:
            raise ValueError("give one of url, url_variable and url_file")
        return self

    def address(self, environment: Mapping[str, str]) -> str:
        """Return the URL; raises AlertError, which does not quote it, when it is not there."""
        return self.url or _secret("the URL", self.url_variable, self.url_file, environment)


class Webhook(Strict):
    """A signed webhook: its URL, and the variable or the file that holds the secret."""

    kind: Literal["webhook"]
    url: str
    secret_variable: str | None = None
    secret_file: _File | None = None

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            has_host, _ = bool(parts.hostname), parts.port
        except ValueError:
            has_host = False
        if not has_host or parts.scheme not in {"http", "https"}:
            raise ValueError("this is no address that begins with https:// or http://")
        if parts.username is not None:
            raise ValueError("the address must not hold a password: the signature says who asks")
        return url

    @model_validator(mode="after")
    def _one_secret(self) -> "Webhook":
        if (self.secret_variable is None) == (self.secret_file is None):
            raise ValueError("give one of secret_variable and secret_file")
        return self

    def secret(self, environment: Mapping[str, str]) -> bytes:
        """Return the key of the signature; raises AlertError when it is not there or too short."""
        text = _secret("the secret", self.secret_variable, self.secret_file, environment)
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not text.startswith(_PREFIX) or len(key) < _SHORTEST_SECRET:
            raise AlertError(
                f"the secret of a webhook is '{_PREFIX}' and {_SHORTEST_SECRET} bytes or more in "
                f'base64: make one with echo "{_PREFIX}$(head -c 32 /dev/urandom | base64)"'
            )
        return key


Channel = Annotated[Apprise | Webhook, Field(discriminator="kind")]


class Rule(Strict):
    """When to ring: exactly one condition, on the scores of some or all regions of a level.

    `threshold`, `rise` and a number as `first` are of the probability, 0 to 1; of mean deaths a
    month where a distribution is forecast.
    """

    name: Name
    level: Level
    regions: _Names | None = None
    countries: _Countries | None = None
    target: Target
    horizon: Annotated[int, Field(ge=1, le=12, strict=True)]
    threshold: Positive | None = None
    rise: Positive | None = None
    change: Literal["up", "down", "any"] | None = None
    first: Positive | RiskName | None = None
    quiet_days: Annotated[int, Field(gt=0, le=36_525, strict=True)] | None = None
    quiet_months: Annotated[int, Field(gt=0, le=1200, strict=True)] | None = None
    language: str = "en"
    channels: _Names

    @property
    def limit(self) -> float | RiskName | None:
        """What `threshold`, `rise` or `first` says; None of a change."""
        return self.threshold or self.rise or self.first

    @field_validator("language")
    @classmethod
    def _is_language(cls, code: str) -> str:
        if code not in LANGUAGES:
            raise ValueError(f"no language '{code}': there are {', '.join(LANGUAGES)}")
        return code

    @model_validator(mode="after")
    def _is_clear(self) -> "Rule":
        if sum(getattr(self, name) is not None for name in _CONDITIONS) != 1:
            raise ValueError(f"give one of {', '.join(_CONDITIONS)}")
        if self.regions is not None and self.countries is not None:
            raise ValueError("give regions or countries, or neither for all")
        if self.quiet_days is not None and self.quiet_months is not None:
            raise ValueError("give quiet_days or quiet_months, or neither")
        if not SPECS[self.target].is_distribution and (
            isinstance(self.limit, float) and self.limit > 1
        ):
            raise ValueError(f"{self.target} is a probability, 0 to 1, not {self.limit:g}")
        _refuse_unknown(self.regions, bundled_regions(self.level), f"{self.level} region")
        return self


class Rules(Strict):
    """All rules, and the channels by name."""

    channels: dict[Name, Channel] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _fit_together(self) -> "Rules":
        for name, number in Counter(rule.name for rule in self.rules).items():
            if number > 1:
                raise ValueError(f"{number} rules are called '{name}': give each its own name")
        for rule in self.rules:
            _refuse_unknown(rule.channels, frozenset(self.channels), f"channel of '{rule.name}'")
        return self


def read_rules(path: Path) -> Rules:
    """Return the rules of a file; raises AlertError, naming every mistake, when it has any."""
    try:
        return read_toml(path, Rules, "a file of alert rules")
    except ConfigurationError as error:
        raise AlertError(f"{error}; nothing was sent") from error


def refuse_impossible(rules: Rules, manifest: Manifest, horizons: Mapping[str, set[int]]) -> None:
    """Raise AlertError for a horizon that a bulletin does not have of a target that it has.

    `horizons` are by target. A level or target may be missing for a month; no mistake is seen then.
    """
    for rule in rules.rules:
        there = horizons.get(rule.target)
        if there is not None and rule.horizon not in there:
            raise AlertError(
                f"rule '{rule.name}': bulletin {manifest.id} has no horizon {rule.horizon} of "
                f"{rule.target}: it has {', '.join(map(str, sorted(there)))}; nothing was sent"
            )


def _refuse_unknown(names: tuple[str, ...] | None, there: frozenset[str], what: str) -> None:
    unknown = sorted(set(names or ()) - there)
    if unknown:
        more = f" and {len(unknown) - _FEW} more" if len(unknown) > _FEW else ""
        raise ValueError(f"unknown {what}: {', '.join(unknown[:_FEW])}{more}")


def _secret(
    what: str, variable: str | None, file: Path | None, environment: Mapping[str, str]
) -> str:
    if variable is not None:
        if not environment.get(variable):
            raise AlertError(f"the variable {variable} is not set: it holds {what} of a channel")
        return environment[variable].strip()
    if file is None:
        raise AlertError(f"nothing says where {what} of a channel is")
    try:
        return read_whole(file).decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise AlertError(f"'{file}' cannot be read ({reason}): it holds {what}") from error
