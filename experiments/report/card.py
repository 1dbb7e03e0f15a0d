"""The model card: what a model forecasts, from what, how well, and where not to trust it."""

from collections import defaultdict
from collections.abc import Collection

import numpy as np
import pandas as pd

from bulletins.manifest import LICENCE
from experiments.judging.judge import Judgement, country_names, frame_markdown
from experiments.judging.verification import FEWEST_CASES, MAPPED, strongest
from experiments.report.page import findings_of
from experiments.report.sentences import country_finding, in_months, year_finding
from experiments.report.templates import fill
from features.indicators.catalogue import FAMILIES, INTRODUCTIONS, select
from features.markdown import markdown_table
from features.months import format_month
from features.words import SPECS

_FEW = 5
"""The most releases, countries, and best or worst regions that are named one by one."""


def model_card(judgement: Judgement) -> str:
    """Return the card of the chosen learner, in Markdown."""
    training = judgement.training
    names = [release.name for release in training.vintage.releases]
    return fill(
        "card.md.j2",
        training=training,
        simulated=training.vintage.simulated,
        learner=judgement.chosen,
        countries=training.regions.table["country"].nunique(),
        releases=f"{names[0]} to {names[-1]}" if len(names) > _FEW else training.releases,
        first=format_month(int(training.samples.months[0])),
        targets=_targets(judgement),
        coverage=_coverage(judgement),
        unscored=int((~training.samples.eligible[-1]).sum()),
        indicators=_indicators(judgement),
        skill=_skill(judgement),
        by_horizon=_skill_by_horizon(judgement),
        by_region=_skill_by_region(judgement),
        calibration=_calibration(judgement),
        limits=_limits(judgement),
        licence=LICENCE,
    )


def _targets(judgement: Judgement) -> str:
    rows = [
        (target, in_months(horizons), SPECS[target].meaning)
        for target, horizons in judgement.training.configuration.targets.items()
    ]
    return markdown_table(["target", "ahead", "meaning"], rows, texts=3)


def _coverage(judgement: Judgement) -> str:
    """Return which months are observed of how many regions, and of which countries."""
    samples, countries = judgement.training.samples, country_names(judgement.training.regions)
    is_observed = ~np.isnan(samples.deaths)
    named = defaultdict(list)
    for country, observed in zip(countries, is_observed.T, strict=True):
        months = [format_month(int(month)) for month in samples.months[observed]]
        gaps = 0 if not months else len(samples.months[observed.argmax() :]) - len(months)
        gaps -= int(observed[::-1].argmax())
        named[(months[0], months[-1], gaps) if months else ("never", "", 0)].append(country)
    rows = [
        (first, last, str(gaps), str(len(inside)), _listed(dict.fromkeys(inside)))
        for (first, last, gaps), inside in sorted(named.items())
    ]
    head = ["first month", "last month", "months missing between", "regions", "countries"]
    return markdown_table(head, rows, texts=len(head))


def _listed(names: Collection[str]) -> str:
    first = sorted(names)[:_FEW]
    others = len(names) - len(first)
    return ", ".join(first) + (f" and {others} more" if others else "")


def _indicators(judgement: Judgement) -> str:
    """Return what the learners may read, a row a family."""
    indicators = select(judgement.training.configuration.indicator_names)
    names = {family: [i.name for i in indicators if i.family == family] for family in FAMILIES}
    rows = [
        (family, str(len(own)), INTRODUCTIONS[family], ", ".join(f"`{name}`" for name in own))
        for family, own in names.items()
        if own
    ]
    return markdown_table(["family", "number", "what it describes", "names"], rows, texts=4)


def _skill_by_horizon(judgement: Judgement) -> str:
    """Return the gain over the reference that is strongest there, a row a target and horizon."""
    table, learner = judgement.verification.gains, judgement.chosen
    parts = []
    for (target, _), part in table[table["learner"] == learner].groupby(
        ["target", "horizon"], sort=False
    ):
        parts.append(part[part["reference"] == strongest(part, str(target), learner)])
    shown = ["target", "horizon", "reference", "n", "gain", "low", "high"]
    return frame_markdown(pd.concat(parts)[shown]) + "\n"


def _skill_by_region(judgement: Judgement) -> str:
    """Return in how many regions scores are better, and the best and the worst of them."""
    verification, learner = judgement.verification, judgement.chosen
    table = verification.by_region.dropna(subset=learner).sort_values(learner, ascending=False)
    if table.empty:
        return (
            f"No region had {FEWEST_CASES} months of either kind, so skill by region is not told.\n"
        )
    regions = judgement.training.regions
    names = regions.table["name"].to_numpy()[table["region"]]
    countries = np.asarray(country_names(regions))[table["region"]]
    opponent = strongest(verification.overall, MAPPED, learner)
    claim = (
        f"Of {len(verification.by_region)} regions {len(table)} had {FEWEST_CASES} cases and "
        f"{FEWEST_CASES} without one in {MAPPED}; {int((table[learner] > 0).sum())} of them had "
        f"better scores than {opponent}. Of one region alone chance is large."
    )
    table = table.assign(region=names, country=countries).rename(columns={learner: "skill"})
    ends = table if len(table) <= 2 * _FEW else pd.concat([table.head(_FEW), table.tail(_FEW)])
    rows = frame_markdown(ends[["region", "country", "n", "cases", "skill"]])
    return f"{claim}\n\n{rows}\n"


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
