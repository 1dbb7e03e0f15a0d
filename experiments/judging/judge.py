"""Judge an experiment at one level: read, backtest, measure."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pandas as pd

from experiments.backtest.folds import Period, months_back
from experiments.backtest.grid import Jobs, task_cache
from experiments.backtest.rolling import Backtest, Progress, run_backtest
from experiments.configuration import Configuration
from experiments.judging.skill import SKILL_OF, SkillTables, skill_text
from experiments.judging.verification import Verification
from experiments.samples import Samples, TrainingData, panel_for, training_data
from features.archive.vintage import Vintage
from features.markdown import markdown_table
from features.months import format_month
from features.places.regions import Regions, load_regions
from features.words import SPECS, Level
from models.learners import LearnerName
from models.references import REFERENCES

SHARED_FOLDER = "training-arrays"
"""The hidden folder of a home for what processes share while they work."""


@dataclass(frozen=True)
class Work:
    """How a command works: version and commit of its code, fits side by side, and its display.

    `folder` is for what processes share while it works; None: each has its own copy.
    """

    code: str
    jobs: Jobs
    progress: Progress
    folder: Path | None = None

    def shared(self, data: TrainingData) -> TrainingData:
        """Return the same with what is large in a folder of its own, for all processes."""
        if self.folder is None:
            return data
        return replace(data, samples=data.samples.in_files(Path(mkdtemp(dir=self.folder))))


@dataclass(frozen=True, eq=False)
class Training:
    """One training of one level: what it learned from, and its backtest."""

    level: Level
    configuration: Configuration
    regions: Regions
    samples: Samples
    backtest: Backtest
    digest: str
    vintage: Vintage
    code: str
    untold: dict[str, str]
    """Indicators that the history cannot give, and the detail that it lacks."""

    @property
    def origin(self) -> str:
        """The last month of the training data, YYYY-MM."""
        return format_month(int(self.samples.months[-1]))

    @property
    def releases(self) -> str:
        """The names of the releases that it learned from."""
        return ", ".join(release.name for release in self.vintage.releases)


def comparison_note(training: Training, skill: SkillTables, chosen: LearnerName) -> str:
    """Return the description of a training's parent run, in Markdown."""
    headline = f"{_warning(training)}**{chosen} won: {_headline(skill, chosen)}.**"
    about = f"{training.configuration.description}. {_learned_from(training)}"
    return "\n\n".join([f"{headline} {about}", skill_markdown(skill.overall), _HOW_TO_READ])


def forecast_note(training: Training, skill: SkillTables, forecast: str) -> str:
    """Return the description of the run of one learner or reference, in Markdown."""
    kind = "Reference" if forecast in REFERENCES else "Learner"
    headline = f"{_warning(training)}**{kind} {forecast}: {_headline(skill, forecast)}.**"
    table = skill_markdown(skill.overall[skill.overall["forecast"] == forecast])
    return "\n\n".join([f"{headline} {_learned_from(training)}", table, _HOW_TO_READ])


def _headline(skill: SkillTables, forecast: str) -> str:
    own = skill.summary(forecast)
    parts = [
        f"{target} {skill_text(row[SKILL_OF[SPECS[str(target)].loss]])}"
        for target, row in own.iterrows()
    ]
    return f"skill over the best reference {', '.join(parts)}"


_HOW_TO_READ = (
    "Skill is 1 - score / the best reference's score on the same forecasts: 0 is no better than "
    "the best of climatology, conflictology, persistence and decaying_record, 1 is perfect."
)


def _warning(training: Training) -> str:
    return "**SIMULATED events: invented, no news.** " if training.vintage.simulated else ""


def _learned_from(training: Training) -> str:
    samples, settings = training.samples, training.configuration
    origin = training.backtest.probabilities["origin"]
    first, last = (format_month(int(month)) for month in (origin.min(), origin.max()))
    return (
        f"{len(training.regions)} {training.level} regions, events of "
        f"{training.releases}, {format_month(int(samples.months[0]))} to "
        f"{training.origin}; judged on the origins {first} to {last} by what was known then, "
        f"fitted anew every {settings.backtest.refit_months} months, always on earlier months only."
    )


