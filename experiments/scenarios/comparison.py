"""Two forecasts of the same months, with and without statements: what differs, and what for."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from bulletins.scenarios import (
    FAMILIES_SCHEMA,
    SCORES_SCHEMA,
    SUPPORT_SCHEMA,
    VIOLENCE_SCHEMA,
)
from experiments.publishing.drivers import family_moves
from experiments.publishing.scores import LevelForecast, scores_of
from features.arrays import ObjectArray
from features.months import format_month
from features.words import SPECS
from models.explanation import differs

_KEY = ["region", "target", "horizon"]
_DESCRIBED = ["name", "country", "level", "target_month", "model_version"]


class Comparison(NamedTuple):
    """The forecasts of one level with the statements and without, `months` after an origin."""

    continuation: LevelForecast
    scenario: LevelForecast
    months: int


def score_rows(comparison: Comparison, bulletin: pd.DataFrame) -> pd.DataFrame:
    """Return the scores side by side, as SCORES_SCHEMA; `bulletin` are those of the bulletin."""
    after = scores_of(comparison.scenario).set_index(_KEY)
    before = scores_of(comparison.continuation).set_index(_KEY)
    keys = before.index.union(after.index)
    then, now = before.reindex(keys), after.reindex(keys)
    issued = _of_same_month(bulletin, comparison).reindex(keys)
    beyond = set(support_rows(comparison)["region"])
    rows: pd.DataFrame = now[_DESCRIBED].fillna(then[_DESCRIBED])
    rows = rows.assign(
        probability=now["probability"],
        continuation=then["probability"],
        change=now["probability"] - then["probability"],
        bulletin_probability=issued["probability"],
        mean=now["mean"],
        continuation_mean=then["mean"],
        mean_change=now["mean"] - then["mean"],
        bulletin_mean=issued["mean"],
        threshold=now["threshold"],
        continuation_threshold=then["threshold"],
        beyond=keys.get_level_values("region").isin(beyond),
    )
    return rows.reset_index()[list(SCORES_SCHEMA.names)].sort_values(_KEY, ignore_index=True)


def _of_same_month(bulletin: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Return what a bulletin says of the months of a scenario's scores, by their key."""
    level = comparison.scenario.forecaster.level
    is_month = bulletin["target"].isin([name for name, of in SPECS.items() if not of.is_window])
    own = bulletin[(bulletin["level"] == level) & is_month]
    own = own.assign(horizon=own["horizon"].astype(np.int64) - comparison.months)
    return own[own["horizon"] > 0].set_index(_KEY)


def family_rows(comparison: Comparison) -> pd.DataFrame:
    """Return what moved the scores, as FAMILIES_SCHEMA."""
    moves = family_moves(comparison.continuation, comparison.scenario)
    moves = moves.assign(level=comparison.scenario.forecaster.level)
    return moves.sort_values([*_KEY, "family"], ignore_index=True)[list(FAMILIES_SCHEMA.names)]


def violence_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the regions and months in which statements change the violence, as VIOLENCE_SCHEMA."""
    after, before = comparison.scenario.panel, comparison.continuation.panel
    coming = slice(-comparison.months, None)
    now = {"events": after.total_events[coming], "deaths": after.total_deaths[coming]}
    then = {"events": before.total_events[coming], "deaths": before.total_deaths[coming]}
    # NaN, which is not observed, is no change.
    is_changed = np.any([(now[name] != then[name]) & ~np.isnan(then[name]) for name in now], axis=0)
    region, month = np.nonzero(is_changed.T)
    columns = {name: values[month, region] for name, values in now.items()}
    columns |= {f"continuation_{name}": values[month, region] for name, values in then.items()}
    if "events" not in after.details:
        columns |= dict.fromkeys(["events", "continuation_events"], np.full(len(region), np.nan))
    months: ObjectArray = np.array([format_month(m) for m in after.months[coming]], dtype=object)
    ids = after.regions.table["id"].to_numpy(dtype=object)
    keys = {"region": ids[region], "level": after.regions.level, "month": months[month]}
    table = pd.DataFrame(keys | columns)
    return table.sort_values(["region", "month"], ignore_index=True)[list(VIOLENCE_SCHEMA.names)]


def support_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the indicators that statements move beyond all that was seen, as SUPPORT_SCHEMA.

    Seen is what all regions that could be learned from had in any month up to the origin. Beyond
    without a statement, as the time since a death in a region that never had one, is no mark.
    """
    before, after = comparison.continuation.samples, comparison.scenario.samples
    past = before.indicators[: -comparison.months][before.eligible[: -comparison.months]]
    lowest, highest = np.nanmin(past, axis=0), np.nanmax(past, axis=0)
    now = after.indicators[-1]
    is_outside = (now < lowest) | (now > highest)
    is_moved = differs(now, before.indicators[-1]) & after.eligible[-1][:, None]
    region, number = np.nonzero(is_outside & is_moved)
    ids = comparison.scenario.panel.regions.table["id"].to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "region": ids[region],
            "level": after.level,
            "indicator": np.array(after.names, dtype=object)[number],
            "value": now[region, number].astype(np.float64),
            "lowest": lowest[number].astype(np.float64),
            "highest": highest[number].astype(np.float64),
        }
    )
    order = ["region", "indicator"]
    return table.sort_values(order, ignore_index=True)[list(SUPPORT_SCHEMA.names)]
