"""What each family of indicators adds to a region's own history, and whether it may be luck."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import mlflow
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.backtest.folds import fold_origins
from experiments.backtest.rolling import Backtest, Progress, run_backtest
from experiments.configuration import Configuration
from experiments.report import model_figures
from experiments.report.picture import COLOURS, INK, Panel, Picture
from experiments.samples import Samples, newest_origin, samples_at
from experiments.tracking.registry import refuse_other_events
from experiments.tracking.store import Store
from features.archive.vintage import Vintage
from features.arrays import FloatArray
from features.errors import ConfigurationError
from features.indicators.catalogue import missing_details, needs_of, select
from features.markdown import markdown_table
from features.months import format_month
from features.panel.panel import read_panel
from features.words import Level, Target
from models.bootstrap import gain
from models.learners import LearnerName
from models.metrics import SMALLEST_PROBABILITY

BASE = "history"
"""The family to which the others are added."""

EVERYTHING = "all families"

CELLS: tuple[tuple[Target, int], ...] = (
    *(("instability", horizon) for horizon in (1, 3, 6, 12)),
    *(("escalation", horizon) for horizon in (3, 6, 12)),
    *(("onset", horizon) for horizon in (3, 6, 12)),
)
"""The cells that are fitted: of the monthly horizons, four tell enough."""


@dataclass(frozen=True, eq=False)
class Ablation:
    """What one addition to the base brings.

    `gains` has a row a target and measure: target, measure (brier, log_score or crps), n
    (forecasts), gain (the share of the base's loss that is saved), low and high (95 % interval).
    """

    added: str
    indicators: int
    gains: pd.DataFrame

    @property
    def has_value(self) -> bool:
        """Is the gain of any target real by its interval?"""
        return bool((self.gains["low"] > 0).any())


def run_ablation(
    samples: Samples, configuration: Configuration, level: str, jobs: int, progress: Progress
) -> Iterator[Ablation]:
    """Yield what each family of the samples, and then all, add to the base, one after another.

    All are judged by the one learner of the configuration, on the same forecasts from its rolling
    origins. Raises ConfigurationError when the samples hold no indicator of the base.
    """
    held = tuple(dict.fromkeys(indicator.family for indicator in select(samples.names)))
    if BASE not in held:
        raise ConfigurationError(f"an ablation adds to the family {BASE}: name it in indicators")
    (learner,) = configuration.learners
    sets = {family: [BASE, family] for family in held if family != BASE}
    if len(sets) > 1:
        sets[EVERYTHING] = list(held)

    def losses(families: Sequence[str], label: str) -> pd.DataFrame:
        chosen = _of_families(samples, families)
        backtest = run_backtest(chosen, configuration, label, jobs, progress, CELLS)
        return losses_of(backtest, learner)

    base = losses([BASE], f"{level}: {BASE}")
    for added, families_of_set in sets.items():
        new = losses(families_of_set, f"{level}: {BASE} + {added}")
        own = len(_of_families(samples, families_of_set).names)
        yield Ablation(added, own, _gains(base, new, configuration.seed))


def losses_of(backtest: Backtest, learner: LearnerName) -> pd.DataFrame:
    """Return a row a forecast and measure: target, measure, horizon, origin, region and loss."""
    told = backtest.probabilities
    outcome = told["outcome"].to_numpy(np.float64)
    probability = told[learner].to_numpy(np.float64)
    parts = [
        told.assign(measure="brier", loss=(probability - outcome) ** 2),
        told.assign(measure="log_score", loss=_log_loss(outcome, probability)),
        backtest.crps.assign(measure="crps", loss=backtest.crps[learner]),
    ]
    columns = ["target", "measure", "horizon", "origin", "region", "loss"]
    return pd.concat([part[columns] for part in parts], ignore_index=True)


def _log_loss(outcome: FloatArray, probability: FloatArray) -> FloatArray:
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.asarray(-(outcome * np.log(p) + (1 - outcome) * np.log1p(-p)))


def _of_families(samples: Samples, families: Sequence[str]) -> Samples:
    """Return the samples with the indicators of some families only."""
    family = {indicator.name: indicator.family for indicator in select(samples.names)}
    kept = [k for k, name in enumerate(samples.names) if family[name] in families]
    names = tuple(samples.names[k] for k in kept)
    return replace(samples, names=names, indicators=samples.indicators[:, :, kept])


def _gains(base: pd.DataFrame, new: pd.DataFrame, seed: int) -> pd.DataFrame:
    rows = []
    for (target, measure), part in base.groupby(["target", "measure"], observed=True):
        loss = new.loc[part.index, "loss"].to_numpy()
        origin = part["origin"].to_numpy()
        found = gain(loss, part["loss"].to_numpy(), origin, seed=seed)
        rows.append((str(target), str(measure), len(part), *found))
    return pd.DataFrame(rows, columns=["target", "measure", "n", "gain", "low", "high"])


def as_table(ablations: Sequence[Ablation]) -> pd.DataFrame:
    """Return all gains in one table, a row an addition, target and measure."""
    parts = [
        ablation.gains.assign(added=ablation.added, indicators=ablation.indicators)
        for ablation in ablations
    ]
    return pd.concat(parts, ignore_index=True)


def gains_markdown(table: pd.DataFrame) -> str:
    """Return the gains in per cent as Markdown, a row an addition; real ones are in bold."""
    columns = list(dict.fromkeys(zip(table["target"], table["measure"], strict=True)))
    heads = [f"{target}, {measure.replace('_', ' ')}" for target, measure in columns]
    rows = []
    for (added, number), part in table.groupby(["added", "indicators"], sort=False):
        cells = part.set_index(["target", "measure"])
        shown = [_in_words(cells.loc[column]) for column in columns]
        rows.append([str(added), str(number), *shown])
    return markdown_table(["added", "indicators", *heads], rows)


def _in_words(row: pd.Series) -> str:
    text = f"{100 * row['gain']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"
    return f"**{text}**" if row["low"] > 0 else text


_HOW_TO_READ = (
    "Gain: the share of the loss of the region's own history that is saved, in per cent, with a "
    "95 % interval from blocks of twelve origins. Bold: the interval leaves out zero."
)


def ablate(
    vintage: Vintage,
    configuration: Configuration,
    store: Store,
    level: Level,
    origin: int | None,
    *,
    code: str,
    jobs: int,
    progress: Progress,
) -> list[Ablation]:
    """Measure what the configuration's families of indicators add at a level; return all.

    Every step is a run of its own, and is in the store when a later one is broken off. Raises what
    `run_ablation` and `samples_at` raise.
    """
    refuse_other_events(store, level, vintage)
    configuration = configuration.with_learner("boosting")
    panel = read_panel(vintage, level, needs_of(configuration.indicator_names))
    panel = panel.until(newest_origin(panel) if origin is None else origin)
    missing = missing_details(panel, configuration.indicator_names)
    known = configuration.without(missing)
    month = format_month(int(panel.months[-1]))
    samples = samples_at(panel, int(panel.months[-1]), known.tau(level), known.indicator_names)
    tags = {
        "role": "ablation",
        "level": level,
        "trained_to": month,
        "experiment": known.name,
        "simulated": str(vintage.simulated).lower(),
        "vintage": panel.digest(),
        "history": vintage.history,
        "untold": ", ".join(missing) or "nothing",
        "version": code,
        "mlflow.source.git.commit": code.partition("+")[2],
    }
    first = format_month(int(samples.months[fold_origins(samples, known)[0]]))
    with mlflow.start_run(
        experiment_id=store.experiment(level, simulated=vintage.simulated),
        run_name=f"{level} to {month}: ablation",
        tags=tags,
        description=f"What each family of indicators adds to the region's own history, judged on "
        f"origins from {first}. {_HOW_TO_READ}",
    ) as parent:
        mlflow.log_dict(known.model_dump(mode="json"), "configuration.json")
        mlflow.log_param("cells", ", ".join(f"{target} {horizon}" for target, horizon in CELLS))
        done = []
        for ablation in run_ablation(samples, known, level, jobs, progress):
            _log_addition(parent, ablation, tags)
            done.append(ablation)
        _log_whole(
            done, model_figures.title(level, "what each family adds", simulated=vintage.simulated)
        )
    return done


def _log_addition(parent: mlflow.ActiveRun, ablation: Ablation, tags: dict[str, str]) -> None:
    with mlflow.start_run(
        nested=True,
        experiment_id=parent.info.experiment_id,
        run_name=f"{parent.info.run_name}: {BASE} + {ablation.added}",
        tags=tags | {"added": ablation.added, "has_value": str(ablation.has_value).lower()},
        description=f"{gains_markdown(as_table([ablation]))}\n{_HOW_TO_READ}",
    ):
        mlflow.log_param("indicators", ablation.indicators)
        mlflow.log_metrics(_metrics(ablation.gains))


def _log_whole(done: Sequence[Ablation], heading: str) -> None:
    table = as_table(done)
    mlflow.log_table(table, "tables/ablation.json")
    mlflow.log_text(gains_markdown(table), "ablation.md")
    mlflow.log_figure(gains_figure(table).as_figure(heading), "gains.png")


def _metrics(gains: pd.DataFrame) -> dict[str, float]:
    return {
        f"{row['target']}_{row['measure']}_{column}": float(row[column])
        for _, row in gains.iterrows()
        for column in ("gain", "low", "high")
    }


def gains_figure(table: pd.DataFrame) -> Picture:
    """Draw what additions save, a panel a target, with intervals; columns as `Ablation.gains`."""
    shown = table[table["measure"].isin(["brier", "crps"])]
    panels = []
    for target, rows in shown.groupby("target", sort=False, observed=True):
        title = f"{target} ({rows['measure'].iloc[0]})"
        panels.append(Panel(title, partial(_draw, rows=rows)))
    return Picture(
        "gains",
        "Loss that is saved, 95 % interval (right of the line: better)",
        tuple(panels),
        {},
        (4.6, 0.35 * len(shown) / max(len(panels), 1) + 1.2),
    )


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows.iloc[::-1]
    value, place = 100 * rows["gain"], np.arange(len(rows))
    error = np.abs(100 * rows[["low", "high"]].to_numpy().T - value.to_numpy())
    axes.errorbar(value, place, xerr=error, fmt="o", color=COLOURS["logistic"], capsize=3)
    axes.axvline(0, color=INK, lw=1)
    axes.set_yticks(place, rows["added"])
    axes.set_xlabel("loss saved [%]")
