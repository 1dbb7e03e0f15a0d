"""The results of the VIEWS benchmark, as Markdown and for JSON."""

from dataclasses import asdict, dataclass

from experiments.benchmarks.files import Json, figure
from experiments.benchmarks.published import CountryEntry
from experiments.benchmarks.views_scores import ALL, MEAN, WITHOUT_WARS, CountryFigure
from features.markdown import markdown_table

_DIGITS = {"crps": 2, "ign": 3, "mis": 1}
_WORTH_SHOWING = 2.0
"""Entries whose CRPS is beyond so many times conflictology's are left to the JSON."""


@dataclass(frozen=True)
class ViewsReport:
    """Our figures beside the published entries, which stand beside conflictology's published one.

    `draws` is how many the forecaster gave.
    """

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
            "figures": [one._asdict() for one in self.figures],
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
                row.append(figure(here.ratio, 3))
            own = of[window, "ign_own"]
            rows.append([*row, figure(own.ours, 3), figure(own.conflictology, 3)])
        compared = [
            f"{m.upper()}{of}" for m in _DIGITS for of in ("", ", conflictology", ", ratio")
        ]
        head = ["window", *compared, "IGN of own draws", "IGN of own draws, conflictology"]
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
