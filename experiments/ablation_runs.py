"""An ablation as MLflow runs: a parent, and under it a run for everything that was added."""

from collections.abc import Sequence

import mlflow
import pandas as pd

from experiments.ablation import BASE, CELLS, Ablation, as_markdown, as_table, run_ablation
from experiments.backtest import Progress
from experiments.configuration import Configuration
from experiments.figures import additions, models
from experiments.folds import fold_origins
from experiments.registry import refuse_other_events
from experiments.samples import newest_origin, samples_at
from experiments.store import Store
from features.archive.vintage import Vintage
from features.indicators.catalogue import needs_of, untold
from features.months import format_month
from features.panel.panel import read_panel
from features.places.regions import Level

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
    missing = untold(panel, configuration.indicator_names)
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
        _log_whole(done, models.title(level, "what each family adds", simulated=vintage.simulated))
    return done


def _log_addition(parent: mlflow.ActiveRun, ablation: Ablation, tags: dict[str, str]) -> None:
    with mlflow.start_run(
        nested=True,
        experiment_id=parent.info.experiment_id,
        run_name=f"{parent.info.run_name}: {BASE} + {ablation.added}",
        tags=tags | {"added": ablation.added, "has_value": str(ablation.has_value).lower()},
        description=f"{as_markdown(as_table([ablation]))}\n{_HOW_TO_READ}",
    ):
        mlflow.log_param("indicators", ablation.indicators)
        mlflow.log_metrics(_metrics(ablation.gains))


def _log_whole(done: Sequence[Ablation], heading: str) -> None:
    table = as_table(done)
    mlflow.log_table(table, "tables/ablation.json")
    mlflow.log_text(as_markdown(table), "ablation.md")
    mlflow.log_figure(additions.gains(table).as_figure(heading), "gains.png")


def _metrics(gains: pd.DataFrame) -> dict[str, float]:
    return {
        f"{row['target']}_{row['measure']}_{column}": float(row[column])
        for _, row in gains.iterrows()
        for column in ("gain", "low", "high")
    }
