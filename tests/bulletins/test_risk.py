import numpy as np

from bulletins.risk import risk_places, scale_of
from features.words import RISK_LEVELS
from tests.bulletins.example import CUTS, manifest_of
from tests.bulletins.example_rows import rows_of


def test_a_probability_has_the_highest_level_whose_least_it_reaches() -> None:
    scale = scale_of(manifest_of(rows_of()), "admin1", "instability")
    assert scale is not None
    assert risk_places(scale, np.array([0.0, 0.199, *CUTS, 1.0])).tolist() == [
        *(0, 0),
        *range(len(RISK_LEVELS)),
        4,
    ]


def test_deaths_share_the_scale_of_instability() -> None:
    manifest = manifest_of(rows_of())
    assert scale_of(manifest, "admin1", "fatalities") == scale_of(manifest, "admin1", "instability")
    assert scale_of(manifest, "priogrid", "instability") is None
