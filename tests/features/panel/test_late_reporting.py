"""Growth by late reporting: values worked by hand, and what must never happen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import FloatArray
from features.panel.late_reporting import (
    AGES,
    LARGEST_FACTOR,
    SIZES,
    Reports,
    factors,
    growth,
)

JUNE = 653  # 2024-06
UNKNOWN = np.nan


def reports(*layers: list[list[float]], known: list[int] | None = None) -> Reports:
    """Layers of deaths by age and region, the rest unknown; a month apart unless said."""
    deaths = np.full((len(layers), AGES, len(layers[0][0])), UNKNOWN)
    for place, layer in enumerate(layers):
        deaths[place, : len(layer)] = layer
    return Reports(np.array(known or [*range(JUNE, JUNE + len(layers))]), deaths)


def test_a_step_counts_by_its_region_months_against_forty_that_do_not_grow() -> None:
    # Ten regions read 9 in a fresh month and 19 a month later: log(20 / 10) each.
    left = growth(reports([[9.0] * 10], [[UNKNOWN] * 10, [19.0] * 10]))
    overall = 10 * np.log(2) / 50
    weight = np.log10(9)  # 9 lies so far from 1 to 10
    by_size = [
        (10 * (1 - weight) * np.log(2) + 40 * overall) / (10 * (1 - weight) + 40),
        (10 * weight * np.log(2) + 40 * overall) / (10 * weight + 40),
        overall,
        overall,
    ]
    assert left[0] == pytest.approx(by_size)
    assert not left[1:].any()


def test_what_is_left_at_an_age_is_the_sum_of_the_steps_of_all_later_ages() -> None:
    n = 100
    first = [[99.0] * n, [199.0] * n]
    second = [[UNKNOWN] * n, [149.0] * n, [249.0] * n]
    left = growth(reports(first, second))
    steps = [n * np.log(1.5) / (n + 40), n * np.log(1.25) / (n + 40)]
    assert left[0, 0] == pytest.approx(sum(steps))
    assert left[1, 0] == pytest.approx(steps[1])


def test_a_step_of_two_months_is_shared_by_the_ages_that_it_spans() -> None:
    n = 100
    left = growth(
        reports([[99.0] * n], [[UNKNOWN] * n] * 2 + [[199.0] * n], known=[JUNE, JUNE + 2])
    )
    half = n / 2 * np.log(2) / 2 / (n / 2 + 40)
    assert left[0, 3] == pytest.approx(2 * half)
    assert left[1, 3] == pytest.approx(half)


def test_one_war_that_is_revised_a_lot_counts_as_a_tripled_one() -> None:
    n = 50
    quiet, early = [9.0] * (n - 1), [9.0]
    left = growth(reports([quiet + early], [[UNKNOWN] * n, [*quiet, 90_000.0]]))
    same = growth(reports([quiet + early], [[UNKNOWN] * n, [*quiet, 29.0]]))
    assert np.array_equal(left, same)


def test_factors_are_of_the_age_and_the_size_between_the_sizes() -> None:
    left = np.zeros((AGES, len(SIZES)))
    left[0], left[1] = np.log([1, 2, 1.5, 1.2]), np.log([1, 1.1, 1.1, 1.1])
    deaths = np.array([[10.0, 0.0, np.sqrt(1000), 5000.0, UNKNOWN], [10.0] * 5, [10.0] * 5])
    values = factors(left, np.array([0, 1, AGES]), deaths)
    assert values[0] == pytest.approx([2, 1, np.sqrt(3), 1.2, 1])
    assert values[1] == pytest.approx([1.1] * 5)
    assert values[2] == pytest.approx([1] * 5)


def test_nothing_is_corrected_without_evidence() -> None:
    assert not growth(reports([[9.0, 9.0]])).any()
    assert not growth(reports([[0.0, 0.0]], [[UNKNOWN, UNKNOWN], [9.0, 9.0]])).any()
    assert not growth(reports([[9.0]], [[UNKNOWN], [9.0]])).any()
    far = reports([[9.0]], [[19.0] for _ in range(AGES)], known=[JUNE, JUNE + AGES])
    assert not growth(far).any()


TRIANGLES = arrays(
    np.float64,
    (4, AGES, 3),
    elements=st.one_of(st.just(np.nan), st.integers(0, 5000).map(float)),
    fill=st.just(np.nan),
)


@settings(max_examples=50, deadline=None)
@given(TRIANGLES)
def test_growth_is_bounded_and_more_reported_is_never_less_corrected(deaths: FloatArray) -> None:
    left = growth(Reports(np.arange(JUNE, JUNE + 4), deaths))
    assert np.isfinite(left).all()
    assert (left >= 0).all()
    assert (left <= np.log(LARGEST_FACTOR)).all()
    reported = np.arange(0.0, 3000.0)[None, :]
    for age in range(AGES):
        corrected = reported * factors(left, np.array([age]), reported)
        assert (np.diff(corrected[0]) > 0).all()


@settings(max_examples=30, deadline=None)
@given(TRIANGLES, TRIANGLES, st.integers(0, AGES))
def test_months_after_the_origin_teach_nothing(
    deaths: FloatArray, others: FloatArray, back: int
) -> None:
    known = np.arange(JUNE, JUNE + 4)
    origin = JUNE + 3 - back
    is_later = (known[:, None] - 1 - np.arange(AGES) > origin)[..., None]
    scrambled = np.where(is_later, others, deaths)
    before, after = (Reports(known, it).until(origin) for it in (deaths, scrambled))
    assert np.array_equal(growth(before), growth(after))
    assert before.digest() == after.digest()


def test_reports_with_another_figure_have_another_digest() -> None:
    assert reports([[1.0]]).digest() != reports([[2.0]]).digest()
    assert reports([[1.0]]).digest() != reports([[1.0]], known=[JUNE + 1]).digest()
