"""The report of a training of coups: one page, of the parts of all reports."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.coups.backtest import BASE, COUP_REFERENCES
from experiments.coups.fitting import MODEL, REFERENCE
from experiments.coups.gate import SERVED
from experiments.coups.judgement import CoupJudgement
from experiments.coups.judging import BASE_SKILL, DECISIVE, EXPECTED, HorizonFigures
from experiments.judging.verification import calibration_table
from experiments.report import calibration_figures, skill_figures
from experiments.report.page import Report, shown_table
from experiments.report.picture import INK, Picture, Plot, colour_of
from experiments.report.sentences import Finding, Tone, in_months, in_words
from features.months import format_month

_WORDS = {"model": "the model", "months_since": "the months since", "base_rate": "the base rate"}
_GOOD_RATIO = (0.9, 1.1)
"""The good range of expected over observed attempts."""

_READINGS = {
    "skill_by_horizon": "A point above the line: of the reference's loss, so much is saved. Bars "
    "are 95 % intervals, with years and countries drawn anew.",
    "reliability": "On the diagonal a score means what it says. Axes end at the highest score, and "
    "a few attempts move a point far.",
    "precision_recall": "Higher is better: at the same share of cases caught, fewer false alarms. "
    "Dotted: an alarm for every country.",
    "coefficients": "Right of the line: more of it, more attempts follow. It goes before attempts, "
    "and need not cause them; those that go together share what they tell.",
}
_KEY = (
    "Log skill and Brier skill are the share of the reference's loss that is saved; low and high "
    "are the 95 % interval. Gain, in what the gate compared: of the Brier score."
)


def coup_report(judgement: CoupJudgement) -> Report:
    """Return the report of a training."""
    return Report(
        subject="coups by country",
        learner=MODEL,
        simulated=judgement.provenance.simulated,
        origins=_origins(judgement),
        headline=headline(judgement),
        lead="The model against the months since the last attempt, a regression on that alone; "
        f"the gate: {judgement.verdict.reason}.",
        skill=skill_findings(judgement),
        calibration=calibration_findings(judgement),
        pictures=[(picture, _READINGS[picture.name]) for picture in pictures_of(judgement)],
        facts=_facts(judgement),
        tables=_tables(judgement),
        key=_KEY,
    )


def pictures_of(judgement: CoupJudgement) -> list[Picture]:
    """Return the pictures of skill, calibration, alarms and coefficients."""
    scores = judgement.scores
    pictures = [
        skill_figures.skill_by_horizon(
            _gains(judgement), MODEL, (REFERENCE, BASE), loss="logarithmic loss"
        ),
        calibration_figures.reliability(scores, SERVED, is_whole=False),
        skill_figures.precision_recall(scores, SERVED, COUP_REFERENCES),
    ]
    table = judgement.coefficients()
    return pictures if table.empty else [*pictures, _coefficients(table)]


def _gains(judgement: CoupJudgement) -> pd.DataFrame:
    """Return the log skill of the model over its references by horizon, as `Verification.gains`."""
    rows = [
        ("coup", figure.horizon, MODEL, reference, figure.rows, *figure.measures[name])
        for figure in judgement.figures
        for reference, name in ((REFERENCE, DECISIVE), (BASE, BASE_SKILL))
    ]
    columns = ["target", "horizon", "learner", "reference", "n", "gain", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _coefficients(table: pd.DataFrame) -> Picture:
    parts = list(table.groupby("horizon"))
    most = max(len(rows) for _, rows in parts)
    plots = [
        Plot(in_months([int(str(horizon))]), partial(_draw_coefficients, rows=rows[::-1]))
        for horizon, rows in parts
    ]
    title = "Change in log-odds for one standard deviation of an indicator"
    return Picture("coefficients", title, plots, size=(4.6, 0.25 * most + 1.1))


def _draw_coefficients(axes: Axes, rows: pd.DataFrame) -> None:
    place = np.arange(len(rows))
    axes.axvline(0, color=INK, lw=1)
    axes.plot(rows["coefficient"], place, "o", color=colour_of(MODEL), ms=6)
    axes.set_yticks(place, rows["indicator"])
    axes.grid(visible=True, axis="x")
    axes.set(xlabel="log-odds")


def headline(judgement: CoupJudgement) -> str:
    """Return the headline of a report: where the model is served."""
    horizons = {
        source: [h for h, own in judgement.sources.items() if own == source] for source in _WORDS
    }
    parts = [f"{in_months(own)} by {_WORDS[source]}" for source, own in horizons.items() if own]
    return f"Attempts of coups are forecast at {in_words(parts)}."


def skill_findings(judgement: CoupJudgement) -> list[Finding]:
    """Return a finding a horizon: whether the model beats the months since the last attempt."""
    return [_skill_finding(figure, judgement) for figure in judgement.figures]


def _skill_finding(figure: HorizonFigures, judgement: CoupJudgement) -> Finding:
    gain, base = figure.measures[DECISIVE], figure.measures[BASE_SKILL]
    low, high = 100 * gain.low, 100 * gain.high
    text = (
        f"Of the logarithmic loss of the months since, the model saves {100 * gain.value:.1f} % "
        f"(95 % interval {low:.1f} to {high:.1f} %), of the base rate's {100 * base.value:.1f} %, "
        f"on about {round(figure.cases / figure.horizon)} attempts. Served: "
        f"{_WORDS[judgement.sources[figure.horizon]]}."
    )
    tone: Tone = "good" if gain.is_real else "mixed"
    return Finding(in_months([figure.horizon]), text, "bad" if gain.value <= 0 else tone)


def calibration_findings(judgement: CoupJudgement) -> list[Finding]:
    """Return a finding a horizon: whether as many attempts came as the model expected."""
    findings = []
    for figure in judgement.figures:
        ratio = figure.measures[EXPECTED]
        text = (
            f"The model expects {ratio.value:.2f} times the cases that came (95 % interval "
            f"{ratio.low:.2f} to {ratio.high:.2f})."
        )
        is_near = _GOOD_RATIO[0] <= ratio.value <= _GOOD_RATIO[1]
        may_be_chance = ratio.low <= 1 <= ratio.high
        tone: Tone = "good" if is_near else "mixed" if may_be_chance else "bad"
        findings.append(Finding(in_months([figure.horizon]), text, tone))
    return findings


def _origins(judgement: CoupJudgement) -> str:
    origin = judgement.scores["origin"]
    return " to ".join(format_month(int(month)) for month in (origin.min(), origin.max()))


def _facts(judgement: CoupJudgement) -> dict[str, str]:
    settings, scores, past = judgement.settings, judgement.scores, judgement.past
    return {
        "Origins": f"{_origins(judgement)}, {scores['origin'].nunique()} of them; fitted anew "
        f"every {settings.backtest.refit_months} months on what was known by then",
        "Countries": f"{scores['country'].nunique()}",
        "Outcomes": f"known up to {judgement.origin}; {len(scores):,} scores judged, "
        f"{int(past.attempts.sum())} attempts in the record",
        "Learned from": f"origins since {settings.first_month}",
        "Releases": ", ".join(judgement.provenance.releases),
        "Experiment": f"{settings.name}: {settings.description}",
        "Code": judgement.provenance.code,
        "Gate": judgement.verdict.reason,
    }


def _tables(judgement: CoupJudgement) -> list[dict[str, object]]:
    names = [SERVED, *COUP_REFERENCES]
    tables = [
        shown_table("Figures by horizon", judgement.measures()),
        shown_table("Calibration", calibration_table(judgement.scores, names, [])),
        shown_table("What the gate compared", judgement.verdict.evidence),
    ]
    coefficients = judgement.coefficients()
    return tables if coefficients.empty else [*tables, shown_table("Coefficients", coefficients)]
