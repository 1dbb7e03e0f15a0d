"""History that is already aggregated, as its source tabulates it: a row a region and month or week.

What the columns may be called, and what they mean, is in `features.sources.counts_form`.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage, Span
from features.archive.form import (
    COUNTED_REGIONS_SCHEMA,
    COUNTS_SCHEMA,
    MOST_DEATHS,
    TYPES_OF_VIOLENCE,
    UNTYPED,
)
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
from features.months import format_month, month_of
from features.places.countries import TERRITORIES
from features.places.matching import match_regions
from features.places.regions import load_regions
from features.places.spelling import plain, slug
from features.sources.counts_form import (
    FIGURES,
    MEASURES,
    POLITICAL,
    TARGETED,
    Columns,
    ends_elsewhere,
    find_columns,
    texts,
    understood,
    whole_months,
)
from features.sources.csvfile import BEYOND, LINE, LINES, CsvRows, open_csv
from features.sources.delivered import column_names
from features.sources.ingestion import MOST_REJECTED
from features.sources.parquetfile import is_parquet, open_parquet
from features.sources.source import Rows
from features.words import Level

WHOLE_COUNTRY = "counts a whole country"
"""The reason for which a row of another level is rejected: it is no fault of the file."""

_NAMELESS = re.compile(rf"column \d+|{BEYOND}")
_FIRST_MONTH = month_of(date(1900, 1, 1))
_LONGEST_NAME = 200
_MOST_REASONS = 3


def reasons_to_reject(
    rows: pd.DataFrame, read: pd.DataFrame, columns: Columns, level: Level, last_day: date
) -> pd.Series:
    """Return why each row (n,) is rejected, joined by "; ", "" where it is not.

    `read` is what `understood` says of `rows`, `last_day` the last that they may speak of. Of rows
    that say the same, but for figures, the first without fault stands.
    """
    coarse = (texts(rows, columns, "level") == "0") & (level != "country")
    reasons = pd.Series("", index=rows.index, dtype="str")
    for reason, where in _faults(rows, read, columns, last_day).items():
        at = where & ~coarse
        reasons[at] = (reasons[at] + "; ").where(reasons[at] != "", "") + reason
    reasons[coarse] = WHOLE_COUNTRY
    figures = {name for figure in FIGURES for name in columns.get(figure, ())}
    telling = [n for n in map(str, rows) if n not in figures and not _NAMELESS.fullmatch(n)]
    said = rows.loc[reasons == "", telling]
    reasons[said.index[said.duplicated()]] = "the row is repeated"
    return reasons


def refuse_if_mostly_rejected(reasons: pd.Series, lines: pd.Series, path: Path) -> None:
    """Raise InputError when more than MOST_REJECTED of a file's lines cannot be used.

    `lines` (n,) is how many each row takes. Rows of another level do not count.
    """
    ours = reasons != WHOLE_COUNTRY
    bad = ours & (reasons != "")
    if lines[bad].sum() <= MOST_REJECTED * lines[ours].sum():
        return
    raise InputError(
        f"'{path}' is refused: {lines[bad].sum() / lines[ours].sum():.1%} of it cannot be used "
        f"({bad.sum():,} of {ours.sum():,} rows), more than {MOST_REJECTED:.0%}; most often: "
        f"{commonest(reasons[bad])}; correct the file, or take what is usable with --allow-rejects"
    )


def commonest(reasons: pd.Series) -> str:
    """Return the commonest of reasons in words."""
    counted = reasons.str.split("; ").explode().value_counts().head(_MOST_REASONS)
    return ", ".join(f"{reason} ({number:,} rows)" for reason, number in counted.items())


def rejected_rows(rows: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """Return the rows that are rejected, as they were delivered, in REJECTED_SCHEMA."""
    bad = rows[reasons != ""]
    records = [
        json.dumps({k: v for k, v in row.items() if pd.notna(v)}, ensure_ascii=False)
        for row in bad.to_dict("records")
    ]
    return pd.DataFrame(
        {
            "line": bad.index.to_numpy("int64"),
            "reasons": reasons[bad.index].to_numpy(),
            "record": pd.Series(records, dtype="str"),
        }
    )


def _faults(
    rows: pd.DataFrame, read: pd.DataFrame, columns: Columns, last_day: date
) -> dict[str, pd.Series]:
    """Return all that can be wrong with a row: reason -> with which it is, (n,)."""
    # A nameless column before others holds the numbers of rows, as pandas writes them.
    beyond = list(takewhile(_NAMELESS.fullmatch, map(str, reversed(rows.columns))))
    when = "month" if "month" in columns else "week"
    last = month_of(last_day)
    return {
        "has more fields than the header": (rows[beyond].fillna("") != "").any(axis=1),
        "country is missing or unknown": read["country"].isna(),
        "region is missing or unreadable": read["name"].isna() & read["country"].notna(),
        f"region is longer than {_LONGEST_NAME} letters": _longer(read["name"]),
        f"{when} is missing or unreadable": read["month"].isna(),
        f"{when} is before {format_month(_FIRST_MONTH)}": read["month"] < _FIRST_MONTH,
        f"{when} is after {format_month(last)}, when it was public": read["month"] > last,
        "its period is not one month": ends_elsewhere(rows, columns, read["month"]),
        "type is missing or unknown": read["type_of_violence"].isna(),
        **_faults_of_figures(read, columns),
    }


def _longer(name: pd.Series) -> pd.Series:
    return name.str.len() > _LONGEST_NAME


def _faults_of_figures(read: pd.DataFrame, columns: Columns) -> dict[str, pd.Series]:
    faults = {}
    for figure in (figure for figure in FIGURES if figure in columns):
        number, name = read[figure], columns[figure][0]
        faults[f"{name} is missing or unreadable"] = number.isna()
        faults[f"{name} is outside 0 to {MOST_DEATHS}"] = (number < 0) | (number > MOST_DEATHS)
    for measure in (measure for measure in MEASURES if measure in columns):
        typed = [t for t in (f"{measure}_{n}" for n in TYPES_OF_VIOLENCE) if t in columns]
        if typed:
            reason = f"the types add up to more {measure} than there are"
            faults[reason] = read[typed].sum(axis=1) > read[measure]
    return faults


_DIGEST = 8  # [bytes]


def match_places(
    names: pd.DataFrame, level: Level, corrections: pd.DataFrame | None
) -> pd.DataFrame:
    """Return `names` with the columns `id`, `region`, `how` and `counts_in`.

    `names` has `country` (ISO 3166-1 alpha-3) and `name`; `region` and `how` are as `match_regions`
    returns them. A name that is unknown in a state is looked for in the territory of which ISO
    3166-1 makes a country of its own: Gaza, of Israel, is in Palestine. `counts_in` is the country
    to which the counts belong: that of the region, but for a cell, which may lie in several, the
    country that was said. `id` is the bundled region's, or one that depends on country and name
    alone, so that it stays the same over releases; spellings of the same words share it.
    """
    matches = match_regions(names, level, corrections)
    territory = names["country"].map(TERRITORIES)
    tried = matches[(matches["how"] == "unmatched") & territory.notna()]
    if len(tried):
        elsewhere = match_regions(tried.assign(country=territory[tried.index]), level, corrections)
        found = elsewhere[elsewhere["region"].notna()]
        matches.loc[found.index, ["region", "how"]] = found[["region", "how"]]
    country_of = load_regions(level).table.set_index("id")["country"]
    own = matches["region"].map(country_of).astype("str").fillna(names["country"])
    made_up = [_own_id(*row) for row in zip(names["country"], names["name"], strict=True)]
    return matches.assign(
        id=matches["region"].fillna(pd.Series(made_up, index=names.index, dtype="str")),
        counts_in=names["country"] if level == "priogrid" else own,
    )


def named_regions(matches: pd.DataFrame) -> pd.DataFrame:
    """Return the regions that are named, in COUNTED_REGIONS_SCHEMA, by id."""
    named = matches.assign(country=matches["counts_in"], is_bundled=matches["region"].notna())
    columns = ["id", "name", "country", "is_bundled"]
    return named[columns].drop_duplicates("id").sort_values("id", ignore_index=True)


def _own_id(country: str, name: str) -> str:
    """Return an id that no bundled region has; a name in another script gets a digest."""
    try:
        return f"{country}-x-{slug(name)}"
    except InputError:
        digest = hashlib.blake2b(plain(name).encode(), digest_size=_DIGEST).hexdigest()
        return f"{country}-x--{digest}"


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
