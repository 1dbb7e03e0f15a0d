from pathlib import Path

import numpy as np
import pytest

from experiments.grid import in_parallel, run_grid
from experiments.kept import Arrays, Kept

TASKS = {f"task-{number}": (number,) for number in range(6)}


class Work:
    """Squares numbers, counts how often, and may break off."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at
        self.done: list[int] = []

    def __call__(self, number: int) -> Arrays:
        if number == self.fails_at:
            raise RuntimeError("broken off")
        self.done.append(number)
        return {"square": np.array([number**2, np.pi * number])}


def results(work: Work, kept: Kept | None, jobs: int = 1) -> dict[str, bytes]:
    return {key: told["square"].tobytes() for key, told in run_grid(work, TASKS, jobs, kept)}


def test_every_task_is_run_once_and_told_by_its_key() -> None:
    work = Work()
    assert results(work, None) == {
        key: np.array([n**2, np.pi * n]).tobytes() for key, (n,) in TASKS.items()
    }
    assert work.done == list(range(6))


def test_two_jobs_say_the_same(tmp_path: Path) -> None:
    assert results(Work(), Kept(tmp_path), jobs=2) == results(Work(), None)
    assert dict(in_parallel(pow, {"a": (2, 3), "b": (3, 2)}, 2)) == {"a": 8, "b": 9}


def test_a_grid_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    broken = Work(fails_at=3)
    with pytest.raises(RuntimeError, match="broken off"):
        results(broken, Kept(tmp_path))
    resumed = Work()
    assert results(resumed, Kept(tmp_path)) == results(Work(), None)
    assert resumed.done == [3, 4, 5]


def test_what_is_whole_is_not_computed_again_and_what_is_not_is(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    expected = results(Work(), kept)
    assert results(nothing := Work(), kept) == expected
    assert nothing.done == []
    file = tmp_path / "task-2.npz"
    file.write_bytes(file.read_bytes()[:-1])
    (tmp_path / "task-4.npz").unlink()
    assert results(mended := Work(), kept) == expected
    assert mended.done == [2, 4]
    assert results(nothing, kept) == expected
    assert nothing.done == []
