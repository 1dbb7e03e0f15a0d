"""The indicators of the neighbourhood, worked by hand in the world on a line."""

import numpy as np
from numpy import exp, hypot, log, log1p

from tests.features.indicators.worlds import world_on_a_line

NAN = np.nan
WORLD = world_on_a_line
DEGREE = 6371.0088 * np.pi / 180  # from A to B and from B to C [km]; from A to C it is twice that
ROWS = (26, 8)  # 2024-03 and 2022-09, when C is not observed
WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    "neighbour_deaths": ((0, 9, 0), (0, 0, NAN)),
    "neighbour_deaths_mean_3": ((0, 3.5, 0), (0, 0, NAN)),
    "neighbour_deaths_mean_12": ((1 / 12, 3, 1 / 12), (5 / 7, 48 / 9, NAN)),
    "neighbour_deaths_long_run": ((6 / 25, 5.1428571, 6 / 25), (5 / 7, 48 / 9, NAN)),
    "neighbour_deaths_decay_1": ((0.01562530, 10.2011743, 0.01562530), (0.078125, 0.75, NAN)),
    "neighbour_deaths_decay_6": ((0.8125, 39.848409, 0.8125), (2.5, 24, NAN)),
    "neighbour_deaths_decay_36": ((4.0407015, 102.905074, 4.0407015), (4.4544936, 42.763139, NAN)),
    "neighbour_active_share_6": ((0, 5 / 12, 0), (0, 0, NAN)),
    "neighbour_active_share_24": ((1 / 24, 13 / 72, 1 / 24), (1 / 7, 1 / 9, NAN)),
    "neighbour_months_since_5": ((24, 0, 24), (6, 6, NAN)),
    "neighbour_events_mean_3": ((1 / 3, 7 / 6, 1 / 3), (0, 0, NAN)),
    "neighbour_state_based_decay_12": ((0.7071068, 41.231907, 0.7071068), (0, 0, NAN)),
    "neighbour_one_sided_decay_12": ((1.25, 18.445450, 1.25), (3.5355339, 0, NAN)),
    "neighbours_observed": ((1 / 2, 1, 1), (1 / 2, 1 / 2, NAN)),
    # B: log(1 + 3.5), and log(1 + (13.25 + 1 / 3) / 2) before
    "neighbour_deaths_change_3": (
        (-log(13 / 12), log(108 / 187), -log(13 / 12)),
        (-log(2.25), -log(9), NAN),
    ),
    # A and C are each other's second neighbours
    "second_neighbour_deaths_mean_3": ((4, 0, 3), (0, 0, NAN)),
    "second_neighbour_deaths_decay_6": ((15, 0, 64.696818), (0, 0, NAN)),
    "second_neighbour_deaths_change_3": ((log(15 / 4), 0, log(4 / 14.25)), (0, 0, NAN)),
    # A and B are in the same country
    "domestic_neighbour_deaths_mean_3": ((0, 3, 0), (0, 0, NAN)),
    "domestic_neighbour_deaths_decay_6": ((0.8125, 64.696818, 0), (2.5, 24, NAN)),
    "domestic_neighbour_deaths_change_3": (
        (-log(13 / 12), log(4 / 14.25), 0),
        (-log(2.25), -log(9), NAN),
    ),
    # B and C are not
    "foreign_neighbour_deaths_mean_3": ((0, 4, 0), (0, 0, NAN)),
    "foreign_neighbour_deaths_decay_6": ((0, 15, 0.8125), (0, 0, NAN)),
    "foreign_neighbour_deaths_change_3": ((0, log(15 / 4), -log(13 / 12)), (0, 0, NAN)),
    "country_deaths_mean_3": ((0, 3, 0), (0, 0, NAN)),
    "country_deaths_decay_6": ((0.8125, 64.696818, 0), (2.5, 24, NAN)),
    "country_deaths_change_3": ((-log(13 / 12), log(4 / 14.25), 0), (-log(2.25), -log(9), NAN)),
    "world_deaths_mean_3": ((2, 3.5, 1.5), (0, 0, NAN)),
    "world_deaths_decay_6": ((7.90625, 39.848409, 32.754659), (2.5, 24, NAN)),
    # before: A (1 / 12 + 1 / 3) / 2, B as its neighbours, C (13.25 + 1 / 12) / 2
    "world_deaths_change_3": (
        (log(3 / (29 / 24)), log(108 / 187), log(2.5 / (23 / 3))),
        (-log(2.25), -log(9), NAN),
    ),
    # A: B 6 months ago, 120 km, at 1 degree; B: A now; C: B again
    "space_time_distance_1": (
        (hypot(DEGREE, 120), DEGREE, hypot(DEGREE, 120)),
        (hypot(DEGREE, 120), hypot(DEGREE, 120), NAN),
    ),
    # A: C 24 months ago at 2 degrees; B and C: A 6 months ago
    "space_time_distance_25": (
        (hypot(2 * DEGREE, 480), hypot(DEGREE, 120), hypot(2 * DEGREE, 120)),
        (hypot(2 * DEGREE, 120), hypot(DEGREE, 120), NAN),
    ),
}
for name, near, far in (
    ("kernel_{}_50km_{}", exp(-DEGREE / 50), exp(-2 * DEGREE / 50)),
    ("kernel_{}_100km_{}", exp(-DEGREE / 100), exp(-2 * DEGREE / 100)),
    ("kernel_{}_250km_{}", exp(-DEGREE / 250), exp(-2 * DEGREE / 250)),
    ("tree_lag_{}_{}", 100 / DEGREE, 100 / (2 * DEGREE)),
    ("tree_lag_squared_{}_{}", (100 / DEGREE) ** 2, (100 / (2 * DEGREE)) ** 2),
):
    # of themselves A, B and C have 3, 0, 4; in 2022-09 C is not observed
    WORKED[name.format("deaths_mean", 3)] = ((4 * far, 7 * near, 3 * far), (0, 0, NAN))
    # 64.696818, 0.8125, 15; in 2022-09 24, 2.5
    WORKED[name.format("deaths_decay", 6)] = (
        (0.8125 * near + 15 * far, 79.696818 * near, 0.8125 * near + 64.696818 * far),
        (2.5 * near, 24 * near, NAN),
    )
    # before that 13.25, 1 / 12, 1 / 3; in 2022-09 8, 1.25
    WORKED[name.format("deaths_change", 3)] = (
        (
            log1p(4 * far) - log1p(near / 12 + far / 3),
            log1p(7 * near) - log1p(163 / 12 * near),
            log1p(3 * far) - log1p(near / 12 + 13.25 * far),
        ),
        (-log1p(1.25 * near), -log1p(8 * near), NAN),
    )
