import ast
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.backtest import grid as module
from experiments.backtest.folds import Fold
from experiments.backtest.grid import (
    DECIDES_NO_TASK,
    Arrays,
    TaskCache,
    code_digest,
    grid_digest,
    in_parallel,
    run_grid,
    task_cache,
)
from experiments.backtest.rolling import _forecast_fold
from experiments.configuration import Configuration
from experiments.samples import Samples
from models.record import RecordPool
from tests.paths import ROOT

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


def results(work: Work, cache: TaskCache | None) -> dict[str, bytes]:
    return {key: arrays["square"].tobytes() for key, arrays in run_grid(work, TASKS, 1, cache)}


def test_every_task_is_run_once_and_told_by_its_key() -> None:
    work = Work()
    assert results(work, None) == {
        key: np.array([n**2, np.pi * n]).tobytes() for key, (n,) in TASKS.items()
    }
    assert work.done == list(range(6))


def interrupts_are_blocked() -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_an_interrupt_from_the_terminal_passes_workers_by_and_ends_what_started_them() -> None:
    assert dict(in_parallel(interrupts_are_blocked, {"a": (), "b": ()}, 2)) == {
        "a": True,
        "b": True,
    }
    assert not interrupts_are_blocked()
    assert dict(in_parallel(interrupts_are_blocked, {"a": ()}, 1)) == {"a": False}


def test_a_grid_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    broken = Work(fails_at=3)
    with pytest.raises(RuntimeError, match="broken off"):
        results(broken, TaskCache(tmp_path))
    resumed = Work()
    assert results(resumed, TaskCache(tmp_path)) == results(Work(), None)
    assert resumed.done == [3, 4, 5]


def test_what_is_whole_is_not_computed_again_and_what_is_not_is(tmp_path: Path) -> None:
    cache = TaskCache(tmp_path)
    expected = results(Work(), cache)
    assert results(nothing := Work(), cache) == expected
    assert nothing.done == []
    file = tmp_path / "task-2.npz"
    file.write_bytes(file.read_bytes()[:-1])
    (tmp_path / "task-4.npz").unlink()
    assert results(mended := Work(), cache) == expected
    assert mended.done == [2, 4]
    assert results(nothing, cache) == expected
    assert nothing.done == []


MakeSamples = Callable[..., Samples]
ARRAYS = {"probability": np.array([0.1, 0.2]), "crps": np.array([np.pi, np.nan])}


@pytest.fixture
def cache(tmp_path: Path) -> TaskCache:
    arrays_read = TaskCache(tmp_path / "digest")
    arrays_read.write("a", ARRAYS)
    return arrays_read


