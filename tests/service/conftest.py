import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI

from features.months import format_month, parse_month
from models.bulletin import (
    QUANTILES,
    SCORES_SCHEMA,
    Manifest,
    ModelUsed,
    ReleaseUsed,
    VintageUsed,
    quantile_column,
)
from service.app import create_app
from service.server import Server, bind

ORIGIN = "2024-12"
THRESHOLDS = {"country": 25.0, "admin1": 5.0, "priogrid": 1.0}
WINDOWS = (3, 6, 12)
REGIONS = (
    ("MLI", "Mali", "MLI", "country"),
    ("NER", "Niger", "NER", "country"),
    ("MLI-gao", "Gao", "MLI", "admin1"),
    ("MLI-mopti", "Mopti", "MLI", "admin1"),
    ("NER-agadez", "Agadez", "NER", "admin1"),
    ("NER-tillaberi", "Tillabéri", "NER", "admin1"),
)

INDICATORS: list[dict[str, Any]] = [
    {
        "name": "deaths_mean_3",
        "meaning": "Mean monthly deaths over the last 3 months",
        "unit": "deaths/month",
        "family": "history",
        "source": "",
        "lowest": 0.0,
        "highest": None,
        "needs": [],
    },
    {
        "name": "events_mean_3",
        "meaning": "Mean monthly events over the last 3 months",
        "unit": "events/month",
        "family": "history",
        "source": "",
        "lowest": 0.0,
        "highest": None,
        "needs": ["events"],
    },
    {
        "name": "border_weighted_instability_25",
        "meaning": "Share of the border with neighbours that had at least 25 deaths in the month",
        "unit": "share",
        "family": "contagion",
        "source": "Buhaug & Gleditsch 2008, International Studies Quarterly 52(2)",
        "lowest": 0.0,
        "highest": 1.0,
        "needs": [],
    },
]

Row = dict[str, Any]
Region = tuple[str, str, str, str]


def score_row(
    region: Region, target: str, horizon: int, probability: float, origin: str = ORIGIN
) -> Row:
    identifier, name, country, level = region
    # Deaths are uniform from 0 to `most`, so that mean, quantiles and probability agree.
    most = THRESHOLDS[level] / (1 - probability) if target == "fatalities" else None
    quantiles = {quantile_column(q): most and round(most * q, 3) for q in QUANTILES}
    return {
        "region": identifier,
        "name": name,
        "country": country,
        "level": level,
        "target": target,
        "horizon": horizon,
        "target_month": format_month(parse_month(origin) + horizon),
        "threshold": 1.0 if target == "onset" else THRESHOLDS[level],
        "probability": probability,
        "mean": most and round(most / 2, 3),
        **quantiles,
        "model_version": f"tocsin-{level}/3",
    }


def rows_of(regions: tuple[Region, ...] = REGIONS, origin: str = ORIGIN) -> list[Row]:
    """All scores of some regions; probabilities are multiples of 1/8, so that many tie."""
    rows = []
    for number, region in enumerate(regions):
        sparse = region[0] == "NER-agadez"
        keys = [
            (t, h) for t in ("fatalities", "instability") for h in range(1, 2 if sparse else 13)
        ]
        keys += [("escalation", h) for h in WINDOWS[: 1 if sparse else 3]]
        keys += [("onset", 3)] if sparse else []
        rows += [
            score_row(region, target, horizon, (number * 5 + horizon * 3) % 7 / 8, origin)
            for target, horizon in keys
        ]
    return sorted(
        rows, key=lambda row: (row["level"], row["region"], row["target"], row["horizon"])
    )


