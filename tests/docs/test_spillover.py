import numpy as np
from numpy.testing import assert_array_equal
from spillover import CoupsNextDoor, compare, followed, greatest, last_months

from tests.states import states

NAN = np.nan


def test_deaths_of_the_last_months_are_added_up_and_unknown_ones_count_nothing() -> None:
    deaths = np.array([[1.0], [2], [NAN], [4]])
    assert_array_equal(last_months(deaths, 2)[:, 0], [1, 3, 2, 4])


def test_what_followed_is_known_once_every_month_is() -> None:
    deaths = np.array([[0.0, 0], [0, 7], [5, 0], [0, NAN]])
    assert_array_equal(followed(deaths, 2, 5), [[1, 1], [1, NAN], [NAN, NAN], [NAN, NAN]])


def test_of_the_regions_next_door_the_worst_counts_and_an_island_has_none() -> None:
    links = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0]], dtype=bool)
    assert_array_equal(greatest(np.array([[3.0, 8, 9]]), links), [[9, 3, 0]])


def test_shares_with_and_without_are_of_what_is_known() -> None:
    came = np.array([[1.0, 0, NAN], [1, 0, 0]])
    with_it = np.array([[True, False, True], [True, True, False]])
    rate = compare(came, with_it, ~with_it)
    assert (rate.with_it, rate.n_with, rate.without, rate.n_without) == (2 / 3, 3, 0, 2)
    assert rate.low <= 2 / 3 <= rate.high


def test_coups_next_door_are_counted_for_a_year_and_an_island_has_no_neighbour() -> None:
    history = states(
        {"BFA": [(40, "success")], "ISL": [(41, "failed")], "MLI": [(45, "failed")]}, 360
    )
    touches = {"BFA": ["MLI"], "ISL": [], "MLI": ["BFA"]}
    own = history.countries.tolist()
    for place, country in enumerate(own):
        assert [own[n] for n in np.flatnonzero(CoupsNextDoor(history).links[place])] == touches[
            country
        ]
    every, without_own, with_own = (rate for _, rate in CoupsNextDoor(history).rates())
    # Mali has a coup next door in rows 40 to 51, an attempt ahead in rows 33 to 44.
    assert (every.n_with, every.with_it) == (12, 5 / 12)
    # Without: Burkina Faso has an attempt ahead in rows 28 to 39, Mali in 33 to 39.
    known = 360 - 12
    assert (every.n_without, every.without) == (2 * known - 12, 19 / (2 * known - 12))
    assert (without_own.n_with, with_own.n_with) == (5, 7)
    assert (without_own.with_it, with_own.with_it) == (1, 0)
