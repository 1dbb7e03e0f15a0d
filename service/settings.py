"""How the service runs: complete with defaults, and strict."""

from typing import Annotated, Literal

from pydantic import Field

from features.strict import Strict

Positive = Annotated[int, Field(gt=0, le=1_000_000_000)]
Origin = Annotated[str, Field(pattern=r"^https?://[\w.*\-\[\]:]+$")]
Address = Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")]
Days = Annotated[float, Field(gt=0, le=36_525)]  # a century
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(Strict):
    """What an operator may choose; `commands/default.toml` explains every key."""

    max_age_days: Days = 45
    max_origin_age_days: Days = 75
    keys: Literal["outside loopback", "always", "never"] = "outside loopback"
    requests_per_minute: Positive = 600
    wrong_keys_per_minute: Positive = 10
    limit_loopback: bool = False
    trust_proxy: bool = False
    cors_origins: tuple[str, ...] = ()
    embed_origins: tuple[Origin, ...] = ()
    public_url: Address = ""
    pcodes: str = ""
    log: Literal["console", "json"] = "console"
    log_requests: Literal["problems", "all"] = "problems"
    telemetry: bool = False
    receive_seconds: Seconds = 10
    answer_seconds: Seconds = 30
    send_seconds: Seconds = 30
    keep_alive_seconds: Positive = 15
    most_connections: Positive = 1000
    head_bytes: Positive = 16_000
    body_bytes: Positive = 10_000
    answers_megabytes: Positive = 16
