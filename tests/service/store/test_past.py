"""What earlier bulletins said of a region, read from their files when it is asked."""

from pathlib import Path

import pytest

from bulletins.manifest import Manifest
from service.store.bulletins import Listing
from service.store.past import PastScores
from tests.bulletins.example import publish_bulletin, publish_months

MONTHS = ("2024-09", "2024-10", "2024-11", "2024-12")


@pytest.fixture
def issued(tmp_path: Path) -> tuple[Manifest, ...]:
    """The manifests of four months, newest first as the store has them."""
    return tuple(reversed(publish_months(tmp_path, MONTHS)))


def listed(manifests: tuple[Manifest, ...]) -> Listing:
    return Listing({}, {manifest.id: manifest for manifest in manifests}, None, {}, "")


def origins(
    past: PastScores, manifests: tuple[Manifest, ...], but: str, region: str = "MLI-gao"
) -> list[str]:
    return [manifest.origin for manifest, _ in past.of_region(listed(manifests), but, region)]


def test_only_older_bulletins_are_told_the_newest_first(
    tmp_path: Path, issued: tuple[Manifest, ...]
) -> None:
    past = PastScores(tmp_path)
    assert origins(past, issued, issued[0].id) == ["2024-11", "2024-10", "2024-09"]
    assert origins(past, issued, issued[2].id) == ["2024-09"]
    assert origins(past, issued, "not there any more") == list(reversed(MONTHS))


def test_no_more_origins_are_told_than_are_kept(
    tmp_path: Path, issued: tuple[Manifest, ...]
) -> None:
    assert origins(PastScores(tmp_path, keep=2), issued, issued[0].id) == ["2024-11", "2024-10"]


def test_of_an_origin_the_last_issue_is_told(tmp_path: Path, issued: tuple[Manifest, ...]) -> None:
    again = publish_bulletin(tmp_path, origin="2024-11", id="2024-11-0000000000aa")
    both = (issued[0], again, *issued[1:])
    told = list(PastScores(tmp_path).of_region(listed(both), issued[0].id, "x"))
    assert [manifest.id for manifest, _ in told] == [again.id, issued[2].id, issued[3].id]


def test_the_rows_are_those_of_the_region(tmp_path: Path, issued: tuple[Manifest, ...]) -> None:
    for region, horizons in {"MLI-gao": True, "nowhere": False}.items():
        for _, table in PastScores(tmp_path).of_region(listed(issued), issued[0].id, region):
            assert set(table["region"].to_pylist()) == ({region} if horizons else set())


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_bulletin_that_is_damaged_is_passed_over(
    tmp_path: Path,
    issued: tuple[Manifest, ...],
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "bulletins" / issued[2].id / "scores.parquet"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-7])
    else:
        file.unlink()
    past = PastScores(tmp_path)
    for _ in range(3):
        assert origins(past, issued, issued[0].id) == ["2024-11", "2024-09"]
    assert caplog.text.count("passed over") == 1
    assert issued[2].id in caplog.text
