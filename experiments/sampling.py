"""Quiet region-months, of which a share stands for all, so that a grid can be learned from.

The draw knows outcomes, and loses no region-month near any violence; those that are drawn count as
many times as they stand for, which keeps probabilities calibrated. Source: King & Zeng (2001),
Logistic Regression in Rare Events Data, Political Analysis 9(2).
"""

import numpy as np
from pandas.util import hash_array

from features.arrays import BoolArray, FloatArray, MonthArray, ObjectArray
from features.targets import QUIET_MONTHS


def is_quiet(deaths: FloatArray, horizon: int) -> BoolArray:
    """Return the origins with no death in the QUIET_MONTHS to them nor in `horizon` after, (T, R).

    `deaths` is (T, R) [deaths/month]; where one of these months is not observed it is False.
    """
    months = QUIET_MONTHS + horizon
    run = np.cumsum(deaths == 0, axis=0)
    run[months:] = run[months:] - run[:-months].copy()
    quiet = np.zeros(deaths.shape, dtype=np.bool_)
    quiet[: max(0, len(deaths) - horizon)] = run[horizon:] == months
    return quiet


def draws(ids: ObjectArray, months: MonthArray) -> FloatArray:
    """Return an even number from 0 to 1 for each region id and month [months since 1970-01], (n,).

    Nothing else decides it, so that neither later months nor other regions change it.
    """
    return np.asarray(hash_array(hash_array(ids) + months.astype(np.uint64)) / 2.0**64)


def weights(quiet: BoolArray, drawn: FloatArray, share: float) -> FloatArray:
    """Return how many region-months each of n stands for, (n,); 0 is not learned from.

    `quiet` and `drawn` are (n,).
    """
    return np.where(quiet, (drawn < share) / share, 1.0)
