"""Train, judge and review models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.environment import (
    MONTH,
    PROCESSORS,
    Config,
    Day,
    Jobs,
    Month,
    Scheduler,
    home,
    progress,
    running_code,
    simulated_mark,
    work_of,
    working,
)
from commands.rows import RowFormat, print_markdown, print_rows
from commands.stores import open_own_store, vintage_of_day

if TYPE_CHECKING:
    from experiments.tracking.store import MlflowStore
    from experiments.training import TrainingResult
    from features.archive.vintage import Vintage

_SERVED = {
    "model": "the model",
    "months_since": "the months since the last attempt, which the model does not beat",
    "base_rate": "the base rate, as there are too few attempts to learn from",
}
_FEW = 5
"""The most names in a list; more are counted."""


def indicators(
    family: Annotated[str | None, typer.Option(help="Only this family, such as history.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As in docs/indicators.md.")] = False,
    row_format: RowFormat = None,
) -> None:
    """List the indicators: name, meaning, unit, range and source, a table a family."""
    from features.indicators.catalogue import LISTED, catalogue_page, of_family, range_of

    indicators = LISTED if family is None else of_family(family)
    if markdown:
        print(catalogue_page(indicators), end="")
        return
    rows = [
        {
            "family": indicator.family,
            "name": indicator.name,
            "meaning": indicator.meaning,
            "unit": indicator.unit,
            "range": range_of(indicator),
            "source": indicator.source,
        }
        for indicator in indicators
    ]
    print_rows(rows, row_format, unseen=["range", "source"])


def train(
    origin: Month = None,
    config: Config = None,
    as_of: Day = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Fit, judge, track and register the models of each level."""
    with working("reading events"):
        from experiments.configuration import DEFAULT, read_configuration
        from experiments.training import train_levels

        configuration = read_configuration(config or DEFAULT)
        events = configuration.events
        vintage = vintage_of_day(as_of, events.named, events.summary)
        store = open_own_store()
    with work_of(jobs, scheduler) as work:
        results = train_levels(vintage, configuration, store, origin, work)
    from features.months import parse_month

    for result in results:
        _print_training(result)
    _train_coups(vintage, parse_month(results[0].origin), store)


def _train_coups(vintage: "Vintage", origin: int, store: "MlflowStore") -> None:
    """Train the scores of coups where the archive has a list of them, and say what came of it."""
    from experiments.coups.training import train_on_lists
    from features.archive.releases import Archive
    from features.errors import CoverageError
    from features.months import format_month

    try:
        training = train_on_lists(
            *(Archive(home()), vintage, origin, store, progress), code=running_code()
        )
    except CoverageError as error:
        print(f"coups: not scored: {error}")
        return
    if training is None:
        return
    version = training.version
    mark = simulated_mark(simulated=version.simulated)
    month = format_month(version.trained_to)
    state = "champion" if training.is_champion else "not champion"
    print(f"{mark}{version.label}, to {month}, is {state}: {training.verdict.reason}")
    for horizon, name in sorted(version.served.items()):
        saved = version.skill.get(horizon)
        skill = "not judged" if saved is None else f"log skill over the months since {saved:.3f}"
        print(f"  {horizon} months: served is {_SERVED[name]}; {skill}")


