"""What holds of every kind of folders at an address; here of notes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import ValidationError

from features.errors import InputError, StoreError
from features.hashes import sha256_of
from features.shared.address import Address
from features.shared.folders import Entry, SharedFolders

NOTE = {"a.txt": b"one", "b.txt": b"two"}


class SharedNotes(SharedFolders):
    kind, chain, id_form, error = "notes", "chain", "notes/[a-z]+", InputError

    def place_of(self, folder_id: str) -> Path:
        return self.home / folder_id

    def write(self, name: str, files: dict[str, bytes] = NOTE) -> Entry:
        """Add a note of the home."""
        place = self.place_of(f"notes/{name}")
        place.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (place / file).write_bytes(content)
        return self.add(f"notes/{name}", place, {n: sha256_of(c) for n, c in files.items()})


def contents(home: Path) -> dict[str, bytes]:
    """Every file of a home, by path; hidden ones too."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in files}


def note(name: str, files: dict[str, bytes] = NOTE) -> dict[str, bytes]:
    return {f"notes/{name}/{file}": content for file, content in files.items()}


@pytest.fixture
def a(tmp_path: Path, address: str) -> SharedNotes:
    return SharedNotes(tmp_path / "a", address)


@pytest.fixture
def b(tmp_path: Path, address: str) -> SharedNotes:
    return SharedNotes(tmp_path / "b", address)


@pytest.fixture
def at(address: str) -> Address:
    return Address(address, timeout_s=10)


def test_folders_are_copied_byte_for_byte_in_their_order(a: SharedNotes, b: SharedNotes) -> None:
    a.place_of("notes/z").mkdir(parents=True)
    (a.place_of("notes/z") / ".hidden").write_bytes(b"of nobody")
    written = [a.write(name) for name in ("z", "m", "a")]
    assert b.pull() == {}
    assert b.entries == written
    assert contents(b.home) == note("z") | note("m") | note("a")
    assert (b.count(), list(b.faults())) == (3, [])


def test_a_long_chain_is_read_in_its_order(a: SharedNotes, b: SharedNotes) -> None:
    names = ["a" * n for n in range(1, 41)]
    for name in names:
        a.write(name, {"t": name.encode()})
    b.pull()
    assert [entry.id for entry in b.entries] == [f"notes/{name}" for name in names]


def test_a_file_that_is_not_what_its_hash_says_is_not_added(a: SharedNotes, at: Address) -> None:
    place = a.place_of("notes/a")
    place.mkdir(parents=True)
    (place / "a.txt").write_bytes(b"other")
    with pytest.raises(InputError, match=r"a\.txt of notes/a in the home is not what was stored"):
        a.add("notes/a", place, {"a.txt": sha256_of(b"one")})
    assert at.objects("notes") == at.objects("chain") == []


def test_of_machines_at_once_one_adds_the_next(tmp_path: Path, a: SharedNotes) -> None:
    together = Barrier(4)

    def race(name: str) -> tuple[str, str]:
        own = SharedNotes(tmp_path / name, a.address)
        own.pull_all()
        together.wait()
        return f"notes/{name}", own.write(name).id

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(race, "cdef"))
    (winner,) = {first for _, first in outcomes}
    assert [name for name, first in outcomes if name == first] == [winner]
    a.pull_all()
    assert [entry.id for entry in a.entries] == [winner]
    for loser in {name for name, _ in outcomes} - {winner}:
        a.remove(loser)
    assert contents(a.home) == note(winner.removeprefix("notes/"))
    assert list(a.faults()) == []


