"""What UCDP publishes where: yearly zip files, monthly Candidate files, and an API with a token.

    24.1       yearly, UCDP GED           <files>/ged/ged241-csv.zip
    24.0.10    monthly, UCDP Candidate    <files>/candidateged/GEDEvent_v24_0_10.csv
    both       with a token               <api>/gedevents/24.1?pagesize=1000&page=0

Sundberg & Melander (2013), JPR 50(4); Hegre et al. (2020), Research & Politics 7(3).
"""

import csv
import io
import lzma
import re
import zipfile
import zlib
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO

from features.errors import InputError
from features.months import month_of
from features.sources.fetching.download import (
    DownloadedFile,
    download,
    existing_file,
    has_changed,
)
from features.sources.fetching.transport import Transport
from features.sources.fetching.ucdp_api import gather
from features.sources.source import plain_name
from features.sources.ucdp import OFFICIAL_COLUMNS, official_release

FILES = "https://ucdp.uu.se/downloads"
API = "https://ucdpapi.pcr.uu.se/api"

_CHANGED = (
    "it has changed on the server; if the archive holds the release, add this one under a name and "
    "with a day of its own (--release NAME --available-on DAY)"
)
_FIRST_YEAR = 2017  # whose yearly file first had a name of this form
_RELEASE = re.compile(r"\d\d\.([1-9]|0\.([1-9]|1[0-2]))")


def release_address(release: str, files: str = FILES) -> str:
    """Return where UCDP publishes a release, `24.1` or `24.0.10`; raises InputError for others."""
    name = csv_name(release)
    year, *version = release.split(".")
    is_yearly = len(version) == 1
    place = f"ged/ged{year}{version[0]}-csv.zip" if is_yearly else f"candidateged/{name}"
    return f"{files.rstrip('/')}/{place}"


def csv_name(release: str) -> str:
    """Return a release's official name as CSV, `GEDEvent_v24_1.csv`; raises InputError as above."""
    if _RELEASE.fullmatch(release) is None:
        raise InputError(
            f"'{release}' is not a UCDP release: write 24.1 for the yearly file of 2024, or "
            "24.0.10 for the Candidate file of October 2024"
        )
    return f"GEDEvent_v{release.replace('.', '_')}.csv"


def fetch_release(
    release: str,
    folder: Path,
    client: Transport,
    *,
    token: str | None = None,
    files: str = FILES,
    api: str = API,
) -> DownloadedFile:
    """Fetch a release into a folder under its official name, unless it is there, whole and current.

    Without a token the published file is downloaded, with one the pages of the API are gathered to
    a CSV file. Raises InputError, and of it NotThereError when UCDP has not published it; nothing
    half is visible, and what came is kept, hidden, for the next time.
    """
    address = release_address(release, files)
    pages = f"{api.rstrip('/')}/gedevents/{release}"
    file, table = folder / address.rpartition("/")[2], folder / csv_name(release)
    advice, anew = _advice(release, token), False
    for path in dict.fromkeys((table, file)):
        if present := existing_file(path, partial(check_file, path.name, client.largest)):
            can_ask = token is None and path == file
            changed = has_changed(address, file, client, advice=advice) if can_ask else None
            if changed is None:
                return replace(present, remark="it was not asked whether it has changed")
            if not changed:
                return present
            anew = True
    if token is None:
        check = partial(check_file, address, client.largest)
        came = download(address, file, client, check=check, advice=advice, anew=anew)
        return replace(came, remark=_CHANGED) if anew else came
    check = partial(check_file, pages, client.largest)
    return gather(pages, table, client, token, check=check, advice=advice)


def due_releases(as_of: date) -> list[str]:
    """Return what UCDP should have published by a day, oldest first; raises InputError for none."""
    years = range(as_of.year, _FIRST_YEAR - 1, -1)
    yearly = next((f"{y % 100:02d}.1" for y in years if _is_out(f"{y % 100:02d}.1", as_of)), None)
    if yearly is None:
        raise InputError(
            f"UCDP had published nothing under today's names by {as_of}: give a day from "
            f"{_FIRST_YEAR}-06-30 on"
        )
    first = official_release(csv_name(yearly))
    months = range((first.coverage.last_month if first else 0) + 1, month_of(as_of) + 1)
    monthly = (f"{(1970 + month // 12) % 100:02d}.0.{month % 12 + 1}" for month in months)
    return [yearly, *(release for release in monthly if _is_out(release, as_of))]


def _is_out(release: str, as_of: date) -> bool:
    official = official_release(csv_name(release))
    return official is not None and official.available_on <= as_of


def _advice(release: str, token: str | None) -> dict[int, str]:
    """Return what to do about the status codes of UCDP."""
    refused = "UCDP wants a token: ask it for one and give it"
    if token is not None:
        refused = "UCDP refuses the token: see that it is the right one and still valid"
    return {
        400: "UCDP answers 400 when it is asked too often, and to what it does not know: wait "
        f"some minutes and fetch again, and see that {release} is the release that is meant",
        401: refused,
        403: refused,
        404: f"UCDP has not, or not yet, published release {release}: fetch again later, or "
        "another release",
    }


_HEAD, _TAIL = 1 << 16, 1 << 16  # [bytes]
_NEEDED = frozenset({"country_id", "date_start", "latitude"})
_NO_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)


def check_file(address: str, largest: int, path: Path) -> None:
    """Check a download from an address that names a zip or CSV file.

    Raises InputError for half a file, another, or one that unpacks to more than `largest` [bytes].
    """
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
    names = set(map(plain_name, first))
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
