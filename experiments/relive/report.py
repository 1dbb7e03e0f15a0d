"""What relived months were worth: ratios of losses with intervals, as Markdown and for JSON.

Intervals draw the countries anew, each with all of its months and regions (the cluster bootstrap:
Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8): a year has too few
origins to draw these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME, MLFLOW_RUN_NOTE

from bulletins.record import SCORE
from experiments.judging.judge import frame_markdown
from experiments.tracking.artifacts import record_artifacts
from experiments.tracking.promotion import LONGEST_TEXT
from experiments.tracking.store import MlflowStore
from features.arrays import FloatArray
from features.words import DISTRIBUTIONS, LOSS_NAMES, PROBABILITIES, SPECS, Target
from models.bootstrap import Gain, gain
from models.forecaster import DEATHS
from models.references import REFERENCES

_SEED = 1
_FEW = 10
_BARS: dict[Target, float] = {"fatalities": 0.92, "instability": 0.96}
"""The ratio to conflictology that is asked for: of the CRPS, and of the Brier score."""

_BAR_REFERENCE = "conflictology"

Division = Literal["horizon", "origin", "country"]


@dataclass(frozen=True, eq=False)
class ReliveReport:
    """What came of relived months; `rows` as `relive` returns them, `about` says what was done."""

    about: str
    simulated: bool
    rows: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table by its heading."""
        issued = self._of(issued=True, known="final")
        tables = {"All targets, judged long after": _overall(issued)}
        for target in _BARS:
            own = issued[issued["target"] == target]
            name = f"{_loss_name(target)} of {target}"
            for by in ("horizon", "origin"):
                tables[f"{name}, by {by}"] = ratios(own, by)
            tables[f"{name}, the countries with the largest losses"] = _worst(own)
        tables["Lost to revisions: the same forecasts by another outcome"] = self._by_outcome()
        tables["Lost to revisions: the same models on final data"] = self._by_variant("final data")
        tables["Late reporting corrected, over as known"] = self._by_variant("corrected")
        return tables

    def verdicts(self) -> Iterator[tuple[str, bool]]:
        """Yield what was asked for, and whether it was reached."""
        issued = self._of(issued=True, known="final")
        for target, bar in _BARS.items():
            own = issued[issued["target"] == target]
            name = f"{_loss_name(target)} of {target}"
            ratio = 1 - _gain(own, _BAR_REFERENCE).value
            yield f"{name}: {ratio:.3f} of that of {_BAR_REFERENCE}, asked {bar}", ratio <= bar
            behind = [
                str(horizon)
                for horizon, part in own.groupby("horizon")
                if _gain(part, _BAR_REFERENCE).value < 0
            ]
            where = ", ".join(behind) or "none"
            yield f"{name}: worse than {_BAR_REFERENCE} at horizons: {where}", not behind

    def markdown(self) -> str:
        """Return all of it."""
        mark = "SIMULATED. " if self.simulated else ""
        lines = [f"{mark}{self.about}", "", _HOW_TO_READ, ""]
        lines += [f"* {text}: {'yes' if reached else 'no'}" for text, reached in self.verdicts()]
        for name, table in self.tables().items():
            lines += ["", f"## {name}", "", frame_markdown(table)]
        return "\n".join([*lines, ""])

    def as_json(self) -> dict[str, object]:
        """Return the same for JSON."""
        tables = {name: table.to_dict("records") for name, table in self.tables().items()}
        verdicts = [{"bar": text, "reached": reached} for text, reached in self.verdicts()]
        return {"about": self.about, "simulated": self.simulated, "bars": verdicts} | tables

    def _of(self, *, issued: bool | None = None, **values: str) -> pd.DataFrame:
        rows = self.rows if issued is None else self.rows[self.rows["issued"] == issued]
        for name, value in values.items():
            rows = rows[rows[name] == value]
        return rows

    def _by_outcome(self) -> pd.DataFrame:
        """Return the losses of issued scores by both outcomes, of those that have both."""
        key = ["vintage", "level", "region", "target", "horizon"]
        first, final = (self._of(issued=True, known=known) for known in ("first", "final"))
        both = first[key].merge(final[key])
        parts = {"first": first.merge(both), "final": final.merge(both)}
        return pd.DataFrame(
            {"target": target, "judged by": name} | _line(part[part["target"] == target])
            for target in (*DISTRIBUTIONS, *PROBABILITIES)
            for name, part in parts.items()
            if (part["target"] == target).any()
        )

    def _by_variant(self, variant: str) -> pd.DataFrame:
        """Return how a variant stands beside the scores as known, by target and horizon."""
        key = ["vintage", "level", "region", "target", "horizon"]
        final = self._of(known="final")
        other, known = (final[final["variant"] == name] for name in (variant, "as known"))
        pairs = other.merge(known, on=key, suffixes=("", " known"))
        lines = []
        for target in _BARS:
            own = pairs[pairs["target"] == target]
            groups = [("all", own), *own.groupby("horizon")]
            lines += [_pair(target, name, part) for name, part in groups if len(part)]
        return pd.DataFrame(lines)