@pytest.mark.parametrize("how", ["half", "bit", "gone"])
def test_what_was_changed_at_the_address_is_named_and_not_taken_up(
    a: SharedNotes, b: SharedNotes, at: Address, how: str
) -> None:
    a.write("good")
    a.write("bad")
    key = "notes/bad/b.txt"
    if how == "gone":
        at.delete([key])
    else:
        at.put(key, b"t" if how == "half" else b"twp")
    state = "is gone" if how == "gone" else "is not what was stored"
    remedy = "copy it there from a home that has it, or withdraw notes/bad"
    fault = f"{key} at {at.url} {state}: {remedy}"
    for _ in range(2):
        assert b.pull() == {"notes/bad": fault}
        assert contents(b.home) == note("good")
    assert list(b.faults()) == [fault]
    with pytest.raises(InputError, match="nothing is added before"):
        b.pull_all()
    at.put(key, b"two")
    assert b.pull() == {}
    assert contents(b.home) == note("good") | note("bad")


@pytest.mark.parametrize(
    "entry", ["{", '{"id": "../keys", "files": {"a": "0"}}', '{"id": "notes/a", "files": {}}', ""]
)
def test_an_entry_that_was_changed_is_named(
    a: SharedNotes, b: SharedNotes, at: Address, entry: str
) -> None:
    a.write("a")
    at.put("chain/000001.json", entry.encode())
    start = f"chain/000001.json at {at.url} is not what was stored"
    assert b.pull() == {"chain/000001.json": f"{start}: restore it from a backup"}
    assert contents(b.home) == {}
    with pytest.raises(InputError, match="is not what was stored"):
        b.write("b")


@pytest.mark.parametrize("name", ["../keys.json", "/etc/passwd", "a/b", ".hidden", ""])
def test_an_entry_names_files_of_its_folder_alone(name: str) -> None:
    with pytest.raises(ValidationError):
        Entry(id="notes/a", files={name: "0" * 64})


def test_what_was_withdrawn_is_taken_away_everywhere_and_comes_back(
    a: SharedNotes, b: SharedNotes, at: Address
) -> None:
    a.write("a")
    a.write("wrong")
    b.pull()
    at.put("withdrawn/notes/wrong", b"")
    at.delete(["notes/wrong/a.txt"])
    aside = {f"withdrawn/{path}": content for path, content in note("wrong").items()}
    for _ in range(2):
        assert a.pull() == b.pull() == {}
        assert contents(a.home) == contents(b.home) == note("a") | aside
    assert list(a.faults()) == []
    at.put("notes/wrong/a.txt", b"one")
    at.delete(["withdrawn/notes/wrong"])
    a.pull()
    assert contents(a.home) == note("a") | note("wrong") | aside
    at.put("withdrawn/notes/wrong", b"")
    a.pull()
    assert contents(a.home) == note("a") | aside


def test_a_copy_that_was_moved_away_comes_back(a: SharedNotes) -> None:
    a.write("a")
    a.place_of("notes/a").rename(a.home / "aside")
    assert a.pull() == {}
    assert contents(a.place_of("notes/a")) == NOTE


def test_what_is_gone_from_the_address_stays_in_the_home(a: SharedNotes, at: Address) -> None:
    a.write("a")
    at.delete([meta.key for meta in at.objects("chain") + at.objects("notes")])
    with pytest.raises(StoreError, match="is gone from there"):
        a.pull()
    assert contents(a.home) == note("a")


def test_a_home_that_cannot_be_written_is_told(a: SharedNotes, b: SharedNotes) -> None:
    a.write("a")
    b.home.write_text("no folder")
    with pytest.raises(InputError, match=r"cannot be copied into the home \(Not a directory\)"):
        b.pull()


def test_a_folder_that_cannot_be_read_is_told(a: SharedNotes) -> None:
    (a.place_of("notes/a") / "folder").mkdir(parents=True)
    with pytest.raises(InputError, match=r"cannot be copied from the home \(Is a directory\)"):
        a.add("notes/a", a.place_of("notes/a"), {})


def test_nothing_is_added_while_the_address_is_away(tmp_path: Path) -> None:
    notes = SharedNotes(tmp_path / "a", (tmp_path / "address").as_uri())
    for use in (notes.pull, notes.count, lambda: notes.write("a")):
        with pytest.raises(StoreError, match="cannot be reached"):
            use()
    (tmp_path / "address").mkdir()
    notes.pull_all()
    assert notes.entries == []
