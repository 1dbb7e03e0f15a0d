import gzip
import io
import os
import random
import struct
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.printable import printable
from features.sources.reading import unpack
from features.sources.reading.unpack import open_content, require_file

TEXT = b"id,name\n" + b"1,Ann\n2,Bob\n" * 500
ZEROS = bytes(1 << 20)


def content(path: Path) -> bytes:
    with open_content(path) as file:
        return b"".join(file.chunks())


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        content(path)
    said = str(refused.value)
    assert path.name in said
    assert "\n" not in said
    assert "()" not in said
    return said


def zipped(text: bytes = TEXT, name: str = "a.csv", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, text)
    return packed.getvalue()


def saved(folder: Path, name: str, packed: bytes) -> Path:
    path = folder / name
    path.write_bytes(packed)
    return path


def with_size(packed: bytes, size: int) -> bytes:
    """A zip file of one member whose headers claim another unpacked size."""
    local, central = packed.index(b"PK\3\4"), packed.index(b"PK\1\2")
    changed = bytearray(packed)
    changed[local + 22 : local + 26] = struct.pack("<L", size)
    changed[central + 24 : central + 28] = struct.pack("<L", size)
    return bytes(changed)


def with_flag(packed: bytes, flag: int) -> bytes:
    changed = bytearray(packed)
    for begin in (packed.index(b"PK\3\4") + 6, packed.index(b"PK\1\2") + 8):
        (flags,) = struct.unpack_from("<H", changed, begin)
        struct.pack_into("<H", changed, begin, flags | flag)
    return bytes(changed)


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
def test_a_zip_file_of_any_method_gives_what_it_holds(tmp_path: Path, method: int) -> None:
    assert content(saved(tmp_path, "a.zip", zipped(method=method))) == TEXT


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("at", [60, 100, 200])
def test_a_zip_file_that_is_damaged_inside_is_refused(tmp_path: Path, method: int, at: int) -> None:
    packed = bytearray(zipped(random.Random(1).randbytes(300), method=method))
    packed[at] ^= 0xFF
    assert "cannot be unpacked" in refusal(saved(tmp_path, "a.zip", bytes(packed)))


def test_a_zip_file_that_claims_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.zip", with_size(zipped(), 100))
    assert "cannot be unpacked" in refusal(path)


