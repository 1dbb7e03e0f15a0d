"""The bulletins that were published before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bulletins.form import SCORES_FILE
from bulletins.manifest import Manifest, ReleaseUsed
from bulletins.reading import read_file, read_manifest, read_manifests
from features.archive.releases import Release
from features.archive.vintage import Vintage
from features.arrays import BoolArray, FloatArray, Matrix, ObjectArray
from features.arrow import in_arrow_memory
from features.errors import BulletinError
from features.months import format_month, parse_month
from features.words import Level, Target


@dataclass(frozen=True, eq=False)
class PreviousScores:
    """The scores that n regions had at one target and horizon.

    `probability` (n,), NaN if none; `is_same_model` (n,); `indicators` (n, K) of the previous
    origin, as known now.
    """

    probability: FloatArray
    is_same_model: BoolArray
    indicators: Matrix


@dataclass(frozen=True, eq=False)
class EarlierBulletin:
    """A bulletin of an earlier origin [months since 1970-01].

    `scores` are as in SCORES_SCHEMA, `thresholds` the tau of each level [deaths/month].
    """

    id: str
    origin: int
    scores: pd.DataFrame
    thresholds: Mapping[Level, float]

    def of(self, level: Level, target: Target, horizon: int, regions: ObjectArray) -> pd.DataFrame:
        """Return `probability` and `model_version` of regions, a row each; missing: no score."""
        table = self.scores
        is_cell = (
            (table["level"] == level) & (table["target"] == target) & (table["horizon"] == horizon)
        )
        cell = table[is_cell].set_index("region")[["probability", "model_version"]]
        return cell.reindex(regions)


def read_bulletin(home: Path, bulletin: str | None) -> tuple[Manifest, pd.DataFrame]:
    """Return manifest and scores of a bulletin, by default the newest by origin and issue.

    Raises BulletinError when it is not there or damaged.
    """
    folder = home / "bulletins"
    if bulletin is None:
        manifests, _ = read_manifests(home)
        bulletin = manifests[0].id if manifests else None
    if bulletin is None or not (folder / bulletin).is_dir():
        if bulletin is None:
            raise BulletinError(f"no bulletin in {folder}: run `tocsin publish` first")
        raise BulletinError(f"no bulletin {bulletin} in {folder}: see `tocsin bulletins`")
    manifest = read_manifest(folder / bulletin)
    return manifest, _read_scores(folder / bulletin, manifest)


def read_previous(home: Path, bulletin: str) -> EarlierBulletin:
    """Read the bulletin that changes are against; raises BulletinError when it is damaged."""
    folder = home / "bulletins" / bulletin
    manifest = read_manifest(folder)
    return EarlierBulletin(
        id=manifest.id,
        origin=parse_month(manifest.origin),
        scores=_read_scores(folder, manifest),
        thresholds=manifest.thresholds,
    )


def _read_scores(folder: Path, manifest: Manifest) -> pd.DataFrame:
    content = read_file(folder, SCORES_FILE, manifest.scores_sha256)
    return pd.read_parquet(in_arrow_memory(content))


def releases_named(
    releases: Sequence[Release], named: Iterable[ReleaseUsed], bulletin: str, place: Path
) -> list[Release]:
    """Return those of some releases in a place that a bulletin names; BulletinError if any is gone.

    One that is there with other content is gone.
    """
    needed = {(r.source, r.release, r.sha256) for r in named}
    there = {(r.source, r.release, r.sha256): r for r in releases}
    gone = ", ".join(sorted(f"{source} {name}" for source, name, _ in needed - there.keys()))
    if gone:
        raise BulletinError(
            f"bulletin {bulletin} was computed from {gone}, which '{place}' does not hold as it "
            "was: ingest the same file again under the same name"
        )
    return [release for key, release in there.items() if key in needed]


def earlier_bulletins(home: Path, origin: int, vintage: Vintage) -> Iterator[EarlierBulletin]:
    """Yield the newest whole bulletin of each earlier origin, newest first, of the same events."""
    manifests, _ = read_manifests(home)
    kind, origins = (vintage.history, vintage.simulated), set[str]()
    for manifest in manifests:
        is_own = (manifest.vintage.history, manifest.simulated) == kind
        if is_own and manifest.origin < format_month(origin) and manifest.origin not in origins:
            with suppress(BulletinError):
                yield read_previous(home, manifest.id)
                origins.add(manifest.origin)
