import os
from pathlib import Path

from features.hashes import (
    BLANK,
    file_faults,
    hash_of_file,
    hash_of_record,
    sha256_of,
    with_own_hash,
)

OF_TEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def test_a_file_is_hashed_again_once_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"test")
    assert hash_of_file(file) == sha256_of(b"test") == OF_TEST
    file.write_bytes(b"tent")
    os.utime(file, ns=(0, 0))
    assert hash_of_file(file) == sha256_of(b"tent")
    assert list(file_faults(tmp_path, {"a": OF_TEST, "b": OF_TEST})) == [
        "a is not what was stored",
        "b cannot be read (No such file or directory)",
    ]


def test_a_record_names_its_own_hash() -> None:
    blank = f'{{"own": "{BLANK}"}}'
    own = sha256_of(blank.encode())
    record = with_own_hash(blank)
    assert record == f'{{"own": "{own}"}}'
    assert hash_of_record(record.encode(), own) == own
    assert hash_of_record(record.encode() + b" ", own) != own