def test_a_zip_file_that_claims_far_more_than_it_holds_gives_what_it_holds(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.zip", with_size(zipped(), 0xFFFFFFF0))
    assert content(path) == TEXT


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.csv.gz"])
def test_a_file_that_unpacks_to_far_more_than_any_event_file_is_refused_before_it_is_read_whole(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_ALWAYS_ALLOWED", 1 << 22)
    bomb = ZEROS * 64
    packed = zipped(bomb) if name.endswith("zip") else gzip.compress(bomb)
    path = saved(tmp_path, name, packed)
    taken: list[int] = []
    with (
        open_content(path) as file,
        pytest.raises(InputError, match="more than 200 times its size"),
    ):
        taken.extend(len(chunk) for chunk in file.chunks())
    assert sum(taken) <= max(1 << 22, 200 * len(packed))


def test_what_is_small_may_be_packed_ever_so_well(tmp_path: Path) -> None:
    assert content(saved(tmp_path, "a.csv.gz", gzip.compress(ZEROS))) == ZEROS


def test_a_zip_file_in_a_zip_file_is_not_unpacked_again(tmp_path: Path) -> None:
    nested = saved(tmp_path, "nested.zip", zipped(zipped(), name="a.zip"))
    assert "holds 0 CSV or JSON files where exactly one is expected (a.zip)" in refusal(nested)
    workbook = saved(tmp_path, "ged241-xlsx.zip", zipped(b"", name="GEDEvent_v24_1.xlsx"))
    assert "(GEDEvent_v24_1.xlsx): unpack it" in refusal(workbook)
    disguised = saved(tmp_path, "disguised.zip", zipped(zipped(), name="a.csv"))
    assert content(disguised) == zipped()


def test_an_encrypted_zip_file_is_refused(tmp_path: Path) -> None:
    assert "encrypted" in refusal(saved(tmp_path, "a.zip", with_flag(zipped(), 1)))


@pytest.mark.parametrize(
    ("offset_local", "offset_central", "value"),
    [
        (8, 10, 99),  # no such method
        (4, 6, 99),  # needs a later version
        (8, 10, 9),  # a method that is not supported
    ],
)
def test_a_zip_file_of_an_unknown_kind_is_refused(
    tmp_path: Path, offset_local: int, offset_central: int, value: int
) -> None:
    packed = bytearray(zipped())
    struct.pack_into("<H", packed, packed.index(b"PK\3\4") + offset_local, value)
    struct.pack_into("<H", packed, packed.index(b"PK\1\2") + offset_central, value)
    assert "cannot be unpacked" in refusal(saved(tmp_path, "a.zip", bytes(packed)))


def test_a_zip_file_whose_names_are_garbled_is_refused(tmp_path: Path) -> None:
    packed = with_flag(zipped(name="abc.csv"), 0x800).replace(b"abc.csv", b"a\xff\xfe.csv")
    assert "cannot be unpacked" in refusal(saved(tmp_path, "a.zip", packed))


@settings(max_examples=300)
@given(
    st.sampled_from([zipped(TEXT[:300], method=method) for method in METHODS]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
    st.integers(0, 400),
)
def test_a_garbled_zip_file_never_does_worse_than_a_refusal(
    tmp_path_factory: pytest.TempPathFactory,
    packed: bytes,
    changes: list[tuple[int, int]],
    cut: int,
) -> None:
    garbled = bytearray(packed)
    for at, byte in changes:
        garbled[at % len(garbled)] = byte
    path = tmp_path_factory.getbasetemp() / "garbled.zip"
    path.write_bytes(bytes(garbled[: len(garbled) - cut % len(garbled)] if cut < 40 else garbled))
    try:
        unpacked_text = content(path)
    except InputError as error:
        said = str(error)
    else:
        said = ""
        assert unpacked_text == TEXT[:300]
    assert "\n" not in said


def test_a_gzip_file_of_several_parts_is_read_whole(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.csv.gz", gzip.compress(TEXT) + gzip.compress(TEXT))
    assert content(path) == TEXT * 2


@pytest.mark.parametrize("size", [2, 3, 7, 1 << 21])
def test_utf16_becomes_utf8_wherever_it_is_cut_and_half_a_character_is_not_lost(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_CHUNK", size)
    for encoding in ("utf-16-le", "utf-16-be"):
        packed = "\ufeffaé\U0001f30d,b\n12".encode(encoding)
        assert content(saved(tmp_path, "a.csv", packed)).decode() == "aé\U0001f30d,b\n12"
        half = content(saved(tmp_path, "a.csv", packed[:-1]))
        assert half.decode() == "aé\U0001f30d,b\n1\ufffd"


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    saved(tmp_path, "a.csv", TEXT)
    (tmp_path / "link.csv").symlink_to("a.csv")
    assert content(tmp_path / "link.csv") == TEXT


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "folder").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    wrong = {
        "none": "does not exist",
        "dangling": "does not exist",
        "circle": "cannot be read",
        "folder": "is a folder",
        "pipe": "cannot be read (no regular file)",
        "zero": "cannot be read (no regular file)",
        "x" * 300: "cannot be read (File name too long)",
        "a\0b": "cannot be read (embedded null byte)",
    }
    said: dict[str, str] = {}

    def ask() -> None:
        for name in wrong:
            try:
                require_file(tmp_path / name)
            except InputError as error:
                said[name] = str(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(10)
    assert not asking.is_alive()
    assert said.keys() == wrong.keys()
    for name, reason in wrong.items():
        assert reason in said[name]
        assert printable(name) in said[name]
        assert "\n" not in said[name]


@contextmanager
def somebody_else() -> Iterator[None]:
    """Be a user without rights, as files are refused to no administrator."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(("of_folder", "of_file"), [(0o755, 0o000), (0o700, 0o644)])
def test_a_file_that_may_not_be_read_is_refused_as_such(of_folder: int, of_file: int) -> None:
    if os.geteuid() != 0:
        of_folder &= 0o077 | (of_folder if of_file == 0 else 0)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.csv"
        path.write_bytes(TEXT)
        path.chmod(of_file)
        path.parent.chmod(of_folder)
        try:
            with somebody_else():
                said = refusal(path)
        finally:
            path.parent.chmod(0o700)
    assert "cannot be read (Permission denied)" in said
