"""Read a TOML file into a strict model, and say all that is wrong with it at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from features.errors import ConfigurationError
from features.files import load_toml

Model = TypeVar("Model", bound=BaseModel)


def read_toml(
    path: Path, model: type[Model], what: str, defaults: Mapping[str, Any] | None = None
) -> Model:
    """Return a TOML file as a model; `what` says in words what it should be.

    `defaults` stand for the keys, of tables too, that the file leaves out. Raises
    ConfigurationError, naming every wrong or unknown key, when it is not that.
    """
    try:
        content = _merged(defaults or {}, load_toml(path))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as TOML: {error}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"{path} is not {what}: {faults}") from error


def _merged(defaults: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content, with what stands in the defaults alone, table by table."""
    merged = {**defaults, **content}
    for key, value in defaults.items():
        if isinstance(value, dict) and isinstance(merged[key], dict):
            merged[key] = _merged(value, merged[key])
    return merged
