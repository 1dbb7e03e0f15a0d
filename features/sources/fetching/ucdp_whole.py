"""Whether a fetched file is what UCDP publishes, whole, and not a web page or half a file."""

import csv
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from features.errors import InputError
from features.sources.ucdp import OFFICIAL_COLUMNS

_HEAD, _TAIL = 1 << 16, 1 << 16  # [bytes]
_NEEDED = frozenset({"country_id", "date_start", "latitude"})
_NO_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)


def whole_file(address: str, largest: int) -> Callable[[Path], None]:
    """Return a check of a download from an address that names a zip or CSV file.

    The check raises InputError for any other file, for half of one, and for a zip file that
    unpacks to more than `largest` [bytes].
    """

    def check(path: Path) -> None:
        if address.lower().endswith(".zip"):
            fault = _fault_of_zip(path, largest)
        else:
            with path.open("rb") as file:
                fault = _fault_of_head(file.read(_HEAD)) or _fault_of_tail(file)
        if fault:
            raise InputError(
                f"what came from '{address}' {fault}: fetch again later, or fetch it by hand and "
                "ingest it"
            )

    return check


def _fault_of_zip(path: Path, largest: int) -> str | None:
    try:
        with zipfile.ZipFile(path) as packed:
            files = [f for f in packed.infolist() if not f.filename.startswith("__MACOSX/")]
            files = [file for file in files if file.filename.lower().endswith(".csv")]
            if len(files) != 1:
                return f"holds {len(files)} CSV files where exactly one is expected"
            if sum(file.file_size for file in packed.infolist()) > largest:
                return f"unpacks to more than {largest:,} bytes"
            if damaged := packed.testzip():
                return f"is damaged in '{damaged}'"
            with packed.open(files[0]) as file:
                return _fault_of_head(file.read(_HEAD))
    except _NO_ZIP:
        with path.open("rb") as file:
            return _fault_of_page(file.read(_HEAD)) or "is not a whole zip file"


def _fault_of_page(head: bytes) -> str | None:
    page = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{")
    return "is a web page or a message, not data" if page else None


def _fault_of_head(head: bytes) -> str | None:
    """Return what is wrong with the first bytes of a CSV file: neither a header nor a row."""
    if fault := _fault_of_page(head):
        return fault
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    first = _first_record(head.decode(encoding, errors="replace"))
    names = {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in first}
    row = len(first) >= len(OFFICIAL_COLUMNS) and first[0].strip().isdigit()
    if row or names >= _NEEDED:
        return None
    return "does not begin like a UCDP event file"


def _fault_of_tail(file: IO[bytes]) -> str | None:
    """Return what is wrong with the end of a CSV file: a last line without end, cut in half."""
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    last = file.read().rpartition(b"\n")[2].replace(b"\0", b"")
    if not last.strip():
        return None
    fields = _first_record(last.replace(b"\r", b"").decode("utf-8", errors="replace"))
    return None if len(fields) >= len(OFFICIAL_COLUMNS) - 2 else "ends in the middle of a row"


def _first_record(text: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        return []
