"""Scores of the forecasts in real time, as Markdown and for JSON."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.benchmarks.files import Json
from experiments.judging.judge import frame_markdown
from experiments.judging.skill import deaths_ratio
from features.words import LOSS_NAMES, PROBABILITIES, SPECS
from models import metrics
from models.forecaster import DEATHS
from models.references import REFERENCES

SERVED = "served"
SIZES = (0.0, 1.0, 10.0, 100.0)
"""Mean deaths a month of the last year above which the next class of size begins."""

_SIZE_NAMES = ("0", "0-1", "1-10", "10-100", "100-")


@dataclass(frozen=True, eq=False)
class RealTimeReport:
    """What came of the forecasts; `rows` as in `judged_rows`, of each date in `known_on`."""

    experiment: str
    learner: str
    known_on: tuple[str, ...]
    rows: pd.DataFrame

    @property
    def _deaths(self) -> pd.DataFrame:
        own = self.rows[self.rows["target"] == DEATHS]
        size = np.searchsorted(SIZES, own["recent"], side="left")
        return own.assign(size=pd.Categorical.from_codes(size, categories=pd.Index(_SIZE_NAMES)))

    def deaths_table(self, by: str | None) -> pd.DataFrame:
        """Return n, mean outcome, SERVED's CRPS, its ratio to each reference's, and mean ratio.

        `by` is a column of `rows`, "size" (the class of recent deaths), or None for all together.
        """
        groups = [("all", self._deaths)] if by is None else self._deaths.groupby(by, observed=True)
        return pd.DataFrame(
            {
                by or "of": name,
                "n": len(part),
                "observed": part["outcome"].mean(),
                "crps": part[SERVED].mean(),
                **{r: _ratio(part, r) for r in REFERENCES},
                "mean ratio": deaths_ratio(part[f"mean {SERVED}"].mean(), part["outcome"].mean()),
            }
            for name, part in groups
        )

    def country_figures(self, reference: str) -> tuple[float, float]:
        """Return the median country's CRPS ratio, and the share of countries that are ahead.

        Countries where the reference loses nothing are left out.
        """
        sums = self._deaths.groupby("region")[[SERVED, reference]].sum()
        sums = sums[sums[reference] > 0]
        ratio = sums[SERVED] / sums[reference]
        return float(ratio.median()), float((ratio < 1).mean())

    def probability_table(self) -> pd.DataFrame:
        """Return Brier score, its ratio to each reference's, AUC and calibration by target."""
        rows = []
        for target in PROBABILITIES:
            part = self.rows[self.rows["target"] == target]
            if part.empty:
                continue
            outcome, own = part["outcome"].to_numpy(), part[SERVED].to_numpy()
            loss = metrics.brier(outcome, own)
            row = {"target": target, "n": len(part), "base rate": outcome.mean(), "brier": loss}
            for reference in REFERENCES:
                row[reference] = loss / metrics.brier(outcome, part[reference].to_numpy())
            row["auc"] = metrics.auc(outcome, own)
            row["calibration error"] = metrics.calibration_error(outcome, own)
            rows.append(row)
        return pd.DataFrame(rows)

    def as_json(self) -> Json:
        """Return all figures."""
        tables = {
            "overall": self.deaths_table(None),
            "by_origin": self.deaths_table("vintage"),
            "by_horizon": self.deaths_table("horizon"),
            "by_size": self.deaths_table("size"),
            "probabilities": self.probability_table(),
        }
        content: dict[str, Json] = {
            "benchmark": "real time, dated vintages of country-months",
            "experiment": self.experiment,
            "learner": self.learner,
            "vintages": list(self.known_on),
        }
        for name, table in tables.items():
            content[name] = [dict(row) for _, row in table.astype(object).iterrows()]
        for reference in REFERENCES:
            median, share = self.country_figures(reference)
            content[f"countries_{reference}"] = {"median_ratio": median, "share_ahead": share}
        return content

    def as_markdown(self) -> str:
        """Return the tables, deaths first."""
        figures = {reference: self.country_figures(reference) for reference in REFERENCES}
        medians = "; ".join(
            f"{reference} {median:.3f}, ahead in {100 * share:.0f} %"
            for reference, (median, share) in figures.items()
        )
        loss = LOSS_NAMES[SPECS[DEATHS].loss]
        title = (
            f"{self.experiment} ({self.learner}), trained as known on {self.known_on[0]}, "
            f"forecast as known on {len(self.known_on)} dates to {self.known_on[-1]}"
        )
        return "\n".join(
            [
                f"{title}\n",
                f"{loss} of deaths, and its ratio to that of each reference on the same dates\n",
                _markdown(self.deaths_table(None)),
                _markdown(self.deaths_table("vintage")),
                _markdown(self.deaths_table("horizon")),
                f"Median country, and share of countries ahead: {medians}\n",
                "By mean deaths of the last year\n",
                _markdown(self.deaths_table("size")),
                "Brier score of the probabilities, as a ratio to each reference\n",
                _markdown(self.probability_table()),
            ]
        )


def _ratio(part: pd.DataFrame, reference: str) -> float:
    bar = float(part[reference].sum())
    return float(part[SERVED].sum()) / bar if bar > 0 else float("nan")


def _markdown(table: pd.DataFrame) -> str:
    return f"{frame_markdown(table, digits=4)}\n"
