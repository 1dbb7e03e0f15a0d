"""Scores of SUB-Forecast by target, on all rows and on parts, as Markdown and for JSON."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

import pandas as pd

from experiments.benchmarks.files import Json, figure
from experiments.benchmarks.published import UNIT_ENTRIES, UNIT_ROWS, UnitTarget
from features.arrays import FloatArray
from features.markdown import markdown_table
from features.months import format_month, parse_month
from models import metrics

UNIT_TARGETS: tuple[UnitTarget, ...] = ("occurrence", "escalation", "onset")
FIRST_ORIGIN = parse_month("2017-08")
FIRST_ONSET_ORIGIN = parse_month("2019-03")
"""Where the published rows begin; those of onset from here on are exactly as many as published."""

ALL, NAMED = "all", "units with a name"
TO_2023 = "targets to 2023"
"""The published rows, where a table goes on after them."""
_HEADS = ["rows", "base", "AP", "AUC", "Brier", "calibration error", "slope"]
_CHOSEN_UNTIL, _PUBLISHED_UNTIL = parse_month("2021-12"), parse_month("2023-12")


class UnitFigures(NamedTuple):
    """The measures of a target on a part of the rows; `base` is the share of positives."""

    part: str
    target: UnitTarget
    rows: int
    base: float
    average_precision: float
    auc: float
    brier: float
    calibration_error: float
    reliability_slope: float


def figures_of(rows: pd.DataFrame) -> list[UnitFigures]:
    """Return the measures by part of the rows and target.

    `rows` have target, origin [months since 1970-01], region (negative without a name), outcome and
    probability. Those of onset before FIRST_ONSET_ORIGIN are left out.
    """
    scored = rows[(rows["target"] != "onset") | (rows["origin"] >= FIRST_ONSET_ORIGIN)]
    return [
        _measured(part, target, own["outcome"].to_numpy(), own["probability"].to_numpy())
        for part, chosen in _parts(scored)
        for target in UNIT_TARGETS
        if len(own := chosen[chosen["target"] == target])
    ]


def _measured(part: str, target: UnitTarget, y: FloatArray, p: FloatArray) -> UnitFigures:
    return UnitFigures(
        part,
        target,
        rows=len(y),
        base=float(y.mean()),
        average_precision=metrics.average_precision(y, p),
        auc=metrics.auc(y, p),
        brier=metrics.brier(y, p),
        calibration_error=metrics.calibration_error(y, p),
        reliability_slope=metrics.reliability_slope(y, p),
    )


def _parts(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield parts of the rows by name."""
    target_month = rows["origin"] + 1
    yield ALL, rows
    yield "targets to 2021", rows[target_month <= _CHOSEN_UNTIL]
    held_out = (target_month > _CHOSEN_UNTIL) & (target_month <= _PUBLISHED_UNTIL)
    yield "targets of 2022-2023", rows[held_out]
    if (target_month > _PUBLISHED_UNTIL).any():
        yield TO_2023, rows[target_month <= _PUBLISHED_UNTIL]
        yield "targets from 2024", rows[target_month > _PUBLISHED_UNTIL]
    if (rows["region"] < 0).any():
        yield NAMED, rows[rows["region"] >= 0]


@dataclass(frozen=True)
class SubForecastReport:
    """Our figures beside the published entries; origins are [months since 1970-01]."""

    forecaster: str
    seed: int
    first_origin: int
    last_origin: int
    units: int
    named_units: int
    figures: list[UnitFigures]

    def as_json(self) -> Json:
        """Return all figures."""
        return {
            "benchmark": "SUB-Forecast v1.0",
            "forecaster": self.forecaster,
            "seed": self.seed,
            "first_origin": format_month(self.first_origin),
            "last_origin": format_month(self.last_origin),
            "units": self.units,
            "named_units": self.named_units,
            "figures": [row._asdict() for row in self.figures],
            "published_rows": {
                target: {"rows": rows, "base": base} for target, (rows, base) in UNIT_ROWS.items()
            },
            "published": [asdict(entry) for entry in UNIT_ENTRIES],
        }

    def as_markdown(self) -> str:
        """Return ours beside the published figures, a table a target, then ours by part."""
        span = f"origins {format_month(self.first_origin)} to {format_month(self.last_origin)}"
        units = f"{self.units} units"
        if self.named_units < self.units:
            units += f", of which {self.units - self.named_units} have no event and no name yet"
        tables = [f"{self.forecaster}, {span}, {units}\n"]
        tables += [self._beside_published(target) for target in UNIT_TARGETS]
        rows = [[row.part, row.target, *_cells(row)] for row in self.figures]
        return "\n".join([*tables, markdown_table(["part", "target", *_HEADS], rows, texts=2)])

    def _beside_published(self, target: UnitTarget) -> str:
        own = {row.part: row for row in self.figures if row.target == target}
        best = own.get(TO_2023, own.get(ALL))
        rows = [] if best is None else [[f"**{self.forecaster}**", *_cells(best)]]
        n, base = UNIT_ROWS[target]
        for entry in UNIT_ENTRIES:
            if entry.target == target:
                measures = [entry.average_precision, entry.auc, entry.brier]
                cells = [f"{n:,}", figure(base, 3), *(figure(value, 3) for value in measures)]
                rows.append([f"{entry.model}, published", *cells, "-", "-"])
        return markdown_table([target, *_HEADS], rows)


def _cells(row: UnitFigures) -> list[str]:
    return [
        f"{row.rows:,}",
        figure(row.base, 4),
        figure(row.average_precision, 3),
        figure(row.auc, 3),
        figure(row.brier, 4),
        figure(row.calibration_error, 4),
        figure(row.reliability_slope, 2),
    ]
