"""History that is already aggregated: a file with a row a region and month or week.

What its columns may be called, and what they mean, is in `counts_columns.py`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage
from features.archive.delivery import Deaths, Identity, ReleaseContent
from features.archive.releases import (
    COUNTS_FILE,
    REGIONS_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
    UNKNOWN_FILE,
)
from features.archive.schemas import (
    COUNTED_REGIONS_SCHEMA,
    COUNTS_SCHEMA,
    TYPES_OF_VIOLENCE,
    UNKNOWN_SCHEMA,
    UNTYPED,
)
from features.database import open_database
from features.errors import InputError
from features.places.divisions import doubts
from features.places.matching import match_places, named_regions
from features.sources.acceptance import Intake, RowRules, refuse_if_mostly_rejected, take_in
from features.sources.counted_months import CountedMonths, counted_months
from features.sources.counts_columns import (
    FIGURES,
    MEASURES,
    POLITICAL,
    TARGETED,
    counts_rules,
    find_columns,
)
from features.sources.evidence import refuse_doubtful
from features.sources.reading.opening import open_rows
from features.sources.reading.vintages import (
    DatedVintage,
    VintageRows,
    dated_vintages,
    vintage_column,
)
from features.sources.source import Rows, Sign, column_names
from features.words import Level

_LOST = """
    SELECT country, name, month FROM staged JOIN rejected USING (line)
    WHERE NOT rejected.is_aside AND country IS NOT NULL AND name IS NOT NULL
    AND month IS NOT NULL AND staged.reasons <> ''
"""
_OF_COUNTRIES = """
    SELECT staged.* EXCLUDE (row_key, lines, is_aside, reasons) FROM staged
    JOIN rejected USING (line) WHERE rejected.is_aside AND month IS NOT NULL
