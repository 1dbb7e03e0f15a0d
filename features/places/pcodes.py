"""P-codes: what the UN's common operational datasets know a region by, from a table of somebody's.

None are bundled: they change with every redrawing of a country.
"""

import csv
import io
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from features.errors import InputError
from features.files import read_whole
from features.places.countries import bundled_regions, country_name
from features.words import LEVELS

_COLUMNS = ("region", "pcode")
_PCODE = re.compile(r"[A-Za-z0-9-]{2,20}")
_OWN = re.compile(r"([A-Z]{3})-x-.+")  # a region that counts name and no outline is known of


def read_pcodes(path: Path) -> dict[str, str]:
    """Return the P-code of each region in a CSV file with the columns `region` and `pcode`.

    Other columns are left out, and so is a row without a P-code. Raises InputError, naming the
    line, where a region is not known, a P-code is none, or either stands twice.
    """
    try:
        text = io.StringIO(read_whole(path).decode("utf-8-sig"), newline="")
        reader = csv.DictReader(text, restval="")
        header = reader.fieldnames or []
        cells = [(reader.line_num, [row.get(name, "") for name in _COLUMNS]) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read as a CSV file in UTF-8: {error}") from error
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        raise InputError(f"'{path}', line 1: there is no column {', '.join(missing)}")
    pcodes: dict[str, str] = {}
    regions: dict[str, str] = {}
    for line, row in cells:
        region, pcode = map(str.strip, row)
        fault = _fault(region, pcode, pcodes, regions) if pcode else None
        if fault is not None:
            raise InputError(f"'{path}', line {line}: {fault}")
        if pcode:
            pcodes[region], regions[pcode] = pcode, region
    return pcodes


def _fault(
    region: str, pcode: str, pcodes: Mapping[str, str], regions: Mapping[str, str]
) -> str | None:
    """Return why a row cannot be used beside those before it, None if it can."""
    if not _is_known(region):
        near = get_close_matches(region, _bundled(), n=1)
        remedy = f"did you mean {near[0]}?" if near else "/v1/regions?format=csv lists them as id"
        return f"'{region}' is no region that is known: {remedy}"
    if not _PCODE.fullmatch(pcode):
        return f"'{pcode}' is no P-code: write 2 to 20 letters, digits and hyphens, as in ML07"
    if region in pcodes:
        return f"{region} has a P-code already, {pcodes[region]}"
    if pcode in regions:
        return f"{pcode} is the P-code of {regions[pcode]} already"
    return None


def _is_known(region: str) -> bool:
    own = _OWN.fullmatch(region)
    is_own = own is not None and country_name(own[1]) != own[1]
    return is_own or any(region in bundled_regions(level) for level in LEVELS)


def _bundled() -> list[str]:
    return sorted(bundled_regions("admin1") | bundled_regions("country"))
