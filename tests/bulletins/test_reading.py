import json
import math
from pathlib import Path
from typing import Any

import pytest

from bulletins.manifest import Manifest
from bulletins.reading import read_manifest, read_scores
from features.errors import BulletinError
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_tables import table_of

Row = dict[str, Any]


def folder_of(home: Path, manifest: Manifest) -> Path:
    return home / "bulletins" / manifest.id


def change_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_sound_bulletin_is_read_in_the_order_of_its_key(tmp_path: Path, rows: list[Row]) -> None:
    manifest = publish_bulletin(tmp_path, rows=rows[::-1])
    folder = folder_of(tmp_path, manifest)
    assert read_manifest(folder) == manifest
    uncorrected = [row | {"unreported": None} for row in rows]
    assert read_scores(folder, manifest).table.to_pylist() == uncorrected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 3}, "manifest.json is not of the form this version reads: format"),
        ({"id": "2024-12-ffffffffffff"}, "belongs to bulletin 2024-12-ffffffffffff"),
        ({"id": "../../etc"}, "form this version reads: id"),
        ({"issued_at": "2025-01-21T06:00:00"}, "form this version reads: issued_at"),
        ({"surprise": 1}, "form this version reads: surprise"),
        ({"thresholds": {"country": 25.0}}, "no threshold for one"),
        ({"thresholds": {"country": math.inf, "admin1": 5.0}}, "not finite"),
        ({"levels": []}, "has no level"),
    ],
)
def test_a_manifest_that_cannot_be_true_is_refused_by_name_and_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    folder = folder_of(tmp_path, publish_bulletin(tmp_path))
    change_manifest(folder, **changes)
    with pytest.raises(BulletinError) as refusal:
        read_manifest(folder)
    assert reason in str(refusal.value)
    assert folder.name in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\x00\xff", b"[]", b"null"])
def test_a_manifest_that_is_no_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = folder_of(tmp_path, publish_bulletin(tmp_path))
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(BulletinError, match=r"manifest\.json is not of the form"):
        read_manifest(folder)


@pytest.mark.parametrize("name", ["manifest.json", "scores.parquet"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    manifest = publish_bulletin(tmp_path)
    folder = folder_of(tmp_path, manifest)
    (folder / name).unlink()
    with pytest.raises(BulletinError, match=f"{name} cannot be read"):
        read_scores(folder, read_manifest(folder))


def test_scores_that_are_cut_short_are_refused(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    path = folder_of(tmp_path, manifest) / "scores.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BulletinError, match="content hash"):
        read_scores(path.parent, manifest)


def test_scores_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # of "test"
    manifest = publish_bulletin(tmp_path, scores_sha256=digest)
    folder = folder_of(tmp_path, manifest)
    (folder / "scores.parquet").write_bytes(b"test")
    with pytest.raises(BulletinError, match="not a Parquet file"):
        read_scores(folder, manifest)


def test_a_wrong_number_of_rows_is_refused(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    wrong = manifest.model_copy(update={"rows": manifest.rows + 1})
    with pytest.raises(BulletinError, match=f"has {manifest.rows} rows"):
        read_scores(folder_of(tmp_path, manifest), wrong)


def test_other_columns_are_refused(tmp_path: Path, rows: list[Row]) -> None:
    manifest = publish_bulletin(tmp_path, rows=rows, table=table_of(rows).drop_columns(["q95"]))
    with pytest.raises(BulletinError, match="does not have the columns"):
        read_scores(folder_of(tmp_path, manifest), manifest)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"probability": math.nan}, "a probability is not between 0 and 1"),
        ({"probability": 1.01}, "a probability is not between 0 and 1"),
        ({"probability": -0.01}, "a probability is not between 0 and 1"),
        ({"threshold": math.inf}, "a threshold is not a number of deaths"),
        ({"mean": math.nan}, "a mean or quantile is not a number of deaths"),
        ({"q50": -1.0}, "a mean or quantile is not a number of deaths"),
        ({"q95": math.inf}, "a mean or quantile is not a number of deaths"),
        ({"q05": None}, "a mean or quantile is missing from fatalities"),
        ({"target": "instability"}, "a mean or quantile is missing from fatalities"),
        ({"target": "famine"}, "a target is unknown"),
        ({"level": "priogrid"}, "its levels are not those of its manifest"),
        ({"horizon": 2}, "a score appears twice"),
        ({"name": "Elsewhere"}, "a region has two descriptions"),
        ({"level": "country"}, "a region has two descriptions"),
    ],
)
def test_scores_that_cannot_be_true_are_refused(
    tmp_path: Path, rows: list[Row], changes: Row, reason: str
) -> None:
    first = {"region": "MLI-mopti", "target": "fatalities", "horizon": 1}
    spoilt = [row | changes if first.items() <= row.items() else row for row in rows]
    assert spoilt != rows
    manifest = publish_bulletin(tmp_path, rows=rows, table=table_of(spoilt))
    with pytest.raises(BulletinError, match=reason):
        read_scores(folder_of(tmp_path, manifest), manifest)
