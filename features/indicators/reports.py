"""Reports of convoys, fuel, roadblocks, sieges and blockades, counted in the texts of events.

Before the first month in which any event has a text nobody knows what texts would have told, and
the counts are missing. Means are over the months since.
"""

from collections.abc import Callable, Iterator

import numpy as np

from features.indicators.indicator import Compute, Indicator
from features.indicators.memory import per_panel
from features.indicators.windows import rolling_mean
from features.panel import Detail, FloatArray, Panel
from features.topics import TOPICS

_NEEDS: frozenset[Detail] = frozenset({"texts"})
_WINDOWS = (3, 12)


def reports(family: str) -> Iterator[Indicator]:
    """Yield the mean numbers of reports of each topic, in the region and in its country."""
    for topic in TOPICS:
        for months in _WINDOWS:
            yield Indicator(
                f"{topic}_reports_{months}",
                f"Mean events in the region whose text tells of the topic {topic}, over the last "
                f"{months} months",
                "reports/month",
                family,
                _mean(_in_region, topic, months),
                _NEEDS,
            )
    for topic in TOPICS:
        for months in _WINDOWS:
            yield Indicator(
                f"country_{topic}_reports_{months}",
                f"Mean events in all regions of the region's country whose text tells of the topic "
                f"{topic}, over the last {months} months",
                "reports/month",
                family,
                _mean(_in_country, topic, months),
                _NEEDS,
            )


def _mean(counts: Callable[[Panel, str], FloatArray], topic: str, months: int) -> Compute:
    def mean(panel: Panel) -> FloatArray:
        told = panel.incidents.month[panel.incidents.has_text]
        since = panel.months >= told.min(initial=np.iinfo(np.int64).max)
        known = panel.observed & since[:, None]
        return rolling_mean(np.where(known, counts(panel, topic), np.nan), months)

    return mean


@per_panel
def _in_region(panel: Panel, topic: str) -> FloatArray:
    """Return the reports (T, R) of a topic."""
    told = panel.incidents
    row = told.month - panel.months[0]
    known = (row >= 0) & (row < len(panel.months)) & (told.region >= 0)
    known &= told.topics[:, list(TOPICS).index(topic)]
    counts = np.zeros(panel.observed.shape)
    np.add.at(counts, (row[known], told.region[known]), 1.0)
    return counts


@per_panel
def _in_country(panel: Panel, topic: str) -> FloatArray:
    """Return the reports (T, R) of a topic in all regions of the region's country."""
    countries, country = np.unique(
        panel.regions.table["country"].to_numpy(dtype=str), return_inverse=True
    )
    counts = np.zeros((len(countries), len(panel.months)))
    np.add.at(counts, country, _in_region(panel, topic).T)
    return counts[country].T
