"""Late reporting: how much the deaths of a fresh month grow until they are final.

Deaths of a month are reported for many months, so the newest months of every vintage are too low.
Dated vintages of one history form a reporting triangle: what was known of a month at each age. From
one age to the next deaths grow by a factor, and the factors of all later ages multiply up to the
final number (the chain ladder: Mack 1993, ASTIN Bulletin 23(2)). Where few vintages are there a
factor is drawn towards no growth (credibility: Gisler & Wüthrich 2008, ASTIN Bulletin 38(2)).
Growth is averaged as a logarithm, each step within bounds, because a few wars are revised a lot;
and by size, because small counts grow otherwise than large ones.

A month without a reported death stays without one: growth is of what is reported.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import FloatArray, MonthArray

AGES = 24
"""The ages of a month at which it is followed [months]; at 0 it is the month before."""

VINTAGES = 36
"""The most dated vintages to learn from, the newest; one a month."""

SIZES = (1.0, 10.0, 100.0, 1000.0)
"""The reported deaths at which growth is estimated [deaths/month]; between them it is drawn."""

LARGEST_FACTOR = 3.0
"""The most by which a month's deaths are ever raised; so more reported is always more corrected."""

_CREDIBLE = 40.0  # region-months that count as much as the belief that nothing grows
_LARGEST_STEP = float(np.log(3.0))  # from one vintage to the next


@dataclass(frozen=True, eq=False)
class Reports:
    """The reporting triangle of R regions: what V dated vintages tell of their newest months.

    `known` (V,) are the months in which they were public, ascending [months since 1970-01];
    `deaths` (V, AGES, R) [deaths/month] those of month known - 1 - age, NaN where not observed.
    """

    known: MonthArray
    deaths: FloatArray

    def until(self, origin: int) -> "Reports":
        """Return the same without any month after an origin."""
        month = self.known[:, None] - 1 - np.arange(AGES)
        return replace(self, deaths=np.where((month > origin)[..., None], np.nan, self.deaths))

    def digest(self) -> str:
        """Return a hash of all of it."""
        content = self.known.astype(np.int64).tobytes() + self.deaths.astype(np.float64).tobytes()
        return hashlib.sha256(content).hexdigest()


def growth(reports: Reports) -> FloatArray:
    """Return the log of the factor by which deaths still grow, (AGES, len(SIZES)), by age and size.

    0 without evidence, never below 0 nor above the log of LARGEST_FACTOR. A step between vintages
    more than a month apart is shared by the ages that it spans.
    """
    total = np.zeros((AGES, len(SIZES)))
    count = np.zeros_like(total)
    for place, months in enumerate(np.diff(reports.known).tolist()):
        if months >= AGES:
            continue
        early = reports.deaths[place, : AGES - months]
        late = reports.deaths[place + 1, months:]
        is_usable = (early > 0) & ~np.isnan(late)
        ratio = (np.where(is_usable, late, 0) + 1) / (np.where(is_usable, early, 0) + 1)
        step = np.clip(np.log(ratio), -_LARGEST_STEP, _LARGEST_STEP) / months
        weight = _of_sizes(np.where(is_usable, early, 1)) * is_usable[..., None] / months
        for later in range(months):
            ages = slice(later, later + AGES - months)
            total[ages] += (step[..., None] * weight).sum(axis=1)
            count[ages] += weight.sum(axis=1)
    overall = total.sum(axis=1, keepdims=True) / (count.sum(axis=1, keepdims=True) + _CREDIBLE)
    steps = (total + _CREDIBLE * overall) / (count + _CREDIBLE)
    left = np.cumsum(steps[::-1], axis=0)[::-1]
    return np.asarray(np.clip(left, 0.0, np.log(LARGEST_FACTOR)))


def _of_sizes(deaths: FloatArray) -> FloatArray:
    """Return how much deaths of at least 1 belong to each of SIZES, (..., len(SIZES)); sum 1."""
    place = np.clip(np.log10(deaths), 0, len(SIZES) - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(place[..., None] - np.arange(len(SIZES)))))


def factors(left: FloatArray, age: MonthArray, deaths: FloatArray) -> FloatArray:
    """Return by what to multiply reported deaths (n, R) [deaths/month] of months of n ages, (n, R).

    `left` is what `growth` returns. 1 beyond AGES, where nothing is reported, and where not
    observed.
    """
    is_young = (age >= 0) & (age < AGES)
    of_age = np.where(is_young[:, None], left[np.clip(age, 0, AGES - 1)], 0.0)
    is_raised = deaths > 0
    weight = _of_sizes(np.maximum(np.where(is_raised, deaths, 1), 1))
    return np.where(is_raised, np.exp((weight * of_age[:, None, :]).sum(axis=-1)), 1.0)
