"""How likely every number of deaths is, for all regions and months of a bulletin at once."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bulletins.form import DISTRIBUTIONS_FILE
from bulletins.frame import Rows, as_numpy
from features.arrays import FloatArray
from features.words import DISTRIBUTIONS
from service.errors import UnknownBulletinError
from service.store.bulletins import Bulletin
from service.store.derived import derived


class Distributions:
    """The distributions of n scores, end to end: numbers of deaths and their exceedances."""

    def __init__(self, table: pa.Table) -> None:
        deaths = table["deaths"].combine_chunks()
        self._ends: NDArray[Any] = as_numpy(deaths.offsets)
        self._deaths: FloatArray = as_numpy(deaths.values)
        self._exceedance: FloatArray = as_numpy(table["exceedance"].combine_chunks().values)

    def exceedance(self, threshold: float) -> FloatArray:
        """Return the probabilities of at least `threshold` deaths, (n,)."""
        begin, end = self._ends[:-1], self._ends[1:]
        fewer = np.append(0, np.cumsum(self._deaths < threshold))
        place = begin + fewer[end] - fewer[begin]
        # Where all deaths that may come are fewer, the last place serves: it is not looked at.
        found = self._exceedance[np.minimum(place, end - 1)]
        return np.asarray(np.where(place < end, found, 0.0))


@derived
def distributions_of(bulletin: Bulletin) -> tuple[Distributions, Rows]:
    """Return the distributions of a bulletin, and the rows of the scores that they belong to.

    Raises UnknownError where the bulletin has none, UnknownBulletinError where they are of others.
    """
    columns = ["region", "level", "horizon", "deaths", "exceedance"]
    table = bulletin.part(DISTRIBUTIONS_FILE).whole(columns)
    scores = bulletin.scores
    rows = scores.rows[scores.among("target", DISTRIBUTIONS)]
    key = ["level", "region", "horizon"]  # both are in this order
    if not scores.take(rows).select(key).equals(table.select(key)):
        raise UnknownBulletinError(
            f"bulletin {bulletin.manifest.id} is damaged: its distributions are of other scores"
        )
    return Distributions(table), rows


def exceedance_of_scores(bulletin: Bulletin, threshold: float) -> FloatArray:
    """Return P(deaths >= threshold) for every score of a bulletin (n,), NaN but for fatalities.

    Raises UnknownError where the bulletin has no distributions.
    """
    distributions, rows = distributions_of(bulletin)
    told = np.full(len(bulletin.scores), np.nan)
    told[rows] = distributions.exceedance(threshold)
    return told
