"""Homes that share bulletins at an address."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulletins.manifest import FORMAT, Manifest, blank_id
from bulletins.shared import SharedBulletins
from bulletins.writing import write_bulletin
from features.hashes import sha256_of
from tests.bulletins.example import manifest_of, publish_bulletin
from tests.bulletins.example_rows import rows_of

Publish = Callable[..., Manifest]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the example bulletin, but for its manifest."""
    home = tmp_path_factory.mktemp("example")
    folder = home / "bulletins" / publish_bulletin(home).id
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "manifest.json"}


@pytest.fixture(scope="session")
def publish(files: dict[str, bytes]) -> Publish:
    """Publish a bulletin of an origin from a home, and share it."""
    return lambda home, shared, origin="2024-12": issue(home, shared, files, origin)


def issue(
    home: Path, shared: SharedBulletins | None, files: dict[str, bytes], origin: str = "2024-12"
) -> Manifest:
    """Issue the example bulletin as of an origin, now, after the others."""
    hashes = {name: sha256_of(content) for name, content in files.items()}
    draft = manifest_of(
        rows_of(),
        format=FORMAT,
        id=blank_id(origin),
        origin=origin,
        issued_at=datetime.now(UTC),
        scores_sha256=hashes.pop("scores.parquet"),
        drivers_sha256=hashes.pop("drivers.parquet"),
        files=hashes,
    )
    return write_bulletin(home, files, draft, shared)[0]
