"""The settings, checked: `tocsin.toml`, above it the environment, above both the command line."""

import os
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from commands.environment import PREFIX, read_settings_file, settings_file
from features.errors import ConfigurationError
from service.settings import Settings


class TocsinSettings(BaseSettings, Settings):
    """What an operator may choose; `default.toml` explains every key. The home is not among it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    mlflow_tracking_uri: str = ""
    mlflow_artifacts: str = ""
    events: str = ""
    bulletins: str = ""
    scheduler: str = ""
    url: str = ""
    api_key: str = ""
    alerts: str = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the first goes before the others."""
        file = {key: value for key, value in read_settings_file().items() if key != "home"}
        return init_settings, env_settings, InitSettingsSource(settings_cls, file)


def read_settings(**chosen: object) -> TocsinSettings:
    """Return the settings; `chosen` are those of the command line, None where nothing was chosen.

    Raises ConfigurationError, naming every wrong key and where it stands.
    """
    chosen = {key: value for key, value in chosen.items() if value is not None}
    try:
        return TocsinSettings(**chosen)  # type: ignore[arg-type]  # pydantic checks the types
    except SettingsError as error:
        raise ConfigurationError(f"{error} (of {PREFIX}*): write it as JSON") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{_place(str(fault['loc'][0]), chosen)}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigurationError(f"settings cannot be used: {faults}") from error


def _place(key: str, chosen: dict[str, object]) -> str:
    """Return where a setting was given, in words."""
    if key in chosen:
        return f"--{key}"
    variable = f"{PREFIX}{key.upper()}"
    return variable if os.environ.get(variable) else f"{key} in '{settings_file()}'"
