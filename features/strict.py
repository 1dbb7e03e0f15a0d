"""The base of models that come from files and requests."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A model that refuses unknown keys and is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
