"""Hold our forecasts against published benchmarks."""

from pathlib import Path
from typing import Annotated

import typer

from commands.environment import MONTH, PROCESSORS, Jobs, progress

benchmark = typer.Typer(
    help="Forecast a published benchmark's tables and compare.", no_args_is_help=True
)

Figures = Annotated[Path | None, typer.Option("--json", help="Write all figures to this file.")]
Predictions = Annotated[
    Path | None, typer.Option(help="Write the forecasts to this file, as Parquet.")
]


Config = Annotated[
    Path | None, typer.Option(help="Experiment in TOML; default: the benchmark's own.")
]


@benchmark.command("views")
def views(
    data: Annotated[Path, typer.Option(help="Folder of the tables of the VIEWS challenge.")],
    windows: Annotated[
        str | None, typer.Option(help="Years, 2018..2023; default: all that have a truth.")
    ] = None,
    config: Config = None,
    figures: Figures = None,
    predictions: Predictions = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Forecast deaths by country and month: CRPS, IGN and MIS beside the published ones."""
    from experiments.benchmarks.files import Run
    from experiments.benchmarks.views import EXPERIMENT, benchmark_views
    from experiments.benchmarks.views_data import parse_windows
    from experiments.configuration import read_configuration

    report = benchmark_views(
        data,
        None if windows is None else parse_windows(windows),
        read_configuration(config or EXPERIMENT),
        Run(jobs, progress, figures, predictions),
    )
    print(report.as_markdown(), end="")


@benchmark.command("sub-forecast")
def sub_forecast(
    data: Annotated[Path, typer.Option(help="CSV of events by admin-1 unit and month.")],
    first: Annotated[
        int | None, typer.Option("--from", help="First origin, YYYY-MM; default: 2017-08.", **MONTH)
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--to", help="Last origin; default: the last that can be judged.", **MONTH),
    ] = None,
    units: Annotated[
        int, typer.Option(min=1, help="Units at least; quiet ones without a name fill up.")
    ] = 994,
    config: Config = None,
    figures: Figures = None,
    predictions: Predictions = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Forecast occurrence, escalation and onset by region: beside the published scores."""
    from experiments.benchmarks.files import Run
    from experiments.benchmarks.subforecast import EXPERIMENT, benchmark_subforecast
    from experiments.configuration import read_configuration

    report = benchmark_subforecast(
        data,
        (first, last),
        read_configuration(config or EXPERIMENT),
        Run(jobs, progress, figures, predictions),
        units,
    )
    print(report.as_markdown(), end="")


@benchmark.command("real-time")
def real_time(
    data: Annotated[Path, typer.Option(help="Folder of dated vintages by country and month.")],
    config: Config = None,
    figures: Figures = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Forecast from what was known on each of several dates: CRPS and Brier beside references."""
    from experiments.benchmarks.files import Run
    from experiments.benchmarks.real_time import benchmark_real_time
    from experiments.configuration import DEFAULT, read_configuration

    report = benchmark_real_time(
        data,
        read_configuration(config or DEFAULT),
        Run(jobs, progress, figures),
    )
    print(report.as_markdown(), end="")


@benchmark.command("coups")
def coups(
    data: Annotated[Path, typer.Option(help="Folder of the tables of coups and of states.")],
    last: Annotated[
        int | None,
        typer.Option("--to", help="Last origin; default: the last that can be judged.", **MONTH),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Experiment of coups in TOML; default: Tocsin's own.")
    ] = None,
    figures: Figures = None,
) -> None:
    """Forecast attempts of coups by country: skill, and beside the published forecasts."""
    from experiments.benchmarks.coups import benchmark_coups
    from experiments.benchmarks.files import Run
    from experiments.coups.settings import DEFAULT, read_coup_settings

    settings = read_coup_settings(config or DEFAULT)
    report = benchmark_coups(data, last, settings, Run(1, progress, figures))
    print(report.as_markdown(), end="")
