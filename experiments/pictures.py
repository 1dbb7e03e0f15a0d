"""The pictures of a learner's backtest, in the order in which they are looked at."""

from experiments.figures import calibration, skill
from experiments.figures.picture import Picture
from experiments.judging import Judged
from experiments.verification import strongest


def pictures_of(judged: Judged, learner: str) -> list[Picture]:
    """Return all pictures of one learner beside the references."""
    found, told = judged.verification, judged.training.backtest.probabilities
    pit_of = (learner, strongest(found.overall, "fatalities", learner))
    opponent = strongest(found.overall, "instability", learner)
    return [
        skill.skill_by_horizon(found.gains, learner),
        calibration.reliability(told, learner),
        calibration.countries(found.by_country, learner, "instability"),
        skill.precision_recall(told, learner),
        skill.skill_by_year(found.by_year, learner),
        skill.skill_map(judged.training.regions, found.by_region, learner, opponent),
        calibration.pit(found.pit, pit_of),
        calibration.deaths_ratio(judged.skill.deaths, learner),
    ]
