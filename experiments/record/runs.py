"""A run in MLflow for every edition of the track record."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from mlflow.entities import Metric, RunStatus
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from bulletins.record import SCORE, Edition, read_editions, read_summary
from experiments.record.report import overall_rows, record_markdown
from experiments.report.picture import INK, Picture, Plot, colour_of
from experiments.tracking.artifacts import record_artifacts
from experiments.tracking.store import MlflowStore
from features.words import PROBABILITIES

_EDITION = "record_sha256"
_MEASURES = [
    *("observed", "forecasted", "brier", "log_score", "crps", "calibration_error", "within_90"),
    *("first_loss",),
]
_BATCH = 900
"""MLflow takes at most 1,000 metrics at once."""


def log_editions(store: MlflowStore, home: Path) -> list[str]:
    """Log a run of every edition that has none yet; return their names.

    Raises RecordError when the record is damaged.
    """
    editions = read_editions(home)
    if not editions:
        return []
    experiment = store.record(simulated=editions[-1].simulated)
    finished = f"attributes.status = '{RunStatus.to_string(RunStatus.FINISHED)}'"
    runs = store.client().search_runs([experiment], finished, max_results=10_000)
    logged = {run.data.tags.get(_EDITION) for run in runs}
    new = [edition for edition in editions if edition.record_sha256 not in logged]
    for edition in new:
        _log(store, experiment, edition, read_summary(home, edition).table.to_pandas())
    if new:
        record_artifacts(store)
    return [_name(edition) for edition in new]


def _name(edition: Edition) -> str:
    return f"record {edition.as_of:%Y-%m}"


def _log(store: MlflowStore, experiment: str, edition: Edition, summary: pd.DataFrame) -> None:
    text = record_markdown(edition, summary)
    tags = {
        _EDITION: edition.record_sha256,
        "edition": str(edition.number),
        "as_of": str(edition.as_of),
        "role": "record",
        "simulated": str(edition.simulated).lower(),
        "version": edition.code,
        MLFLOW_RUN_NOTE: text,
    }
    day = datetime.combine(edition.as_of, time(), UTC)
    with mlflow.start_run(experiment_id=experiment, run_name=_name(edition), tags=tags) as run:
        mlflow.log_params({"new outcomes": edition.first, "new final outcomes": edition.final})
        metrics = list(_metrics(summary, int(day.timestamp() * 1000)))
        for start in range(0, len(metrics), _BATCH):
            store.client().log_batch(run.info.run_id, metrics=metrics[start : start + _BATCH])
        mlflow.log_text(text, "record.md")
        mlflow.log_table(overall_rows(summary), "tables/overall.json")
        heading = f"{'SIMULATED. ' if edition.simulated else ''}{_name(edition)}"
        for picture in calibration_pictures(summary):
            figure = picture.as_figure(heading)
            mlflow.log_figure(figure, f"{picture.name}.png", save_kwargs={"dpi": 110})


def _metrics(summary: pd.DataFrame, timestamp: int) -> Iterator[Metric]:
    """Yield the measures of scores, and their skill; steps are horizons, 0 is all together."""
    for row in summary[summary["by"].isin(["all", "horizon"])].to_dict("records"):
        step = 0 if row["by"] == "all" else int(row["group"])
        cell = f"{row['level']}/{row['state']}/{row['target']}"
        names = {name: f"{cell}/{name}" for name in _MEASURES}
        if row["forecast"] != SCORE:
            names = {"skill": f"{cell}/skill_over_{row['forecast']}"}
        if row["by"] == "horizon":
            names = {measure: f"by_horizon/{name}" for measure, name in names.items()}
        for measure, name in names.items():
            if np.isfinite(row[measure]):
                yield Metric(name, float(row[measure]), timestamp, step)


def calibration_pictures(summary: pd.DataFrame) -> Iterator[Picture]:
    """Yield a picture of each level: what came true of the scores in each tenth."""
    tenths = summary[(summary["by"] == "probability") & (summary["state"] == "first")]
    for level, own in tenths.groupby("level"):
        plots = [
            Plot(f"{target} (n = {part['n'].sum():,})", partial(_draw, rows=part))
            for target in PROBABILITIES
            if not (part := own[own["target"] == target]).empty
        ]
        title = "Of all scores of p, a share of p should come true"
        yield Picture(f"calibration-{level}", f"{level}. {title}", plots)


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    axes.plot([0, 1], [0, 1], color=INK, lw=1)
    low, high = rows["observed"] - rows["observed_low"], rows["observed_high"] - rows["observed"]
    errors = np.nan_to_num(np.array([low, high], np.float64))
    axes.errorbar(rows["forecasted"], rows["observed"], errors, fmt="o-", color=colour_of(SCORE))
    axes.set(xlabel="score", ylabel="share that came true", xlim=(0, 1), ylim=(0, 1))
