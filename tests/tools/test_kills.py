from pathlib import Path

from tools.kills import kill_often


def test_a_killed_step_is_put_right_by_a_second_run(tmp_path: Path) -> None:
    assert kill_often(tmp_path, kills=5, seed=1, steps=["key new"]) == []
