"""The command line."""

import sys

import typer

from commands import (
    archive,
    benchmarks,
    bulletins,
    demo,
    fetch,
    ingest,
    keys,
    models,
    service,
)

app = typer.Typer(
    help="Monthly, calibrated risk scores of escalation and instability for every region.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, in half the time
)
app.add_typer(ingest.ingest, name="ingest")
app.add_typer(fetch.fetch, name="fetch")
app.add_typer(archive.events, name="events")
app.add_typer(benchmarks.benchmark, name="benchmark")
app.add_typer(keys.app, name="key")
for command in (
    models.indicators,
    models.train,
    models.backtest,
    models.promote,
    models.ablate,
    bulletins.publish,
    bulletins.evaluate,
    bulletins.replay,
    service.serve,
    service.scores,
    service.ui,
    demo.demo,
):
    app.command()(command)


def main() -> None:
    """Run a command; a TocsinError is one plain line on stderr and exit code 1."""
    from features.errors import TocsinError

    try:
        app()
    except TocsinError as error:
        print(f"tocsin: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
