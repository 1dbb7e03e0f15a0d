"""Run a scenario: from a bulletin's releases and models to what is written beside it."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bulletins.manifest import Manifest
from bulletins.scenarios import (
    ASSUMPTION,
    BLANK_ID,
    FAMILIES_FILE,
    SCHEMAS,
    SCORES_FILE,
    SUPPORT_FILE,
    VIOLENCE_FILE,
    ScenarioManifest,
    write_scenario,
)
from bulletins.writing import parquet_of
from experiments.publishing import contents
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.publish import issuing_model, releases_of
from experiments.scenarios.comparison import (
    Comparison,
    family_rows,
    score_rows,
    support_rows,
    violence_rows,
)
from experiments.tracking.registry import ModelVersion
from experiments.tracking.store import MlflowStore
from features.archive.releases import Archive
from features.archive.vintage import vintage_of
from features.errors import ConfigurationError
from features.hashes import sha256_of
from features.indicators.indicator import plural
from features.months import format_month, parse_month
from features.panel.panel import Detail, Panel
from features.scenarios.panels import scenario_panels
from features.scenarios.statements import Scenario
from features.words import SPECS
from models.forecaster import Forecaster

_COLUMNS = ("region", "target", "target_month")
_FIGURES = ("probability", "continuation", "change")
_DETAILS: frozenset[Detail] = frozenset({"actors", "places"})


@dataclass(frozen=True, eq=False)
class ScenarioRun:
    """What a scenario came to, its tables by file, and whether it is new."""

    manifest: ScenarioManifest
    tables: dict[str, pd.DataFrame]
    is_new: bool

    def moved(self) -> list[dict[str, object]]:
        """Return the scores that moved, those that moved most first, each with its first family."""
        moves, keys = self.tables[FAMILIES_FILE], ["region", "target", "horizon"]
        largest = moves.assign(size=moves["change"].abs()).groupby(keys)["size"].idxmax()
        family = moves.loc[largest].set_index(keys)["family"]
        scores = self.tables[SCORES_FILE]
        size = scores["change"].abs()
        order = size[size > 0].sort_values(ascending=False, kind="stable").index
        return [
            {
                "hypothetical": True,
                "scenario": self.manifest.id,
                **{name: row[name] for name in _COLUMNS},
                **{name: round(row[name], 4) for name in _FIGURES},
                "family": family.get((row["region"], SPECS[row["target"]].shares, row["horizon"])),
                "beyond": row["beyond"],
            }
            for row in scores.loc[order].to_dict("records")
        ]


def run_scenario(
    archive: Archive, store: MlflowStore, home: Path, scenario: Scenario, *, code: str
) -> ScenarioRun:
    """Compute a scenario from the releases and models of its bulletin, and write it.

    Raises BulletinError when the bulletin or a release is gone or changed, ModelError when the
    model is; ConfigurationError for a level that the bulletin does not have, InputError for a
    statement that names what the events do not have.
    """
    manifest, scores = read_bulletin(home, scenario.bulletin)
    model = _model(store, manifest, scenario)
    vintage = vintage_of(releases_of(archive, manifest), manifest.vintage.as_of)
    forecaster, panel = contents.read_inputs(store, vintage, model, _DETAILS)
    past = panel.until(parse_month(manifest.origin))
    comparison = compared(model, forecaster, past, scenario)
    rows = score_rows(comparison, scores)
    tables = {
        SCORES_FILE: rows,
        FAMILIES_FILE: family_rows(comparison),
        VIOLENCE_FILE: violence_rows(comparison),
        SUPPORT_FILE: support_rows(comparison),
    }
    files = {name: parquet_of(table, SCHEMAS[name]) for name, table in tables.items()}
    draft = _draft(manifest, model, scenario, code).model_copy(
        update={
            "beyond": int(tables[SUPPORT_FILE]["region"].nunique()),
            "rows": len(rows),
            "files": {name: sha256_of(content) for name, content in files.items()},
        }
    )
    written, is_new = write_scenario(home, files, draft)
    return ScenarioRun(written, tables, is_new)


def compared(
    model: ModelVersion, forecaster: Forecaster, past: Panel, scenario: Scenario
) -> Comparison:
    """Return the forecasts of a panel that ends at the origin, with the statements and without."""
    panels = scenario_panels(past, scenario)
    origin = int(past.months[-1]) + scenario.months
    continuation, changed = (
        contents.forecast_level(model, forecaster, panel, origin) for panel in panels
    )
    return Comparison(continuation, changed, scenario.months)


def _model(store: MlflowStore, manifest: Manifest, scenario: Scenario) -> ModelVersion:
    """Return the model of the scenario's level that issued the bulletin."""
    level = scenario.level or manifest.levels[-1]  # the finest
    used = {model.level: model for model in manifest.models}
    if level not in used:
        raise ConfigurationError(
            f"level: bulletin {manifest.id} has no scores of '{level}': it has {', '.join(used)}"
        )
    return issuing_model(store, manifest.id, used[level])


def _draft(
    manifest: Manifest, model: ModelVersion, scenario: Scenario, code: str
) -> ScenarioManifest:
    return ScenarioManifest(
        id=BLANK_ID,
        simulated=manifest.simulated,
        name=scenario.name,
        text=scenario.text,
        bulletin=manifest.id,
        origin=manifest.origin,
        last_month=format_month(parse_month(manifest.origin) + scenario.months),
        level=model.level,
        model_version=model.label,
        assumption=ASSUMPTION.format(
            months=plural(scenario.months, "month"), origin=manifest.origin
        ),
        statements=scenario,
        beyond=0,
        code=code,
        rows=0,
        files={},
    )
