import json

import pytest

from features.errors import TocsinError
from features.printable import printable


@pytest.mark.parametrize(
    "text", ["Gao", "Côte d'Ivoire", "a\tb\nc", "ab\u200ccd", "🕊", "a\xa0b", "[/x]"]
)
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "control", ["\x00", "\x07", "\r", "\x1b", "\x7f", "\x9b", "\u202e", "\ud800"]
)
def test_what_steers_a_terminal_is_written_out_as_in_json(control: str) -> None:
    written = printable(f"a{control}b")
    assert written.isprintable()
    assert json.loads(f'"{written}"') == f"a{control}b"
    assert str(TocsinError(f"a{control}b")) == written
