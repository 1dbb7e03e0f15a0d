"""Supply corridors from capitals to ports and border crossings: `geography/corridors.csv`."""

from functools import cache
from pathlib import Path

import pandas as pd

_CORRIDORS = Path(__file__).parent / "geography" / "corridors.csv"


def corridors() -> pd.DataFrame:
    """Return the places on corridors, those of one after the other from the capital outwards.

    `corridor` names it, `country` (ISO 3166-1 alpha-3) is supplied through it, `order` counts from
    1, `place` lies in `place_country`, `kind` is capital, waypoint, port or crossing, `latitude`
    and `longitude` [degrees] are good to about 5 km.
    """
    return _listed().copy()


@cache
def _listed() -> pd.DataFrame:
    return pd.read_csv(_CORRIDORS, keep_default_na=False)
