"""Files as they are delivered, unpacked and decoded: plain, gzipped, or zipped one by one.

What is unpacked is measured, so that a small file cannot claim to be an endless one.
"""

import codecs
import gzip
import hashlib
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from features.errors import InputError
from features.files import open_file

_CHUNK = 1 << 23  # [bytes]
_GZIPPED, _ZIPPED = b"\x1f\x8b", b"PK\x03\x04"  # how packed files begin
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MOST_TIMES_LARGER = 200  # than packed; event files unpack to 5 to 30 times their size
_BEGIN = 200  # [bytes] that tell UTF-16
_TABLES = (".csv", ".tsv", ".json", ".geojson", ".jsonl", ".ndjson")
"""How the names of files end that are read in a zip."""
_MOST_NAMED = 4
_ALWAYS_ALLOWED = 1 << 26  # [bytes]

DAMAGE = (
    *(OSError, EOFError, RuntimeError, ValueError),
    *(struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)
"""What unpacking a file raises when it is damaged, encrypted or of an unknown kind."""


class DecodedText(NamedTuple):
    """A text, and whether some of its bytes were not UTF-8 and were read as Windows-1252."""

    text: str
    is_mended: bool


def decode_text(data: bytes) -> DecodedText:
    """Decode UTF-8; bytes that are none are Windows-1252, the commonest other encoding."""
    try:
        return DecodedText(data.decode(), is_mended=False)
    except UnicodeDecodeError:
        return DecodedText(data.decode(errors=_WINDOWS_1252), is_mended=True)


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", errors="replace"), error.end


# What no word in Western Europe has in Windows-1252, but words in other encodings have if they are
# taken for it: four letters beyond ASCII, signs behind letters or between them, letters of Iceland.
_BEHIND, _BETWEEN, _ICELANDIC = (
    bytes.fromhex(codes).decode("cp1252")
    for codes in (
        "82 84 88 89 8b 98 a1 a2 a3 a4 a5 a6 a8 a9 ac af b1 b5 b6 b8 b9 bc bd be bf",
        "8a 8c 8e 9f 86 87 99 95 b3 bb ab ae b0 b2 ec",
        "f0 fe d0 de",
    )
)
_UNLIKELY = re.compile(
    r"(?=([^\x00-\x7f]))(?!\1{4})[^\x00-\x7f]{4}"
    rf"|[^\W\d_][{_BEHIND}\ufffd]|[A-Za-z][{_BETWEEN}][a-z]|[{_ICELANDIC}]"
)
_AROUND = 8  # characters
_BEYOND_ASCII_IN_UTF8 = re.compile(r"[^\x00-\x7f\udc80-\udcff]")


def unlikely_word(data: bytes) -> str | None:
    """Return a part that shows that the bytes that are not UTF-8 are not Windows-1252 either."""
    others = _BEYOND_ASCII_IN_UTF8.sub(" ", data.decode(errors="surrogateescape"))
    text = others.encode(errors="surrogateescape").decode("cp1252", errors="replace")
    found = _UNLIKELY.search(text)
    return found and text[max(found.start() - _AROUND, 0) : found.end() + _AROUND]


_WINDOWS_1252 = "tocsin-windows-1252"
codecs.register_error(_WINDOWS_1252, _windows_1252)


def _utf16(first: bytes) -> str | None:
    """Return which UTF-16 a file begins in: by its mark, or as every other byte is NUL."""
    if first[:2] in _UTF16:
        return "utf-16"
    begin = first[: min(_BEGIN, len(first) // 2 * 2)]
    for encoding, nuls, others in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if 2 * begin[nuls::2].count(0) > len(begin[nuls::2]) and begin[others::2].count(0) == 0:
            return encoding
    return None


def require_file(path: Path) -> None:
    """Raise InputError unless there is a file at the path: one that ends, no device or pipe."""
    _open(path).close()


def _open(path: Path) -> BufferedReader:
    try:
        return open_file(path)
    except FileNotFoundError:
        wrong = "does not exist"
    except IsADirectoryError:
        wrong = "is a folder"
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read ({error.strerror}): check the path and who may read it"
        ) from error
    raise InputError(f"'{path}' {wrong}: give the path of one file")


class Content(Protocol):
    """The content of one file, read once."""

    @property
    def sha256(self) -> str:
        """The hash of all that was read so far."""

    def head(self) -> bytes:
        """Return the first chunk, which `chunks` yields all the same."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in UTF-8, or in the encoding in which it was delivered."""


class FileContent:
    """The content of one file, read once; UTF-16 becomes UTF-8, other bytes stay as they are."""

    def __init__(self, path: Path, file: IO[bytes] | gzip.GzipFile) -> None:
        self._path = path
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0
        self._chunks = self._unpacked()

    @property
    def sha256(self) -> str:
        """The hash of all that was read so far."""
        return self._digest.hexdigest()

    def head(self) -> bytes:
        """Return the first chunk, which `chunks` yields all the same."""
        first = next(self._chunks, b"")
        self._chunks = chain([first], self._chunks)
        return first

    def chunks(self) -> Iterator[bytes]:
        """Yield the content; raises InputError when it is damaged or far too large."""
        return self._chunks

    def _unpacked(self) -> Iterator[bytes]:
        try:
            chunks = iter(self._read, b"")
            first = next(chunks, b"")
            if encoding := _utf16(first):
                texts = codecs.iterdecode(chain([first], chunks), encoding, errors="replace")
                yield from map(str.encode, texts)
            else:
                yield first.removeprefix(codecs.BOM_UTF8)
                yield from chunks
        except DAMAGE as error:
            raise damaged(self._path, error) from error

    def _read(self) -> bytes:
        chunk = self._file.read(_CHUNK)
        self._digest.update(chunk)
        self._size += len(chunk)
        refuse_endless(self._path, self._size)
        return chunk


def refuse_endless(path: Path, size: int) -> None:
    """Raise InputError when a file unpacks to a size [bytes] to which no file of events does."""
    if size > max(_ALWAYS_ALLOWED, MOST_TIMES_LARGER * path.stat().st_size):
        raise InputError(
            f"'{path}' unpacks to more than {MOST_TIMES_LARGER} times its size, as no event file "
            "does: unpack it yourself and look at what it holds"
        )


def damaged(path: Path, error: Exception) -> InputError:
    """Return the error to raise for a file that cannot be unpacked."""
    return InputError(
        f"'{path}' cannot be unpacked ({str(error) or 'it ends too early'}): it is damaged or not "
        "what its name says; fetch it again"
    )


@contextmanager
def open_content(path: Path) -> Iterator[FileContent]:
    """Open a plain, `.gz` or `.zip` file of one CSV; raises InputError for any other."""
    with _open(path) as packed, ExitStack() as stack:
        begin, ending = packed.read(len(_ZIPPED)), path.suffix.lower()
        packed.seek(0)
        if ending == ".gz" or begin.startswith(_GZIPPED):
            yield FileContent(path, stack.enter_context(gzip.open(packed)))
        elif ending == ".zip" or begin == _ZIPPED:
            yield FileContent(path, _member(packed, path, stack))
        else:
            yield FileContent(path, packed)


def _member(packed: IO[bytes], path: Path, stack: ExitStack) -> IO[bytes]:
    """Open the one CSV file in a zip file."""
    try:
        archive = stack.enter_context(zipfile.ZipFile(packed))
        held = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
        names = [name for name in held if name.lower().endswith(_TABLES)]
        if len(names) == 1:
            return stack.enter_context(archive.open(names[0]))
    except DAMAGE as error:
        raise damaged(path, error) from error
    some = ", ".join(held[:_MOST_NAMED]) + " and others" * (len(held) > _MOST_NAMED)
    raise InputError(
        f"'{path}' holds {len(names)} CSV or JSON files where exactly one is expected"
        f"{f' ({some})' if some else ''}: unpack it and give the one that is meant"
    )
