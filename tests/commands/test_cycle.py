from pathlib import Path

from tests.command import tocsin


def test_what_cannot_begin_says_why_in_a_line(tmp_path: Path) -> None:
    outcome = tocsin(tmp_path, "cycle", "--as-of", "2024-03-02")
    assert outcome.returncode == 1
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("tocsin: no release in ")
    (tmp_path / "cycle.toml").write_text("[quality]\nlots = 1\n")
    outcome = tocsin(tmp_path, "cycle")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert "quality.lots" in outcome.stderr
    assert tocsin(tmp_path, "cycle", "--accept", " ").returncode == 1
