"""Read a bulletin from its folder; refuse it unless every file is as its manifest says."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from bulletins import form
from bulletins.folders import bulletin_folders
from bulletins.form import INDICATORS_FILE, MANIFEST_FILE, SCORES_FILE
from bulletins.manifest import ListedIndicator, ListedIndicators, Manifest, id_of
from bulletins.tables import Frame, Part, as_numbers
from features.errors import BulletinError
from features.files import read_whole
from features.hashes import sha256_of
from features.words import DISTRIBUTIONS, QUANTILES, TARGETS, quantile_column

_MOST_BYTES = 1 << 30  # of one file
ORDER = ("level", "region", "target", "horizon")
"""The key of a score, and the order in which ties are broken."""

REGION = ("region", "name", "country", "level")
"""The columns that describe a region."""

QUANTILE_COLUMNS = tuple(quantile_column(level) for level in QUANTILES)

DEATHS = ("mean", *QUANTILE_COLUMNS)
"""The columns [deaths/month] that only `fatalities` scores carry."""


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a bulletin's folder.

    Raises BulletinError when it is missing, of another form, or not what was published. The
    message names the bulletin, never the path.
    """
    content = _read(folder, MANIFEST_FILE)
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise _form_refusal(folder.name, MANIFEST_FILE, error) from error
    own = manifest.is_older or manifest.id == id_of(manifest.origin, content, manifest.id)
    numbers = [*manifest.thresholds.values()]
    numbers += [skill for model in manifest.models for skill in model.skill.values()]
    _require(
        folder.name,
        {
            f"{MANIFEST_FILE} belongs to bulletin {manifest.id}": manifest.id == folder.name,
            f"{MANIFEST_FILE} is not what was published: its id is of other content": own,
            f"{MANIFEST_FILE} has no level, or no threshold for one": (
                len(manifest.levels) > 0 and set(manifest.levels) <= set(manifest.thresholds)
            ),
            f"{MANIFEST_FILE} has a number that is not finite": all(map(math.isfinite, numbers)),
        },
    )
    return manifest


def read_manifests(home: Path) -> tuple[list[Manifest], dict[str, str]]:
    """Return the manifests of a home's bulletins, the newest first, and why others are refused.

    The newest has the latest origin and, of those, the latest issue. Reasons are by folder name.
    Raises BulletinError when the bulletins cannot be listed.
    """
    manifests, refused = [], {}
    for folder in bulletin_folders(home):
        try:
            manifests.append(read_manifest(folder))
        except BulletinError as error:
            refused[folder.name] = str(error)
    return sorted(manifests, key=lambda m: (m.origin, m.issued_at, m.id), reverse=True), refused


def read_file(folder: Path, name: str, sha256: str | None) -> bytes:
    """Return a file by the hash in its manifest, None in older ones.

    Raises BulletinError when it is another.
    """
    content = _read(folder, name)
    if sha256 not in (None, sha256_of(content)):
        hash_of = f"it does not have the content hash that {MANIFEST_FILE} gives"
        raise _refusal(folder.name, f"{name} is not what was published: {hash_of}")
    return content


def read_scores(folder: Path, manifest: Manifest) -> Frame:
    """Return the scores, CORRECTED_SCORES_SCHEMA, in ORDER; raises BulletinError if untrue."""
    content = read_file(folder, SCORES_FILE, manifest.scores_sha256)
    try:
        table = Part(content).whole()
    except (pa.ArrowException, OSError) as error:
        raise _refusal(folder.name, f"{SCORES_FILE} is not a Parquet file") from error
    columns = f"{SCORES_FILE} does not have the columns that this version reads"
    rows = f"{SCORES_FILE} has {table.num_rows} rows, {MANIFEST_FILE} says {manifest.rows}"
    if table.schema.equals(form.SCORES_SCHEMA):
        nothing = pa.nulls(len(table), pa.float64())
        table = table.append_column(form.UNREPORTED, nothing)
    has_columns = table.schema.equals(form.CORRECTED_SCORES_SCHEMA)
    _require(folder.name, {columns: has_columns, rows: table.num_rows == manifest.rows})
    frame = Frame(table.sort_by([(column, "ascending") for column in ORDER]))
    _require(folder.name, _value_checks(frame, manifest))
    return frame


