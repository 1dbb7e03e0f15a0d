import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulletins.tables import Frame


@pytest.fixture
def frame() -> Frame:
    columns = {
        "place": ["a", "a", "b", "b", "a"],
        "kind": ["x", "y", "x", "x", "x"],
        "size": [2.0, 1.0, None, 1.0, 2.0],
    }
    return Frame(pa.table(columns))


def test_rows_among_values_are_those_that_hold_one_of_them(frame: Frame) -> None:
    assert frame.among("place", ["b", "c"]).tolist() == [False, False, True, True, False]
    assert not frame.among("place", ["c"]).any()


def test_distinct_rows_are_the_first_of_each_combination(frame: Frame) -> None:
    assert frame.distinct("place").tolist() == [0, 2]
    assert frame.distinct("place", "kind").tolist() == [0, 1, 2]


def test_order_is_stable_both_ways_and_puts_nulls_last(frame: Frame) -> None:
    assert frame.order("size").tolist() == [1, 3, 0, 4, 2]
    assert frame.order("-size").tolist() == [0, 4, 1, 3, 2]


def test_rows_are_taken_in_the_order_given(frame: Frame) -> None:
    assert frame.take(frame.order("-size")[2:4])["kind"].to_pylist() == ["y", "x"]
    assert frame.take(frame.rows[:0]).num_rows == 0


def test_values_are_the_distinct_ones(frame: Frame) -> None:
    assert sorted(frame.values("kind")) == ["x", "y"]


KEYS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), unique=True, min_size=1)


def frame_of(keys: list[tuple[str, int]]) -> Frame:
    return Frame(pa.table({"place": [k[0] for k in keys], "number": [k[1] for k in keys]}))


@given(KEYS, KEYS)
def test_matching_rows_are_those_of_the_same_values(
    keys: list[tuple[str, int]], others: list[tuple[str, int]]
) -> None:
    frame, other = frame_of(keys), frame_of(others)
    expected = [others.index(key) if key in others else -1 for key in keys]
    assert frame.matching(frame.rows, other, ("place", "number")).tolist() == expected
