"""What the track record comes to: losses, skill, calibration, hits and misses, with intervals."""

from collections.abc import Iterator
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd

from bulletins.record import FEWEST_ATTEMPTS, SCORE, SUMMARY_SCHEMA, Division, State
from experiments.judging.skill import FEWEST_ORIGINS
from experiments.record.coups import fewest_attempts, redrawn_skills
from experiments.record.rows import forecasts_of, references_of
from features.months import format_month, parse_month
from features.skill import LEAST_LOSS
from features.words import LEVELS, OF_COUPS, QUANTILES, RISK_LEVELS, SPECS, TARGETS, Target
from models.bootstrap import Gain, gains
from models.metrics import calibration_error, log_losses
from models.risk import share_interval

_SEED = 1
_YEAR = 12
_TENTHS = 10
_ROUNDING = 1e-12
_UNTOLD = Gain(np.nan, np.nan, np.nan)

Line = dict[str, object]


def summary_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the rows of a record (ROWS) come to, as SUMMARY_SCHEMA."""
    lines: list[Line] = []
    for state, level, target in product(get_args(State), LEVELS, TARGETS):
        is_own = (rows["state"] == state) & (rows["level"] == level) & (rows["target"] == target)
        if is_own.any():
            about = {"state": state, "level": level, "target": target}
            table = with_losses(rows[is_own], target)
            lines += [about | line for line in _lines_of(table, target)]
    return pd.DataFrame(lines, columns=SUMMARY_SCHEMA.names)


def with_losses(rows: pd.DataFrame, target: Target) -> pd.DataFrame:
    """Return the rows of one target with what is summed over them.

    Added are `month` [months since 1970-01], `n`, `inside` (the 90 % interval), and of each
    forecast `value`, `loss` and `log`, all before its name.
    """
    months = {origin: parse_month(origin) for origin in rows["origin"].unique()}
    outcome, number = rows["outcome"].to_numpy(np.float64), {"n": 1}
    table = rows.assign(month=rows["origin"].map(months), **number)
    low, high = QUANTILES[0] - _ROUNDING, QUANTILES[-1] - _ROUNDING
    table["inside"] = (rows["upto"] >= low) & (rows["below"] < high)
    for forecast in forecasts_of(target):
        values = rows[forecast].to_numpy(np.float64)
        if SPECS[target].is_distribution:
            own = rows["mean"] if forecast == SCORE else np.nan
            columns = {"value": own, "loss": values, "log": np.nan}
        else:
            log = log_losses(outcome, values)
            columns = {"value": values, "loss": (values - outcome) ** 2, "log": log}
        table = table.assign(**{f"{name} {forecast}": column for name, column in columns.items()})
    return table


def _lines_of(table: pd.DataFrame, target: Target) -> Iterator[Line]:
    """Yield the lines of one state, level and target."""
    counting = table[_counts(table)]
    months = _by_month(counting, target)
    yield from _lines(months, target, "all", "all", counting)
    for horizon, part in counting.groupby("horizon"):
        yield from _lines(_by_month(part, target), target, "horizon", str(horizon), part)
    for country, part in counting.groupby("country"):
        yield from _lines(_by_month(part, target), target, "country", str(country))
    for last in months.index:
        year = months[(months.index > last - _YEAR) & (months.index <= last)]
        yield from _lines(year, target, "year", format_month(last))
    if not SPECS[target].is_distribution:
        yield from _hits(counting, target)
    for bulletin, part in table.groupby("bulletin"):
        yield from _lines(_by_month(part, target), target, "bulletin", str(bulletin))


def _counts(table: pd.DataFrame) -> pd.Series:
    """Return whether each row is of the bulletin of its origin that was issued first."""
    issued = table[["origin", "issued_at", "bulletin"]].drop_duplicates()
    first = issued.sort_values(["issued_at", "bulletin"]).drop_duplicates("origin")
    return table["bulletin"].isin(first["bulletin"])


def _by_month(table: pd.DataFrame, target: Target) -> pd.DataFrame:
    """Return the sums over rows of each month of origins."""
    summed = ["n", "hindsight", "outcome", "first_loss", "inside"]
    for forecast in forecasts_of(target):
        summed += [f"{name} {forecast}" for name in ("value", "loss", "log")]
    return table.groupby("month", sort=True)[summed].sum(min_count=1)


def _hits(counting: pd.DataFrame, target: Target) -> Iterator[Line]:
    """Yield what came true of the scores of each risk level, and of each tenth of probability."""
    tenth = np.minimum((counting[SCORE] * _TENTHS).astype("int64"), _TENTHS - 1)
    divisions: dict[Division, list[tuple[str, pd.Series]]] = {
        "risk_level": [(name, counting["risk_level"] == name) for name in RISK_LEVELS],
        "probability": [(f"{n / _TENTHS:.1f}", tenth == n) for n in range(_TENTHS)],
    }
    for division, groups in divisions.items():
        for group, is_own in groups:
            part = counting[is_own]
            if part.empty:
                continue
            line = next(_lines(_by_month(part, target), target, division, group))
            month = part["month"].to_numpy(np.int64)
            if len(np.unique(month)) >= FEWEST_ORIGINS and not _is_too_few(part, target):
                low, high = share_interval(part["outcome"].to_numpy(np.float64), month)
                line |= {"observed_low": low, "observed_high": high}
            yield line


def _lines(
    months: pd.DataFrame,
    target: Target,
    division: Division,
    group: str,
    rows: pd.DataFrame | None = None,
) -> Iterator[Line]:
    """Yield a line a forecast of the sums of some months.

    `rows` are for calibration, attempts, and intervals of coups, if wanted.
    """
    sums = months.sum(min_count=1)
    n, is_crps = int(sums["n"]), SPECS[target].is_distribution
    about = {"by": division, "group": group, "n": n, "hindsight": int(sums["hindsight"])}
    about |= {"origins": len(months), "observed": sums["outcome"] / n}
    if rows is not None and target in OF_COUPS:
        about["attempts"] = fewest_attempts(rows)
    skills = _skills(months, target, rows)
    for forecast in forecasts_of(target):
        loss = {"crps" if is_crps else "brier": sums[f"loss {forecast}"] / n}
        line = about | {"forecast": forecast, "forecasted": sums[f"value {forecast}"] / n} | loss
        line["log_score"] = sums[f"log {forecast}"] / n
        if forecast == SCORE:
            line["first_loss"] = sums["first_loss"] / n
            line["within_90"] = sums["inside"] / n if is_crps else np.nan
            if rows is not None and not is_crps:
                outcome, score = rows[["outcome", SCORE]].to_numpy(np.float64).T
                line["calibration_error"] = calibration_error(outcome, score)
        for name, gain in zip(("skill", "log_skill"), skills.get(forecast, ()), strict=False):
            line |= {name: gain.value, f"{name}_low": gain.low, f"{name}_high": gain.high}
        yield line


def _is_too_few(rows: pd.DataFrame, target: Target) -> bool:
    """Return whether rows of coups hold too few attempts for any interval."""
    return target in OF_COUPS and fewest_attempts(rows) < FEWEST_ATTEMPTS


def _skills(
    months: pd.DataFrame, target: Target, rows: pd.DataFrame | None
) -> dict[str, tuple[Gain, Gain]]:
    """Return by reference the share of its loss, and of its log score, that the scores save.

    Intervals are NaN with fewer than FEWEST_ORIGINS, and of coups without `rows` or with too few
    attempts; all is where the reference loses hardly anything.
    """
    references = references_of(target)
    names = [(kind, reference) for reference in references for kind in ("loss", "log")]
    other = months[[f"{kind} {reference}" for kind, reference in names]].to_numpy(np.float64)
    own = months[[f"{kind} {SCORE}" for kind, _ in names]].to_numpy(np.float64)
    values = gains(own, other, months.index.to_numpy(np.int64), seed=_SEED)
    if target in OF_COUPS and rows is not None and not _is_too_few(rows, target):
        intervals = redrawn_skills(rows)
        values = [Gain(value.value, *own) for value, own in zip(values, intervals, strict=True)]
    elif target in OF_COUPS or len(months) < FEWEST_ORIGINS:
        values = [value._replace(low=np.nan, high=np.nan) for value in values]
    is_told = other.sum(axis=0) >= LEAST_LOSS  # False for NaN
    values = [value if told else _UNTOLD for value, told in zip(values, is_told, strict=True)]
    pairs = zip(values[::2], values[1::2], strict=True)
    return dict(zip(references, pairs, strict=True))
