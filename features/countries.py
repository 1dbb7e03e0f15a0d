"""Country codes: what sources write -> ISO 3166-1 alpha-3."""

from functools import cache
from pathlib import Path

import pandas as pd

_GLEDITSCH_WARD = Path(__file__).parent / "geography" / "gleditsch_ward.csv"


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
    listed = pd.read_csv(_GLEDITSCH_WARD, keep_default_na=False)
    return dict(zip(listed["country"], listed["since"], strict=True))


@cache
def gleditsch_ward_states() -> dict[int, str]:
    """Return the ISO 3166-1 alpha-3 code of every Gleditsch-Ward state number."""
    listed = pd.read_csv(_GLEDITSCH_WARD, keep_default_na=False)
    return dict(zip(listed["number"], listed["country"], strict=True))
