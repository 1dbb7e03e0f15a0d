"""History that is already aggregated, as its source tabulates it: a row a region and month or week.

The columns are known by their names, in any order and case:

    country    country, country_name, iso3, location_code       a name or ISO 3166-1 alpha-3
    region     region, adm_1, admin1, admin1_name, name; of cells gid, priogrid, priogrid_gid
    time       month (YYYY-MM), week (its first day, or 2024-W05), reference_period_start
    events     n_events, events, event_count; by type n_sb, n_ns, n_os
    deaths     deaths, fatalities, best; by type deaths_sb, deaths_ns, deaths_os
    type       event_type, type_of_violence: of the row

So the monthly tables that are made from UCDP GED can be read, and the conflict events of the
Humanitarian API of OCHA's HDX. There `political_violence` includes `civilian_targeting`, which is
taken out of it as one-sided violence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive import (
    COUNTS_FILE,
    REGIONS_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
    Identity,
    Kind,
    Written,
)
from features.counts import COUNTED_REGIONS_SCHEMA, COUNTS_SCHEMA, UNTYPED
from features.coverage import Coverage, Span
from features.errors import InputError
from features.events import MOST_DEATHS, OTHER_TYPES, TYPES_OF_VIOLENCE
from features.geography.naming import slug
from features.matching import match_countries, match_regions
from features.regions import Level
from features.sources.csvfile import LINE, LINES, CsvRows, open_csv

_NAMES = {
    "country": ("country", "country_name", "iso3", "location_code"),
    "region": ("region", "adm_1", "admin1", "admin1_name", "name"),
    "cell": ("gid", "priogrid", "priogrid_gid"),
    "month": ("month", "reference_period_start"),
    "week": ("week",),
    "events": ("n_events", "events", "event_count"),
    "deaths": ("deaths", "fatalities", "best"),
    "type": ("event_type", "type_of_violence"),
}
_BY_TYPE = {"sb": 1, "ns": 2, "os": 3}
_TARGETED, _POLITICAL = "civilian_targeting", "political_violence"
_TYPES = {
    **{name: number for number, name in (TYPES_OF_VIOLENCE | OTHER_TYPES).items()},
    **{str(number): number for number in TYPES_OF_VIOLENCE | OTHER_TYPES},
    "demonstration": 4,
    _TARGETED: 3,
    _POLITICAL: UNTYPED,
}
_MIDDLE_OF_WEEK = pd.Timedelta(days=3)
_KEY = ["country", "region", "month", "type_of_violence"]


@dataclass(frozen=True, eq=False)
class CountsDelivery:
    """Counts on their way into the archive.

    `matches` has a row a region: country, name, region (a bundled id, null if there is none that
    fits) and how it was matched.
    """

    identity: Identity
    counts: pd.DataFrame
    regions: pd.DataFrame
    rejected: pd.DataFrame
    matches: pd.DataFrame
    rows_accepted: int
    sha256: str
    notes: tuple[str, ...]

    def write(self, folder: Path) -> Written:
        """Write counts, regions and rejected rows."""
        for name, table, schema in (
            (COUNTS_FILE, self.counts, COUNTS_SCHEMA),
            (REGIONS_FILE, self.regions, COUNTED_REGIONS_SCHEMA),
            (REJECTED_FILE, self.rejected, REJECTED_SCHEMA),
        ):
            content = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
            bare = content.replace_schema_metadata(None)
            pq.write_table(bare, folder / name, compression="zstd")
        return Written(
            sha256=self.sha256,
            rows_accepted=self.rows_accepted,
            rows_rejected=len(self.rejected),
            notes=self.notes,
        )


@dataclass(frozen=True)
class CountsSaid:
    """What the one who delivers counts says of them."""

    source: str
    level: Level
    release: str
    available_on: date
    coverage: Coverage | None = None
    corrections: pd.DataFrame | None = None
    kind: Kind = "final"


def read_counts(path: Path, said: CountsSaid) -> CountsDelivery:
    """Read a CSV or Parquet file of counts.

    Without a coverage, every country that the file names is observed from the first month of the
    file to its last. Raises InputError for a file that cannot be used.
    """
    rows, content, notes = _read(path)
    columns = _columns(list(rows.columns), said.level, path)
    tags = (
        rows[list(columns.values())].fillna("#").apply(lambda c: c.str.startswith("#")).all(axis=1)
    )
    rows = rows[~tags]
    if rows.empty:
        raise InputError(f"'{path}' has a header and no rows: fetch it again")
    read = _understood(rows, columns, said.level)
    faults = _faults(read, rows, columns)
    rejected = _rejected(rows, faults)
    good = read[faults == ""]
    if good.empty:
        why = faults.value_counts().index[0]
        raise InputError(f"no row of '{path}' can be used; most often: {why}")
    matches = _matched(good, said)
    counts = _counted(good.merge(matches[["country", "name", "id"]], on=["country", "name"]))
    coverage = said.coverage or _whole_file(good)
    identity = Identity(
        history=said.source,
        source=said.source,
        release=said.release,
        kind=said.kind,
        available_on=said.available_on,
        coverage=coverage,
        file_name=path.name,
        level=said.level,
    )
    assumed = ("every country in it is taken to be observed in all of its months",)
    return CountsDelivery(
        identity=identity,
        counts=counts,
        regions=_named_regions(matches),
        rejected=rejected,
        matches=matches,
        rows_accepted=len(good),
        sha256=content,
        notes=(*notes, *(() if said.coverage else assumed)),
    )


def _read(path: Path) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    """Return the rows of a file as text, indexed by the line on which they begin."""
    with open_csv(path) as text:
        names = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in text.first]
        if len(set(names)) < len(names):
            raise InputError(f"'{path}' has several columns of one name: keep one of each")
        rows = CsvRows(text, names, has_header=True)
        batches = list(rows.batches())
    table = pa.Table.from_batches(batches).to_pandas() if batches else pd.DataFrame(columns=names)
    if LINE not in table:
        raise InputError(f"'{path}' has a header and no rows: fetch it again")
    table = table.set_index(LINE).drop(columns=LINES).astype("str")
    table = table.apply(lambda column: column.str.strip())
    return table.mask(table == ""), text.sha256, text.notes


def _columns(names: Sequence[str], level: Level, path: Path) -> dict[str, str]:
    """Return which column holds what; raises InputError when something needed is missing."""
    found = {
        what: next(name for name in known if name in names)
        for what, known in _NAMES.items()
        if set(known) & set(names)
    }
    for measure in ("n", "deaths"):
        found |= {f"{measure}_{t}": f"{measure}_{t}" for t in _BY_TYPE if f"{measure}_{t}" in names}
    place = {
        "country": ["country"],
        "admin1": ["country", "region"],
        "priogrid": ["country", "cell"],
    }
    missing = [what for what in place[level] if what not in found]
    if not {"month", "week"} & set(found):
        missing.append("month")
    if not any(what.startswith(("events", "deaths", "n_")) for what in found):
        missing.append("deaths")
    if missing:
        wanted = "; ".join(f"{what}: {', '.join(_NAMES[what])}" for what in missing)
        raise InputError(f"'{path}' lacks columns that counts need ({wanted}): rename its columns")
    return found


def _understood(rows: pd.DataFrame, columns: dict[str, str], level: Level) -> pd.DataFrame:
    """Return what the rows say: country, name, month, type_of_violence, events, deaths by type.

    What is unreadable is null; `events_0` .. `events_3` and `deaths_0` .. are by type.
    """
    country = match_countries(rows[columns["country"]])
    name = {
        "country": country,
        "admin1": rows[columns.get("region", columns["country"])],
        "priogrid": rows[columns.get("cell", columns["country"])],
    }[level]
    kind = pd.Series(float(UNTYPED), index=rows.index)
    said = pd.Series("", index=rows.index, dtype="str")
    if "type" in columns:
        said = rows[columns["type"]].str.lower()
        kind = said.map(_TYPES).astype("float64")
    read = pd.DataFrame({"country": country, "name": name, "type_of_violence": kind, "said": said})
    read["month"] = _months(rows, columns)
    for measure, prefix in (("events", "n"), ("deaths", "deaths")):
        read[measure] = _numbers(rows, columns.get(measure))
        for suffix, number in _BY_TYPE.items():
            read[f"{measure}_{number}"] = _numbers(rows, columns.get(f"{prefix}_{suffix}"))
    return read


def _numbers(rows: pd.DataFrame, column: str | None) -> pd.Series:
    """Return whole numbers, NaN where a field is unreadable; zeros for a column that is absent."""
    if column is None:
        return pd.Series(0.0, index=rows.index)
    numbers = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    return numbers.where(numbers % 1 == 0)


def _months(rows: pd.DataFrame, columns: dict[str, str]) -> pd.Series:
    """Return month numbers [months since 1970-01]; a week is in the month of its middle day."""
    if "month" in columns:
        text = rows[columns["month"]].str.extract(r"^(\d{4}-\d{2})(?:-\d{2}.*)?$", expand=False)
        days = pd.to_datetime(text, format="%Y-%m", errors="coerce")
    else:
        text = rows[columns["week"]]
        iso = pd.to_datetime(text + "-1", format="%G-W%V-%u", errors="coerce")
        days = pd.to_datetime(text.str[:10], format="%Y-%m-%d", errors="coerce").fillna(iso)
        days = days + _MIDDLE_OF_WEEK
    return (days.dt.year - 1970) * 12 + days.dt.month - 1


def _faults(read: pd.DataFrame, rows: pd.DataFrame, columns: dict[str, str]) -> pd.Series:
    """Return why each row cannot be used, "" where it can."""
    measures = [name for name in map(str, read) if name.startswith(("events", "deaths"))]
    totals = {m: read[[f"{m}_{n}" for n in (1, 2, 3)]].sum(axis=1) for m in ("events", "deaths")}
    keys = [column for column in rows if column not in set(columns.values())]
    key = pd.concat([read[["country", "name", "month", "said"]], rows[keys]], axis=1)
    faults = {
        "country is missing or unknown": read["country"].isna(),
        "region is missing": read["name"].isna(),
        "month is missing or unreadable": read["month"].isna(),
        "type is unknown": read["type_of_violence"].isna(),
        "a number is missing or unreadable": read[measures].isna().any(axis=1),
        "a number is negative": (read[measures] < 0).any(axis=1),
        f"a number is above {MOST_DEATHS}": (read[measures] > MOST_DEATHS).any(axis=1),
        "the types add up to more events than there are": ("events" in columns)
        & (totals["events"] > read["events"]),
        "the types add up to more deaths than there are": ("deaths" in columns)
        & (totals["deaths"] > read["deaths"]),
        "the row is repeated": key.duplicated(),
    }
    reasons = pd.Series("", index=read.index, dtype="str")
    for reason, at in faults.items():
        joined = reasons[at].where(reasons[at] == "", reasons[at] + "; ")
        reasons[at] = joined + reason
    return reasons


def _rejected(rows: pd.DataFrame, faults: pd.Series) -> pd.DataFrame:
    bad = rows[faults != ""]
    records = [row.dropna().to_json(force_ascii=False) for _, row in bad.iterrows()]
    return pd.DataFrame(
        {
            "line": bad.index.to_numpy("int64"),
            "reasons": faults[faults != ""].to_numpy(),
            "record": pd.Series(records, dtype="str"),
        }
    )


def _matched(good: pd.DataFrame, said: CountsSaid) -> pd.DataFrame:
    """Return country, name, region, how and id of every region that is named."""
    names = good[["country", "name"]].drop_duplicates(ignore_index=True)
    matches = match_regions(names, said.level, said.corrections)
    own = [
        f"{country}-x-{_plain(name)}"
        for country, name in zip(matches["country"], matches["name"], strict=True)
    ]
    return matches.assign(id=matches["region"].fillna(pd.Series(own, matches.index)))


def _plain(name: str) -> str:
    """Return a name fit for an id, also where it is in another script."""
    try:
        return slug(name)
    except InputError:
        return name.encode().hex()


def _named_regions(matches: pd.DataFrame) -> pd.DataFrame:
    regions = matches.assign(is_bundled=matches["region"].notna())
    return regions[["id", "name", "country", "is_bundled"]].drop_duplicates("id").sort_values("id")


def _counted(good: pd.DataFrame) -> pd.DataFrame:
    """Return rows as COUNTS_SCHEMA has them: what is told by type, and the rest."""
    parts = []
    for number in (1, 2, 3):
        part = good.assign(
            type_of_violence=number,
            events=good[f"events_{number}"],
            deaths=good[f"deaths_{number}"],
        )
        parts.append(part)
    typed = {m: sum(good[f"{m}_{n}"] for n in (1, 2, 3)) for m in ("events", "deaths")}
    rest = {m: np.maximum(good[m] - typed[m], 0) for m in typed}
    parts.append(good.assign(**rest))
    targeted = good[(good["said"] == _TARGETED)]
    if (good["said"] == _POLITICAL).any():
        parts.append(
            targeted.assign(
                type_of_violence=UNTYPED, events=-targeted["events"], deaths=-targeted["deaths"]
            )
        )
    table = (
        pd.concat(parts).drop(columns="region", errors="ignore").rename(columns={"id": "region"})
    )
    measures = ["events", "deaths"]
    summed = table.groupby(_KEY, as_index=False)[measures].sum()
    summed[measures] = summed[measures].clip(lower=0)
    told = summed[(summed[measures] > 0).any(axis=1) | (summed["type_of_violence"] == UNTYPED)]
    return told.astype(
        {"month": "int64", "type_of_violence": "int64", "events": "int64", "deaths": "int64"}
    )


def _whole_file(good: pd.DataFrame) -> Coverage:
    first, last = int(good["month"].min()), int(good["month"].max())
    return Coverage(tuple(Span(country, first, last) for country in sorted(set(good["country"]))))
