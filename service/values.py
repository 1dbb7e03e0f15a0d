"""What one parameter may be: a month, a day, an id, a box; a refusal says it in words."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bulletins.folders import ID
from features.language import LANGUAGES


@dataclass(frozen=True)
class Spelling:
    """How a text is spelt: a pattern for machines, and `words` for people, with an example."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema of a text that is checked."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON schema, which has the pattern."""
        return handler(schema) | {"pattern": f"^{self.pattern}$"}

    def _checked(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text, re.ASCII):
            raise PydanticCustomError("spelling", self.words)
        return text


_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_DEGREES = r"-?\d{1,3}(\.\d{1,20})?([eE][+-]?\d{1,2})?"  # as GDAL writes them
_MONTHS_AHEAD = r"(1[0-2]|[1-9])"
_SPAN = rf"{_MONTHS_AHEAD}(-{_MONTHS_AHEAD})?"
_SPANS = rf"{_SPAN}(,{_SPAN})*"

Month = Annotated[str, Spelling(_MONTH, "write a month as YYYY-MM, as in 2025-01")]
BulletinId = Annotated[str, Spelling(ID, "write an id of the list of bulletins")]
BulletinName = Annotated[
    str, Spelling(f"(latest|{ID})", "write latest, or an id of the list of bulletins")
]
Box = Annotated[
    str,
    Spelling(
        rf"{_DEGREES}(,{_DEGREES}){{3}}",
        "write the west, south, east and north edge in degrees, as in -12.5,10,4.5,25",
    ),
]


def _day(text: object) -> object:
    """Refuse all but a full date: pydantic would take seconds since 1970 too."""
    if isinstance(text, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise PydanticCustomError("day", "write a day as YYYY-MM-DD, as in 2025-01-31")
    return text


Day = Annotated[date, BeforeValidator(_day)]


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise PydanticCustomError("language", f"write one of {', '.join(LANGUAGES)}")
    return code


LanguageCode = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": [*LANGUAGES]})
]


def _spread(texts: object) -> object:
    """Return the numbers that texts like `1`, `1-6` and `1,3,6` stand for, ascending."""
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return texts
    numbers: set[int] = set()
    for text in texts:
        if not re.fullmatch(_SPANS, text, re.ASCII):
            raise PydanticCustomError(
                "horizon", "write months ahead, 1 to 12, as in 3, 1-6 or 1,3,6"
            )
        for span in text.split(","):
            ends = sorted(map(int, span.split("-")))
            numbers.update(range(ends[0], ends[-1] + 1))
    return sorted(numbers)


Horizons = Annotated[
    list[Annotated[int, Field(ge=1, le=12)]],
    BeforeValidator(_spread),
    WithJsonSchema({"type": "array", "items": {"type": "string", "pattern": f"^{_SPANS}$"}}),
]
