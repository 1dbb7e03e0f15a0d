"""Parts of an answer, as `Range` asks for them (RFC 9110, section 14): one at a time."""

import re

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.IGNORECASE)

NOTHING = slice(0, 0)


def asked_part(asked: str | None, if_range: str | None, etag: str, length: int) -> slice | None:
    """Return which of `length` bytes are asked for, NOTHING if there are none, None for all.

    A range of another form, several of them, or one of an answer that has changed since are a
    question for all, as RFC 9110 allows.
    """
    match = None if asked is None else _RANGE.fullmatch(asked.strip())
    if match is None or if_range not in {None, etag}:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, stop = max(0, length - int(suffix)), length
    else:
        start, stop = int(first), min(length, int(last) + 1) if last else length
        if last and int(last) < start:
            return None
    return slice(start, stop) if start < stop else NOTHING
