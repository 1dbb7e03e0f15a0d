"""The indicators of the region itself, worked by hand in the world on a line."""

import numpy as np
from numpy import log

from tests.features.indicators.worlds import world_on_a_line

NAN = np.nan
WORLD = world_on_a_line
ROWS = (26, 8)  # 2024-03 and 2022-09, when C is not observed
WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    "deaths": ((6, 0, 12), (0, 0, NAN)),
    "deaths_lag_1": ((2, 0, 0), (0, 0, NAN)),
    "deaths_lag_2": ((1, 0, 0), (0, 0, NAN)),
    "deaths_lag_3": ((3, 0, 0), (0, 0, NAN)),
    "deaths_lag_6": ((48, 1, 0), (48, 5, NAN)),
    "deaths_mean_3": ((3, 0, 4), (0, 0, NAN)),
    "deaths_mean_6": ((2, 0, 2), (0, 0, NAN)),
    "deaths_mean_12": ((5, 1 / 12, 1), (48 / 9, 5 / 7, NAN)),
    "deaths_mean_24": ((7, 1 / 24, 16 / 18), (48 / 9, 5 / 7, NAN)),
    "deaths_long_run": ((8, 6 / 25, 48 / 21), (48 / 9, 5 / 7, NAN)),
    "deaths_max_3": ((6, 0, 12), (0, 0, NAN)),
    "deaths_max_12": ((48, 1, 12), (48, 5, NAN)),
    # A: sum 60 and squares 2354 of 12 months, (2354 - 60 ** 2 / 12) / 11
    "deaths_std_12": (((2054 / 11) ** 0.5, (1 / 12) ** 0.5, 12**0.5), (16, 5 / 7**0.5, NAN)),
    "deaths_decay_1": ((8.401370, 0.01562530, 12.0009785), (0.75, 0.078125, NAN)),
    "deaths_decay_3": ((28.654862, 0.26953125, 12.375), (12, 1.25, NAN)),
    "deaths_decay_6": ((64.696818, 0.8125, 15), (24, 2.5, NAN)),
    "deaths_decay_12": ((111.242462, 1.9571068, 22), (33.941125, 3.5355339, NAN)),
    "deaths_decay_36": ((170.476608, 4.0407015, 35.333539), (42.763139, 4.4544936, NAN)),
    "months_since_1": ((0, 6, 0), (6, 6, NAN)),
    "months_since_5": ((0, 24, 0), (6, 6, NAN)),
    "months_since_25": ((6, 25, 24), (6, 7, NAN)),
    "months_since_100": ((12, 25, 27), (9, 7, NAN)),
    "since_1_decay_12": ((1, 0.70710678, 1), (0.70710678, 0.70710678, NAN)),
    "since_5_decay_12": ((1, 1 / 4, 1), (0.70710678, 0.70710678, NAN)),
    "since_25_decay_12": ((0.70710678, 0.23596858, 1 / 4), (0.70710678, 0.66741993, NAN)),
    "since_100_decay_12": ((1 / 2, 0.23596858, 0.21022410), (0.59460356, 0.66741993, NAN)),
    "active_share_6": ((4 / 6, 0, 1 / 6), (0, 0, NAN)),
    "active_share_12": ((5 / 12, 1 / 12, 1 / 12), (1 / 9, 1 / 7, NAN)),
    "active_share_24": ((6 / 24, 1 / 24, 2 / 18), (1 / 9, 1 / 7, NAN)),
    "at_least_5_share_6": ((1 / 6, 0, 1 / 6), (0, 0, NAN)),
    "at_least_5_share_12": ((2 / 12, 0, 1 / 12), (1 / 9, 1 / 7, NAN)),
    "at_least_25_share_6": ((0, 0, 0), (0, 0, NAN)),
    "at_least_25_share_12": ((1 / 12, 0, 0), (1 / 9, 0, NAN)),
    "long_run_share_1": ((7 / 27, 2 / 25, 3 / 21), (1 / 9, 1 / 7, NAN)),
    "long_run_share_5": ((4 / 27, 1 / 25, 2 / 21), (1 / 9, 1 / 7, NAN)),
    "long_run_share_25": ((3 / 27, 0, 1 / 21), (1 / 9, 0, NAN)),
    "active_months_in_a_row": ((4, 0, 1), (0, 0, NAN)),
    # A: log 2 * 3 * 7 in the last 3 months, log 4 in the 3 before
    "deaths_trend_3": ((log(10.5) / 3, 0, log(13) / 3), (0, 0, NAN)),
    # A: log 49 * 4 * 2 * 3 * 7 over 12 months, log 109 over the 12 before; C: 6 of them observed
    "deaths_trend_12": (
        (log(8232 / 109) / 12, log(2) / 12, log(13) / 12 - log(5) / 6),
        (0, 0, NAN),
    ),
    # the trends of 2023-12: A log(4 / 49) / 3, B -log(2) / 3; of 2022-06: A -log(49) / 3, B -log(6)
    "deaths_acceleration_3": (
        (log(10.5 * 49 / 4) / 3, log(2) / 3, log(13) / 3),
        (log(49) / 3, log(6), NAN),
    ),
    # A: log 2 * 2 * 3 in the last 3 months, log 4 * 3 in the 3 before
    "events_trend_3": ((0, log(2) / 3, log(4) / 3), (0, 0, NAN)),
    # the trends of 2023-12: A log(12 / 7) / 3, B -log(2) / 3; of 2022-06: A -log(5) / 3, B -log(2)
    "events_acceleration_3": (
        (-log(12 / 7) / 3, log(4) / 3, log(4) / 3),
        (log(5) / 3, log(2), NAN),
    ),
    # A: 48, 108 and 48 are more than 6; B: 22 of 24 as few; C: 32 is more than 12
    "deaths_rank": ((23 / 26, 11 / 24, 19 / 20), (3.5 / 8, 2.5 / 6, NAN)),
    # A: three windows each with 48, 108 and 48; B: 18 of 24 with none; C: three with 32
    "deaths_rank_3": ((17 / 26, 9 / 24, 17 / 20), (2.5 / 8, 1.5 / 6, NAN)),
    "events": ((2, 1, 3), (0, 0, NAN)),
    "events_mean_3": ((4 / 3, 1 / 3, 1), (0, 0, NAN)),
    "events_mean_12": ((15 / 12, 2 / 12, 3 / 12), (4 / 9, 1 / 7, NAN)),
    "events_decay_6": ((12.488696, 1.5625, 3.375), (2, 0.5, NAN)),
    "state_based_deaths": ((6, 0, 0), (0, 0, NAN)),
    "state_based_mean_3": ((2, 0, 0), (0, 0, NAN)),
    "state_based_mean_12": ((57 / 12, 1 / 12, 0), (0, 0, NAN)),
    "state_based_decay_12": ((72.463814, 0.7071068, 10), (0, 0, NAN)),
    "state_based_since_5_decay_12": ((1, 0.23596858, 1 / 4), (0.59460356, 0.66741993, NAN)),
    "state_based_events_mean_3": ((2 / 3, 0, 0), (0, 0, NAN)),
    "state_based_events_mean_12": ((13 / 12, 1 / 12, 0), (0, 0, NAN)),
    "non_state_deaths": ((0, 0, 0), (0, 0, NAN)),
    "non_state_mean_3": ((2 / 3, 0, 0), (0, 0, NAN)),
    "non_state_mean_12": ((2 / 12, 0, 0), (48 / 9, 0, NAN)),
    "non_state_decay_12": ((13.887749, 0, 0), (33.941125, 0, NAN)),
    "non_state_since_5_decay_12": ((1 / 4, 0.23596858, 0.21022410), (0.70710678, 0.66741993, NAN)),
    "non_state_events_mean_3": ((1 / 3, 1 / 3, 0), (0, 0, NAN)),
    "non_state_events_mean_12": ((1 / 12, 1 / 12, 0), (4 / 9, 0, NAN)),
    "one_sided_deaths": ((0, 0, 12), (0, 0, NAN)),
    "one_sided_mean_3": ((1 / 3, 0, 4), (0, 0, NAN)),
    "one_sided_mean_12": ((1 / 12, 0, 1), (0, 5 / 7, NAN)),
    "one_sided_decay_12": ((24.890899, 1.25, 12), (0, 3.5355339, NAN)),
    "one_sided_since_5_decay_12": ((1 / 2, 1 / 4, 1), (0.59460356, 0.70710678, NAN)),
    "one_sided_events_mean_3": ((1 / 3, 0, 1), (0, 0, NAN)),
    "one_sided_events_mean_12": ((1 / 12, 0, 3 / 12), (0, 1 / 7, NAN)),
}