def backtest(
    origin: Month = None,
    config: Config = None,
    level: Annotated[
        list[str] | None, typer.Option(help="Only this level, such as admin1.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", help="First origin that is judged, YYYY-MM.", **MONTH)
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", help="Last origin that is judged, YYYY-MM.", **MONTH)
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report, a page in HTML, to this file.")
    ] = None,
    as_of: Day = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Judge the learners of an experiment on past origins; register nothing."""
    with working("reading events"):
        from experiments.backtest.folds import OriginSpan, Period
        from experiments.configuration import DEFAULT, read_configuration
        from experiments.training import FOLDER, backtest_levels
        from features.places.regions import parse_level

        configuration = read_configuration(config or DEFAULT)
        if level:
            levels = tuple(dict.fromkeys(map(parse_level, level)))
            configuration = configuration.model_copy(update={"levels": levels})
        vintage = vintage_of_day(as_of, configuration.events.named, configuration.events.summary)
        store = open_own_store()
        span = None if first is None and last is None else OriginSpan(first, last)
    period = Period(origin, span)
    with work_of(jobs, scheduler) as work:
        reports = backtest_levels(vintage, configuration, store, period, work, home() / FOLDER)
    for outcome in reports:
        print(f"{simulated_mark(simulated=outcome.simulated)}{outcome.level}: {outcome.headline}")
        for finding in outcome.findings:
            print(f"  {finding.about}: {finding.text}")
        if report is not None:
            own = report.with_stem(f"{report.stem}-{outcome.level}")
            path = report if len(reports) == 1 else own
            path.write_text(outcome.page, encoding="utf-8")
            print(f"  report: {path}")


def promote(
    level: Annotated[str, typer.Argument(help="country, admin1, priogrid or coups.")],
    version: Annotated[int, typer.Argument(min=1, help="Number of the registered version.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")],
) -> None:
    """Name a version champion, whatever the gate said of it."""
    from experiments.coups.registry import COUPS, promote_coups
    from experiments.tracking.promotion import promote_version
    from features.months import format_month
    from features.places.regions import parse_level

    store, means = open_own_store(), "the command line"
    if level == COUPS:
        promotion = promote_coups(store, version, reason, by=means)
    else:
        promotion = promote_version(store, parse_level(level), version, reason, by=means)
    model, previous = promotion.model, promotion.previous
    if not promotion.is_new:
        print(f"{model.label} is champion already: nothing changed")
        return
    print(
        f"{simulated_mark(simulated=model.simulated)}{model.label} ({model.learner}, to "
        f"{format_month(model.trained_to)}, gate: {'passed' if model.passed else 'refused'}) is "
        f"champion instead of {'none' if previous is None else previous.label}"
    )


def ablate(
    level: Annotated[str, typer.Option(help="country, admin1 or priogrid.")] = "admin1",
    family: Annotated[
        list[str] | None, typer.Option(help="Family of indicators; default: all.")
    ] = None,
    origin: Month = None,
    config: Config = None,
    as_of: Day = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Measure what each family of indicators adds to a region's own history."""
    from experiments.ablation import BASE, ablate_families, gains_markdown
    from experiments.configuration import DEFAULT, read_configuration
    from features.places.regions import parse_level

    configuration = read_configuration(config or DEFAULT)
    configuration = configuration.reading("all" if family is None else (BASE, *family))
    events, store = configuration.events, open_own_store()
    vintage = vintage_of_day(as_of, events.named, events.summary)
    with work_of(jobs, scheduler) as work:
        gains = ablate_families(vintage, configuration, store, parse_level(level), origin, work)
    print_markdown(gains_markdown(gains).rstrip())


def _print_training(result: "TrainingResult") -> None:
    state = "champion" if result.is_champion else "not champion"
    print(
        f"tocsin-{result.level}/{result.version} ({result.learner}, to {result.origin}) is "
        f"{state}: {result.verdict.reason}"
    )
    by_details: dict[str, list[str]] = {}
    for name, details in result.untold.items():
        by_details.setdefault(details, []).append(name)
    for details, names in by_details.items():
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        print(f"  the events do not tell {details}: without {', '.join(names[:_FEW])}{more}")
    from experiments.judging.skill import skill_text
    from features.words import LOSS_NAMES, SPECS

    for target, row in result.skill.iterrows():
        loss = SPECS[str(target)].loss
        skill, name = row[f"{loss}_skill"], LOSS_NAMES[loss].removesuffix(" score")
        print(f"  {target}: {name} skill over the best reference {skill_text(skill)}")
