"""The track record: a bulletin's scores against what happened, beside the references."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from bulletins.form import TRACK_RECORD_SCHEMA
from bulletins.reading import read_manifests
from experiments.backtest.rolling import reference_probabilities
from experiments.judging.skill import (
    PROBABILITY_MEASURES,
    deaths_ratio,
    forecasts_in,
    probability_skill,
)
from experiments.publishing.earlier import JUDGED_MONTHS, EarlierBulletin, read_bulletin
from experiments.publishing.scores import LevelForecast
from experiments.samples import Samples, samples_at
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.arrays import FloatArray, IntArray
from features.errors import CoverageError
from features.markdown import markdown_table
from features.months import format_month, parse_month
from features.panel.panel import Panel, read_panel
from features.targets import label
from features.words import QUANTILES, TARGETS, Target, quantile_column
from models import metrics
from models.forecaster import DEATHS
from models.references import REFERENCES, SPREAD, Reference, reference_deaths

SCORE = "score"
_MEASURES = ("brier", "log_score", "auc")


def judged_probabilities(panel: Panel, samples: Samples, scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores, references and outcomes, a row a score whose outcome is known.

    `panel` goes on after the origin, `samples` end there, `scores` are one level's. Columns:
    target, horizon, outcome (0 or 1), and a probability a forecast.
    """
    parts = []
    probabilities = scores[scores["target"] != DEATHS]
    for target, horizon, part, outcome, region in _known_cells(panel, samples, probabilities):
        where = (np.full(len(region), len(samples.months) - 1), region)
        forecasts = {SCORE: part["probability"].to_numpy()}
        forecasts |= reference_probabilities(samples, target, horizon, where)
        keys = {"target": target, "horizon": horizon, "outcome": outcome}
        parts.append(pd.DataFrame(keys | forecasts))
    if not parts:
        return pd.DataFrame(columns=["target", "horizon", "outcome", SCORE, *REFERENCES])
    return pd.concat(parts, ignore_index=True)


