"""The indicators of the place, worked by hand in the world on a line."""

import numpy as np

from tests.features.indicators.worlds import world_on_a_line

NAN = np.nan
WORLD = world_on_a_line
ROWS = (26, 8)  # 2024-03 and 2022-09, when C is not observed
WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    "area": ((1000, 2000, 4000), (1000, 2000, NAN)),
    "latitude": ((12.65, 13.65, 14.65), (12.65, 13.65, NAN)),
    "longitude": ((-8, -8, -8), (-8, -8, NAN)),
    "border_distance": ((100, 50, 10), (100, 50, NAN)),
    # A and B are 0.01 and 1.01 degrees of 111.19508 km north of Bamako, 12.64 N 8 W; from C to
    # Nouakchott, 18.09 N 15.98 W, the arc has the cosine sin 14.65 sin 18.09 + cos 14.65 cos 18.09
    # cos 7.98 = 0.25291 * 0.31051 + 0.96749 * 0.95057 * 0.99032 = 0.98929: it is 8.392 degrees.
    "capital_distance": ((1.1119508, 112.30703, 933.15092), (1.1119508, 112.30703, NAN)),
}
