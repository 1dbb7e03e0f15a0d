"""A unit's own events as indicators for SUB-Forecast, (T, N); each month reads those up to it."""

import numpy as np

from experiments.benchmarks.subforecast_data import (
    LEAST_RISE,
    QUIET,
    TRAILING,
    AdminCounts,
    labels_of,
)
from features.arrays import FloatArray
from features.indicators import windows

Columns = dict[str, FloatArray]

TYPES = ("state_based", "non_state", "one_sided")


def history(counts: AdminCounts) -> Columns:
    """Return the columns of the unit itself, by name."""
    return {
        **_levels(counts),
        **_waits(counts),
        **_against_threshold(counts.events),
        **_records(counts),
        **_types(counts),
    }


def active_in(counts: AdminCounts) -> FloatArray:
    """Return 1 in a month with an event, else 0."""
    return (counts.events > 0).astype(np.float64)


def escalated_in(counts: AdminCounts) -> FloatArray:
    """Return 1 in a month that was an escalation, else 0."""
    escalated = np.zeros_like(counts.events)
    escalated[1:] = np.nan_to_num(labels_of(counts)[1, :-1])
    return escalated


def began_in(counts: AdminCounts) -> FloatArray:
    """Return 1 in a month with an event after twelve without any, else 0."""
    active = active_in(counts)
    before = windows.lag(windows.rolling_mean(active, 12), 1)
    return np.asarray(active * (np.nan_to_num(before) == 0))


def events_to_escalate(events: FloatArray) -> FloatArray:
    """Return the fewest events that would make next month an escalation [events/month]."""
    mean, spread = windows.rolling_mean(events, TRAILING), windows.rolling_std(events, TRAILING)
    return np.asarray(np.maximum(np.floor(mean + spread) + 1, np.ceil(mean + LEAST_RISE)))


def _levels(counts: AdminCounts) -> Columns:
    x, active = counts.events, active_in(counts)
    logs = np.log1p(x)
    own: Columns = {"events": x, "deaths": counts.deaths}
    own |= {f"events_lag_{m}": np.nan_to_num(windows.lag(x, m)) for m in (*range(1, 9), 11)}
    own |= {f"events_mean_{m}": windows.rolling_mean(x, m) for m in (3, 6, 8, 12, 24, 36, 60, 120)}
    own |= {f"events_max_{m}": windows.rolling_max(x, m) for m in (3, 6, 12, 24, 60)}
    own |= {f"events_std_{m}": windows.rolling_std(x, m) for m in (8, 24)}
    own |= {f"log_events_decay_{h}": windows.decayed_sum(logs, h) for h in (1, 2, 4, 8, 16, 36)}
    own |= {f"active_share_{m}": windows.rolling_mean(active, m) for m in (3, 6, 12, 24, 36, 60)}
    own |= {f"active_decay_{h}": windows.decayed_sum(active, h) for h in (2, 6, 12, 36, 72)}
    own |= {f"deaths_mean_{m}": windows.rolling_mean(counts.deaths, m) for m in (3, 12)}
    own |= {f"trend_{m}": windows.trend(x, m) for m in (3, 12)}
    own["above_two_years"] = windows.rolling_mean(logs, 3) - windows.rolling_mean(logs, 24)
    own["variance_to_mean"] = own["events_std_24"] ** 2 / (own["events_mean_24"] + 0.1)
    return own


def _waits(counts: AdminCounts) -> Columns:
    x, active = counts.events, active_in(counts)
    own = {f"months_since_{n}": windows.months_since(x, n) for n in (1, 2, 5, 20)}
    own["months_since_25_deaths"] = windows.months_since(counts.deaths, 25)
    own["months_since_escalation"] = windows.months_since(escalated_in(counts), 1)
    own["months_active_in_a_row"] = windows.months_in_a_row(x, 1)
    again = windows.rolling_mean(active * np.nan_to_num(windows.lag(active, 1)), 36)
    own["share_followed"] = again / (windows.rolling_mean(active, 36) + 0.02)
    return own


def _against_threshold(x: FloatArray) -> Columns:
    """Return how recent and usual levels compare with what the next escalation needs."""
    needed = events_to_escalate(x)
    mean, spread = windows.rolling_mean(x, TRAILING), windows.rolling_std(x, TRAILING)
    own: Columns = {"escalation_threshold": needed, "standardised": (x - mean) / (spread + 0.5)}
    own["events_to_threshold"] = x / needed
    own["long_run_to_threshold"] = windows.long_run_mean(x) / needed
    own |= {f"mean_{m}_to_threshold": windows.rolling_mean(x, m) / needed for m in (3, 12, 36)}
    own |= {f"max_{m}_to_threshold": windows.rolling_max(x, m) / needed for m in (3, 24)}
    # Earlier months that would have reached it: an empirical distribution of counts.
    reached = [windows.lag(x, m) >= needed for m in range(60)]
    own["reached_in_24"] = np.sum(reached[:24], axis=0, dtype=np.float64)
    own["reached_in_60"] = np.sum(reached, axis=0, dtype=np.float64)
    return own


def _records(counts: AdminCounts) -> Columns:
    x, active = counts.events, active_in(counts)
    escalated, rows = escalated_in(counts), np.arange(1.0, len(x) + 1)[:, None]
    spells = active.copy()
    spells[1:] *= 1 - active[:-1]
    quiet_before = np.nan_to_num(windows.lag(windows.rolling_max(x, QUIET), 1), nan=1.0) == 0
    return {
        "long_run_events": windows.long_run_mean(x),
        "long_run_log_events": windows.long_run_mean(np.log1p(x)),
        "long_run_active": windows.long_run_mean(active),
        "long_run_escalations": windows.long_run_mean(escalated),
        "escalations_24": windows.rolling_mean(escalated, 24),
        "ever_active": (np.cumsum(active, axis=0) > 0).astype(np.float64),
        "months_active": np.cumsum(active, axis=0),
        "most_events": np.maximum.accumulate(x, axis=0),
        "onsets": np.cumsum(active * quiet_before * (rows > QUIET), axis=0),
        "spells": np.cumsum(spells, axis=0),
        "spells_60": windows.rolling_mean(spells, 60),
        "rank": windows.past_rank(x),
        "active_in_target_month": _same_month(active),
    }


def _same_month(active: FloatArray) -> FloatArray:
    """Return the share of earlier years in which the month to be forecast was active."""
    years = [windows.lag(active, back) for back in range(11, max(12, len(active)), 12)]
    count = np.sum([~np.isnan(year) for year in years], axis=0)
    return np.asarray(np.nansum(years, axis=0) / np.maximum(count, 1))


def _types(counts: AdminCounts) -> Columns:
    own: Columns = {}
    for name, x in zip(TYPES, np.moveaxis(counts.events_by_type, -1, 0), strict=True):
        own |= {f"{name}_decay_{h}": windows.decayed_sum(np.log1p(x), h) for h in (3, 24)}
        own[f"{name}_mean_12"] = windows.rolling_mean(x, 12)
        own[f"months_since_{name}"] = windows.months_since(x, 1)
    return own
