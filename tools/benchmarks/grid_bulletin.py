"""Make a bulletin of random scores of Africa and the Middle East, cells of the grid too.

    python -m tools.benchmarks.grid_bulletin HOME [--level priogrid --level admin1]

It has what the map and the list are made of, and the history; no drivers and no indicators. One
region in fifty has no score: its records ended.
"""

import argparse
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from bulletins.form import (
    CORRECTED_SCORES_SCHEMA,
    DISTRIBUTIONS_FILE,
    DISTRIBUTIONS_SCHEMA,
    HISTORY_FILE,
    HISTORY_MONTHS,
    HISTORY_SCHEMA,
    REGIONS_FILE,
    REGIONS_SCHEMA,
    SCORES_FILE,
    UNSCORED_FILE,
    UNSCORED_SCHEMA,
)
from bulletins.manifest import Manifest, ModelUsed, RiskLevel, RiskScale, VintageUsed, blank_id
from bulletins.writing import parquet_of, write_bulletin
from experiments.publishing.regions import outlines
from features.hashes import sha256_of
from features.months import format_month, parse_month
from features.places.regions import load_regions
from features.words import LEVELS, QUANTILES, RISK_LEVELS, Level, Target, quantile_column
from tools.benchmarks.random_panel import inside

ORIGIN = "2024-12"
HORIZONS: dict[Target, list[int]] = {
    "fatalities": [*range(1, 13)],
    "instability": [*range(1, 13)],
    "escalation": [3, 6, 12],
    "onset": [3, 6, 12],
}
THRESHOLDS: dict[Level, float] = {"country": 25.0, "admin1": 5.0, "priogrid": 1.0}
CUTS = (0.0, 0.02, 0.1, 0.3, 0.6)
UNSCORED_EVERY = 50


def scores_of(regions: pd.DataFrame, level: Level, rng: np.random.Generator) -> pd.DataFrame:
    """Return random scores of regions at every target and horizon, most of them low."""
    keys = [(target, horizon) for target in HORIZONS for horizon in HORIZONS[target]]
    table = regions.merge(pd.DataFrame(keys, columns=["target", "horizon"]), how="cross")
    months = {h: format_month(parse_month(ORIGIN) + h) for h in range(1, 13)}
    probability = rng.beta(0.15, 3, len(table))
    mean = np.where(table["target"] == "fatalities", 20 * probability, np.nan)
    deaths = {quantile_column(q): np.round(2 * q * mean, 3) for q in QUANTILES}
    return table.assign(
        target_month=table["horizon"].map(months),
        threshold=THRESHOLDS[level],
        probability=probability,
        mean=mean,
        model_version=f"tocsin-{level}/1",
        unreported=np.nan,
        **deaths,
    )


def tables_of(level: Level, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return the tables of a level by file."""
    world = inside(load_regions(level)).table
    shapes = outlines(level, world["id"].to_numpy(dtype=str))
    regions = world.rename(columns={"id": "region"}).assign(
        level=level,
        outline=[shape and shapely.to_geojson(shape) for shape in shapes],
        neighbours=pd.Series([[] for _ in shapes], dtype=object),
        **dict(zip(["west", "south", "east", "north"], shapely.bounds(shapes).T, strict=True)),
    )
    is_unscored = np.arange(len(regions)) % UNSCORED_EVERY == 0
    scored = regions[~is_unscored][["region", "name", "country", "level"]]
    scores = scores_of(scored, level, rng)
    unscored = regions[is_unscored][["region", "level"]].assign(
        target=None, reason="ended", observed_to="2019-12"
    )
    months = [format_month(parse_month(ORIGIN) - ago) for ago in reversed(range(HISTORY_MONTHS))]
    history = scored[["region", "level"]].merge(pd.DataFrame({"month": months}), how="cross")
    figures = {
        name: rng.poisson(0.1, len(history)).astype(float) for name in HISTORY_SCHEMA.names[4:]
    }
    is_fatalities = scores["target"] == "fatalities"
    lists = partial(pd.Series, index=scores.index[is_fatalities], dtype=object)
    fatalities = scores[is_fatalities]
    exceedance = [[1.0, *pair] for pair in np.outer(fatalities["probability"], [1, 0.5]).tolist()]
    threshold = THRESHOLDS[level]
    distributions = fatalities[["region", "level", "horizon"]].assign(
        deaths=lists([[0.0, threshold, 2 * threshold]] * len(fatalities)),
        exceedance=lists(exceedance),
    )
    return {
        SCORES_FILE: scores,
        REGIONS_FILE: regions,
        UNSCORED_FILE: unscored,
        HISTORY_FILE: history.assign(observed=True, **figures),
        DISTRIBUTIONS_FILE: distributions,
    }


def manifest_of(levels: list[Level], rows: int, hashes: dict[str, str]) -> Manifest:
    """Return the manifest of random scores."""
    scale = tuple(
        RiskLevel(name=name, lowest=cut, scores=0, came_true=None, independent=0)
        for name, cut in zip(RISK_LEVELS, CUTS, strict=True)
    )
    model = ModelUsed(
        level="country",
        name="tocsin",
        version=1,
        run_id="0" * 32,
        learner="none",
        summary_events="omit",
        trained_to=ORIGIN,
        skill={},
    )
    others = {name: digest for name, digest in hashes.items() if name != SCORES_FILE}
    return Manifest(
        id=blank_id(ORIGIN),
        origin=ORIGIN,
        issued_at=datetime(2025, 1, 21, 6, tzinfo=UTC),
        simulated=True,
        levels=tuple(levels),
        thresholds={level: THRESHOLDS[level] for level in levels},
        vintage=VintageUsed(
            history="random", as_of=date(2025, 1, 20), digest="0" * 64, releases=()
        ),
        models=tuple(model.model_copy(update={"level": level}) for level in levels),
        code="random",
        rows=rows,
        scores_sha256=hashes[SCORES_FILE],
        files=others,
        risk_scales=tuple(
            RiskScale(level=level, target=target, base_rate=0.05, levels=scale)
            for level in levels
            for target in HORIZONS
            if target != "fatalities"
        ),
    )


SCHEMAS: dict[str, tuple[pa.Schema, list[str]]] = {
    SCORES_FILE: (CORRECTED_SCORES_SCHEMA, ["level", "region", "target", "horizon"]),
    REGIONS_FILE: (REGIONS_SCHEMA, ["level", "region"]),
    UNSCORED_FILE: (UNSCORED_SCHEMA, ["level", "region"]),
    HISTORY_FILE: (HISTORY_SCHEMA, ["level", "region", "month"]),
    DISTRIBUTIONS_FILE: (DISTRIBUTIONS_SCHEMA, ["level", "region", "horizon"]),
}


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--level", action="append", choices=LEVELS)
    options = parser.parse_args()
    levels: list[Level] = options.level or ["priogrid"]
    rng = np.random.default_rng(1)
    by_level = [tables_of(level, rng) for level in levels]
    content = {}
    for name, (schema, order) in SCHEMAS.items():
        table = pd.concat([tables[name] for tables in by_level]).sort_values(order)
        content[name] = parquet_of(table, schema)
    rows = sum(len(tables[SCORES_FILE]) for tables in by_level)
    hashes = {name: sha256_of(data) for name, data in content.items()}
    manifest, _ = write_bulletin(options.home, content, manifest_of(levels, rows, hashes))
    print(manifest.id, rows)


if __name__ == "__main__":
    main()
