"""Run a scenario: from a bulletin's releases and models to what is written beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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
    coups_in_words,
    write_scenario,
)
from bulletins.writing import parquet_of
from experiments.coups.fitting import COUP
from experiments.coups.registry import coup_version
from experiments.publishing import contents
from experiments.publishing.coups import COUP_LEVEL, CoupForecast, forecast_countries, lists_named
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.publish import issuing_model, releases_of
from experiments.scenarios.comparison import (
    Comparison,
    family_rows,
    score_rows,
    support_rows,
    violence_rows,
)
from experiments.scenarios.coups import (
    CoupComparison,
    compared_coups,
    coup_family_rows,
    coup_score_rows,
    coup_support_rows,
    read_elsewhere,
)
from experiments.tracking.registry import ModelVersion
from experiments.tracking.store import MlflowStore
from features.archive.releases import Archive
from features.archive.vintage import Vintage, vintage_of
from features.errors import ConfigurationError, ModelError
from features.hashes import sha256_of
from features.indicators.indicator import plural
from features.indicators.state import select_state
from features.months import format_month, parse_month
from features.panel.panel import Detail, Panel
from features.scenarios.countries import country_panels
from features.scenarios.panels import ScenarioPanels, scenario_panels
from features.scenarios.statements import Scenario
from features.words import SPECS
from models.forecaster import Forecaster

_COLUMNS = ("level", "region", "target", "horizon", "target_month")
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


class LevelInputs(NamedTuple):
    """The model of a level that issued a bulletin, and what it reads, which ends at the origin."""

    model: ModelVersion
    forecaster: Forecaster
    past: Panel


def run_scenario(
    archive: Archive, store: MlflowStore, home: Path, scenario: Scenario, *, code: str
) -> ScenarioRun:
    """Compute a scenario from the releases and models of its bulletin, and write it.

    Raises BulletinError when the bulletin or a release is gone or changed, ModelError when the
    model is; ConfigurationError for a level that the bulletin does not have, InputError for a
    statement that names what the events do not have.
    """
    manifest, scores = read_bulletin(home, scenario.bulletin)
    models = _models(store, manifest, scenario)
    vintage = vintage_of(releases_of(archive, manifest), manifest.vintage.as_of)
    origin = parse_month(manifest.origin)
    levels = compared([_inputs(store, vintage, model, origin) for model in models], scenario)
    coups = None
    if COUP_LEVEL in (model.level for model in models):
        forecast = _coups(archive, store, vintage, manifest, scores)
        coups = None if forecast is None else compared_coups(forecast, scenario)
    if scenario.coups and coups is None:
        raise ConfigurationError(
            f"coups: bulletin {manifest.id} has no scores of them: ingest a list of coups, train "
            "and publish, or leave the statements on coups out"
        )
    tables = _tables(levels, coups, scores)
    files = {name: parquet_of(table, SCHEMAS[name]) for name, table in tables.items()}
    draft = _draft(manifest, models, scenario, code).model_copy(
        update={
            **_words_on_coups(coups, scenario),
            "beyond": int(tables[SUPPORT_FILE]["region"].nunique()),
            "rows": len(tables[SCORES_FILE]),
            "files": {name: sha256_of(content) for name, content in files.items()},
        }
    )
    written, is_new = write_scenario(home, files, draft)
    return ScenarioRun(written, tables, is_new)


def compared(levels: Sequence[LevelInputs], scenario: Scenario) -> list[Comparison]:
    """Return the forecasts of levels that end at the origin, with the statements and without.

    Statements are of the first level; countries, if they are the second, follow from it.
    """
    finest, *others = levels
    months = scenario.months
    panels = scenario_panels(finest.past, scenario)
    through = [country_panels(level.past, panels, months) for level in others]
    return [
        _compared(level, own, months) for level, own in zip(levels, [panels, *through], strict=True)
    ]


def _compared(level: LevelInputs, panels: ScenarioPanels, months: int) -> Comparison:
    origin = int(level.past.months[-1]) + months
    continuation, changed = (
        contents.forecast_level(level.model, level.forecaster, panel, origin, None)
        for panel in panels
    )
    return Comparison(continuation, changed, months)


def _models(store: MlflowStore, manifest: Manifest, scenario: Scenario) -> list[ModelVersion]:
    """Return the models of the scenario's levels that issued the bulletin, the finest first."""
    used = {model.level: model for model in manifest.models}
    finest = scenario.level or manifest.levels[-1]
    if finest not in used:
        raise ConfigurationError(
            f"level: bulletin {manifest.id} has no scores of '{finest}': it has {', '.join(used)}"
        )
    is_both = scenario.level is None and COUP_LEVEL in used
    levels = dict.fromkeys([finest, COUP_LEVEL] if is_both else [finest])
    return [issuing_model(store, manifest.id, used[level]) for level in levels]


