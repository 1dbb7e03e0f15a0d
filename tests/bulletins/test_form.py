import json
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from bulletins.form import DRIVERS_SCHEMA, SCORES_SCHEMA
from bulletins.manifest import FORMAT, Manifest
from features.words import QUANTILES, quantile_column
from tests.bulletins.example import manifest_of
from tests.bulletins.example_rows import rows_of

CONTENT: dict[str, Any] = manifest_of(rows_of(), format=FORMAT).model_dump(
    mode="json",
    exclude={
        *("drivers_sha256", "previous", "files", "risk_scales", "months_behind"),
        *("left_out", "unscored", "licence", "citation", "sources", "boundaries", "placed_nowhere"),
        "late_reporting",
        "coups",
        *("chain", "lost", "record_sha256", "shortfalls"),
    },
)


def changed(path: str, value: object) -> str:
    content = json.loads(json.dumps(CONTENT))
    *folders, key = path.split("/")
    inner = content
    for folder in folders:
        inner = inner[int(folder) if folder.isdigit() else folder]
    inner[key] = value
    return json.dumps(content)


def test_a_quantile_is_named_by_its_per_cent() -> None:
    names = [quantile_column(level) for level in QUANTILES]
    assert names == ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
    assert quantile_column(0.29) == "q29"
    assert quantile_column(0.57) == "q57"


def test_scores_have_the_columns_of_the_design_and_only_deaths_may_be_missing() -> None:
    text, number = pa.string(), pa.float64()
    expected = {
        "region": text,
        "name": text,
        "country": text,
        "level": text,
        "target": text,
        "horizon": pa.int8(),
        "target_month": text,
        "threshold": number,
        "probability": number,
        "mean": number,
        **dict.fromkeys(["q05", "q10", "q25", "q50", "q75", "q90", "q95"], number),
        "model_version": text,
    }
    assert {field.name: field.type for field in SCORES_SCHEMA} == expected
    assert list(SCORES_SCHEMA.names) == list(expected)
    missing = [field.name for field in SCORES_SCHEMA if field.nullable]
    assert missing == ["mean", "q05", "q10", "q25", "q50", "q75", "q90", "q95"]


def test_drivers_have_a_place_kind_and_contribution_and_the_rest_may_be_missing() -> None:
    given = [field.name for field in DRIVERS_SCHEMA if not field.nullable]
    assert given == ["region", "level", "target", "horizon", "kind", "contribution"]
    missing = [field.name for field in DRIVERS_SCHEMA if field.nullable]
    assert missing == ["name", "change", "value", "baseline_value"]
    for name in ("region", "level", "target", "horizon"):
        assert DRIVERS_SCHEMA.field(name) == SCORES_SCHEMA.field(name)


def test_an_older_manifest_has_no_drivers_and_a_newer_one_names_its_previous_bulletin() -> None:
    old = Manifest.model_validate_json(json.dumps(CONTENT))
    assert (old.drivers_sha256, old.previous) == (None, None)
    more = {"drivers_sha256": "c" * 64, "previous": "2024-11-0123456789ab"}
    new = Manifest.model_validate_json(json.dumps(CONTENT | more))
    assert Manifest.model_validate_json(new.model_dump_json()) == new
    assert (new.drivers_sha256, new.previous) == tuple(more.values())


def test_a_manifest_survives_being_written() -> None:
    manifest = Manifest.model_validate_json(json.dumps(CONTENT))
    assert manifest.format == FORMAT
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


@pytest.mark.parametrize(
    "path", ["note", "vintage/note", "vintage/releases/0/note", "models/0/note"]
)
def test_unknown_keys_are_refused_at_every_depth(path: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Manifest.model_validate_json(changed(path, "x"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", 3),
        ("id", "2024-12-0123456789AB"),
        ("id", "../2024-12-0123456789ab"),
        ("id", "2024-12-0123456789ab\n"),
        ("origin", "2024-13"),
        ("origin", "2024-1"),
        ("issued_at", "2025-01-03T06:00:00"),
        ("levels", ["district"]),
        ("thresholds", {"district": 5.0}),
        ("models/0/version", 0),
        ("models/0/level", "district"),
        ("rows", 0),
    ],
)
def test_a_manifest_of_another_form_is_refused(path: str, value: object) -> None:
    with pytest.raises(ValidationError, match=path.rsplit("/", 1)[-1]):
        Manifest.model_validate_json(changed(path, value))


@pytest.mark.parametrize("key", [key for key in CONTENT if key != "format"])
def test_a_manifest_without_one_of_its_fields_is_refused(key: str) -> None:
    content = {name: value for name, value in CONTENT.items() if name != key}
    with pytest.raises(ValidationError, match=key):
        Manifest.model_validate_json(json.dumps(content))


def test_a_manifest_is_never_changed() -> None:
    manifest = Manifest.model_validate_json(json.dumps(CONTENT))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(manifest, "rows", 31)  # noqa: B010