def manifest_of(rows: list[Row], **changes: Any) -> Manifest:
    origin = changes.get("origin", ORIGIN)
    levels = tuple(sorted({row["level"] for row in rows}))
    known: dict[str, Any] = {
        "id": f"{origin}-5f3a9c01d2e4",
        "origin": origin,
        "issued_at": datetime(2025, 1, 21, 6, 0, tzinfo=UTC),
        "simulated": True,
        "levels": levels,
        "thresholds": {level: THRESHOLDS[level] for level in levels},
        "vintage": VintageUsed(
            history="ucdp",
            as_of=date(2025, 1, 20),
            digest="8d" * 32,
            releases=(
                ReleaseUsed(
                    source="ucdp-candidate",
                    release="24.0.12",
                    available_on=date(2025, 1, 20),
                    sha256="4b" * 32,
                ),
            ),
        ),
        "models": tuple(
            ModelUsed(
                level=level,
                name=f"tocsin-{level}",
                version=3,
                run_id="0123456789abcdef0123456789abcdef",
                learner="boosting",
                summary_events="spread",
                trained_to="2024-12",
                skill={"instability": 0.21, "escalation": 0.12, "onset": 0.04},
            )
            for level in levels
        ),
        "code": "0.1.0+05c4188",
        "rows": len(rows),
        "scores_sha256": "0" * 64,
    }
    return Manifest.model_validate(known | changes)


def table_of(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCORES_SCHEMA)


def publish_bulletin(
    home: Path,
    rows: list[Row] | None = None,
    table: pa.Table | None = None,
    indicators: Sequence[dict[str, Any]] | None = INDICATORS,
    **changes: Any,
) -> Manifest:
    """Write a bulletin as its writer does: aside, then moved into place whole.

    Without indicators it is as bulletins were before they listed them.
    """
    rows = rows_of(origin=changes.get("origin", ORIGIN)) if rows is None else rows
    manifest = manifest_of(rows, **changes)
    folder = home / "bulletins" / manifest.id
    aside = folder.with_name(f".{manifest.id}")
    aside.mkdir(parents=True)
    pq.write_table(table_of(rows) if table is None else table, aside / "scores.parquet")
    content = (aside / "scores.parquet").read_bytes()
    if "scores_sha256" not in changes:
        digest = hashlib.sha256(content).hexdigest()
        manifest = manifest.model_copy(update={"scores_sha256": digest})
    if indicators is not None:
        (aside / "indicators.json").write_text(json.dumps(indicators))
    (aside / "manifest.json").write_text(manifest.model_dump_json())
    aside.rename(folder)
    return manifest


def refuse_constant(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


def read_strictly(response: httpx.Response) -> None:
    """Refuse NaN and infinity in any response of any test."""
    if "json" in response.headers.get("content-type", ""):
        json.loads(response.read(), parse_constant=refuse_constant)


@contextmanager
def serve_app(app: FastAPI) -> Iterator[httpx.Client]:
    """An application on a real socket; gives a client for it."""
    listener = bind("127.0.0.1", 0)
    addresses: list[str] = []
    server = Server(app, addresses.append)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not addresses:
        time.sleep(0.002)
    try:
        hooks = {"response": [read_strictly]}
        with httpx.Client(base_url=addresses[0], event_hooks=hooks) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def serve_home(home: Path) -> AbstractContextManager[httpx.Client]:
    return serve_app(create_app(home))


@pytest.fixture(scope="session")
def publish() -> Callable[..., Manifest]:
    return publish_bulletin


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[httpx.Client]]:
    return serve_home


@pytest.fixture(scope="session")
def serving_app() -> Callable[[FastAPI], AbstractContextManager[httpx.Client]]:
    return serve_app


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    """The rows of the example bulletin."""
    return rows_of()


@pytest.fixture(scope="session")
def table() -> Callable[[list[Row]], pa.Table]:
    return table_of


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the example bulletin, which is simulated; not to be changed."""
    folder = tmp_path_factory.mktemp("home")
    publish_bulletin(folder)
    return folder


@pytest.fixture(scope="session")
def client(home: Path) -> Iterator[httpx.Client]:
    with serve_home(home) as opened:
        yield opened


@pytest.fixture(scope="session")
def empty_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serve_home(tmp_path_factory.mktemp("empty")) as opened:
        yield opened
