import subprocess
import sys


def test_a_killed_step_is_put_right_by_a_second_run() -> None:
    """In a process of its own, since it is one thread that has to be split."""
    arguments = ("-m", "tools.kills", "--kills", "5", "--step", "key new")
    ended = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=100, check=False
    )
    assert (ended.returncode, ended.stdout.count("\n")) == (0, 2), ended.stdout + ended.stderr
