import re
import sys
from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.arrow import in_arrow_memory
from tests.paths import ROOT

FOLDERS = ("features", "models", "bulletins", "alerts", "experiments", "service", "commands")
HANDED_PYTHON = re.compile(r"\b(?:ParquetFile|read_\w+)\(\s*(?:\w+\.)?(?:BytesIO|BufferReader)\(")


@given(st.binary())
def test_the_bytes_are_the_same(content: bytes) -> None:
    assert in_arrow_memory(content).read() == content


def test_arrow_holds_on_to_nothing_of_python() -> None:
    content = bytes(range(256)) * 100
    before, held = sys.getrefcount(content), pa.total_allocated_bytes()
    file = in_arrow_memory(content)
    assert sys.getrefcount(content) == before
    assert pa.total_allocated_bytes() - held >= file.size() == len(content)


def test_no_reader_is_handed_memory_of_python() -> None:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    handed = [str(file.relative_to(ROOT)) for file in files if HANDED_PYTHON.search(read(file))]
    assert len(files) > 50
    assert handed == []


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")
