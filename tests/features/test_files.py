import os
from pathlib import Path

import pytest

from features.files import load_toml, read_whole


def test_only_a_file_that_ends_is_read_and_only_as_far_as_is_allowed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 3 << 30)
    (tmp_path / "file").write_bytes(b"123")
    (tmp_path / "link").symlink_to("file")
    wrong = {
        "pipe": "no regular file",
        "zero": "no regular file",
        "circle": "symbolic links",
        ".": "Is a directory",
        "none": "No such file",
        "large": "larger than 16 MB",
        "a\0b": "embedded null",
    }
    for name, why in wrong.items():
        with pytest.raises(OSError, match=why):
            read_whole(tmp_path / name)
    assert read_whole(tmp_path / "link", most=3) == b"123"
    with pytest.raises(OSError, match="larger than 0 MB"):
        read_whole(tmp_path / "file", most=2)


def test_toml_may_begin_with_a_mark_and_is_not_nested_without_end(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert load_toml(file) == {"a": 1}
    file.write_text(f"a = {'[' * 100_000}")
    with pytest.raises(ValueError, match="nested too deeply"):
        load_toml(file)
