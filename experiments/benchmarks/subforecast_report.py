"""The results of the SUB-Forecast benchmark, as Markdown and for JSON."""

from dataclasses import asdict, dataclass

from experiments.benchmarks.files import Json, figure
from experiments.benchmarks.published import UNIT_ENTRIES, UNIT_ROWS, UnitTarget
from experiments.benchmarks.subforecast_data import UNIT_TARGETS
from experiments.benchmarks.subforecast_scores import ALL, TO_2023, UnitFigures
from features.markdown import markdown_table
from features.months import format_month

_HEADS = ["rows", "base", "AP", "AUC", "Brier", "calibration error", "slope"]


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
