"""A cycle as a person reviews it: Markdown, and a run in MLflow."""

from collections.abc import Iterator

import pandas as pd
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME, MLFLOW_RUN_NOTE

from experiments.cycle.journal import Entry
from experiments.cycle.steps import (
    AlertsOutcome,
    BulletinOutcome,
    Decision,
    RecordOutcome,
    TrainingOutcome,
)
from experiments.tracking.artifacts import record_artifacts
from experiments.tracking.store import MlflowStore
from features.archive.quality import DataQuality

REPORT_FILE = "cycle.md"

_Outcome = (
    DataQuality | RecordOutcome | Decision | TrainingOutcome | BulletinOutcome | AlertsOutcome
)
_KINDS: dict[str, type[_Outcome]] = {
    "data": DataQuality,
    "record": RecordOutcome,
    "decision": Decision,
    "training": TrainingOutcome,
    "bulletin": BulletinOutcome,
    "alerts": AlertsOutcome,
}


def cycle_markdown(entry: Entry, *, simulated: bool) -> str:
    """Return what a cycle did and decided, a heading a step."""
    mark = "SIMULATED: " if simulated else ""
    lines = [f"# {mark}Cycle as of {entry.as_of}: {entry.state}", ""]
    if entry.accepted is not None:
        lines += [f"Data beyond a bound were taken all the same: {entry.accepted}", ""]
    for name in entry.steps:
        lines += [f"## {name.capitalize()}", "", *_bullets(entry, name), ""]
    return "\n".join(lines)


def _bullets(entry: Entry, step: str) -> Iterator[str]:
    outcome = entry.outcome(step, _KINDS[step.partition(" ")[0]])
    if outcome is not None:
        yield from (f"* {line}" for line in outcome.lines())


def log_cycle(store: MlflowStore, entry: Entry, *, simulated: bool) -> None:
    """Log a closed cycle as a run, unless it is there."""
    client, experiment = store.client(), store.cycles(simulated=simulated)
    if entry.sha256 is None or client.search_runs(
        [experiment], f"tags.entry = '{entry.sha256}' AND attributes.status = 'FINISHED'"
    ):
        return
    text = cycle_markdown(entry, simulated=simulated)
    tags = {
        MLFLOW_RUN_NAME: f"cycle as of {entry.as_of}",
        MLFLOW_RUN_NOTE: text,
        "entry": entry.sha256,
        "state": entry.state,
        "accepted": entry.accepted or "",
        "version": entry.code,
        "simulated": str(simulated).lower(),
    }
    run = client.create_run(experiment, tags=tags).info.run_id
    client.log_text(run, text, REPORT_FILE)
    client.log_dict(run, entry.model_dump(mode="json"), "cycle.json")
    data = entry.outcome("data", DataQuality)
    if data is not None:
        client.log_metric(run, "events", data.events)
        client.log_metric(run, "deaths", data.deaths)
        client.log_metric(run, "faults", len(data.faults))
    decision = entry.outcome("decision", Decision)
    for level, drift in (decision.drift if decision is not None else {}).items():
        rows = [figure.model_dump() for figure in drift.figures]
        client.log_table(run, pd.DataFrame(rows), f"drift-{level}.json")
    client.set_terminated(run)
    record_artifacts(store)
