"""One bulletin beside what happened, in Markdown."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from bulletins.reading import read_manifests
from bulletins.record import SCORE
from experiments.judging.skill import deaths_ratio
from experiments.publishing.earlier import read_bulletin
from experiments.record.report import cautions_of
from experiments.record.rows import ROWS, forecasts_of, references_of
from experiments.record.summary import summary_of
from experiments.record.update import Outlooks, rows_of_bulletin
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.errors import CoverageError
from features.markdown import markdown_table
from features.months import parse_month
from features.words import DISTRIBUTIONS, SPECS, TARGETS

_MEASURES = ("brier", "log_score", "crps")


def evaluate_bulletin(home: Path, bulletin: str | None, archive: Archive, as_of: date) -> str:
    """Return how a bulletin came out as Markdown, by level, target and horizon.

    By default it is the newest with outcomes. Raises BulletinError when it, or what it was computed
    from, is not there, and CoverageError when no outcome is known yet.
    """
    if bulletin is None:
        bulletin = _newest_with_outcomes(home, archive, as_of)
    manifest, scores = read_bulletin(home, bulletin)
    nothing = ROWS.empty_table().to_pandas()
    outlook = Outlooks.on(archive, as_of)
    parts = [nothing, *rows_of_bulletin(home, archive, manifest, nothing, outlook)]
    rows = pd.concat(parts, ignore_index=True)
    if rows.empty:
        raise CoverageError(
            "nothing of what the bulletin forecast is observed yet: ingest later months"
        )
    summary = summary_of(rows[rows["state"] == "first"])
    vintage = open_vintage(archive, as_of, manifest.vintage.history)
    warning = "SIMULATED. " if manifest.simulated else ""
    text = [f"{warning}Bulletin {manifest.id}, against events as known on {vintage.as_of}."]
    for level in manifest.levels:
        own = summary[summary["level"] == level]
        number = scores.loc[scores["level"] == level, "region"].nunique()
        text.append(f"## {level}, {number} regions")
        text.append(claim_of(own[own["by"] == "all"]))
        by_horizon = own[own["by"] == "horizon"]
        counts = by_horizon["target"].map(lambda target: SPECS[target].counts)
        for _, alike in by_horizon.groupby(counts, sort=False):
            text += [_markdown(alike, measure) for measure in _MEASURES]
    return "\n\n".join(filter(None, [*text, *cautions_of(summary)]))


def _newest_with_outcomes(home: Path, archive: Archive, as_of: date) -> str | None:
    """Return the newest bulletin of which a month has been observed, None without any."""
    for manifest in read_manifests(home)[0]:
        vintage = open_vintage(archive, as_of, manifest.vintage.history)
        if parse_month(manifest.origin) < vintage.last_month:
            return manifest.id
    return None


def claim_of(overall: pd.DataFrame) -> str:
    """Return in a sentence how the scores of a level came out, from its summary by target.

    Deaths have no ratio where nobody died.
    """
    saved, untold, claims = [], [], []
    for target in TARGETS:
        part = overall[overall["target"] == target]
        if part.empty:
            continue
        own = part.set_index("forecast")
        if target in DISTRIBUTIONS:
            forecast, observed = (
                float(own[name].to_numpy(np.float64)[own.index == SCORE][0])
                for name in ("forecasted", "observed")
            )
            if observed > 0:
                ratio = deaths_ratio(forecast, observed)
                claims.append(f"forecast deaths are {ratio:.2f} times those that came")
        elif (skill := own.loc[list(references_of(target)), "skill"]).isna().any():
            untold.append(target)
        else:
            saved.append(f"{100 * skill.min():.1f} % in {target}")
    if untold:
        why = "was hardly ever wrong, so there is nothing to save"
        claims.insert(0, f"in {', '.join(untold)} the best reference {why}")
    if saved:
        begin = "of the Brier score of the best reference the scores save"
        claims.insert(0, f"{begin} {', '.join(saved)}")
    text = "; ".join(claims) or "nothing came that tells forecasts apart"
    return f"{text[0].upper()}{text[1:]}."


def _markdown(summary: pd.DataFrame, measure: str) -> str:
    """Return a measure by target and horizon, forecasts side by side; nothing if it has none.

    All targets have the same references.
    """
    table = summary.dropna(subset=measure)
    rows: list[list[str]] = []
    forecasts = forecasts_of(summary["target"].iloc[0])
    for (target, horizon, n), part in table.groupby(["target", "group", "n"], sort=False):
        by_forecast = part.set_index("forecast")[measure]
        rows.append(
            [str(target), str(horizon), str(n), *(f"{by_forecast[f]:.4f}" for f in forecasts)]
        )
    head = ["target", "horizon", "n", *(f"{measure}: {f}" for f in forecasts)]
    return markdown_table(head, rows, texts=0).rstrip("\n") if rows else ""