_HOW_TO_READ = (
    "A ratio is a loss as a share of that of a reference issued under the same conditions, below 1 "
    "is better; in brackets the 95 % interval from countries drawn anew. Losses are Brier scores, "
    "of fatalities the CRPS [deaths/month]."
)


def log_report(store: MlflowStore, report: ReliveReport) -> None:
    """Log a report as a run beside those of the cycles."""
    client = store.client()
    text = report.markdown()
    tags = {MLFLOW_RUN_NAME: "relived", MLFLOW_RUN_NOTE: text[:LONGEST_TEXT]}
    tags |= {"simulated": str(report.simulated).lower()}
    run = client.create_run(store.cycles(simulated=report.simulated), tags=tags).info.run_id
    client.log_text(run, text, "relive.md")
    client.log_dict(run, report.as_json(), "relive.json")
    client.set_terminated(run)
    record_artifacts(store)


def losses(rows: pd.DataFrame, forecast: str) -> FloatArray:
    """Return the loss of each row's score, or of a reference, (n,): CRPS, or squared error."""
    values, outcome = (rows[name].to_numpy(np.float64) for name in (forecast, "outcome"))
    is_crps = rows["target"].isin(DISTRIBUTIONS).to_numpy()
    return np.where(is_crps, values, (values - outcome) ** 2)


def ratios(rows: pd.DataFrame, by: Division) -> pd.DataFrame:
    """Return the loss of one target's scores and its ratio to each reference's, a line a group."""
    return pd.DataFrame({by: name} | _line(part) for name, part in rows.groupby(by))


def _overall(rows: pd.DataFrame) -> pd.DataFrame:
    targets = [target for target in SPECS if (rows["target"] == target).any()]
    return pd.DataFrame(
        {"target": target} | _line(rows[rows["target"] == target]) for target in targets
    )


def _worst(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the countries whose last year loses most, and what the median country comes to."""
    sums = rows.assign(own=losses(rows, SCORE), bar=losses(rows, _BAR_REFERENCE))
    by_country = sums.groupby("country")[["own", "bar"]].sum()
    told = by_country[by_country["bar"] > 0]
    ratio = (told["own"] / told["bar"]).rename("ratio")
    largest = by_country["bar"].nlargest(_FEW).index
    table = told.loc[told.index.isin(largest)].assign(ratio=ratio).sort_values("bar")[::-1]
    lines = [
        {"country": country, "loss": row["own"], _BAR_REFERENCE: row["bar"], "ratio": row["ratio"]}
        for country, row in table.iterrows()
    ]
    ahead = f"median of {len(told)}; {100 * (ratio < 1).mean():.0f} % ahead"
    lines.append({"country": ahead, "ratio": ratio.median()})
    return pd.DataFrame(lines)


def _line(rows: pd.DataFrame) -> dict[str, object]:
    is_crps = bool(rows["target"].isin(DISTRIBUTIONS).any())
    forecast = rows["mean"] if is_crps else rows[SCORE]
    line: dict[str, object] = {
        "n": len(rows),
        "origins": rows["origin"].nunique(),
        "observed": float(rows["outcome"].mean()),
        "forecast": float(forecast.mean()),
        "loss": float(losses(rows, SCORE).mean()),
    }
    return line | {reference: _as_ratio(_gain(rows, reference)) for reference in REFERENCES}


def _pair(target: str, group: object, pairs: pd.DataFrame) -> dict[str, object]:
    """Return a line of a variant beside the scores as known; both have one outcome."""
    known = pairs.assign(**{SCORE: pairs[f"{SCORE} known"]})
    saved = _share(losses(pairs, SCORE), losses(known, SCORE), pairs["country"])
    is_crps = target == DEATHS
    means = ("mean", "mean known") if is_crps else (SCORE, f"{SCORE} known")
    own, before = (float(pairs[name].sum() / pairs["outcome"].sum()) for name in means)
    return {
        "target": target,
        "horizon": group,
        "n": len(pairs),
        "ratio": _as_ratio(saved),
        "to conflictology": _as_ratio(_gain(pairs, _BAR_REFERENCE)),
        "as known to it": _as_ratio(_gain(known, _BAR_REFERENCE)),
        "forecast over observed": own,
        "as known over observed": before,
    }


def _loss_name(target: Target) -> str:
    return LOSS_NAMES[SPECS[target].loss]


def _gain(rows: pd.DataFrame, reference: str) -> Gain:
    return _share(losses(rows, SCORE), losses(rows, reference), rows["country"])


def _share(own: FloatArray, other: FloatArray, country: pd.Series) -> Gain:
    if other.sum() == 0:
        return Gain(np.nan, np.nan, np.nan)
    number = pd.factorize(country)[0].astype(np.int64)
    return gain(own, other, number, seed=_SEED, block=1)


def _as_ratio(saved: Gain) -> str:
    if np.isnan(saved.value):
        return ""
    return f"{1 - saved.value:.3f} ({1 - saved.high:.2f} to {1 - saved.low:.2f})"
