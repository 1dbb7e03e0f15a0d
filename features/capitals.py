"""The capitals of countries: `geography/capitals.csv`."""

from functools import cache
from pathlib import Path

import pandas as pd

_CAPITALS = Path(__file__).parent / "geography" / "capitals.csv"


def capitals() -> pd.DataFrame:
    """Return the capitals, one a country: `country`, `name`, `latitude` and `longitude` [degrees].

    `country` is ISO 3166-1 alpha-3. Territories where nobody lives for good have none.
    """
    return _listed().copy()


@cache
def _listed() -> pd.DataFrame:
    return pd.read_csv(_CAPITALS, keep_default_na=False)
