"""Judge an experiment at one level: read, backtest, measure."""

from dataclasses import dataclass
from pathlib import Path

from experiments.backtest import Progress, run_backtest
from experiments.configuration import Configuration
from experiments.evaluation import Skill
from experiments.folds import Period
from experiments.kept import kept_under
from experiments.notes import Training
from experiments.samples import newest_origin, samples_at
from experiments.verification import Verification
from features.archive.vintage import Vintage
from features.indicators.catalogue import needs_of, untold
from features.panel.panel import read_panel
from features.places.regions import Level, Regions, load_regions
from models.learners import LearnerName


@dataclass(frozen=True, eq=False)
class Judged:
    """A backtest with its measures, and the learner that came out best."""

    training: Training
    skill: Skill
    verification: Verification
    chosen: LearnerName


def judge(
    vintage: Vintage,
    level: Level,
    configuration: Configuration,
    period: Period,
    *,
    code: str,
    jobs: int,
    progress: Progress,
    folder: Path | None = None,
) -> Judged:
    """Backtest the learners of a configuration at a level and measure what they are worth.

    With a folder, finished tasks are kept there, and taken from there the next time. `code` is the
    version and commit that is running. Raises CoverageError when the events do not reach the origin
    or begin too late.
    """
    panel = read_panel(vintage, level, needs_of(configuration.indicator_names))
    origin = newest_origin(panel) if period.origin is None else period.origin
    panel = panel.until(origin)
    missing = untold(panel, configuration.indicator_names)
    configuration = configuration.without(missing)
    samples = samples_at(panel, origin, configuration.tau(level), configuration.indicator_names)
    kept = None if folder is None else kept_under(folder, samples, configuration)
    backtest = run_backtest(
        samples, configuration, level, jobs, progress, window=period.window, kept=kept
    )
    training = Training(
        level=level,
        configuration=configuration,
        regions=panel.regions,
        samples=samples,
        backtest=backtest,
        digest=panel.digest(),
        releases=tuple(release.name for release in vintage.releases),
        code=code,
        simulated=vintage.simulated,
        history=vintage.history,
        summary_events=vintage.summary_events,
        untold=missing,
    )
    skill = Skill.of(backtest)
    countries, seed = country_names(panel.regions), configuration.seed
    return Judged(
        training=training,
        skill=skill,
        verification=Verification.of(backtest, configuration.learners, countries, seed=seed),
        chosen=_better(skill, configuration.learners),
    )


def country_names(regions: Regions) -> list[str]:
    """Return the name of each region's country, its code where no name is known."""
    known = load_regions("country").table.set_index("id")["name"]
    codes = regions.table["country"]
    return [str(name) for name in codes.map(known).fillna(codes)]


def _better(skill: Skill, learners: tuple[LearnerName, ...]) -> LearnerName:
    """Return the learner with the higher logarithmic skill, mean over the targets."""
    return max(learners, key=lambda learner: float(skill.summary(learner)["log_skill"].mean()))
