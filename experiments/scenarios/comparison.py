"""Two forecasts of the same months, with and without statements: what differs, and what for."""

from collections.abc import Sequence
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
from features.arrays import Matrix, ObjectArray
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
    return side_by_side(
        scores_of(comparison.continuation),
        scores_of(comparison.scenario),
        bulletin[bulletin["level"] == comparison.scenario.forecaster.level],
        support_rows(comparison)["region"],
        comparison.months,
    )


def side_by_side(
    continuation: pd.DataFrame,
    scenario: pd.DataFrame,
    bulletin: pd.DataFrame,
    beyond: pd.Series,
    months: int,
) -> pd.DataFrame:
    """Return scores of one level (SCORES_SCHEMA of bulletins) as SCORES_SCHEMA of scenarios.

    `beyond` are the regions that are so, `months` those between the origin and the scores.
    """
    after, before = scenario.set_index(_KEY), continuation.set_index(_KEY)
    keys = before.index.union(after.index)
    then, now = before.reindex(keys), after.reindex(keys)
    issued = _issued(bulletin, months).reindex(keys)
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


def _issued(bulletin: pd.DataFrame, months: int) -> pd.DataFrame:
    """Return what a bulletin says, by the key of a score of a scenario.

    That is of the same month or, of a window, of one as long that begins after the origin.
    """
    is_window = bulletin["target"].isin([name for name, of in SPECS.items() if of.is_window])
    horizon = bulletin["horizon"].astype(np.int64)
    own = bulletin.assign(horizon=horizon.where(is_window, horizon - months))
    return own[own["horizon"] > 0].set_index(_KEY)


def family_rows(comparison: Comparison) -> pd.DataFrame:
    """Return what moved the scores, as FAMILIES_SCHEMA."""
    moves = family_moves(comparison.continuation, comparison.scenario)
    return family_table(moves.assign(level=comparison.scenario.forecaster.level))


def family_table(moves: pd.DataFrame) -> pd.DataFrame:
    """Return moves of one level as FAMILIES_SCHEMA, in order."""
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
    scored = after.eligible[-1]
    return support_table(
        before.indicators[: -comparison.months][before.eligible[: -comparison.months]],
        before.indicators[-1][scored],
        after.indicators[-1][scored],
        comparison.scenario.panel.regions.table["id"].to_numpy(dtype=object)[scored],
        after.names,
    ).assign(level=after.level)[list(SUPPORT_SCHEMA.names)]


def support_table(
    past: Matrix, before: Matrix, after: Matrix, regions: ObjectArray, names: Sequence[str]
) -> pd.DataFrame:
    """Return where indicators of n regions, moved from `before` to `after`, are beyond the past.

    `past` is (m, K), the others (n, K). A row a region and indicator, in order, as SUPPORT_SCHEMA
    without its level.
    """
    lowest, highest = np.fmin.reduce(past), np.fmax.reduce(past)  # NaN where all are
    is_outside = (after < lowest) | (after > highest)
    region, number = np.nonzero(is_outside & differs(after, before))
    table = pd.DataFrame(
        {
            "region": regions[region],
            "indicator": np.array(names, dtype=object)[number],
            "value": after[region, number].astype(np.float64),
            "lowest": lowest[number].astype(np.float64),
            "highest": highest[number].astype(np.float64),
        }
    )
    return table.sort_values(["region", "indicator"], ignore_index=True)