"""
_KEY = ["country", "region", "month", "type_of_violence"]


@dataclass(frozen=True)
class CountsOptions:
    """Options of an ingest of counts; `country` (ISO 3166-1 alpha-3) is that of a whole file.

    With a `vintage` only its rows are read.
    """

    source: str
    level: Level
    release: str
    available_on: date
    coverage: Coverage | None = None
    corrections: pd.DataFrame | None = None
    allow_rejects: bool = False
    sheet: str | None = None
    country: str | None = None
    decimal: Sign | None = None
    strict: bool = False
    vintage: DatedVintage | None = None

    def of(self, vintage: DatedVintage) -> "CountsOptions":
        """Return the options of a dated vintage, a release that is named by its day."""
        day = vintage.day
        return replace(self, release=str(day), available_on=day, vintage=vintage)


@dataclass(frozen=True, eq=False)
class CountsDelivery:
    """Counts on their way into the archive; `matches` is what `match_places` returns."""

    identity: Identity
    counts: pd.DataFrame
    regions: pd.DataFrame
    rejected: pd.DataFrame
    matches: pd.DataFrame
    unknown: pd.DataFrame
    rows_accepted: int
    rows_aside: int
    deaths: Deaths
    sha256: str
    notes: tuple[str, ...]
    doubts: tuple[str, ...]

    def write(self, folder: Path) -> ReleaseContent:
        """Write counts, regions and rejected rows."""
        for name, table, schema in (
            (COUNTS_FILE, self.counts, COUNTS_SCHEMA),
            (REGIONS_FILE, self.regions, COUNTED_REGIONS_SCHEMA),
            (UNKNOWN_FILE, self.unknown, UNKNOWN_SCHEMA),
            (REJECTED_FILE, self.rejected, REJECTED_SCHEMA),
        ):
            content = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
            bare = content.replace_schema_metadata(None)
            pq.write_table(bare, folder / name, compression="zstd")
        return ReleaseContent(
            sha256=self.sha256,
            rows_accepted=self.rows_accepted,
            rows_rejected=len(self.rejected),
            rows_aside=self.rows_aside,
            notes=self.notes,
            doubts=self.doubts,
            deaths=self.deaths,
        )


def vintages_in(path: Path, sheet: str | None = None) -> tuple[DatedVintage, ...]:
    """Return the dated vintages in a file, oldest first; none if no column dates its rows.

    Raises InputError for a file that cannot be used, or a row without a day.
    """
    with _open(path, sheet, None) as rows:
        column = vintage_column(rows)
        return () if column is None else dated_vintages(rows, column, path)


def read_counts(path: Path, options: CountsOptions) -> CountsDelivery:
    """Read a file of counts.

    Without a coverage, every country in the file, and no other, is observed from its own first
    whole month to its last (see `counted_months`). Rows of whole countries are kept aside below
    that level. Raises InputError for a file that cannot be used, or, unless allowed, of which more
    than MOST_REJECTED is rejected.
    """

    with open_database() as database:
        intake = _take_in(database, path, options)
        rows = database.sql("SELECT * EXCLUDE (row_key) FROM accepted ORDER BY line").df()
        if rows.empty:
            raise InputError(
                f"no row of '{path}' can be used; most often: {intake.commonest_reasons()}"
            )
        lost, of_countries = database.sql(_LOST).df(), database.sql(_OF_COUNTRIES).df()
        rejected = database.sql(intake.rejected_rows()).df()
        read, aside = intake.deaths(), intake.count("rejected WHERE is_aside")
    names = pd.concat([rows, lost])[["country", "name"]].drop_duplicates()
    names = names.sort_values(["country", "name"])
    matches = match_places(names, options.level, options.corrections)
    placed = rows.merge(matches, on=["country", "name"], validate="many_to_one")
    matches = matches[matches["id"].isin(placed["id"])]
    counts = _counts(placed)
    lost = lost.merge(matches, on=["country", "name"])
    beyond = _beyond_regions(of_countries, counts)
    months = _observed_months(placed, lost, beyond, options)
    of_names = doubts(matches) if options.level == "admin1" else ()
    doubtful = (*months.doubts, *of_names, *_on_unobserved(counts, months.coverage, path))
    refuse_doubtful(path, doubtful, strict=options.strict)
    return CountsDelivery(
        identity=_identity(path, options, months.coverage),
        counts=counts,
        regions=named_regions(matches),
        unknown=months.unknown,
        rejected=rejected,
        matches=matches,
        rows_accepted=len(rows),
        rows_aside=aside,
        deaths=_deaths(read, counts, months),
        sha256=content_hash(intake.sha256, options),
        notes=intake.notes,
        doubts=doubtful,
    )


def _take_in(database: duckdb.DuckDBPyConnection, path: Path, options: CountsOptions) -> Intake:
    """Accept or reject the rows; raises InputError when nobody knows which of several count."""

    def rules(names: Sequence[str]) -> RowRules:
        level, country = options.level, options.country
        columns = find_columns(names, level, path, country)
        rules = counts_rules(names, columns, level, options.available_on, country)
        return replace(rules, numbers=replace(rules.numbers, decimal=options.decimal))

    opened = partial(_open, path, options.sheet, options.vintage)
    intake = take_in(database, path, opened, rules, allow_rejects=True)
    if options.vintage is not None and intake.sha256 != options.vintage.table_sha256:
        raise InputError(f"'{path}' changed while it was read: give it again")
    contradictions = database.sql(f"""
        SELECT min(line), max(line), count(*) OVER () FROM staged
        WHERE reasons = '' GROUP BY row_key
        HAVING count(DISTINCT to_json([{", ".join(FIGURES)}])::VARCHAR) > 1 ORDER BY 1 LIMIT 1
    """).fetchall()
    for first, last, number in contradictions:
        raise InputError(
            f"'{path}' has several rows of one region and month with other figures, as in lines "
            f"{first} and {last} ({number:,} times in all): add them up first, or keep the column "
            "that tells them apart"
        )
    both = database.sql("""
        SELECT min(line) FILTER (is_whole), min(line) FILTER (NOT is_whole), country FROM staged
        WHERE reasons = '' GROUP BY country, month HAVING count(DISTINCT is_whole) > 1
        ORDER BY 1 LIMIT 1
    """).fetchall()
    for whole, part, country in both:
        raise InputError(
            f"'{path}' counts the whole of {country} in line {whole} and a region of it in line "
            f"{part}, of the same month: keep rows of one kind, or nobody knows if they add up"
        )
    if not options.allow_rejects:
        refuse_if_mostly_rejected(intake)
    return intake


def _beyond_regions(of_countries: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Return the months of countries of whose whole more is counted than of its regions."""
    key, measures = ["country", "month"], list(MEASURES)
    of_countries = of_countries.assign(
        counts_in=of_countries["country"], id=of_countries["country"]
    )
    unread = of_countries[FIGURES].fillna(1)  # at least something
    whole = _counts(of_countries.assign(**unread)).groupby(key)[measures].sum()
    parts = counts.groupby(key)[measures].sum().reindex(whole.index, fill_value=0)
    return whole.index[(whole > parts).any(axis=1)].to_frame(index=False)


