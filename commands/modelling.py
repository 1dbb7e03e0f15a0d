"""Train, judge and review models."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.environment import (
    home,
    month_of,
    open_own_store,
    progress,
    running_code,
    simulated_mark,
    vintage_of_day,
)
from commands.options import Day, Jobs, Month

if TYPE_CHECKING:
    from experiments.training import Reported, Trained

_FEW = 5
"""So many names are enough to see what kind they are."""


def indicators(
    family: Annotated[str | None, typer.Option(help="Only this family, such as history.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As in docs/indicators.md.")] = False,
) -> None:
    """List the indicators: name, meaning, unit, range and source, a table a family."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Column, Table

    from features.indicators.catalogue import (
        CATALOGUE,
        FAMILIES,
        catalogue_page,
        of_family,
        range_of,
    )

    if markdown:
        print(catalogue_page(CATALOGUE if family is None else of_family(family)), end="")
        return
    for shown in FAMILIES if family is None else [family]:
        name = Column("name", no_wrap=True)
        table = Table(name, "meaning", "unit", "range", "source", title=shown, box=SIMPLE)
        for indicator in of_family(shown):
            table.add_row(
                indicator.name,
                indicator.meaning,
                indicator.unit,
                range_of(indicator),
                indicator.source,
            )
        Console().print(table)


def train(
    origin: Month = None,
    config: Annotated[Path | None, typer.Option(help="Experiment in TOML.")] = None,
    as_of: Day = None,
    jobs: Jobs = None,
) -> None:
    """Fit, judge, track and register the models of each level."""
    from experiments.configuration import DEFAULT, read_configuration
    from experiments.training import train as train_levels

    configuration = read_configuration(DEFAULT if config is None else config)
    trained = train_levels(
        vintage_of_day(as_of, configuration.events.named, configuration.events.summary),
        configuration,
        open_own_store(),
        None if origin is None else month_of(origin),
        code=running_code(),
        jobs=jobs or os.cpu_count() or 1,
        progress=progress,
    )
    for level in trained:
        _print_trained(level)


def backtest(
    origin: Month = None,
    config: Annotated[Path | None, typer.Option(help="Experiment in TOML.")] = None,
    level: Annotated[
        list[str] | None, typer.Option(help="Only this level, such as admin1.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="First origin that is judged, YYYY-MM.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last origin that is judged, YYYY-MM.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report, a page in HTML, to this file.")
    ] = None,
    as_of: Day = None,
    jobs: Jobs = None,
) -> None:
    """Judge the learners of an experiment on past origins; register nothing."""
    from experiments.backtest.folds import Period, Window
    from experiments.configuration import DEFAULT, read_configuration
    from experiments.training import FOLDER
    from experiments.training import backtest as backtest_levels
    from features.places.regions import parse_level

    configuration = read_configuration(DEFAULT if config is None else config)
    if level:
        configuration = configuration.model_copy(
            update={"levels": tuple(dict.fromkeys(parse_level(name) for name in level))}
        )
    ends = (None if month is None else month_of(month) for month in (origin, first, last))
    newest, *window = ends
    done = backtest_levels(
        vintage_of_day(as_of, configuration.events.named, configuration.events.summary),
        configuration,
        open_own_store(),
        Period(newest, None if window == [None, None] else Window(*window)),
        folder=home() / FOLDER,
        code=running_code(),
        jobs=jobs or os.cpu_count() or 1,
        progress=progress,
    )
    for reported in done:
        _print_reported(reported)
        if report is not None:
            path = report if len(done) == 1 else report.with_stem(f"{report.stem}-{reported.level}")
            path.write_text(reported.page, encoding="utf-8")
            print(f"  report: {path}")


def promote(
    level: Annotated[str, typer.Argument(help="country, admin1 or priogrid.")],
    version: Annotated[int, typer.Argument(min=1, help="Number of the registered version.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")],
) -> None:
    """Name a version champion, whatever the gate said of it."""
    from experiments.tracking.registry import promote as name_champion
    from features.months import format_month
    from features.places.regions import parse_level

    done = name_champion(
        open_own_store(), parse_level(level), version, reason, by="the command line"
    )
    model, previous = done.model, done.previous
    if not done.is_new:
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
    config: Annotated[Path | None, typer.Option(help="Experiment in TOML.")] = None,
    as_of: Day = None,
    jobs: Jobs = None,
) -> None:
    """Measure what each family of indicators adds to a region's own history."""
    from experiments.ablation import BASE, as_table, gains_markdown
    from experiments.ablation import ablate as ablate_families
    from experiments.configuration import DEFAULT, read_configuration
    from features.places.regions import parse_level

    configuration = read_configuration(DEFAULT if config is None else config)
    configuration = configuration.reading("all" if family is None else (BASE, *family))
    done = ablate_families(
        vintage_of_day(as_of, configuration.events.named, configuration.events.summary),
        configuration,
        open_own_store(),
        parse_level(level),
        None if origin is None else month_of(origin),
        code=running_code(),
        jobs=jobs or os.cpu_count() or 1,
        progress=progress,
    )
    print(gains_markdown(as_table(done)), end="")


def _print_reported(reported: "Reported") -> None:
    print(f"{simulated_mark(simulated=reported.simulated)}{reported.level}: {reported.headline}")
    for finding in reported.findings:
        print(f"  {finding.about}: {finding.text}")


def _print_trained(trained: "Trained") -> None:
    state = "champion" if trained.is_champion else "not champion"
    print(
        f"tocsin-{trained.level}/{trained.version} ({trained.learner}, to {trained.origin}) is "
        f"{state}: {trained.verdict.reason}"
    )
    by_details: dict[str, list[str]] = {}
    for name, details in trained.untold.items():
        by_details.setdefault(details, []).append(name)
    for details, names in by_details.items():
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        print(f"  the events do not tell {details}: without {', '.join(names[:_FEW])}{more}")
    from features.words import LOSS_NAMES, SPECS

    for target, row in trained.skill.iterrows():
        loss = SPECS[str(target)].loss
        skill, name = row[f"{loss}_skill"], LOSS_NAMES[loss].removesuffix(" score")
        print(f"  {target}: {name} skill {skill:+.3f} over the best reference")
