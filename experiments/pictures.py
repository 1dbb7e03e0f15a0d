"""The pictures of a learner's backtest, in the order in which they are looked at."""

from experiments.figures import calibration, skill
from experiments.figures.models import has_outlines
from experiments.figures.picture import Picture
from experiments.judging import Judged
from experiments.verification import strongest


def pictures_of(judged: Judged, learner: str) -> list[Picture]:
    """Return all pictures of one learner beside the references; a map only of known outlines."""
    found, told = judged.verification, judged.training.backtest.probabilities
    pit_of = (learner, strongest(found.overall, "fatalities", learner))
    opponent = strongest(found.overall, "instability", learner)
    regions, maps = judged.training.regions, []
    if has_outlines(regions):
        maps = [skill.skill_map(regions, found.by_region, learner, opponent)]
    return [
        skill.skill_by_horizon(found.gains, learner),
        calibration.reliability(told, learner),
        calibration.countries(found.by_country, learner, "instability"),
        skill.precision_recall(told, learner),
        skill.skill_by_year(found.by_year, learner),
        *maps,
        calibration.pit(found.pit, pit_of),
        calibration.deaths_ratio(judged.skill.deaths, learner),
    ]
