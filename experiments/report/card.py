"""The model card: what a model forecasts, from what, how well, and where not to trust it."""

from pathlib import Path

import jinja2
import pandas as pd

from experiments.judging.judge import Judgement, frame_markdown
from experiments.judging.verification import MAPPED, strongest
from experiments.report.page import findings_of
from experiments.report.sentences import country_finding, in_months, year_finding
from features.markdown import markdown_table
from features.months import format_month
from features.words import SPECS

_FEW = 5
"""The most releases that are named one by one."""

_TEMPLATE = Path(__file__).with_name("card.md.j2")


def model_card(judgement: Judgement) -> str:
    """Return the card of the chosen learner, in Markdown."""
    environment = jinja2.Environment(  # noqa: S701 - Markdown, not HTML
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    training = judgement.training
    names = [release.name for release in training.vintage.releases]
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        training=training,
        learner=judgement.chosen,
        countries=training.regions.table["country"].nunique(),
        releases=f"{names[0]} to {names[-1]}" if len(names) > _FEW else training.releases,
        first=format_month(int(training.samples.months[0])),
        targets=_targets(judgement),
        skill=_skill(judgement),
        calibration=_calibration(judgement),
        limits=_limits(judgement),
    )


def _targets(judgement: Judgement) -> str:
    rows = [
        (target, in_months(horizons), SPECS[target].meaning)
        for target, horizons in judgement.training.configuration.targets.items()
    ]
    return markdown_table(["target", "ahead", "meaning"], rows, texts=3)


def _skill(judgement: Judgement) -> str:
    """Return the gain over the strongest reference and its 95 % interval, a row a target."""
    table, learner = judgement.verification.overall, judgement.chosen
    own = table[table["learner"] == learner]
    best = [strongest(table, str(target), learner) for target in own["target"]]
    shown = ["target", "reference", "n", "gain", "low", "high"]
    return frame_markdown(own.loc[own["reference"] == best, shown]) + "\n"


def _calibration(judgement: Judgement) -> str:
    """Return how all scores and the high ones agree with what came, a row each a target."""
    verification, rows = judgement.verification, []
    for scores, table in (("all", verification.calibration), ("above 0.5", verification.high)):
        own = table[table["forecast"] == judgement.chosen]
        rows.append(own.drop(columns="forecast").assign(scores=scores))
    shown = ["target", "scores", "n", "mean_forecast", "observed", "calibration_error", "slope"]
    return frame_markdown(pd.concat(rows)[shown]) + "\n"


def _limits(judgement: Judgement) -> list[str]:
    """Return the findings that are not good, and what the events do not tell."""
    verification, learner = judgement.verification, judgement.chosen
    findings = [f for f in findings_of(judgement) if f.tone != "good"]
    limits = [f"{finding.about.capitalize()}: {finding.text}" for finding in findings]
    if MAPPED in set(verification.overall["target"]):
        limits.append(f"{MAPPED.capitalize()}: {country_finding(verification, learner, MAPPED)}")
    limits.append(year_finding(verification, learner))
    if judgement.training.untold:
        limits.append(f"The events do not tell {', '.join(judgement.training.untold)}.")
    return [*filter(None, limits)]
