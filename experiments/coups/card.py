"""The model card of coups: what is forecast and left out, from what, how well, and its limits."""

import numpy as np

from bulletins.manifest import LICENCE
from experiments.coups.gate import SERVED
from experiments.coups.judgement import CoupJudgement
from experiments.coups.registry import NAME
from experiments.coups.report import calibration_findings, headline, skill_findings
from experiments.judging.judge import frame_markdown
from experiments.judging.verification import calibration_table
from experiments.report.sentences import in_months
from experiments.report.templates import fill
from features.arrays import BoolArray
from features.indicators.state import known_states
from features.markdown import markdown_table
from features.months import format_month
from features.words import SPECS


def coup_card(judgement: CoupJudgement) -> str:
    """Return the card of a training, in Markdown."""
    past, provenance = judgement.past, judgement.provenance
    return fill(
        "coups.md.j2",
        judgement=judgement,
        simulated=provenance.simulated,
        name=NAME,
        meaning=SPECS["coup"].meaning,
        horizons=in_months(judgement.settings.horizons),
        headline=headline(judgement),
        countries=int(known_states(past)[-1].sum()),
        seizures=int(past.seizures.sum()),
        releases=", ".join(provenance.releases),
        coverage=_coverage(judgement),
        coefficients=_coefficients(judgement),
        skill=_skill(judgement),
        calibration=_calibration(judgement),
        limits=_limits(judgement),
        licence=LICENCE,
    )


def _coverage(judgement: CoupJudgement) -> str:
    """Return which months of how many states the lists observe and each table tells."""
    past, known = judgement.past, known_states(judgement.past)
    rows = [_covered(judgement, "coups", known)]
    rows += [
        _covered(judgement, name, known & ~np.isnan(values))
        for name, values in sorted(past.conditions.items())
    ]
    votes = known & ~np.isnan(past.election_within_6)
    rows.append(_covered(judgement, "elections", votes))
    head = ["what", "first month", "last month", "countries", "countries at the end"]
    return markdown_table(head, rows, texts=len(head))


def _covered(judgement: CoupJudgement, name: str, told: BoolArray) -> tuple[str, ...]:
    months = judgement.past.months[told.any(axis=1)]
    if not len(months):
        return name, "never", "", "0", "0"
    span = format_month(int(months[0])), format_month(int(months[-1]))
    return name, *span, str(int(told.any(axis=0).sum())), str(int(told[-1].sum()))


def _coefficients(judgement: CoupJudgement) -> str:
    """Return by what one standard deviation of each indicator multiplies the odds, by horizon."""
    table = judgement.coefficients()
    if table.empty:
        return "No horizon has enough attempts to learn from: the base rate is served.\n"
    odds = table.assign(odds=np.exp(table["coefficient"]))
    wide = odds.pivot_table("odds", ["indicator", "meaning"], "horizon", sort=False)
    wide.columns = [in_months([int(horizon)]) for horizon in wide.columns]
    return frame_markdown(wide.reset_index(), digits=2) + "\n"


def _skill(judgement: CoupJudgement) -> str:
    table = judgement.measures()
    return frame_markdown(table[table["measure"].str.contains("AUC|skill")]) + "\n"


def _calibration(judgement: CoupJudgement) -> str:
    """Return expected over observed of the model, and how what is served came true."""
    table = judgement.measures()
    ratios = table[table["measure"].str.startswith("expected")]
    served = calibration_table(judgement.scores, [SERVED], [])
    shown = ["target", "n", "mean_forecast", "observed", "calibration_error"]
    return f"{frame_markdown(ratios)}\n\n{frame_markdown(served[shown], 4)}\n"


def _limits(judgement: CoupJudgement) -> list[str]:
    """Return the findings that are not good."""
    findings = [*skill_findings(judgement), *calibration_findings(judgement)]
    return [f"At {one.about}: {one.text}" for one in findings if one.tone != "good"]