def skill_markdown(overall: pd.DataFrame) -> str:
    """Return the columns that people read first, as a Markdown table."""
    columns = ["target", "forecast", "n", "base_rate", "brier", "brier_skill", "log_skill", "auc",
               "calibration_error", "crps", "crps_skill", "mean_ratio"]  # fmt: skip
    return frame_markdown(overall[[column for column in columns if column in overall]])


def frame_markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """Return a table in Markdown, numbers with so many decimals."""
    rows = [[_cell(value, digits) for value in row] for row in table.itertuples(index=False)]
    return markdown_table([*map(str, table)], rows, texts=len(table.columns)).rstrip("\n")


def _cell(value: Any, digits: int) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.{digits}f}"
    return str(value)


@dataclass(frozen=True, eq=False)
class Judgement:
    """A backtest with its measures, and the learner that came out best."""

    training: Training
    skill: SkillTables
    verification: Verification
    chosen: LearnerName

    def tables_of(self, learner: str) -> dict[str, pd.DataFrame]:
        """Return the tables of a learner, with the references where they have rows."""
        skill, verification = self.skill, self.verification
        beside = {
            "by_horizon": skill.probabilities,
            "deaths": skill.deaths,
            "by_origin": skill.by_origin,
            "deaths_by_origin": skill.deaths_by_origin,
            "calibration": verification.calibration,
            "calibration_by_horizon": verification.by_horizon,
            "calibration_by_country": verification.by_country,
            "calibration_high": verification.high,
            "pit": verification.pit,
        }
        against = {
            "gains": verification.gains,
            "gains_overall": verification.overall,
            "gains_by_year": verification.by_year,
        }
        own = {n: t[t["forecast"].isin([learner, *REFERENCES])] for n, t in beside.items()}
        return own | {n: t[t["learner"] == learner] for n, t in against.items()}


def judge(
    vintage: Vintage,
    level: Level,
    configuration: Configuration,
    period: Period,
    work: Work,
    folder: Path | None = None,
) -> Judgement:
    """Backtest the learners of a configuration at a level and measure their skill.

    `folder` caches finished tasks. Raises CoverageError when the events do not reach the origin or
    begin too late.
    """
    panel = panel_for(configuration, vintage, level)
    # Backtests of other spans share a cache, so that one with a cache reads every month.
    back = months_back(configuration) if folder is None and period.span is None else None
    data = work.shared(training_data(panel, configuration, period.origin, back))
    panel, configuration, samples = data.panel, data.configuration, data.samples
    cache = None if folder is None else task_cache(folder, samples, configuration)
    backtest = run_backtest(
        samples, configuration, level, work.jobs, work.progress, span=period.span, cache=cache
    )
    training = Training(
        level=level,
        configuration=configuration,
        regions=panel.regions,
        samples=samples,
        backtest=backtest,
        digest=panel.digest(),
        vintage=vintage,
        code=work.code,
        untold=data.untold,
    )
    skill = SkillTables.of(backtest)
    countries, seed = country_names(panel.regions), configuration.seed
    return Judgement(
        training=training,
        skill=skill,
        verification=Verification.of(backtest, configuration.learners, countries, seed=seed),
        chosen=best_learner(skill, configuration.learners),
    )


def country_names(regions: Regions) -> list[str]:
    """Return the name of each region's country, its code where no name is known."""
    names = load_regions("country").table.set_index("id")["name"]
    codes = regions.table["country"]
    return [str(name) for name in codes.map(names).fillna(codes)]


def best_learner(skill: SkillTables, learners: tuple[LearnerName, ...]) -> LearnerName:
    """Return the learner with the highest logarithmic skill, mean over the targets."""
    return max(learners, key=lambda learner: float(skill.summary(learner)["log_skill"].mean()))
