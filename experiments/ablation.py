"""What each family of indicators adds to a region's own history, with intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import mlflow
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.backtest.folds import folds_of
from experiments.backtest.rolling import Backtest, run_backtest
from experiments.configuration import Configuration
from experiments.judging.judge import Work
from experiments.judging.skill import Measure, losses, skill
from experiments.report import model_figures
from experiments.report.picture import COLOURS, INK, Picture, Plot
from experiments.samples import Samples, TrainingData, panel_for, training_data
from experiments.tracking.artifacts import record_artifacts
from experiments.tracking.registry import refuse_other_events
from experiments.tracking.store import MlflowStore
from features.archive.vintage import Vintage
from features.errors import ConfigurationError
from features.indicators.catalogue import select
from features.markdown import markdown_table
from features.months import format_month
from features.words import LOSS_NAMES, SPECS, Level
from models.forecaster import CellName, fitted_cells
from models.learners import LearnerName

BASE = "history"
"""The family to which the others are added."""

EVERYTHING = "all families"

_MONTHS = (1, 3, 6, 12)


def run_ablation(
    samples: Samples, configuration: Configuration, level: str, work: Work
) -> Iterator[pd.DataFrame]:
    """Yield what each family of the samples, and at last all together, add to the base.

    Columns: target, measure (brier, log_score, crps), n (forecasts), gain (skill over the base),
    low and high (95 % interval), added, indicators (their number). Raises ConfigurationError when
    the samples hold no indicator of the base.
    """
    families = tuple(dict.fromkeys(indicator.family for indicator in select(samples.names)))
    if BASE not in families:
        raise ConfigurationError(f"an ablation adds to the family {BASE}: name it in indicators")
    (learner,) = configuration.learners
    sets = {family: [BASE, family] for family in families if family != BASE}
    if len(sets) > 1:
        sets[EVERYTHING] = list(families)

    def losses_with(chosen: Sequence[str], label: str) -> pd.DataFrame:
        own, cells = _of_families(samples, chosen), _cells(configuration)
        backtest = run_backtest(own, configuration, label, work.jobs, work.progress, cells)
        return losses_of(backtest, learner)

    base = losses_with([BASE], f"{level}: {BASE}")
    for added, chosen in sets.items():
        new = losses_with(chosen, f"{level}: {BASE} + {added}")
        count = len(_of_families(samples, chosen).names)
        yield _gains(base, new, configuration.seed).assign(added=added, indicators=count)


def _cells(configuration: Configuration) -> tuple[CellName, ...]:
    """Return the fitted cells that are judged: all windows, and four of the monthly horizons.

    All cells where the experiment has none of these.
    """
    cells = fitted_cells(configuration.targets)
    few = tuple(cell for cell in cells if SPECS[cell[0]].is_window or cell[1] in _MONTHS)
    return few or cells


def losses_of(backtest: Backtest, learner: LearnerName) -> pd.DataFrame:
    """Return a row a forecast and measure: target, measure, horizon, origin, region and loss."""
    tables: list[tuple[pd.DataFrame, Measure]] = [
        (backtest.probabilities, "brier"),
        (backtest.probabilities, "log_score"),
        (backtest.crps, "crps"),
    ]
    columns = ["target", "measure", "horizon", "origin", "region", "loss"]
    parts = [
        table.assign(measure=measure, loss=losses(table, learner, measure))[columns]
        for table, measure in tables
    ]
    return pd.concat(parts, ignore_index=True)


def _of_families(samples: Samples, families: Sequence[str]) -> Samples:
    """Return the samples with the indicators of some families only."""
    family = {indicator.name: indicator.family for indicator in select(samples.names)}
    columns = [k for k, name in enumerate(samples.names) if family[name] in families]
    names = tuple(samples.names[k] for k in columns)
    return replace(samples, names=names, indicators=samples.indicators[:, :, columns])


def _gains(base: pd.DataFrame, new: pd.DataFrame, seed: int) -> pd.DataFrame:
    rows = []
    for (target, measure), part in base.groupby(["target", "measure"], observed=True):
        loss = new.loc[part.index, "loss"].to_numpy()
        origin = part["origin"].to_numpy()
        saved = skill(loss, part["loss"].to_numpy(), origin, seed=seed)
        rows.append((str(target), str(measure), len(part), *saved))
    return pd.DataFrame(rows, columns=["target", "measure", "n", "gain", "low", "high"])


def gains_markdown(table: pd.DataFrame) -> str:
    """Return the gains in per cent as Markdown, a row an addition; real ones are in bold."""
    columns = list(dict.fromkeys(zip(table["target"], table["measure"], strict=True)))
    heads = [f"{target}, {measure.replace('_', ' ')}" for target, measure in columns]
    rows = []
    for (added, number), part in table.groupby(["added", "indicators"], sort=False):
        cells = part.set_index(["target", "measure"])
        texts = [_in_words(cells.loc[column]) for column in columns]
        rows.append([str(added), str(number), *texts])
    return markdown_table(["added", "indicators", *heads], rows)


def _in_words(row: pd.Series) -> str:
    if np.isnan(row["gain"]):
        return "not told"
    text = f"{100 * row['gain']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"
    return f"**{text}**" if row["low"] > 0 else text


_HOW_TO_READ = (
    "Gain: the share of the loss of the region's own history that is saved, in per cent, with a "
    "95 % interval from blocks of twelve origins. Bold: the interval leaves out zero."
)


def ablate_families(
    vintage: Vintage,
    configuration: Configuration,
    store: MlflowStore,
    level: Level,
    origin: int | None,
    work: Work,
) -> pd.DataFrame:
    """Return what each family adds at a level, as `run_ablation`, and log a run each.

    Raises what `run_ablation` and `samples_at` raise.
    """
    refuse_other_events(store, level, vintage)
    configuration = configuration.model_copy(update={"learners": ("boosting",)})
    panel = panel_for(configuration, vintage, level)
    data = training_data(panel, configuration, origin)
    configuration, samples = data.configuration, data.samples
    tags = _tags(data, vintage, work.code)
    first = format_month(int(samples.months[folds_of(samples, configuration)[0].at]))
    heading = model_figures.title(level, "what each family adds", simulated=vintage.simulated)
    with mlflow.start_run(
        experiment_id=store.experiment(level, simulated=vintage.simulated),
        run_name=f"{level} to {tags['trained_to']}: ablation",
        tags=tags,
        description=f"What each family of indicators adds to the region's own history, judged on "
        f"origins from {first}. {_HOW_TO_READ}",
    ) as parent:
        mlflow.log_dict(configuration.model_dump(mode="json"), "configuration.json")
        mlflow.log_param("cells", ", ".join(f"{t} {h}" for t, h in _cells(configuration)))
        additions = []
        for gains in run_ablation(samples, configuration, level, work):
            _log_addition(parent, gains, tags)
            additions.append(gains)
        table = pd.concat(additions, ignore_index=True)
        mlflow.log_table(table, "tables/ablation.json")
        mlflow.log_text(gains_markdown(table), "ablation.md")
        mlflow.log_figure(gains_figure(table).as_figure(heading), "gains.png")
    record_artifacts(store)
    return table


def _tags(data: TrainingData, vintage: Vintage, code: str) -> dict[str, str]:
    return {
        "role": "ablation",
        "level": data.panel.regions.level,
        "trained_to": format_month(int(data.panel.months[-1])),
        "experiment": data.configuration.name,
        "simulated": str(vintage.simulated).lower(),
        "vintage": data.panel.digest(),
        "history": vintage.history,
        "untold": ", ".join(data.untold) or "nothing",
        "version": code,
        "mlflow.source.git.commit": code.partition("+")[2],
    }


def _log_addition(parent: mlflow.ActiveRun, gains: pd.DataFrame, tags: dict[str, str]) -> None:
    added, has_value = gains["added"].iloc[0], bool((gains["low"] > 0).any())
    with mlflow.start_run(
        nested=True,
        experiment_id=parent.info.experiment_id,
        run_name=f"{parent.info.run_name}: {BASE} + {added}",
        tags=tags | {"added": added, "has_value": str(has_value).lower()},
        description=f"{gains_markdown(gains)}\n{_HOW_TO_READ}",
    ):
        mlflow.log_param("indicators", gains["indicators"].iloc[0])
        mlflow.log_metrics(
            {
                f"{row['target']}_{row['measure']}_{column}": float(row[column])
                for _, row in gains.iterrows()
                for column in ("gain", "low", "high")
            }
        )


def gains_figure(table: pd.DataFrame) -> Picture:
    """Draw the gains of additions, a plot a target, with intervals."""
    by_loss = table[table["measure"].isin(LOSS_NAMES)]
    plots = []
    for target, rows in by_loss.groupby("target", sort=False, observed=True):
        title = f"{target} ({rows['measure'].iloc[0]})"
        plots.append(Plot(title, partial(_draw, rows=rows)))
    title = "Loss that is saved, 95 % interval (right of the line: better)"
    size = (4.6, 0.35 * len(by_loss) / max(len(plots), 1) + 1.2)
    return Picture("gains", title, plots, size=size)


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows.iloc[::-1]
    value, place = 100 * rows["gain"], np.arange(len(rows))
    error = np.abs(100 * rows[["low", "high"]].to_numpy().T - value.to_numpy())
    axes.errorbar(value, place, xerr=error, fmt="o", color=COLOURS["logistic"], capsize=3)
    axes.axvline(0, color=INK, lw=1)
    axes.set_yticks(place, rows["added"])
    axes.set_xlabel("loss saved [%]")
