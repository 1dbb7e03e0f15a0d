"""Lists as tables: flat rows of models, digits that people read, cells that are safe to open."""

import math
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from pydantic import BaseModel

from bulletins.tables import as_numbers, number_column, text_column
from features.arrays import FloatArray
from features.arrow import in_arrow_memory

Row = dict[str, Any]

_ARROW_TYPES = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
_FORMULA = r"^([=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"  # the last four are = + - @, wide

_DIGITS = 6
_POWERS = np.array([10.0**power for power in range(23)])  # those that a float holds exactly


def shorten(value: float) -> float:
    """Return a number with six significant digits, and all that are before the point.

    More are noise in every number here.
    """
    if value == 0 or not math.isfinite(value):
        return value
    power = _DIGITS - 1 - math.floor(math.log10(abs(value)))
    scale = float(_POWERS[min(max(power, 0), len(_POWERS) - 1)])
    return round(value * scale) / scale


def shorten_all(values: FloatArray) -> FloatArray:
    """Return numbers (n,) as `shorten` does, at once; NaN stays NaN."""
    with np.errstate(divide="ignore"):
        power = _DIGITS - 1 - np.nan_to_num(np.floor(np.log10(np.abs(values))))
    scale = _POWERS[np.clip(power, 0, len(_POWERS) - 1).astype(np.int8)]
    shorter: FloatArray = np.rint(values * scale) / scale
    return shorter


def rows_of(model: type[BaseModel], items: Sequence[BaseModel]) -> pa.Table:
    """Return models as a table: a column a member, those of a model inside with its name before.

    Lists and mappings are JSON in a column of text.
    """
    schema = pa.schema(list(_fields(model)))
    return table_of([_flat(item, schema) for item in items], schema)


def table_of(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    """Return rows by column as a table; a column that a row does not have is null."""
    # By way of JSON, as Arrow imports pandas once it is handed a Python value; it reads no empty
    # file.
    content = b"\n".join(orjson.dumps(row, option=orjson.OPT_UTC_Z) for row in rows or [{}])
    table = pyarrow.json.read_json(
        in_arrow_memory(content),
        pyarrow.json.ReadOptions(use_threads=False, block_size=len(content) + 1),
        pyarrow.json.ParseOptions(explicit_schema=schema),
    )
    return table.slice(0, len(rows))


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[pa.Field]:
    for name, member in model.model_fields.items():
        kind = _kind(member.annotation)
        if issubclass(kind, BaseModel):
            yield from _fields(kind, f"{prefix}{name}_")
        else:
            yield pa.field(prefix + name, _ARROW_TYPES.get(kind, pa.string()))


def _kind(annotation: Any) -> type:
    """Return the type inside an annotation that is optional or annotated; text for any other."""
    if get_origin(annotation) in {Annotated, Union, UnionType}:
        inner = (kind for kind in get_args(annotation) if kind is not NoneType)
        return _kind(next(inner))
    if get_origin(annotation) is Literal:
        return type(get_args(annotation)[0])
    is_plain = isinstance(annotation, type) and get_origin(annotation) is None
    return annotation if is_plain else str


def _flat(item: BaseModel, schema: pa.Schema) -> Row:
    """Return the members of a model by column; orjson writes what is no text, number or null."""
    row: Row = {}

    def add(model: BaseModel, prefix: str = "") -> None:
        as_json = model.model_dump(mode="json")
        for name, value in model:
            column = prefix + name
            if isinstance(value, BaseModel):
                add(value, f"{column}_")
            elif column in schema.names:
                is_nested = isinstance(value, dict | list | tuple)
                row[column] = orjson.dumps(as_json[name]).decode() if is_nested else value

    add(item)
    return row


def with_constants(table: pa.Table, constants: Mapping[str, str]) -> pa.Table:
    """Return a table with a column of one text for each name that it does not have yet."""
    for name, text in constants.items():
        if name not in table.column_names:
            column = text_column(np.zeros(len(table), np.int8), [text])
            table = table.append_column(name, column)
    return table


def shortened(table: pa.Table) -> pa.Table:
    """Return a table whose numbers have the digits of `shorten`."""
    for place, field in enumerate(table.schema):
        if pa.types.is_floating(field.type) and len(table):
            numbers = as_numbers(pc.cast(table[field.name], pa.float64()))
            table = table.set_column(place, field.name, number_column(shorten_all(numbers)))
    return table


def for_spreadsheet(table: pa.Table) -> pa.Table:
    """Return a table with an apostrophe before text that a spreadsheet would take for a formula."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            column = pc.replace_substring_regex(table[field.name], _FORMULA, r"'\1")
            table = table.set_column(place, field.name, column)
    return table
