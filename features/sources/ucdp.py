"""UCDP GED and Candidate files, as published or as exported by its site, to the normal form.

Sundberg & Melander (2013), Introducing the UCDP Georeferenced Event Dataset, Journal of Peace
Research 50(4). Column meanings are those of the UCDP GED codebook.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from features.archive import Delivery, Kind
from features.coverage import Coverage, whole_world
from features.errors import InputError
from features.events import event_schema
from features.placement import place_admin1, place_country, place_priogrid
from features.rejects import refuse_if_mostly_rejected, rejected_rows, schema_faults
from features.sources.csvfile import read_records, require_file
from features.sources.ucdp_form import faults_of_rows, named_rows, normal_form
from features.sources.ucdp_releases import FIRST_DAY, GED, official_release

_COUNTRY_ONLY = 6  # where_prec from which an event is located in a country, or at sea, only


def read_ucdp(
    path: Path,
    received_on: date,
    *,
    available_on: date | None = None,
    coverage: Coverage | None = None,
    release: str | None = None,
    allow_rejects: bool = False,
) -> Delivery:
    """Read a UCDP GED or Candidate file into the normal form.

    A file under an official name (see `official_release`) says its release, its months and when
    it was public. Any other file is a final release of `ucdp-ged`, named as the file is, public
    from `received_on`, and needs a `coverage`. What is given goes before what the name says.

    Every row is accepted or rejected, with reasons; a file of which too much is rejected is
    refused, unless `allow_rejects`. Raises InputError for a file that cannot be used.
    """
    require_file(path)
    identity = _identity(path, received_on, available_on, coverage, release)
    records = read_records(path)
    delivered = named_rows(records.fields, path)
    events = normal_form(delivered)
    schema = event_schema(pd.Timestamp(FIRST_DAY), pd.Timestamp(identity.available_on))
    faults = faults_of_rows(delivered, events) | schema_faults(events, schema)
    if not allow_rejects:
        refuse_if_mostly_rejected(str(path), faults, records.lines[delivered.index])
    rejected = rejected_rows(faults, delivered)
    accepted = events.drop(index=rejected["line"].tolist())
    _refuse_nothing_observed(accepted, identity.coverage, path)
    return Delivery(
        source=identity.source,
        release=identity.release,
        kind=identity.kind,
        available_on=identity.available_on,
        file_name=path.name,
        sha256=_sha256(path),
        events=_placed(accepted),
        coverage=identity.coverage,
        rejected=rejected,
        notes=(*records.notes, *_odd_bounds(accepted)),
    )


@dataclass(frozen=True)
class _Identity:
    """What a delivery is, as its file name and its deliverer say."""

    source: str
    release: str
    kind: Kind
    available_on: date
    coverage: Coverage


def _identity(
    path: Path,
    received_on: date,
    available_on: date | None,
    coverage: Coverage | None,
    release: str | None,
) -> _Identity:
    official = official_release(path.name)
    if official is not None:
        return _Identity(
            official.source,
            release or official.release,
            official.kind,
            available_on or official.available_on,
            coverage or whole_world(official.first_month, official.last_month),
        )
    if coverage is None:
        raise InputError(
            f"'{path.name}' is not a name under which UCDP publishes, so it does not say which "
            "months of which countries it observes: give --coverage FILE, a CSV with the columns "
            "country,first_month,last_month (MLI,1989-01,2023-12)"
        )
    return _Identity(GED, release or _name_of(path), "final", available_on or received_on, coverage)


def _name_of(path: Path) -> str:
    """Return the file's name without its endings, fit to name a folder."""
    stem = re.sub(r"(\.csv)?(\.gz|\.zip)?$", "", path.name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100] or "unnamed"


def _placed(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with the country they count in and their admin1 and PRIO-GRID regions.

    The regions are null where an event has no place at that level.
    """
    located = events["latitude"].notna() & events["longitude"].notna()
    located &= ~(events["where_prec"] >= _COUNTRY_ONLY).fillna(value=False)
    at = events[located]
    latitude, longitude = at["latitude"].to_numpy(), at["longitude"].to_numpy()
    country = pd.Series(place_country(latitude, longitude, at["country"]), at.index, dtype="str")
    regions = {
        "admin1": place_admin1(latitude, longitude, country),
        "priogrid": place_priogrid(latitude, longitude),
    }
    placed = events.join(pd.DataFrame(regions, index=at.index, dtype="str"))
    return placed.assign(country=country.reindex(events.index).fillna(events["country"]))


def _odd_bounds(events: pd.DataFrame) -> tuple[str, ...]:
    """Say how many events have a low above their high: slips of coders, but events all the same."""
    number = int((events["low"] > events["high"]).sum())
    return (f"{number} events have low above high and are kept: best is what counts",) * (
        number > 0
    )


def _refuse_nothing_observed(events: pd.DataFrame, coverage: Coverage, path: Path) -> None:
    """Raise InputError when the coverage, or the file's name, cannot be that of these events."""
    days = events["date_end"].dt
    months = (days.year - 1970) * 12 + days.month - 1
    ended = pd.DataFrame({"country": events["country"], "month": months.astype("int64")})
    if ended.merge(coverage.months()).empty:
        raise InputError(
            f"'{path}' has no usable event in the months that it is said to observe: check its "
            "name, or the coverage that was given"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