def _observed_months(
    placed: pd.DataFrame, lost: pd.DataFrame, beyond: pd.DataFrame, options: CountsOptions
) -> CountedMonths:
    """Return what accepted rows observe, which are placed in regions as the `lost` ones are."""
    names = {"counts_in": "country", "id": "region"}
    rows = placed[[*names, "month", "day", "is_week"]].rename(columns=names)
    rows["is_zero"] = (placed[FIGURES] == 0).all(axis=1)
    lost = lost[["id", "month"]].rename(columns=names)
    return counted_months(rows, lost, beyond, options.available_on, options.coverage)


@contextmanager
def _open(path: Path, sheet: str | None, vintage: DatedVintage | None) -> Iterator[Rows]:
    with open_rows(path, sheet=sheet) as rows:
        rows.name_columns(column_names(rows.first, path))
        yield rows if vintage is None else VintageRows(rows, vintage)


def _deaths(read: int, counts: pd.DataFrame, months: CountedMonths) -> Deaths:
    """Return the deaths that were read, taken, and are in observed months of regions."""
    inside = counts.merge(months.coverage.months(), on=["country", "month"])
    hidden = inside.merge(months.unknown, on=["region", "month"])["deaths"].sum()
    observed = int(inside["deaths"].sum() - hidden)
    return Deaths(read=read, taken=int(counts["deaths"].sum()), observed=observed)


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in COUNTS_SCHEMA: what is counted by type, and the rest.

    Targeted civilians are taken out of political violence where a file has both.
    """
    own = rows.assign(country=rows["counts_in"], region=rows["id"])
    typed = [
        own.assign(type_of_violence=number, **{m: own[f"{m}_{number}"] for m in MEASURES})
        for number in TYPES_OF_VIOLENCE
    ]
    rest = {m: (own[m] - sum(part[m] for part in typed)).clip(lower=0) for m in MEASURES}
    parts = [*typed, own.assign(**rest)]
    if (own["type_name"] == POLITICAL).any():
        targeted = own[own["type_name"] == TARGETED]
        less = {m: -targeted[m] for m in MEASURES}
        parts.append(targeted.assign(type_of_violence=UNTYPED, **less))
    measures = list(MEASURES)
    summed = pd.concat(parts).groupby(_KEY, as_index=False)[measures].sum()
    summed[measures] = summed[measures].clip(lower=0)
    counts = summed[(summed[measures] > 0).any(axis=1)]
    return counts.astype(dict.fromkeys(["month", "type_of_violence", *measures], "int64"))


def _identity(path: Path, options: CountsOptions, coverage: Coverage) -> Identity:
    return Identity(
        history=options.source,
        source=options.source,
        release=options.release,
        kind="final",
        available_on=options.available_on,
        coverage=coverage,
        file_name=path.name,
        level=options.level,
    )


def content_hash(content: str, options: CountsOptions) -> str:
    """Return the hash of a file's content, or of a vintage's, as it is read with the options."""
    if options.vintage is not None:
        content = options.vintage.sha256
    if options.corrections is None:
        return content
    rows = options.corrections.to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(f"{content}\n{rows}".encode()).hexdigest()


def _on_unobserved(counts: pd.DataFrame, coverage: Coverage, path: Path) -> tuple[str, ...]:
    """Note how many counts are not observed; raises InputError when none is."""
    observed = counts[["country", "month"]].merge(coverage.months(), how="left", indicator=True)
    number = int((observed["_merge"] == "left_only").sum())
    if number == 0:
        return ()
    if number == len(counts):
        raise InputError(
            f"'{path}' has no count in the months that it is said to observe: check the coverage"
        )
    return (f"{number:,} of {len(counts):,} counts are of countries or months not observed",)
