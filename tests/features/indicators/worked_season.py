"""The indicators of the season, worked by hand in the world on a line."""

import numpy as np

from tests.features.indicators.worlds import world_on_a_line

NAN = np.nan
WORLD = world_on_a_line
ROWS = (26, 8)  # 2024-03 and 2022-09, when C is not observed
WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    "season_sine": ((0.8660254, 0.8660254, 0.8660254), (-0.8660254, -0.8660254, NAN)),
    "season_cosine": ((0.5, 0.5, 0.5), (-0.5, -0.5, NAN)),
    "month_days": ((31, 31, 31), (30, 30, NAN)),
}
