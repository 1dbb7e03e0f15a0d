"""History that is already aggregated, as its source tabulates it: a row a region and month or week.

What the columns may be called, and what they mean, is in `features.sources.counts_form`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage, Span
from features.archive.form import COUNTED_REGIONS_SCHEMA, COUNTS_SCHEMA, TYPES_OF_VIOLENCE, UNTYPED
from features.archive.releases import (
    COUNTS_FILE,
    REGIONS_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
    Identity,
    Kind,
    Written,
)
from features.errors import InputError
from features.months import format_month
from features.places.regions import Level
from features.sources.counts_form import (
    MEASURES,
    POLITICAL,
    TARGETED,
    find_columns,
    understood,
    whole_months,
)
from features.sources.counts_places import match_places, named_regions
from features.sources.counts_rejects import (
    WHOLE_COUNTRY,
    commonest,
    reasons_to_reject,
    refuse_if_mostly_rejected,
    rejected_rows,
)
from features.sources.csvfile import LINE, LINES, CsvRows, open_csv
from features.sources.delivered import column_names
from features.sources.parquetfile import is_parquet, open_parquet
from features.sources.source import Rows

_KEY = ["country", "region", "month", "type_of_violence"]


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
    allow_rejects: bool = False


@dataclass(frozen=True, eq=False)
class CountsDelivery:
    """Counts on their way into the archive.

    `matches` has a row a name: country, name, region (a bundled id, null if there is none that
    fits), how it was matched, and what else `match_places` says.
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


def read_counts(path: Path, said: CountsSaid) -> CountsDelivery:
    """Read a CSV (plain, `.gz`, `.zip`) or Parquet file of counts.

    Without a coverage, every country that the file names, and no other, is observed from its first
    whole month to its last. Rows that count whole countries are rejected below that level, and do
    not make a file a bad one. Raises InputError for a file that cannot be used, or of which more
    than MOST_REJECTED is rejected, if that is not allowed.
    """
    with _open(path) as opened:
        rows, tags = _without_tags(_table(opened))
        sha256, notes = opened.sha256, (*opened.notes, *tags)
    if rows.empty:
        raise InputError(f"'{path}' has a header and no rows: fetch it again")
    lines = rows.pop(LINES)
    columns = find_columns(list(map(str, rows)), said.level, path)
    read = understood(rows, columns, said.level)
    reasons = reasons_to_reject(rows, read, columns, said.level, said.available_on)
    if not said.allow_rejects:
        refuse_if_mostly_rejected(reasons, lines, path)
    good = read[reasons == ""]
    if good.empty:
        raise InputError(f"no row of '{path}' can be used; most often: {commonest(reasons)}")
    matches = match_places(_names(good), said.level, said.corrections)
    counts = _counted(good.merge(matches, on=["country", "name"], validate="many_to_one"))
    coverage, assumed = said.coverage, tuple[str, ...]()
    if coverage is None:
        span = whole_months(good, columns, said.available_on, path)
        coverage = Coverage(tuple(Span(country, *span) for country in set(matches["counts_in"])))
        assumed = _on_coverage(*span)
    return CountsDelivery(
        identity=_identity(path, said, coverage),
        counts=counts,
        regions=named_regions(matches),
        rejected=rejected_rows(rows, reasons),
        matches=matches,
        rows_accepted=len(good),
        sha256=_with_corrections(sha256, said.corrections),
        notes=(
            *notes,
            *_on_whole_countries(reasons),
            *assumed,
            *_on_unobserved(counts, coverage, path),
        ),
    )


@contextmanager
def _open(path: Path) -> Iterator[Rows]:
    if is_parquet(path):
        with open_parquet(path) as rows:
            yield rows
        return
    with open_csv(path) as text:
        yield CsvRows(text, column_names(text.first, path), has_header=True)


def _table(rows: Rows) -> pd.DataFrame:
    """Return all rows as they were delivered, indexed by the line on which they begin."""
    batches = list(rows.batches())
    if not batches:
        return pd.DataFrame(columns=[*rows.columns, LINES])
    table: pd.DataFrame = pa.Table.from_batches(batches).to_pandas()
    table = table.set_index(LINE)
    return table.astype({name: "str" for name in table if name != LINES})


def _without_tags(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out the row of HXL tags (https://hxlstandard.org) below the header, and say so."""
    first = rows.drop(columns=LINES).head(1).fillna("").to_numpy(dtype=str).ravel()
    filled = [text.strip() for text in first if text.strip()]
    if filled and all(text.startswith("#") for text in filled):
        return rows.iloc[1:].copy(), ("the line of HXL tags is no row",)
    return rows, ()


def _names(good: pd.DataFrame) -> pd.DataFrame:
    return good[["country", "name"]].drop_duplicates().sort_values(["country", "name"])


def _counted(good: pd.DataFrame) -> pd.DataFrame:
    """Return rows as COUNTS_SCHEMA has them: what is told by type, and the rest.

    Where a file has both, targeted civilians are taken out of political violence.
    """
    own = good.assign(country=good["counts_in"], region=good["id"])
    typed = [
        own.assign(type_of_violence=number, **{m: own[f"{m}_{number}"] for m in MEASURES})
        for number in TYPES_OF_VIOLENCE
    ]
    told = {m: sum(part[m] for part in typed) for m in MEASURES}
    parts = [*typed, own.assign(**{m: (own[m] - told[m]).clip(lower=0) for m in MEASURES})]
    if (own["said"] == POLITICAL).any():
        targeted = own[own["said"] == TARGETED]
        less = {m: -targeted[m] for m in MEASURES}
        parts.append(targeted.assign(type_of_violence=UNTYPED, **less))
    measures = list(MEASURES)
    summed = pd.concat(parts).groupby(_KEY, as_index=False)[measures].sum()
    summed[measures] = summed[measures].clip(lower=0)
    counts = summed[(summed[measures] > 0).any(axis=1)]
    return counts.astype(dict.fromkeys(["month", "type_of_violence", *measures], "int64"))


def _identity(path: Path, said: CountsSaid, coverage: Coverage) -> Identity:
    return Identity(
        history=said.source,
        source=said.source,
        release=said.release,
        kind=said.kind,
        available_on=said.available_on,
        coverage=coverage,
        file_name=path.name,
        level=said.level,
    )


def _with_corrections(content: str, corrections: pd.DataFrame | None) -> str:
    """Return the hash of a file's content and of the corrections with which it was read."""
    if corrections is None:
        return content
    rows = corrections.to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(f"{content}\n{rows}".encode()).hexdigest()


def _on_whole_countries(reasons: pd.Series) -> tuple[str, ...]:
    number = (reasons == WHOLE_COUNTRY).sum()
    if number == 0:
        return ()
    return (f"{number:,} rows count whole countries: they are of use at the level country only",)


def _on_coverage(first: int, last: int) -> tuple[str, ...]:
    months = f"{format_month(first)} to {format_month(last)}, its first and last whole month"
    return (f"every country in it is taken to be observed from {months}",)


def _on_unobserved(counts: pd.DataFrame, coverage: Coverage, path: Path) -> tuple[str, ...]:
    """Say how many counts are not observed; raises InputError when no region is."""
    seen = counts[["country", "month"]].merge(coverage.months(), how="left", indicator=True)
    unseen = int((seen["_merge"] == "left_only").sum())
    if unseen == 0:
        return ()
    if unseen == len(counts):
        raise InputError(
            f"'{path}' has no count in the months that it is said to observe: check the coverage"
        )
    return (f"{unseen:,} of {len(counts):,} counts are of countries or months not observed",)
