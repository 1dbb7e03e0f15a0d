"""The indicators of violence against civilians, worked by hand in the world on a line."""

import numpy as np

from tests.features.indicators.worlds import world_on_a_line

NAN = np.nan
WORLD = world_on_a_line
ROWS = (26, 16, 8)  # 2024-03, 2023-05, and 2022-09, when C is not observed
WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    # A in the indices 24 to 26: 1, 2 and 6 deaths, of which the first is of a civilian.
    "one_sided_death_share_3": ((1 / 9, 0, 1), (48 / 108, 0, 0), (0, 0, NAN)),
    # A in the indices 15 to 26: 48 + 0 + 3 + 1 + 2 + 6; B: a battle alone; C: civilians alone.
    "one_sided_death_share_12": ((1 / 60, 0, 1), (48 / 108, 0, 0), (0, 1, NAN)),
    # A: one of four events; B: a battle; C: three of three.
    "one_sided_event_share_3": ((1 / 4, 0, 1), (3 / 9, 0, 0), (0, 0, NAN)),
    # A: one of 6 + 3 + 2 + 1 + 1 + 2 = 15.
    "one_sided_event_share_12": ((1 / 15, 0, 1), (3 / 9, 0, 0), (0, 1, NAN)),
    # In the indices 12 to 23 A had 9 + 6 + 3 + 2 events, 3 of them against civilians; before the
    # index 14 it had 4 since the beginning, none of them; B had one, of them.
    "one_sided_event_share_change": ((1 / 4 - 3 / 20, 0, 1), (3 / 9, -1, 0), (0, -1, NAN)),
    "civilians_without_battle_3": ((1 / 3, 0, 1 / 3), (0, 0, 0), (0, 0, NAN)),
    # B was observed in seven of the months to the index 8.
    "civilians_without_battle_12": ((1 / 12, 0, 1 / 12), (0, 0, 0), (0, 1 / 7, NAN)),
}