def _inputs(store: MlflowStore, vintage: Vintage, model: ModelVersion, origin: int) -> LevelInputs:
    forecaster, panel = contents.read_inputs(store, vintage, model, _DETAILS)
    return LevelInputs(model, forecaster, panel.until(origin))


def _coups(
    archive: Archive,
    store: MlflowStore,
    vintage: Vintage,
    manifest: Manifest,
    scores: pd.DataFrame,
) -> CoupForecast | None:
    """Return the forecast of coups that a bulletin was issued with, None without one."""
    used = manifest.coups
    if used is None:
        return None
    countries = scores.loc[scores["target"] == COUP, ["region", "name", "country"]]
    forecast = forecast_countries(
        store,
        lists_named(archive, manifest),
        vintage,
        parse_month(manifest.origin),
        countries.rename(columns={"region": "id"}).drop_duplicates("id"),
        coup_version(store, used.version),
    )
    if forecast is not None and forecast.version.sha256 != used.sha256:
        raise ModelError(
            f"the file of {forecast.version.label} is not the one that bulletin {manifest.id} was "
            "issued from: restore it from a backup"
        )
    return forecast


def _tables(
    levels: list[Comparison], coups: CoupComparison | None, scores: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return all tables by file, by level and in order."""
    parts: dict[str, list[pd.DataFrame]] = {
        SCORES_FILE: [score_rows(level, scores) for level in levels],
        FAMILIES_FILE: [family_rows(level) for level in levels],
        VIOLENCE_FILE: [violence_rows(level) for level in levels],
        SUPPORT_FILE: [support_rows(level) for level in levels],
    }
    if coups is not None:
        parts[SCORES_FILE].append(coup_score_rows(coups, scores))
        parts[FAMILIES_FILE].append(coup_family_rows(coups))
        parts[SUPPORT_FILE].append(coup_support_rows(coups))
    return {
        name: pd.concat(
            [table for table in tables if len(table)] or tables[:1], ignore_index=True
        ).sort_values(["level", "region"], kind="stable", ignore_index=True)
        for name, tables in parts.items()
    }


def _words_on_coups(coups: CoupComparison | None, scenario: Scenario) -> dict[str, object]:
    """Return what the manifest says of statements on coups."""
    if coups is None or not scenario.coups:
        return {}
    names = read_elsewhere(coups, scenario)
    meanings = [indicator.meaning for indicator in select_state(names)]
    return {"coups": coups_in_words(meanings), "coups_elsewhere": names}


def _draft(
    manifest: Manifest,
    models: list[ModelVersion],
    scenario: Scenario,
    code: str,
) -> ScenarioManifest:
    return ScenarioManifest(
        id=BLANK_ID,
        simulated=manifest.simulated,
        name=scenario.name,
        text=scenario.text,
        bulletin=manifest.id,
        origin=manifest.origin,
        last_month=format_month(parse_month(manifest.origin) + scenario.months),
        levels=tuple(model.level for model in models),
        model_versions=tuple(model.label for model in models),
        assumption=ASSUMPTION.format(
            months=plural(scenario.months, "month"), origin=manifest.origin
        ),
        statements=scenario,
        beyond=0,
        code=code,
        rows=0,
        files={},
    )
