from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from features.errors import ConfigurationError
from features.toml import read_toml


class Room(BaseModel):
    model_config = ConfigDict(extra="forbid")

    doors: int
    windows: int = 2


def test_a_file_becomes_the_model(tmp_path: Path) -> None:
    (tmp_path / "room.toml").write_text("doors = 1\n")
    assert read_toml(tmp_path / "room.toml", Room, "a room") == Room(doors=1, windows=2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"doors = ", "cannot be read as TOML"),
        (b"\xff\xfe", "cannot be read as TOML"),
        (b"dors = 1\nwindows = 'x'", r"is not a room: doors: .*windows: .*dors: "),
    ],
)
def test_all_that_is_wrong_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "room.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        read_toml(tmp_path / "room.toml", Room, "a room")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml cannot be read"):
        read_toml(tmp_path / "none.toml", Room, "a room")


def test_what_a_file_leaves_out_is_as_by_default(tmp_path: Path) -> None:
    class House(BaseModel):
        name: str
        room: Room

    (tmp_path / "house.toml").write_text("[room]\ndoors = 2\n")
    defaults = {"name": "home", "room": {"doors": 1, "windows": 3}}
    house = read_toml(tmp_path / "house.toml", House, "a house", defaults)
    assert house == House(name="home", room=Room(doors=2, windows=3))
