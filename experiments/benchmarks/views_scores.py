"""Scores of the VIEWS Prediction Challenge (CRPS, IGN, MIS), as Markdown and for JSON.

IGN depends on the number of draws. The leaderboard resamples every entry to 1000 draws by Fourier
interpolation: `ign` is comparable with it, `ign_own` is that of the draws as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import resample

from experiments.benchmarks.files import Json, figure
from experiments.benchmarks.published import CountryEntry
from experiments.benchmarks.views_data import ChallengeWindow, CountryHistory
from features.arrays import FloatArray
from features.markdown import markdown_table
from models.metrics import crps_ensemble, ignorance, interval_score

Losses = Mapping[str, FloatArray]
"""Measure -> loss of each month and country, (12, C)."""

MEASURES = ("crps", "ign", "mis", "ign_own")
MEAN = "mean"
ALL, WITHOUT_WARS = "all countries", "without Ethiopia and Ukraine"
_WARS = {ALL: (), WITHOUT_WARS: ("Ethiopia", "Ukraine")}
_DRAWS = 1000
_DIGITS = {"crps": 2, "ign": 3, "mis": 1}
_WORTH_SHOWING = 2.0
"""Entries whose CRPS is beyond so many times conflictology's are left to the JSON."""


WindowLosses = Mapping[str, Losses]
"""The losses of OURS and of each reference in a window."""

OURS = "ours"
REFERENCES = ("conflictology", "decaying_record")


class CountryFigure(NamedTuple):
    """Mean losses of a window (or MEAN), part of the countries and measure."""

    window: str
    part: str
    measure: str
    ours: float
    conflictology: float
    decaying_record: float

    def ratio(self, reference: str) -> float:
        """Return our loss as a share of a reference's; NaN over 0."""
        bar = float(getattr(self, reference))
        return self.ours / bar if bar else float("nan")


def losses_of(outcome: FloatArray, draws: npt.NDArray[np.floating]) -> Losses:
    """Return the losses of draws (12, C, m) [deaths/month] given the outcome (12, C)."""
    truth = outcome.ravel()
    flat = draws.reshape(outcome.size, -1).astype(np.float64)
    by_measure = {
        "crps": crps_ensemble(truth, flat),
        "ign": ignorance(truth, as_on_leaderboard(flat)),
        "mis": interval_score(truth, flat),
        "ign_own": ignorance(truth, flat),
    }
    return {name: loss.reshape(outcome.shape) for name, loss in by_measure.items()}


def as_on_leaderboard(draws: FloatArray) -> FloatArray:
    """Return draws (n, m) as the leaderboard counts them for IGN, (n, 1000), none below 0."""
    if draws.shape[1] == _DRAWS:
        return draws
    return np.maximum(np.asarray(resample(draws, _DRAWS, axis=1), np.float64), 0)


def figures_of(
    history: CountryHistory,
    windows: Sequence[ChallengeWindow],
    losses: Sequence[WindowLosses],
) -> list[CountryFigure]:
    """Return mean losses by window and over all windows, with and without the two great wars."""
    figures = []
    for part, wars in _WARS.items():
        left_out = [k for k, n in zip(history.countries, history.names, strict=True) if n in wars]
        is_counted = [~np.isin(window.countries, left_out) for window in windows]
        for measure in MEASURES:
            means = [
                [float(one[name][measure][:, k].mean()) for name in (OURS, *REFERENCES)]
                for one, k in zip(losses, is_counted, strict=True)
            ]
            means.append([fmean(column) for column in zip(*means, strict=True)])
            names = [*(str(window.year) for window in windows), MEAN]
            figures += [
                CountryFigure(name, part, measure, *values)
                for name, values in zip(names, means, strict=True)
            ]
    return figures


@dataclass(frozen=True)
class ViewsReport:
    """Our figures and the published entries, each beside conflictology; `draws` is our number."""

    forecaster: str
    seed: int
    draws: int
    figures: list[CountryFigure]
    published_conflictology: CountryEntry
    published: tuple[CountryEntry, ...]

    def as_json(self) -> Json:
        """Return all figures."""
        bar = self.published_conflictology
        return {
            "benchmark": "VIEWS Prediction Challenge 2023/24, country-month",
            "forecaster": self.forecaster,
            "seed": self.seed,
            "draws": self.draws,
            "figures": [
                one._asdict() | {f"ratio_to_{name}": one.ratio(name) for name in REFERENCES}
                for one in self.figures
            ],
            "published_conflictology": asdict(bar),
            "published": [asdict(e) | {"ratio": _ratios(e, bar)} for e in self.published],
        }

    def as_markdown(self) -> str:
        """Return the figures by window, and ours beside the published ones."""
        parts = [self._by_window(part) for part in (ALL, WITHOUT_WARS)]
        return "\n".join([*parts, self._beside_published()])

    def _by_window(self, part: str) -> str:
        of = {(f.window, f.measure): f for f in self.figures if f.part == part}
        rows = []
        for window in dict.fromkeys(window for window, _ in of):
            row = [window]
            for measure, digits in _DIGITS.items():
                here = of[window, measure]
                row += [figure(here.ours, digits), figure(here.conflictology, digits)]
                row += [figure(here.ratio(name), 3) for name in REFERENCES]
            rows.append([*row, figure(of[window, "ign_own"].conflictology, 3)])
        parts = ("", ", conflictology", ", ratio", ", ratio to decaying record")
        compared = [f"{m.upper()}{of}" for m in _DIGITS for of in parts]
        head = ["window", *compared, "IGN of conflictology's own draws"]
        return f"{self.forecaster}, {part}\n\n{markdown_table(head, rows)}"

    def _beside_published(self) -> str:
        mean = {f.measure: f for f in self.figures if f.part == ALL and f.window == MEAN}
        crps, ign, mis = (mean[measure] for measure in _DIGITS)
        ours = CountryEntry(f"**{self.forecaster}**", crps.ours, ign.ours, mis.ours)
        own_bar = CountryEntry(
            "conflictology", crps.conflictology, ign.conflictology, mis.conflictology
        )
        bar = self.published_conflictology
        rows = [_row(ours, own_bar, "here"), _row(own_bar, own_bar, "here")]
        rows.append(_row(bar, bar, "published"))
        entries = [e for e in self.published if e.crps <= _WORTH_SHOWING * bar.crps]
        rows += [_row(entry, bar, "published") for entry in entries]
        head = ["forecast", "scored", *(h for m in _DIGITS for h in (m.upper(), "ratio"))]
        note = (
            "Mean of the windows, all countries; those published are of 2018-2023. Ratios are to "
            "conflictology on the same truth; an ensemble in hindsight is no fair bar."
        )
        return f"{note}\n\n{markdown_table(head, rows, texts=2)}"


def _ratios(entry: CountryEntry, bar: CountryEntry) -> dict[str, float]:
    pairs = {measure: (getattr(entry, measure), getattr(bar, measure)) for measure in _DIGITS}
    return {m: own / of_bar if of_bar else float("nan") for m, (own, of_bar) in pairs.items()}


def _row(entry: CountryEntry, bar: CountryEntry, where: str) -> list[str]:
    ratio = _ratios(entry, bar)
    cells = [entry.model, where]
    for measure, digits in _DIGITS.items():
        cells += [figure(getattr(entry, measure), digits), figure(ratio[measure], 3)]
    return cells
