"""The vocabulary: levels of regions, targets, levels of risk. No formula, no heavy import.

A target is a row of SPECS here and a formula in `features/targets.py`; all else reads the spec.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

Level = Literal["country", "admin1", "priogrid"]
Target = Literal["fatalities", "instability", "escalation", "onset", "surge", "coup"]
Measure = Literal["deaths", "events"]
Outcome = Literal["violence", "coups"]
Violence = Literal["state-based", "non-state", "one-sided"]
Loss = Literal["brier", "crps"]
Alarm = Literal["high", "low"]
RiskName = Literal["low", "guarded", "elevated", "high", "critical"]

LOSS_NAMES: dict[Loss, str] = {"brier": "Brier score", "crps": "CRPS"}

LEVELS: tuple[Level, ...] = get_args(Level)
TARGETS: tuple[Target, ...] = get_args(Target)
CoupModel = Literal["coups"]
ModelOf = Level | CoupModel
"""What a registered model is of: the violence of a level, or coups."""

MODELS: tuple[ModelOf, ...] = (*LEVELS, "coups")
RISK_LEVELS: tuple[RiskName, ...] = get_args(RiskName)
"""The names of the risk levels, upwards; everything else goes by their place."""

UnscoredReason = Literal["ended", "gaps", "violent"]
UNSCORED: dict[UnscoredReason, str] = {
    "ended": "observed to {month} only",
    "gaps": "not observed in each of the 24 months to the origin",
    "violent": "deaths in the 24 months to the origin",
}
"""Why an observed region has no score; `{month}` is the last month that is observed."""

QUANTILES: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""The quantile levels that a predictive distribution is reported at."""


@dataclass(frozen=True)
class TargetSpec:
    """What a target is, in words and numbers.

    A window runs from the month after the origin to the horizon. `loss` judges a distribution
    (CRPS) or a probability (Brier score). `shares` names the target whose model, risk levels and
    drivers it has. `reached` says what the probability is of,
    `question` what the forecast answers; in them stand `{threshold}`, `{deaths}` (so many deaths as
    the threshold), `{month}` (the last) and `{horizon}`. `bounds` are the least probabilities of
    the risk levels above the first, the same at every level of regions: a word says the same
    everywhere. `counts` says what comes true: deaths in a region, or attempts of a coup in a
    country, which have a history and models of their own.
    """

    name: Target
    title: str
    meaning: str
    unit: str
    is_window: bool
    loss: Loss
    shares: Target
    reached: str
    question: str
    bounds: tuple[float, float, float, float]
    counts: Outcome = "violence"

    @property
    def is_distribution(self) -> bool:
        """Whether a distribution is forecast, and not a probability alone."""
        return self.loss == "crps"


_month = partial(TargetSpec, is_window=False, bounds=(0.05, 0.2, 0.5, 0.8))
_window = partial(TargetSpec, is_window=True, bounds=(0.05, 0.1, 0.2, 0.4))

SPECS: dict[str, TargetSpec] = {
    spec.name: spec
    for spec in (
        _month(
            name="fatalities",
            title="Deaths",
            meaning="Deaths in the target month: the whole distribution, and the probability that "
            "they reach the threshold.",
            unit="deaths/month",
            loss="crps",
            shares="instability",
            reached="{threshold} or more deaths",
            question="How many deaths are to be expected in {month}?",
        ),
        _month(
            name="instability",
            title="Instability",
            meaning="Deaths in the target month reach the threshold of the level.",
            unit="probability",
            loss="brier",
            shares="instability",
            reached="{threshold} or more deaths",
            question="How likely is it that {month} has {deaths}?",
        ),
        _window(
            name="escalation",
            title="Escalation",
            meaning="Mean deaths a month, over the months after the origin up to the horizon, "
            "reach twice the mean of the 12 months to the origin, and the threshold of the level.",
            unit="probability",
            loss="brier",
            shares="escalation",
            reached="{threshold} or more deaths a month",
            question="How likely is it that deaths, over the {horizon} months to {month}, at least "
            "double the average of the year before (and reach {threshold} a month)?",
        ),
        _window(
            name="onset",
            title="Onset",
            meaning="Any death in the months after the origin up to the horizon, in a region "
            "without one in the 24 months to the origin.",
            unit="probability",
            loss="brier",
            shares="onset",
            reached="any death",
            question="How likely is any death in the {horizon} months to {month}, where there was "
            "none for two years?",
        ),
        _month(
            name="surge",
            title="Surge",
            meaning="More than usual in the target month: above the mean of the 8 months to the "
            "origin by their standard deviation, and by 2 at least.",
            unit="probability",
            loss="brier",
            shares="surge",
            reached="{threshold} or more deaths",
            question="How likely is it that {month} has more deaths than usual, {threshold} or "
            "more?",
        ),
        TargetSpec(
            name="coup",
            title="Coup",
            meaning="Any attempt of a coup, failed or successful, by the military or others of the "
            "state, in the months after the origin up to the horizon; countries alone.",
            unit="probability",
            is_window=True,
            loss="brier",
            shares="coup",
            reached="any attempt of a coup",
            question="How likely is any attempt of a coup in the {horizon} months to {month}?",
            bounds=(0.02, 0.05, 0.1, 0.2),
            counts="coups",
        ),
    )
}

DISTRIBUTIONS = tuple(name for name in TARGETS if SPECS[name].is_distribution)
PROBABILITIES = tuple(name for name in TARGETS if not SPECS[name].is_distribution)
OF_VIOLENCE = tuple(name for name in TARGETS if SPECS[name].counts == "violence")
"""The targets that are forecast from a panel of regions."""
OF_COUPS = tuple(name for name in TARGETS if SPECS[name].counts == "coups")
"""The targets that are forecast from a history of states."""

DISPLAYED: tuple[Target, ...] = (*PROBABILITIES, *DISTRIBUTIONS)
"""The targets in the order in which people see them."""


def quantile_column(level: float) -> str:
    """Return the column of a quantile level in whole per cent: 0.05 is in `q05`."""
    return f"q{round(level * 100):02d}"
