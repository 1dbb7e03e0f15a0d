"""The same lags and rolling statistics by Tocsin, by pandas and by mlforecast."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from features.arrays import FloatArray
from features.indicators import windows

LAGS, MEANS, MAXIMA, SPREADS = (1, 2, 3, 6, 12), (3, 6, 12, 24), (3, 12), (12,)

LAGGED = {f"lag_{months}": months for months in LAGS}
ROLLING: dict[str, tuple[Callable[..., FloatArray], tuple[int, ...]]] = {
    **{f"mean_{months}": (windows.rolling_mean, (months,)) for months in MEANS},
    **{f"max_{months}": (windows.rolling_max, (months,)) for months in MAXIMA},
    **{f"std_{months}": (windows.rolling_std, (months,)) for months in SPREADS},
    "long_run": (windows.long_run_mean, ()),
}

MLFORECAST = """
import sys, time
import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import ExpandingMean, RollingMax, RollingMean, RollingStd
folder, repeats, lags, means, maxima, spreads = [eval(text) for text in sys.argv[1:]]
y = np.load(folder + "/y.npy")
regions, months = y.shape
table = pd.DataFrame({
    "unique_id": np.repeat(np.arange(regions), months),
    "ds": np.tile(np.arange(months), regions),
    "y": y.ravel(),
})
windows = [
    *(RollingMean(months, min_samples=1) for months in means),
    *(RollingMax(months, min_samples=1) for months in maxima),
    *(RollingStd(months, min_samples=2) for months in spreads),
    ExpandingMean(),
]
medians = []
for threads in (1, 2):
    forecast = MLForecast(
        models=[], freq=1, lags=lags, lag_transforms={1: windows}, num_threads=threads
    )
    seconds = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        made = forecast.preprocess(table, static_features=[], dropna=False, validate_data=False)
        seconds.append(time.perf_counter() - begin)
    medians.append(sorted(seconds[1:])[repeats // 2])
np.save(folder + "/made.npy", made.drop(columns=["unique_id", "ds", "y"]).to_numpy(float))
print(min(medians))
"""
"""The quicker of one thread and two counts, without the checks of the data."""


def our_columns(
    deaths: FloatArray, names: Sequence[str] = (*LAGGED, *ROLLING)
) -> dict[str, FloatArray]:
    """Return lags and rolling statistics, (T, R) each, side by side in memory."""
    made = np.empty((len(names), *deaths.shape))
    for name, place in zip(names, made, strict=True):
        if name in LAGGED:
            place[:] = windows.lag(deaths, LAGGED[name])
        else:
            formula, arguments = ROLLING[name]
            place[:] = formula(deaths, *arguments)
    return dict(zip(names, made, strict=True))


def a_month_later(name: str, values: FloatArray) -> FloatArray:
    """Return rolling statistics as mlforecast has them; lags are the same."""
    return windows.lag(values, 1) if name in ROLLING else values


def our_table(long: pd.DataFrame, months: int) -> pd.DataFrame:
    """Return the same columns beside a long table in the order of regions and months."""
    deaths = np.ascontiguousarray(long["y"].to_numpy().reshape(-1, months).T)
    made = our_columns(deaths)
    table = np.empty((len(made), len(long)))
    for values, place in zip(made.values(), table, strict=True):
        place.reshape(-1, months)[:] = values.T
    return pd.concat([long, pd.DataFrame(table.T, columns=list(made))], axis=1)


def pandas_columns(
    long: pd.DataFrame, names: Sequence[str] = (*LAGGED, *ROLLING)
) -> dict[str, FloatArray]:
    """Return what pandas makes of a long table, (R x T,) each."""
    own = long.groupby("unique_id")["y"]
    made = {}
    for name in names:
        kind, _, months = name.rpartition("_")
        if kind == "lag":
            made[name] = own.shift(int(months)).to_numpy()
        elif name == "long_run":
            made[name] = own.expanding(min_periods=1).mean().to_numpy()
        else:
            rolling = own.rolling(int(months), min_periods=1)
            made[name] = getattr(rolling, kind)().to_numpy()
    return made


def mlforecast_columns(
    python: Path, deaths: FloatArray, repeats: int
) -> tuple[dict[str, FloatArray], float]:
    """Return what mlforecast makes of a long table, (R x T,) each, and its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/y.npy", np.ascontiguousarray(deaths.T))
        arguments = map(repr, (folder, repeats, LAGS, MEANS, MAXIMA, SPREADS))
        done = subprocess.run(
            [str(python), "-c", MLFORECAST, *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"mlforecast failed: {done.stderr.strip()}")
        made = np.load(f"{folder}/made.npy")
    return dict(zip((*LAGGED, *ROLLING), made.T, strict=True)), float(done.stdout)


def agree(
    ours: dict[str, FloatArray], theirs: dict[str, FloatArray], shape: tuple[int, ...]
) -> None:
    """Raise RuntimeError unless columns agree; of one month only ours has a spread, 0."""
    for name, values in ours.items():
        other = theirs[name].reshape(shape[::-1]).T
        # A variance that is carried on keeps roundings of what has left its window.
        same = np.isclose(values, other, rtol=1e-6, atol=1e-5, equal_nan=True)
        if name.startswith("std"):
            same[:2] |= np.isnan(other[:2]) & (values[:2] == 0)
        if not same.all():
            raise RuntimeError(f"{(~same).sum():,} figures of {name} differ")


def long_table(deaths: FloatArray) -> pd.DataFrame:
    """Return a row a region and month, in this order, as mlforecast takes it."""
    months, regions = deaths.shape
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(regions), months),
            "ds": np.tile(np.arange(months), regions),
            "y": deaths.T.ravel(),
        }
    )
