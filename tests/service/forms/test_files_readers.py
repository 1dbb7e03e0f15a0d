"""What people read tables with, each from the same running service, over its socket."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import duckdb
import geopandas
import httpx
import pandas as pd
import polars as pl
import pytest
from fsspec.implementations.http import HTTPFileSystem

COLUMNS = ["region", "target", "horizon", "probability"]
Row = tuple[str, str, int, float]

FILE = "/v1/bulletins/latest/files/scores.parquet"


@pytest.fixture(scope="module")
def service(client: httpx.Client) -> str:
    return str(client.base_url).removesuffix("/")


@pytest.fixture(scope="module")
def scores(client: httpx.Client) -> list[Row]:
    """All scores, as the pages of JSON have them."""
    items = client.get("/v1/scores?limit=10000").json()["items"]
    return sorted(tuple(item[name] for name in COLUMNS) for item in items)


def rows(frame: pd.DataFrame) -> list[Row]:
    return sorted(frame[COLUMNS].itertuples(index=False, name=None))


def test_pandas(service: str, scores: list[Row]) -> None:
    assert rows(pd.read_csv(f"{service}/v1/scores?format=csv")) == scores
    assert rows(pd.read_csv(f"{service}/v1/scores?format=csv&excel=true")) == scores
    assert rows(pd.read_parquet(f"{service}/v1/scores?format=parquet")) == scores
    assert rows(pd.read_json(f"{service}/v1/scores?format=ndjson", lines=True)) == scores


def test_polars_lazily(service: str, scores: list[Row]) -> None:
    assert sorted(pl.scan_parquet(service + FILE).select(COLUMNS).collect().rows()) == scores
    filtered = f"{service}/v1/scores?format=parquet"
    lazy = pl.scan_parquet(filtered, glob=False).filter(pl.col("target") == "onset")
    assert lazy.select(COLUMNS).collect().rows() == [row for row in scores if row[1] == "onset"]


def test_geopandas(service: str, client: httpx.Client, scores: list[Row]) -> None:
    content = client.get("/v1/scores?format=geoparquet").content
    frame = geopandas.read_parquet(io.BytesIO(content))
    assert rows(frame) == scores
    assert frame.crs == "OGC:CRS84"
    mopti = frame[frame["region"] == "MLI-mopti"].geometry.iloc[0]
    assert mopti.bounds == (-4.5, 14.0, -3.5, 15.0)
    regions = geopandas.read_file(f"{service}/v1/regions?format=geojson")
    layers = geopandas.list_layers(f"{service}/v1/regions?format=geojson")
    assert layers["name"].tolist() == ["tocsin-regions-2024-12-5f3a9c01d2e4"]
    assert set(regions["id"]) >= {row[0] for row in scores}
    assert rows(geopandas.read_file(f"{service}/v1/scores?format=geojson")) == scores


class NeverModified(HTTPFileSystem):  # type: ignore[misc]
    """Files over HTTP for DuckDB, whose own extension for them is not on PyPI."""

    def modified(self, path: str) -> datetime:
        return datetime(2025, 1, 1, tzinfo=UTC)


def test_duckdb_over_http(service: str, scores: list[Row]) -> None:
    with duckdb.connect() as connection:
        connection.register_filesystem(NeverModified())
        query = f"SELECT {', '.join(COLUMNS)} FROM read_parquet('{service}{FILE}')"
        assert sorted(connection.sql(query).fetchall()) == scores


def test_ogr2ogr(service: str, scores: list[Row]) -> None:
    command = ["ogr2ogr", "-f", "CSV", "/vsistdout/", f"{service}/v1/scores?format=geojson"]
    done = subprocess.run(command, check=True, capture_output=True)
    assert rows(pd.read_csv(io.BytesIO(done.stdout))) == scores


def test_a_generated_client(
    service: str, scores: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    command += ["--url", f"{service}/openapi.json", "--output-path", str(tmp_path / "generated")]
    # It has ruff mend what it writes (`1and`).
    path = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=path)
    assert (done.stdout + done.stderr).count("WARNING") < 5
    monkeypatch.syspath_prepend(tmp_path)
    list_scores = import_module("generated.api.scores.list_scores")
    with import_module("generated").Client(service) as client:
        answer = list_scores.sync(client=client, limit=10_000)
    read = [tuple(getattr(item, name) for name in COLUMNS) for item in answer.items]
    assert sorted(read) == scores
