"""The findings of a backtest in sentences, good and bad alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from experiments.judging.skill import SkillTables
from experiments.judging.verification import HIGH, Verification, strongest
from experiments.report.calibration_figures import RATIO_BAR
from features.words import DISPLAYED, LOSS_NAMES, SPECS
from models.forecaster import DEATHS
from models.references import REFERENCES

Tone = Literal["good", "mixed", "bad"]

CALIBRATION_BAR = 0.01
"""The largest good calibration error."""

_TOO_FEW = 30
"""With fewer high scores a share means little."""


@dataclass(frozen=True)
class Finding:
    """A result: its subject, one to three sentences, and whether it is good."""

    about: str
    text: str
    tone: Tone


def skill_findings(verification: Verification, learner: str) -> list[Finding]:
    """Return a finding a target: where a learner is better than every reference."""
    targets = set(verification.overall["target"])
    return [
        _skill_finding(verification, learner, target) for target in DISPLAYED if target in targets
    ]


def headline(verification: Verification, learner: str) -> str:
    """Return the headline of a report."""
    ahead: list[str] = []
    behind: list[str] = []
    for target in DISPLAYED:
        rows = _gains_of(verification, learner, target)
        if not rows.empty:
            (ahead if (rows["gain"] > 0).all() else behind).append(target)
    claim = f"{learner} is ahead of every reference at every horizon in"
    if not behind:
        return f"{claim} {in_words(ahead)}."
    if not ahead:
        return f"{learner} is in no target ahead of every reference at every horizon."
    return f"{claim} {in_words(ahead)}, and not in {in_words(behind)}."


def calibration_findings(verification: Verification, learner: str) -> list[Finding]:
    """Return a finding a target of probabilities: whether scores come true as often as they say."""
    rows = verification.calibration[verification.calibration["forecast"] == learner]
    high = verification.high[verification.high["forecast"] == learner]
    return [_calibration_finding(row, high) for _, row in rows.iterrows()]


def deaths_finding(skill: SkillTables, learner: str) -> Finding:
    """Return whether the forecast deaths add up to those that came."""
    ratio = float(skill.summary(learner)["mean_ratio"][DEATHS])
    rows = skill.deaths[skill.deaths["forecast"] == learner].dropna(subset="mean_ratio")
    if rows.empty:
        return Finding("deaths", "Nobody died in the months that were forecast.", "mixed")
    by_horizon, low, high = rows["mean_ratio"], *RATIO_BAR
    outside = rows.loc[~by_horizon.between(low, high), "horizon"]
    text = (
        f"Forecast deaths add up to {ratio:.2f} times those that came, "
        f"{by_horizon.min():.2f} to {by_horizon.max():.2f} by horizon: "
    )
    if outside.empty:
        return Finding("deaths", f"{text}between {low} and {high} at each.", "good")
    text += f"outside {low} to {high} at {in_months(outside)}."
    return Finding("deaths", text, "mixed" if low <= ratio <= high else "bad")


def country_finding(verification: Verification, learner: str, target: str) -> str:
    """Return the country whose mean score and frequency lie farthest apart, in words."""
    table = verification.by_country
    rows = table[(table["target"] == target) & (table["forecast"] == learner)]
    row = rows.iloc[int((rows["mean_forecast"] - rows["observed"]).abs().argmax())]
    return (
        f"Farthest apart: {row['country']}, mean score {row['mean_forecast']:.3f}, came true "
        f"{row['observed']:.3f} ({int(row['n']):,} forecasts)."
    )


def year_finding(verification: Verification, learner: str) -> str:
    """Return for each target the year that was worst against the strongest reference, in words."""
    worst = []
    for target in DISPLAYED:
        opponent = strongest(verification.overall, target, learner)
        table = verification.by_year[verification.by_year["target"] == target].dropna(subset="gain")
        rows = table[(table["learner"] == learner) & (table["reference"] == opponent)]
        if not rows.empty:
            row = rows.iloc[int(rows["gain"].argmin())]
            worst.append(f"{target} {100 * row['gain']:+.1f} % in {int(row['year'])}")
    return f"Least over the strongest reference: {in_words(worst)}." if worst else ""


def _skill_finding(verification: Verification, learner: str, target: str) -> Finding:
    rows = _gains_of(verification, learner, target)
    opponent = strongest(verification.overall, target, learner)
    whole = verification.overall[verification.overall["target"] == target]
    total = whole[(whole["learner"] == learner) & (whole["reference"] == opponent)].iloc[0]
    if np.isnan(total["gain"]):
        return Finding(
            target, f"{opponent} was hardly ever wrong, so there is nothing to save.", "bad"
        )
    is_ahead = bool((rows["gain"] > 0).all())
    tone: Tone = "good" if is_ahead and total["low"] > 0 else "mixed"
    if total["gain"] <= 0:
        tone = "bad"
    loss = LOSS_NAMES[SPECS[target].loss]
    text = f"{_where(rows)} At all horizons together it {_saving(total, opponent, loss)}."
    return Finding(target, text, tone)


def _gains_of(verification: Verification, learner: str, target: str) -> pd.DataFrame:
    gains = verification.gains
    return gains[(gains["target"] == target) & (gains["learner"] == learner)]


def _where(rows: pd.DataFrame) -> str:
    """Return where a learner is better and where it is not, in words."""
    horizons = in_months(rows["horizon"])
    # NaN, the gain over a reference that was hardly ever wrong, is not better.
    behind = rows[~(rows["gain"] > 0)]
    if behind.empty:
        unsure = rows[~(rows["low"] > 0)]
        if unsure.empty:
            always = "each time by a 95 % interval that leaves out zero"
            return f"Better than every reference at every horizon ({horizons}), {always}."
        if rows["low"].isna().all():
            few = "too few origins for an interval"
            return f"Ahead of every reference at every horizon ({horizons}); {few}."
        chance = f"not by an interval that leaves out zero against {_by_reference(unsure)}"
        return f"Ahead of every reference at every horizon ({horizons}), but {chance}."
    if len(behind) == len(rows):
        return f"Better than no reference at any horizon ({horizons})."
    text = f"Not better than {_by_reference(behind)}"
    worse = behind[behind["high"] < 0]
    if not worse.empty:
        text += f"; worse beyond chance than {_by_reference(worse)}"
    return f"{text}. Ahead of the references otherwise."


def _by_reference(rows: pd.DataFrame) -> str:
    """Return references and horizons in words, grouped by equal horizons."""
    together: dict[str, list[str]] = {}
    for reference in REFERENCES:
        own = rows[rows["reference"] == reference]
        if not own.empty:
            together.setdefault(in_months(own["horizon"]), []).append(reference)
    return ", and ".join(f"{in_words(names)} at {months}" for months, names in together.items())


def _saving(row: pd.Series, reference: str, loss: str) -> str:
    value, low, high = (100 * float(row[name]) for name in ("gain", "low", "high"))
    verb = "saves"
    if value < 0:
        verb, value, low, high = "adds", -value, -high, -low
    interval = "" if np.isnan(low) else f" (95 % interval {low:.1f} to {high:.1f} %)"
    to = "of" if verb == "saves" else "to"
    strength = "the strongest reference"
    return f"{verb} {value:.1f} % {to} the {loss} of {reference}, {strength}{interval}"


def _calibration_finding(row: pd.Series, high: pd.DataFrame) -> Finding:
    target, error = str(row["target"]), float(row["calibration_error"])
    good = error <= CALIBRATION_BAR
    text = (
        f"Scores are off by {error:.4f} on average, {'within' if good else 'more than'} "
        f"{CALIBRATION_BAR}: mean score {row['mean_forecast']:.3f}, came true "
        f"{row['observed']:.3f}. "
    )
    tone: Tone = "good" if good else "bad"
    rows = high[high["target"] == target]
    if rows.empty:
        return Finding(target, f"{text}No score was above {HIGH}.", tone)
    own = rows.iloc[0]
    n, mean, came = int(own["n"]), float(own["mean_forecast"]), float(own["observed"])
    text += f"Of the {n:,} above {HIGH} (mean {mean:.2f}) {100 * came:.0f} % came true"
    text += "; so few say little." if n < _TOO_FEW else "."
    if good and n >= _TOO_FEW and abs(mean - came) > 0.1:  # noqa: PLR2004 - a tenth is plain to see
        tone = "mixed"
    return Finding(target, text, tone)


def in_months(horizons: Sequence[int] | pd.Series) -> str:
    """Return horizons in words: `1 to 4 and 9 months`."""
    runs: list[list[int]] = []
    for horizon in sorted({int(h) for h in horizons}):
        if runs and horizon == runs[-1][-1] + 1:
            runs[-1].append(horizon)
        else:
            runs.append([horizon])
    shown = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"{in_words(shown)} month{'' if shown == ['1'] else 's'}"


def in_words(names: Sequence[str]) -> str:
    """Return names in words: `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
