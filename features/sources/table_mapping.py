"""The mapping by which any table of events is read: a TOML file that names its columns.

`docs/data.md` shows one, and says what each of its parts is for.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from features.archive.schemas import MOST_DEATHS, OTHER_TYPES, TYPES_OF_VIOLENCE
from features.errors import InputError
from features.files import load_toml
from features.places.matching import match_countries
from features.sources.source import Sign
from features.strict import Strict

TYPES = {name: number for number, name in (TYPES_OF_VIOLENCE | OTHER_TYPES).items()}
"""Types of violence by name."""

_DIRECTIVES = frozenset("dmYybBHMSfp%I")
_DAY, _MONTH, _YEAR = frozenset("d"), frozenset("mbB"), frozenset("Yy")

_PARTS = ("year", "month", "day")

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
TypeName = Literal[
    "state-based", "non-state", "one-sided", "protest", "riot", "strategic development"
]
Deaths = Annotated[int, Field(ge=0, le=MOST_DEATHS)]


def _several(names: object) -> object:
    return (names,) if isinstance(names, str) else names


def _one_or_parts(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) not in (1, len(_PARTS)):
        raise ValueError(f"give one column, or those of the {', '.join(_PARTS)}")
    return names


Names = Annotated[tuple[Name, ...], Field(min_length=1), BeforeValidator(_several)]
Date = Annotated[Names, AfterValidator(_one_or_parts)]


class Columns(Strict):
    """Column of the normal form -> the file's column that holds it.

    `event_id` must stay the same when figures are revised; several columns may make it up together.
    A date stands in one column, or its year, month and day in three.
    """

    event_id: Names
    date_start: Date
    date_end: Date | None = None
    country: Name | None = None
    type_of_violence: Name | None = None
    best: Name | None = None
    low: Name | None = None
    high: Name | None = None
    deaths_a: Name | None = None
    deaths_b: Name | None = None
    deaths_civilians: Name | None = None
    deaths_unknown: Name | None = None
    latitude: Name | None = None
    longitude: Name | None = None
    side_a: Name | None = None
    side_b: Name | None = None
    date_prec: Name | None = None
    where_prec: Name | None = None
    event_clarity: Name | None = None
    code_status: Name | None = None
    text: Name | None = None

    def file_columns(self) -> dict[str, str]:
        """Return column of the normal form -> column of the file, of all but the id and dates."""
        several = {"event_id", "date_start", "date_end"}
        return self.model_dump(exclude=several, exclude_none=True)

    def names(self) -> tuple[str, ...]:
        """Return all columns of the file that are named."""
        dates = (*self.date_start, *(self.date_end or ()))
        return (*self.event_id, *dates, *self.file_columns().values())


class Constants(Strict):
    """Column of the normal form -> what it is in every row."""

    country: Name | None = None
    type_of_violence: TypeName | None = None
    best: Deaths | None = None
    date_prec: Annotated[int, Field(ge=1, le=5)] | None = None
    where_prec: Annotated[int, Field(ge=1, le=7)] | None = None
    event_clarity: Annotated[int, Field(ge=1, le=2)] | None = None
    side_a: Name | None = None
    side_b: Name | None = None
    code_status: Name | None = None

    @field_validator("country")
    @classmethod
    def _code(cls, name: str | None) -> str | None:
        """Turn a country's name into its code."""
        if name is None:
            return None
        code = match_countries(pd.Series([name], dtype="str")).iloc[0]
        if pd.isna(code):
            raise ValueError(f"'{name}' is no country that is known: write it as MLI, or as Mali")
        return str(code)


class TableMapping(Strict):
    """How the columns of a table become those of the normal form.

    Countries are names or ISO 3166-1 alpha-3 codes (`name`), or Gleditsch-Ward numbers. The keys of
    `types` match in any case; without `types`, the column holds names or numbers of types of
    violence. `missing` are texts that stand for no value; events without deaths are then kept
    aside. `where` is column of the file -> what must stand there, in any case; other rows are kept
    aside. `sum`: rows of one id are one event, whose deaths are added up.
    """

    source: SourceName
    columns: Columns
    types: dict[str, TypeName] = Field(default_factory=dict)
    constants: Constants = Field(default_factory=Constants)
    country_code: Literal["name", "gleditsch-ward"] = "name"
    date_format: str | None = None
    decimal: Sign | None = None
    missing: tuple[str, ...] = ()
    where: dict[Name, Names] = Field(default_factory=dict)
    sum: bool = False

    @field_validator("date_format")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is None:
            return None
        directives = frozenset(re.findall(r"%(.?)", text, re.DOTALL))
        if not directives <= _DIRECTIVES:
            possible = " ".join(f"%{letter}" for letter in sorted(_DIRECTIVES))
            raise ValueError(f"only {possible} are known")
        if not all(directives & part for part in (_DAY, _MONTH, _YEAR)):
            raise ValueError("it must name a day (%d), a month (%m, %b or %B) and a year (%Y)")
        return text

    @field_validator("types")
    @classmethod
    def _lowered(cls, types: dict[str, TypeName]) -> dict[str, TypeName]:
        lowered = {value.strip().lower(): name for value, name in types.items()}
        if len(lowered) < len(types):
            raise ValueError("two of the values differ in case only")
        return lowered

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        file_columns = self.columns.file_columns()
        constants = self.constants.model_dump(exclude_none=True)
        for name in ("country", "type_of_violence", "best"):
            if name not in file_columns and name not in constants:
                raise ValueError(f"{name} is missing: name it under [columns] or [constants]")
        if both := sorted(file_columns.keys() & constants.keys()):
            raise ValueError(f"{both[0]} stands under [columns] and [constants]: keep one")
        dates = (self.columns.date_start, self.columns.date_end or ())
        if self.date_format is not None and len(_PARTS) in map(len, dates):
            raise ValueError("date_format is for a date in one column: leave it out")
        if self.types and "type_of_violence" not in file_columns:
            raise ValueError("[types] needs type_of_violence under [columns]")
        if ("latitude" in file_columns) != ("longitude" in file_columns):
            raise ValueError("latitude and longitude need each other")
        return self


def read_mapping(path: Path) -> TableMapping:
    """Read a mapping from a TOML file; raises InputError that names every wrong key."""
    try:
        content = load_toml(path)
    except OSError as error:
        raise InputError(
            f"the mapping '{path}' cannot be read ({error.strerror}): check the path"
        ) from error
    except ValueError as error:
        raise InputError(f"the mapping '{path}' is not TOML: {error}") from error
    try:
        return TableMapping.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            _in_words(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()
        )
        raise InputError(f"the mapping '{path}' is wrong: {faults}") from error


def _in_words(where: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(str(part) for part in where)
    if kind == "extra_forbidden":
        misplaced = len(where) > 1 and where[-1] in TableMapping.model_fields
        hint = "; it belongs above the first [table]" if misplaced else ""
        return f"{key}: no such key is known here{hint}"
    reason = message.removeprefix("Value error, ")
    return f"{key}: {reason}" if key else reason
