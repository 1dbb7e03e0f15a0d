"""Countries: their codes in sources, since when they are states, capitals, supply corridors."""

from functools import cache
from pathlib import Path

import pandas as pd

_GEOGRAPHY = Path(__file__).with_name("geography")

TERRITORIES = {"ISR": "PSE", "MAR": "ESH"}
"""Country of a Gleditsch-Ward state -> the territory that it includes, of which ISO 3166-1 makes
a country of its own."""


def iso3_of_gleditsch_ward(numbers: pd.Series) -> pd.Series:
    """Return ISO 3166-1 alpha-3 codes (n,) of Gleditsch-Ward state numbers (n,), null if unknown.

    Former states are named by the state that carries on their number in UCDP's data: 345
    (Yugoslavia) is SRB, 365 (Soviet Union) RUS, 680 (South Yemen) YEM. 666 (Israel) includes what
    happens in the Gaza Strip and the West Bank.

    Gleditsch & Ward (1999), A revised list of independent states since the congress of Vienna,
    International Interactions 25(4).
    """
    return numbers.map(gleditsch_ward_states()).astype("str")


def states_since() -> dict[str, str]:
    """Return the month from which a source codes events to each state, `YYYY-MM`, by ISO code.

    Empty where that is before 1989. Earlier events in the place of a new state are coded to the
    state it left, so for the new one those months are not observed, and no peace.
    """
    states = _table("gleditsch_ward")
    return dict(zip(states["country"], states["since"], strict=True))


def gleditsch_ward_states() -> dict[int, str]:
    """Return the ISO 3166-1 alpha-3 code of every Gleditsch-Ward state number."""
    states = _table("gleditsch_ward")
    return dict(zip(states["number"], states["country"], strict=True))


def capitals() -> pd.DataFrame:
    """Return the capitals, one a country: `country`, `name`, `latitude` and `longitude` [degrees].

    `country` is ISO 3166-1 alpha-3. Territories without permanent residents have none.
    """
    return _table("capitals").copy()


def corridors() -> pd.DataFrame:
    """Return the places on supply corridors, each corridor from the capital outwards.

    `corridor` names it, `country` (ISO 3166-1 alpha-3) is supplied through it, `order` counts from
    1, `place` lies in `place_country`, `kind` is capital, waypoint, port or crossing, `latitude`
    and `longitude` [degrees] are good to about 5 km.
    """
    return _table("corridors").copy()


@cache
def _table(name: str) -> pd.DataFrame:
    return pd.read_csv(_GEOGRAPHY / f"{name}.csv", keep_default_na=False)
