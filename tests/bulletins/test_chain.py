from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulletins.chain import chain_faults, head_of, noted_faults, parse_head
from bulletins.manifest import FORMAT, Manifest, blank_id
from bulletins.reading import read_manifest, read_manifests
from bulletins.writing import write_bulletin
from features.errors import BulletinError, InputError
from features.hashes import sha256_of
from tests.bulletins.example import manifest_of, publish_bulletin
from tests.bulletins.example_rows import rows_of


def issue(home: Path, origin: str, day: int = 21) -> Manifest:
    """Issue a bulletin of nothing but a manifest, on a day of January 2025."""
    draft = manifest_of(
        rows_of(),
        format=FORMAT,
        id=blank_id(origin),
        origin=origin,
        issued_at=datetime(2025, 1, day, tzinfo=UTC),
        citation=f"Bulletin {blank_id(origin)}.",
    )
    return write_bulletin(home, {}, draft)[0]


def hashes_of(home: Path) -> dict[str, str]:
    folders = (home / "bulletins" / manifest.id for manifest in read_manifests(home)[0])
    return {f.name: sha256_of((f / "manifest.json").read_bytes()) for f in folders}


def faults(home: Path) -> list[str]:
    return list(chain_faults(read_manifests(home)[0], hashes_of(home)))


def test_each_bulletin_names_the_one_issued_before_it_whatever_its_origin(tmp_path: Path) -> None:
    before = datetime(2024, 7, 21, tzinfo=UTC)
    old = publish_bulletin(tmp_path, origin="2024-06", id="2024-06-0123456789ab", issued_at=before)
    first, second, third = (issue(tmp_path, origin) for origin in ("2024-08", "2024-12", "2024-10"))
    links = [m.chain.id for m in (first, second, third) if m.chain is not None]
    assert links == [old.id, first.id, second.id]
    assert (old.chain, third.lost, third.citation) == (None, (), f"Bulletin {third.id}.")
    content = (tmp_path / "bulletins" / second.id / "manifest.json").read_bytes()
    assert third.chain is not None
    assert third.chain.sha256 == sha256_of(content)
    assert head_of(read_manifests(tmp_path)[0]) == third
    assert faults(tmp_path) == []


def test_a_manifest_of_which_any_byte_is_changed_is_refused(tmp_path: Path) -> None:
    issue(tmp_path, "2024-08")
    folder = tmp_path / "bulletins" / issue(tmp_path, "2024-12").id
    file, content = folder / "manifest.json", (folder / "manifest.json").read_bytes()
    places = [*range(0, len(content), len(content) // 100), content.index(b'"format": 2') + 10]
    for place in places:
        for other in (content[place] ^ 1, content[place] ^ 3, content[place] ^ 0x20):
            file.write_bytes(content[:place] + bytes([other]) + content[place + 1 :])
            with pytest.raises(BulletinError, match=rf"{folder.name} cannot be used: manifest"):
                read_manifest(folder)


def test_a_bulletin_that_is_gone_is_missed_until_the_next_one_says_so(tmp_path: Path) -> None:
    first, gone, last = (issue(tmp_path, "2024-12", day) for day in (21, 22, 23))
    folder = tmp_path / "bulletins" / gone.id
    folder.rename(tmp_path / "aside")
    (fault,) = faults(tmp_path)
    assert fault.startswith(f"{gone.id} was issued and is gone: restore it")
    after = issue(tmp_path, "2024-12", 24)
    assert (after.lost, after.chain and after.chain.id) == ((gone.id,), last.id)
    assert faults(tmp_path) == []
    assert issue(tmp_path, "2024-12", 25).lost == ()
    (tmp_path / "aside").rename(folder)
    assert faults(tmp_path) == []
    assert first.chain is None


def test_a_last_bulletin_that_is_damaged_is_named_as_lost_by_the_next(tmp_path: Path) -> None:
    first, last = issue(tmp_path, "2024-11"), issue(tmp_path, "2024-12", 22)
    (tmp_path / "bulletins" / last.id / "manifest.json").write_text("{")
    after = issue(tmp_path, "2024-12", 23)
    assert (after.lost, after.chain and after.chain.id) == ((last.id,), first.id)


def test_a_bulletin_from_elsewhere_or_from_before_the_one_it_follows_is_told(
    tmp_path: Path,
) -> None:
    here, other = tmp_path / "here", tmp_path / "other"
    later, earlier = issue(here, "2024-12", 22), issue(here, "2024-12", 21)
    (fault,) = faults(here)
    assert fault.startswith(f"{earlier.id} says that it was issued earlier than {later.id}")
    stranger = issue(other, "2024-11")
    (other / "bulletins" / stranger.id).rename(here / "bulletins" / stranger.id)
    both = " and ".join(sorted((later.id, stranger.id)))
    assert faults(here)[1].startswith(f"{both} begin the chain, and one alone can: move away")


def test_a_chain_that_was_written_anew_is_found_by_the_end_that_was_noted(tmp_path: Path) -> None:
    here, anew = tmp_path / "here", tmp_path / "anew"
    _, second = issue(here, "2024-08"), issue(here, "2024-10")
    noted = parse_head(f"{second.id}:{hashes_of(here)[second.id]}")
    assert list(noted_faults(noted, hashes_of(here))) == []
    issue(here, "2024-12")
    assert list(noted_faults(noted, hashes_of(here))) == []  # what follows changes nothing
    for day, origin in enumerate(("2024-08", "2024-10", "2024-12"), 22):
        issue(anew, origin, day)
    assert faults(anew) == []
    (fault,) = noted_faults(noted, hashes_of(anew))
    assert fault.startswith(f"{second.id} was noted and is gone: ")
    other = noted.model_copy(update={"sha256": "0" * 64})
    (fault,) = noted_faults(other, hashes_of(here))
    assert fault.startswith(f"{second.id} is not the one that was noted: ")


@pytest.mark.parametrize("text", ["", "2024-12-0123456789ab", "a:b", f"x y:{'0' * 64}"])
def test_what_is_not_the_end_of_a_chain_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="give ID:SHA256"):
        parse_head(text)
