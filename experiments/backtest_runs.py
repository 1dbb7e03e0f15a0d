"""`tocsin backtest`: judge an experiment, log it, write its report; nothing is registered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.backtest import Progress
from experiments.configuration import Configuration
from experiments.findings import Finding, headline
from experiments.folds import Period
from experiments.judging import judge
from experiments.registry import refuse_other_events
from experiments.report import findings_of, report_page
from experiments.store import Store
from experiments.tracking import log_training
from features.archive.vintage import Vintage
from features.places.regions import Level

FOLDER = "backtests"
"""Where in the home directory finished tasks are kept."""


@dataclass(frozen=True)
class Reported:
    """The outcome of one level's backtest: what was found, and the page about it."""

    level: Level
    simulated: bool
    headline: str
    findings: Sequence[Finding]
    page: str


def backtest(
    vintage: Vintage,
    configuration: Configuration,
    store: Store,
    period: Period,
    *,
    folder: Path,
    code: str,
    jobs: int,
    progress: Progress,
) -> list[Reported]:
    """Backtest every level of the configuration and log runs, pictures and reports.

    Finished tasks are kept in the folder, and a backtest that was broken off goes on from them.
    Raises CoverageError when the events do not reach the origin, or begin too late, and ModelError
    when a store would mix simulated and real.
    """
    for level in configuration.levels:
        refuse_other_events(store, level, vintage)
    done = []
    for level in configuration.levels:
        judged = judge(
            *(vintage, level, configuration, period),
            code=code,
            jobs=jobs,
            progress=progress,
            folder=folder,
        )
        page = report_page(judged)
        log_training(store, judged, page, role="backtest")
        told = headline(judged.verification, judged.chosen)
        done.append(Reported(level, vintage.simulated, told, findings_of(judged), page))
    return done
