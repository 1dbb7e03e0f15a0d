"""The indicators of supply lines, worked by hand."""

from functools import cache

import numpy as np
import pandas as pd

from features.panel.panel import Panel
from tests.features.indicators.worlds import NAN, incidents_of, panel_of

KAYES, BAMAKO, FRANCE, ELSEWHERE = 0, 1, 2, -1

EVENTS = [
    (1, KAYES, 14.45, -11.44, "convoy"),  # in Kayes, on the road to Dakar
    (8, ELSEWHERE, 14.15, -16.07, ""),  # in Kaolack, on both roads to Dakar
    (10, ELSEWHERE, 10.39, -9.31, "convoy"),  # in Kankan, on the road to Conakry
    (16, KAYES, 14.54, -9.19, "fuel"),  # in Diéma, on the roads to Dakar and Nouakchott
    (16, KAYES, 13.03, -9.49, "convoy"),  # in Kita, on the southern road to Dakar
    (17, ELSEWHERE, 11.42, -7.48, "siege"),  # in Bougouni, on the roads to Abidjan and Lomé
    (17, ELSEWHERE, 14.66, 0.70, ""),  # 33 km beyond the end of the road to Gao
    (17, ELSEWHERE, 14.69, -17.44, ""),  # in Dakar
    (17, BAMAKO, 20.00, 0.00, "roadblock"),  # in the desert
    (17, KAYES, NAN, NAN, "blockade"),
    (17, BAMAKO, NAN, NAN, "siege"),
]


@cache
def roads_of_mali() -> Panel:
    """Kayes and Bamako are on the map, and seven corridors supply Mali; "X", in France, is not on
    the map, and nothing is said of how France is supplied.
    """
    table = pd.DataFrame(
        {
            "id": ["MLI-kayes", "MLI-bamako", "X"],
            "name": ["Kayes", "Bamako", "X"],
            "country": ["MLI", "MLI", "FRA"],
            "latitude": [14.0, 12.64, 47.0],
            "longitude": [-10.5, -8.0, 2.0],
        }
    )
    first = 600
    rows = [
        (first + month, region, latitude, longitude, 1.0, 1, "Front", "River Band")
        for month, region, latitude, longitude, _ in EVENTS
    ]
    nothing = np.zeros((4, 18, 3))
    return panel_of(
        table,
        np.ones((18, 3), dtype=bool),
        nothing,
        nothing,
        np.zeros((3, 3)),
        np.zeros(3),
        first,
        incidents_of(rows, {row: event[4] for row, event in enumerate(EVENTS) if event[4]}),
    )


WORLD = roads_of_mali
ROWS = (1, 17)
NONE = (0, 0, 0)


def of_mali(value: float) -> tuple[float, ...]:
    return (value, value, 0)


WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    # Months 15 to 17: Diéma, Kita, Bougouni, Dakar; from month 6 on Kaolack and Kankan too. In row
    # 1 two months are known.
    "corridor_events_25km_3": (of_mali(1 / 2), of_mali(4 / 3)),
    "corridor_events_25km_12": (of_mali(1 / 2), of_mali(6 / 12)),
    "corridor_events_50km_3": (of_mali(1 / 2), of_mali(5 / 3)),  # and beyond the end
    "corridor_events_50km_12": (of_mali(1 / 2), of_mali(7 / 12)),
    "corridor_events_change_25km_3": (NONE, of_mali(4 / 3 - 2 / 12)),
    "corridors_attacked_3": (of_mali(1 / 7), of_mali(5 / 7)),  # all but Conakry and Gao
    "corridors_attacked_12": (of_mali(1 / 7), of_mali(6 / 7)),  # all but Gao
    # Through Kayes go both roads to Dakar, that to Nouakchott, and the ends of two of Senegal's and
    # one of Mauritania's into Mali; through Bamako go the seven of Mali.
    "corridors_crossing": ((6, 7, 0), (6, 7, 0)),
    "crossing_events_25km_3": ((1 / 2, 1 / 2, 0), (3 / 3, 4 / 3, 0)),  # not Bougouni for Kayes
    "crossing_events_25km_12": ((1 / 2, 1 / 2, 0), (4 / 12, 6 / 12, 0)),  # Kaolack; Kankan
    "crossing_events_change_25km_3": (NONE, (3 / 3 - 1 / 12, 4 / 3 - 2 / 12, 0)),
    "crossing_events_inside_3": ((1, 0, 0), (2 / 3, 0, 0)),
    "crossing_events_inside_12": ((1, 0, 0), (2 / 4, 0, 0)),
    # Texts are told from month 1 on: in row 1 one month is known. What is in no region of the panel
    # is in no country of it either.
    "convoy_reports_3": ((1, 0, 0), (1 / 3, 0, 0)),
    "convoy_reports_12": ((1, 0, 0), (1 / 12, 0, 0)),
    "fuel_reports_3": (NONE, (1 / 3, 0, 0)),
    "fuel_reports_12": (NONE, (1 / 12, 0, 0)),
    "roadblock_reports_3": (NONE, (0, 1 / 3, 0)),
    "roadblock_reports_12": (NONE, (0, 1 / 12, 0)),
    "siege_reports_3": (NONE, (0, 1 / 3, 0)),
    "siege_reports_12": (NONE, (0, 1 / 12, 0)),
    "blockade_reports_3": (NONE, (1 / 3, 0, 0)),
    "blockade_reports_12": (NONE, (1 / 12, 0, 0)),
    "country_convoy_reports_3": (of_mali(1), of_mali(1 / 3)),
    "country_convoy_reports_12": (of_mali(1), of_mali(1 / 12)),
    "country_fuel_reports_3": (NONE, of_mali(1 / 3)),
    "country_fuel_reports_12": (NONE, of_mali(1 / 12)),
    "country_roadblock_reports_3": (NONE, of_mali(1 / 3)),
    "country_roadblock_reports_12": (NONE, of_mali(1 / 12)),
    "country_siege_reports_3": (NONE, of_mali(1 / 3)),
    "country_siege_reports_12": (NONE, of_mali(1 / 12)),
    "country_blockade_reports_3": (NONE, of_mali(1 / 3)),
    "country_blockade_reports_12": (NONE, of_mali(1 / 12)),
}