def test_what_is_kept_comes_back_to_the_last_bit(cache: TaskCache) -> None:
    arrays_read = cache.read("a")
    assert arrays_read is not None
    assert list(arrays_read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays_read[name].tobytes() == array.tobytes()
        assert arrays_read[name].dtype == array.dtype


def test_what_was_never_kept_is_not_there(cache: TaskCache, tmp_path: Path) -> None:
    assert cache.read("b") is None
    assert TaskCache(tmp_path / "nowhere").read("a") is None


@pytest.mark.parametrize("share", [0, 0.02, 0.5, 0.999])
def test_a_file_that_is_cut_off_is_as_good_as_absent(cache: TaskCache, share: float) -> None:
    (file,) = cache.folder.iterdir()
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    assert cache.read("a") is None


def test_a_single_wrong_bit_is_noticed(cache: TaskCache) -> None:
    (file,) = cache.folder.iterdir()
    content = bytearray(file.read_bytes())
    for place in range(0, len(content), 97):
        content[place] ^= 1
        file.write_bytes(content)
        assert cache.read("a") is None
        content[place] ^= 1
    file.write_bytes(content)
    assert cache.read("a") is not None


def test_nothing_half_written_has_the_name_of_a_result(
    cache: TaskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", broken_off)
    with pytest.raises(KeyboardInterrupt):
        cache.write("b", ARRAYS)
    assert cache.read("b") is None
    assert cache.read("a") is not None


def test_a_result_is_replaced_whole(cache: TaskCache) -> None:
    cache.write("a", {"probability": np.array([0.9])})
    arrays_read = cache.read("a")
    assert arrays_read is not None
    assert {name: array.tolist() for name, array in arrays_read.items()} == {"probability": [0.9]}
    assert len(list(cache.folder.iterdir())) == 1


@pytest.fixture
def samples(make_samples: MakeSamples) -> Samples:
    return make_samples(np.random.default_rng(1).poisson(2.0, (40, 3)).astype(float))


def test_the_same_experiment_on_the_same_events_is_kept_in_the_same_folder(
    samples: Samples, make_samples: MakeSamples, settings: dict[str, Any], tmp_path: Path
) -> None:
    configuration = Configuration.model_validate(settings)
    again = make_samples(samples.deaths.copy())
    first = task_cache(tmp_path, samples, configuration)
    assert task_cache(tmp_path, again, Configuration.model_validate(settings)) == first
    assert first.folder.parent == tmp_path
    renamed = settings | {"name": "other", "description": "other", "levels": ["country"]}
    renamed |= {"learners": ["boosting"], "backtest": {"years": 9, "refit_months": 1}}
    assert task_cache(tmp_path, samples, Configuration.model_validate(renamed)) == first


def test_whatever_changes_a_result_changes_the_digest(
    samples: Samples, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest(changed: Samples = samples, **changes: Any) -> str:
        return grid_digest(changed, Configuration.model_validate(settings | changes))

    deaths, indicators = samples.deaths.copy(), samples.indicators.copy()
    deaths[20, 1] += 1
    indicators[20, 1] += 1
    eligible = samples.eligible.copy()
    eligible[30, 0] = ~eligible[30, 0]
    digests = [
        digest(),
        digest(replace(samples, deaths=deaths)),
        digest(replace(samples, indicators=indicators)),
        digest(replace(samples, eligible=eligible)),
        digest(replace(samples, months=samples.months + 1)),
        digest(replace(samples, names=("other",))),
        digest(replace(samples, tau=6.0)),
        digest(replace(samples, pool=RecordPool(memory=0.9))),
        digest(records=settings["records"] | {"rate": 21}),
        digest(seed=2),
        digest(training=settings["training"] | {"months": 95}),
        digest(
            training={"months": 96, "quiet_share": {"country": 1, "admin1": 0.5, "priogrid": 1}}
        ),
        digest(replace(samples, ids=samples.ids[::-1])),
        digest(boosting=settings["boosting"] | {"leaves": 7}),
    ]
    monkeypatch.setattr(module, "code_digest", lambda: "other code")
    digests.append(digest())
    assert len(set(digests)) == len(digests)


def test_no_task_reads_a_setting_that_the_digest_leaves_out(
    make_samples: MakeSamples, settings: dict[str, Any]
) -> None:
    whole = Configuration.model_validate(settings)
    left = {name: getattr(whole, name) for name in settings if name not in DECIDES_NO_TASK}
    bare = Configuration.model_construct(**left)
    with pytest.raises(AttributeError):
        _ = bare.learners
    samples = make_samples(np.random.default_rng(1).poisson(2.0, (100, 3)).astype(float))
    samples = replace(
        samples,
        names=whole.indicator_names,
        indicators=np.repeat(samples.indicators, len(whole.indicator_names), axis=2),
    )
    for learner in whole.learners:
        arrays = _forecast_fold(samples, bare, Fold(90, 93), learner, "instability", 1)
        assert len(arrays["probability"]) == 9


def test_the_code_that_is_digested_is_all_that_a_task_runs_through() -> None:

    def imported(name: str) -> set[str]:
        tree = ast.parse((ROOT / "experiments" / f"{name}.py").read_text())
        arrays_read = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        return {m[12:].replace(".", "/") for m in arrays_read if m and m.startswith("experiments.")}

    seen, waiting = set(), {"backtest/rolling"}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting |= imported(name) - seen
    assert seen == set(module._OWN_CODE)
    assert len(code_digest()) == 64
