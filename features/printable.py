"""Text from outside, as a terminal or a log may have it."""

import re

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor, turns or ends a line, or is half of a letter; tab and newline are not."""


def printable(text: str) -> str:
    """Return a text with every control character written out as in JSON: ESC is `\\u001b`."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
