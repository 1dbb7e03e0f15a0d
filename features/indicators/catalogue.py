"""The catalogue of indicators: each has a name, a one-line meaning, a unit and a family.

An indicator enters every model, document and test by being listed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.arrays import BoolArray
from features.errors import ConfigurationError
from features.indicators.actors import actors
from features.indicators.civilians import civilians
from features.indicators.contagion import contagion
from features.indicators.encirclement import encirclement
from features.indicators.history import history
from features.indicators.indicator import Indicator
from features.indicators.neighbourhood import neighbourhood
from features.indicators.place_and_season import place, season
from features.indicators.state import STATE, StateIndicator
from features.indicators.supply import supply
from features.markdown import markdown_table
from features.panel.panel import Detail, Panel


@dataclass(frozen=True, eq=False)
class IndicatorTable:
    """Indicators of a panel: `values` is (M months, R regions, K names), float32.

    NaN where the region was not observed in the month or, for a lag, in the month it looks back to.
    """

    names: tuple[str, ...]
    values: npt.NDArray[np.float32]


def indicator_table(
    panel: Panel, names: Sequence[str] | None = None, months: int | None = None
) -> IndicatorTable:
    """Compute indicators by name, all by default, of the newest M months, by default of all.

    Raises ConfigurationError for an unknown name.
    """
    indicators = select(names)
    newest = slice(None if months is None else -months, None)
    observed = panel.observed[newest]
    values = np.empty((*observed.shape, len(indicators)), dtype=np.float32)
    for position, indicator in enumerate(indicators):
        values[:, :, position] = np.where(observed, indicator.compute(panel)[newest], np.nan)
    return IndicatorTable(tuple(i.name for i in indicators), values)


def select(names: Sequence[str] | None = None) -> tuple[Indicator, ...]:
    """Return the named indicators in order; raises ConfigurationError if one is unknown."""
    if names is None:
        return CATALOGUE
    by_name = {indicator.name: indicator for indicator in CATALOGUE}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ConfigurationError(
            f"no indicator is called {', '.join(unknown)}: `tocsin indicators` lists them all"
        )
    return tuple(by_name[name] for name in names)


def names_of(words: Sequence[str]) -> tuple[str, ...]:
    """Return indicators for words, names or families; raises ConfigurationError for others."""
    names = [
        name
        for word in words
        for name in ([i.name for i in CATALOGUE if i.family == word] or [word])
    ]
    return tuple(indicator.name for indicator in select(names))


def of_family(family: str) -> tuple[Indicator | StateIndicator, ...]:
    """Return the indicators of a family; raises ConfigurationError if it does not exist."""
    indicators = tuple(indicator for indicator in LISTED if indicator.family == family)
    if not indicators:
        families = ", ".join(dict.fromkeys(indicator.family for indicator in LISTED))
        raise ConfigurationError(f"no family is called {family}: there are {families}")
    return indicators


def needs_of(names: Sequence[str] | None = None) -> frozenset[Detail]:
    """Return the details that the named indicators need, all indicators by default."""
    return frozenset(detail for indicator in select(names) for detail in indicator.needs)


def missing_details(panel: Panel, names: Sequence[str] | None = None) -> dict[str, str]:
    """Return the indicators that a panel cannot give: name -> what its history lacks."""
    missing = {i.name: sorted(i.needs - panel.details) for i in select(names)}
    return {name: ", ".join(details) for name, details in missing.items() if details}


_OWN = tuple(history())

# fmt: off
CATALOGUE: tuple[Indicator, ...] = (
    *_OWN, *neighbourhood(_OWN), *actors(), *civilians(), *encirclement(), *supply(), *contagion(),
    *season(), *place(),
)
# fmt: on
FAMILIES = tuple(dict.fromkeys(indicator.family for indicator in CATALOGUE))
"""The families of the catalogue, in its order."""

LISTED: tuple[Indicator | StateIndicator, ...] = (*CATALOGUE, *STATE)
"""All that people can look up: indicators of regions, and of states, which coups alone read."""

INTRODUCTIONS = {
    "history": "What has happened in the region itself.",
    "neighbourhood": "What happens around the region.",
    "actors": "Who fights in the region, who is new to it, and whose front comes nearer.",
    "civilians": "Whether violence turns on civilians.",
    "encirclement": "Whether violence closes in on a place from all sides.",
    "supply": "Whether the roads that a capital lives on are under attack.",
    "contagion": "Whether the unrest next door comes nearer, and over how long a border.",
    "season": "The time of the year.",
    "place": "Where the region is and how large it is, the same in every month.",
    "state": "What a state has been through, how it is ruled and how its people live, which models "
    "of coups alone read.",
}
"""What a family describes, in a sentence."""


HISTORY_MONTHS = 24
"""Months that must all be observed before a forecast may be issued."""


def eligible(panel: Panel) -> BoolArray:
    """Return (T, R): were all HISTORY_MONTHS to the month observed, as every window needs?"""
    return panel.observed_throughout(HISTORY_MONTHS)


_PAGE_HEAD = """\
# Indicators

Made by `tocsin indicators --markdown` from the catalogue. Every indicator is computed from
months up to the origin, and missing where they were not observed. An early sign is a value as
high, or as low, as hardly ever in the region's own past."""


def catalogue_page(indicators: Sequence[Indicator | StateIndicator]) -> str:
    """Return the page that lists indicators, a table a family."""
    lines = [_PAGE_HEAD]
    for family in dict.fromkeys(indicator.family for indicator in indicators):
        lines += ["", f"## {family.capitalize()}", "", INTRODUCTIONS[family], ""]
        rows = [
            [f"`{i.name}`", i.meaning, i.unit, range_of(i), i.alarming or "", i.source]
            for i in indicators
            if i.family == family
        ]
        head = ["name", "meaning", "unit", "range", "early sign", "source"]
        lines.append(markdown_table(head, rows, texts=len(head)).rstrip("\n"))
    return "\n".join(lines) + "\n"


def range_of(indicator: Indicator | StateIndicator) -> str:
    """Return the values that an indicator may take, in words: "0 to 1", "from 0", "any"."""
    lowest, highest = indicator.lowest, indicator.highest
    if highest == float("inf"):
        return "any" if lowest == -highest else f"from {lowest:g}"
    return f"{lowest:g} to {highest:g}"