def known_outcomes(panel: Panel, samples: Samples, scores: pd.DataFrame) -> pd.DataFrame:
    """Return target, horizon, outcome (0 or 1) and probability, as `judged_probabilities`."""
    probabilities = scores[scores["target"] != DEATHS]
    columns = ["target", "horizon", "outcome", "probability"]
    parts = [
        part.assign(outcome=outcome)[columns]
        for _, _, part, outcome, _ in _known_cells(panel, samples, probabilities)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def deaths_record(panel: Panel, samples: Samples, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the quantile scores of forecast deaths and references, by horizon with outcomes.

    Columns: horizon, forecast, n, observed and forecasted (means [deaths/month]), quantile_score
    [deaths/month], mean_ratio, within_90 (share of outcomes in the 5 % to 95 % interval).
    """
    rows = []
    at_all_horizons = _reference_deaths(samples, set(REFERENCES) - SPREAD, 1)
    deaths = scores[scores["target"] == DEATHS]
    for _, horizon, part, outcome, region in _known_cells(panel, samples, deaths):
        own = part[[quantile_column(q) for q in QUANTILES]].to_numpy()
        forecasts = {SCORE: (own, part["mean"].to_numpy())}
        of_references = at_all_horizons | _reference_deaths(samples, SPREAD, horizon)
        for reference in REFERENCES:
            quantiles, mean = of_references[reference]
            forecasts[reference] = (quantiles[region], mean[region])
        for forecast, (quantiles, mean) in forecasts.items():
            inside = (quantiles[:, 0] <= outcome) & (outcome <= quantiles[:, -1])
            rows.append(
                {
                    "horizon": horizon,
                    "forecast": forecast,
                    "n": len(outcome),
                    "observed": outcome.mean(),
                    "forecasted": mean.mean(),
                    "quantile_score": metrics.quantile_score(outcome, quantiles, QUANTILES),
                    "mean_ratio": deaths_ratio(mean.mean(), outcome.mean()),
                    "within_90": inside.mean(),
                }
            )
    return pd.DataFrame(rows)


def record_markdown(record: pd.DataFrame, measures: tuple[str, ...]) -> str:
    """Return measures by target and horizon as a Markdown table, forecasts side by side."""
    forecasts = list(dict.fromkeys(record["forecast"]))
    keys = [key for key in ("target", "horizon") if key in record]
    rows = []
    for group, part in record.groupby(keys, sort=False):
        by_forecast = part.set_index("forecast")
        values = [by_forecast.loc[f, m] for m in measures for f in forecasts]
        rows.append([*map(str, group), str(part["n"].iloc[0]), *(f"{v:.4f}" for v in values)])
    head = [*keys, "n", *(f"{m}: {f}" for m in measures for f in forecasts)]
    return markdown_table(head, rows, texts=0).rstrip("\n")


def _known_cells(
    panel: Panel, samples: Samples, scores: pd.DataFrame
) -> Iterator[tuple[Target, int, pd.DataFrame, FloatArray, IntArray]]:
    """Yield target, horizon and scores (n,) with known outcomes (n,), and regions' numbers (n,)."""
    row, ids = len(samples.months) - 1, pd.Index(panel.regions.table["id"])
    for target in TARGETS:
        own = scores[scores["target"] == target]
        for horizon in map(int, sorted(own["horizon"].unique())):
            part = own[own["horizon"] == horizon]
            region = ids.get_indexer(part["region"])
            outcome = label(target, panel.counts, horizon, samples.tau)[row, region]
            # A later vintage may lack a region, whose index is then -1, or not observe its past.
            is_known = (region >= 0) & samples.eligible[row, region] & ~np.isnan(outcome)
            if is_known.any():
                yield target, horizon, part[is_known], outcome[is_known], region[is_known]


def _reference_deaths(
    samples: Samples, references: Iterable[Reference], horizon: int
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return references' quantiles (R, len(QUANTILES)) and mean (R,) [deaths/month]."""
    row = len(samples.months) - 1
    deaths = {r: reference_deaths(r, samples.deaths, row, horizon).ordered() for r in references}
    return {r: (draws.quantiles(QUANTILES), draws.mean()) for r, draws in deaths.items()}


def evaluate_bulletin(home: Path, bulletin: str | None, archive: Archive, as_of: date) -> str:
    """Return the track record of a bulletin as Markdown, by level and target.

    By default it is the newest with outcomes. Raises BulletinError when it is not there and
    CoverageError when no outcome is known yet.
    """
    if bulletin is None:
        bulletin = _newest_with_outcomes(home, archive, as_of)
    manifest, scores = read_bulletin(home, bulletin)
    vintage = open_vintage(archive, as_of, manifest.vintage.history)
    summary_events = {model.level: model.summary_events for model in manifest.models}
    warning = "SIMULATED. " if manifest.simulated else ""
    parts = [f"{warning}Bulletin {manifest.id}, against events as known on {vintage.as_of}."]
    for level in manifest.levels:
        panel = read_panel(replace(vintage, summary_events=summary_events[level]), level)
        samples = samples_at(panel, parse_month(manifest.origin), manifest.thresholds[level], ())
        own = scores[scores["level"] == level]
        judged = judged_probabilities(panel, samples, own)
        probabilities = probability_skill(judged, ["target", "horizon"])
        parts.append(f"## {level}, {own['region'].nunique()} regions")
        deaths = deaths_record(panel, samples, own)
        if probabilities.empty and deaths.empty:
            raise CoverageError(
                "nothing of what the bulletin forecast is observed yet: ingest later months"
            )
        parts.append(_claim(judged, deaths))
        if not probabilities.empty:
            parts += [record_markdown(probabilities, (m,)) for m in _MEASURES]
        if not deaths.empty:
            parts.append(record_markdown(deaths, ("quantile_score", "mean_ratio", "within_90")))
    return "\n\n".join(parts)


def _newest_with_outcomes(home: Path, archive: Archive, as_of: date) -> str | None:
    """Return the newest bulletin of which a month has been observed, None without any."""
    for manifest in read_manifests(home)[0]:
        vintage = open_vintage(archive, as_of, manifest.vintage.history)
        if parse_month(manifest.origin) < vintage.last_month:
            return manifest.id
    return None


def _claim(judged: pd.DataFrame, deaths: pd.DataFrame) -> str:
    """Return in a sentence how the scores came out, without what cannot be told.

    Deaths have no ratio where nobody died.
    """
    claims = []
    if not judged.empty:
        table = probability_skill(judged, ["target"])
        own = table[table["forecast"] == SCORE].set_index("target")["brier_skill"]
        told, untold = own.dropna(), own.index[own.isna()]
        saved = ", ".join(f"{100 * value:.1f} % in {target}" for target, value in told.items())
        if saved:
            claims.append(f"of the Brier score of the best reference the scores save {saved}")
        if len(untold):
            why = "was hardly ever wrong, so there is nothing to save"
            claims.append(f"in {', '.join(untold)} the best reference {why}")
    if not deaths.empty:
        own_deaths = deaths[deaths["forecast"] == SCORE]
        forecast, observed = (
            float((own_deaths["n"] * own_deaths[name]).sum()) for name in ("forecasted", "observed")
        )
        if observed > 0:
            ratio = deaths_ratio(forecast, observed)
            claims.append(f"forecast deaths are {ratio:.2f} times those that came")
    text = "; ".join(claims) or "nothing came that tells forecasts apart"
    return f"{text[0].upper()}{text[1:]}."


def track_record_of(forecast: LevelForecast, earlier: Iterable[EarlierBulletin]) -> pd.DataFrame:
    """Return a level's TRACK_RECORD_SCHEMA over bulletins of the last JUDGED_MONTHS.

    Bulletins at whose origin the present history covers no region have no rows.
    """
    first = forecast.panel.months[-1] - JUDGED_MONTHS
    rows: list[dict[str, object]] = []
    for bulletin in earlier:
        if bulletin.origin >= first:
            with suppress(CoverageError):
                rows += _record_rows(forecast, bulletin)
    return pd.DataFrame(rows, columns=TRACK_RECORD_SCHEMA.names)


def _record_rows(
    level_forecast: LevelForecast, bulletin: EarlierBulletin
) -> Iterator[dict[str, object]]:
    panel = level_forecast.panel
    level = panel.regions.level
    scores = bulletin.scores[bulletin.scores["level"] == level]
    if scores.empty:
        return
    samples = samples_at(panel, bulletin.origin, bulletin.thresholds[level], ())
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
                **{name: PROBABILITY_MEASURES[name](outcome, values) for name in _MEASURES},
            }
    shared = set(TRACK_RECORD_SCHEMA.names)
    for row in deaths_record(panel, samples, scores).to_dict("records"):
        columns = {str(name): value for name, value in row.items() if name in shared}
        yield about | {"target": DEATHS} | columns
