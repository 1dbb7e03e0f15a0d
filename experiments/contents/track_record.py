"""`track_record.parquet`: how earlier bulletins came out, by what is known now."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import pandas as pd

from experiments.evaluation import forecasts_in
from experiments.previous import Previous
from experiments.published import JUDGED_MONTHS
from experiments.samples import samples_at
from experiments.scoring import Issue
from experiments.track_record import deaths_record, judged_probabilities
from features.errors import CoverageError
from features.months import format_month
from models import metrics
from models.bulletin import TRACK_RECORD_SCHEMA

_MEASURES = {"brier": metrics.brier, "log_score": metrics.log_score, "auc": metrics.auc}


def track_record_of(issue: Issue, earlier: Iterable[Previous]) -> pd.DataFrame:
    """Return the track record (TRACK_RECORD_SCHEMA) of earlier bulletins' scores of a level.

    Judged are those whose origin lies within the last JUDGED_MONTHS, by what the panel of the new
    bulletin holds up to its origin. A bulletin of an origin at which the present history covers no
    region has no rows.
    """
    first = issue.panel.months[-1] - JUDGED_MONTHS
    rows: list[dict[str, object]] = []
    for bulletin in earlier:
        if bulletin.origin >= first:
            with suppress(CoverageError):
                rows += _judged(issue, bulletin)
    return pd.DataFrame(rows, columns=TRACK_RECORD_SCHEMA.names)


def _judged(issue: Issue, bulletin: Previous) -> Iterator[dict[str, object]]:
    panel, level = issue.panel, issue.panel.regions.level
    scores = bulletin.scores[bulletin.scores["level"] == level]
    if scores.empty:
        return
    tau = float(scores.loc[scores["target"] == "instability", "threshold"].iloc[0])
    samples = samples_at(panel, bulletin.origin, tau, ())
    about = {"bulletin": bulletin.id, "origin": format_month(bulletin.origin), "level": level}
    table = judged_probabilities(panel, samples, scores)
    for (target, horizon), part in table.groupby(["target", "horizon"], sort=True):
        outcome = part["outcome"].to_numpy()
        for forecast in forecasts_in(part):
            values = part[forecast].to_numpy()
            yield about | {
                "target": target,
                "horizon": horizon,
                "forecast": forecast,
                "n": len(part),
                "observed": outcome.mean(),
                "forecasted": values.mean(),
                **{name: measure(outcome, values) for name, measure in _MEASURES.items()},
            }
    shared = set(TRACK_RECORD_SCHEMA.names)
    for row in deaths_record(panel, samples, scores).to_dict("records"):
        kept = {str(name): value for name, value in row.items() if name in shared}
        yield about | {"target": "fatalities"} | kept
