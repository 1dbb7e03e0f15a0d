"""GDAL's own driver, which QGIS and others read layers with, on a real socket."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from service.access.keys import KeyRing
from tests.bulletins.example import NOW
from tests.service.conftest import serving_with


def ogrinfo(service: httpx.Client, *arguments: str, **variables: str) -> str:
    """What `ogrinfo` says of the layers of a service; it fails where GDAL complains."""
    command = ["ogrinfo", "-ro", f"OAPIF:{str(service.base_url).rstrip('/')}/ogc", *arguments]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **variables}
    )
    assert done.stderr == ""
    return done.stdout


def features(service: httpx.Client, where: str) -> list[str]:
    shown = ogrinfo(service, "-q", "-geom=NO", "-where", where, "admin1")
    return [line.partition(" = ")[2] for line in shown.splitlines() if "id (String)" in line]


def test_gdal_lists_the_layers(client: httpx.Client) -> None:
    layers = [line for line in ogrinfo(client).splitlines() if line[:1].isdigit()]
    assert layers == [
        "1: country (title: Countries, 2024-12) (Multi Polygon)",
        "2: admin1 (title: First-order regions, 2024-12) (Multi Polygon)",
    ]


def test_gdal_reads_count_geometry_and_attributes(client: httpx.Client) -> None:
    summary = ogrinfo(client, "-so", "admin1")
    assert "Geometry: Multi Polygon" in summary
    assert "Feature Count: 4" in summary
    assert "Extent: (-4.500000, 14.000000) - (10.000000, 20.000000)" in summary
    for column, kind in {
        "name": "String",
        "iso_3166_2": "String",
        "instability_1_probability": "Real",
        "escalation_12_risk_level": "String",
        "fatalities_3_mean": "Real",
        "first_month": "String",
    }.items():
        assert f"\n{column}: {kind} " in summary
    shown = ogrinfo(client, "-q", "-where", "id = 'MLI-mopti'", "admin1")
    score = client.get("/v1/scores?region=MLI-mopti&target=instability&horizon=1").json()["items"]
    assert f"instability_1_probability (Real) = {score[0]['probability']:g}\n" in shown
    assert "MULTIPOLYGON (((-4.5 14" in shown


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("country = 'NER'", ["NER-agadez", "NER-tillaberi"]),
        ("name = 'Gao'", ["MLI-gao"]),
        ("first_month > '2025-06'", []),
        ("first_month >= '2025-01' AND country = 'MLI'", ["MLI-gao", "MLI-mopti"]),
        ("instability_1_probability > 0.7", ["MLI-gao"]),
    ],
)
def test_gdal_filters(client: httpx.Client, where: str, expected: list[str]) -> None:
    assert features(client, where) == expected


def test_gdal_follows_pages_and_asks_for_a_box(client: httpx.Client) -> None:
    paged = ogrinfo(client, "-q", "-geom=NO", "-oo", "PAGE_SIZE=1", "admin1")
    assert paged.count("OGRFeature") == 4
    box = ogrinfo(client, "-q", "-geom=NO", "-spat", "-4.2", "14.1", "-3.9", "14.3", "admin1")
    assert box.count("OGRFeature") == 1


def test_gdal_gives_a_key_as_a_password(own_home: Path) -> None:
    key = KeyRing(own_home).add("ada", NOW.date())
    with serving_with(own_home, needs_key=True) as service:
        assert "2: admin1" in ogrinfo(service, "-oo", f"USERPWD=ada:{key}")
        assert "2: admin1" in ogrinfo(service, GDAL_HTTP_HEADERS=f"X-API-Key: {key}")