def read_parts(folder: Path, manifest: Manifest) -> dict[str, Part]:
    """Return the Parquet files by name; raises BulletinError when one is not as SCHEMAS says."""
    parts, hashes = {}, manifest.hashes
    for name, schema in form.SCHEMAS.items():
        if name not in hashes:
            continue
        content = read_file(folder, name, hashes[name])
        try:
            parts[name] = Part(folder / name if name in form.ON_DISK else content)
        except (pa.ArrowException, OSError) as error:
            raise _refusal(folder.name, f"{name} is not a Parquet file") from error
        if not pa.schema(list(parts[name].schema)[: len(schema)]).equals(schema):
            reason = f"{name} does not have the columns that this version reads"
            raise _refusal(folder.name, reason)
    return parts


def read_documents(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """Return the reports and model cards by name; raises BulletinError when one is damaged."""
    documents = {*form.REPORT_FILES.values(), *form.CARD_FILES.values()}
    named = {name: digest for name, digest in manifest.files.items() if name in documents}
    return {name: read_file(folder, name, digest) for name, digest in named.items()}


def read_indicators(folder: Path, manifest: Manifest) -> tuple[ListedIndicator, ...]:
    """Return the indicators, none in old bulletins; raises BulletinError when damaged."""
    sha256 = manifest.files.get(INDICATORS_FILE)
    if sha256 is None and not (folder / INDICATORS_FILE).exists():
        return ()
    content = read_file(folder, INDICATORS_FILE, sha256)
    try:
        return ListedIndicators.validate_json(content)
    except ValidationError as error:
        raise _form_refusal(folder.name, INDICATORS_FILE, error) from error


def _read(folder: Path, name: str) -> bytes:
    try:
        return read_whole(folder / name, _MOST_BYTES)
    except OSError as error:
        raise _refusal(folder.name, f"{name} cannot be read ({error.strerror})") from error


def _value_checks(frame: Frame, manifest: Manifest) -> dict[str, bool]:
    """Return whether each check passes, by the reason to refuse the scores if it fails."""
    table, regions = frame.table, frame.distinct(*REGION)
    deaths = [table[column] for column in DEATHS]
    is_fatalities = frame.among("target", DISTRIBUTIONS)
    return {
        "its levels are not those of its manifest": (
            set(frame.values("level")) == set(manifest.levels)
        ),
        "a target is unknown": set(frame.values("target")) <= set(TARGETS),
        "a probability is not between 0 and 1": _between(table["probability"], 0, 1),
        "a threshold is not a number of deaths": _between(table["threshold"], 0, math.inf),
        "unreported deaths are not a number of deaths": _between(
            table[form.UNREPORTED], 0, math.inf
        ),
        "a mean or quantile is not a number of deaths": all(
            _between(column, 0, math.inf) for column in deaths
        ),
        "a mean or quantile is missing from fatalities or given for another target": all(
            bool((np.isnan(as_numbers(column)) != is_fatalities).all()) for column in deaths
        ),
        "a score appears twice": len(frame.distinct(*ORDER)) == len(frame),
        "a region has two descriptions": len(regions) == len(frame.values("region")),
    }


def _between(column: pa.ChunkedArray, low: float, high: float) -> bool:
    """Return whether all values are finite and in [low, high]; nulls are ignored."""
    values = as_numbers(column.drop_null())
    return bool((np.isfinite(values) & (values >= low) & (values <= high)).all())


def _require(bulletin: str, checks: dict[str, bool]) -> None:
    for reason, passes in checks.items():
        if not passes:
            raise _refusal(bulletin, reason)


def _form_refusal(bulletin: str, file: str, error: ValidationError) -> BulletinError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = f"{file} is not of the form this version reads: {where}: {first['msg']}"
    return _refusal(bulletin, reason)


def _refusal(bulletin: str, reason: str) -> BulletinError:
    return BulletinError(f"bulletin {bulletin} cannot be used: {reason}; publish it again")
