"""The monthly routine, for this month and for months gone by."""

import json
import os
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.alerts import rules_if_any, senders_of_rules
from commands.environment import (
    MONTH,
    PROCESSORS,
    Config,
    Day,
    Jobs,
    home,
    progress,
    running_code,
    today,
    work_of,
    working,
)
from commands.rows import print_markdown
from commands.stores import open_archive, open_own_store, pull_bulletins, shared_bulletins
from features.printable import printable

if TYPE_CHECKING:
    from experiments.cycle.steps import Bell
    from experiments.judging.judge import Work
    from features.archive.vintage import Vintage


def cycle(
    as_of: Day = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    accept: Annotated[
        str | None,
        typer.Option(help="Why data beyond a bound are taken all the same; it is kept."),
    ] = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Do what a month needs: new data, check, retrain if due, publish; exits 1 when refused."""
    from experiments.judging.judge import Work

    plain = Work(running_code(), jobs, progress)
    with nullcontext(plain) if dry_run else work_of(jobs, None) as work:
        _cycle(as_of, work, accept, dry_run=dry_run)


def _cycle(as_of: date | None, work: "Work", accept: str | None, *, dry_run: bool) -> None:
    with working("reading events"):
        from importlib.metadata import version

        from experiments.cycle.cycle import plan, run_cycle
        from experiments.cycle.settings import cycle_settings
        from experiments.cycle.steps import Workshop
        from features.errors import ArchiveError, InputError
        from features.sources.fetching.transport import Transport

        if accept is not None and not accept.strip():
            raise InputError("--accept needs a reason: say why the data are taken all the same")
        folder, day = home(), as_of or today()
        shared = None if dry_run else shared_bulletins()
        if shared is None:
            pull_bulletins()
        else:
            shared.catch_up()
        settings = cycle_settings(folder)
        shop = Workshop(
            home=folder,
            archive=open_archive(is_added_to=not dry_run),
            store=open_own_store(is_read=dry_run),
            settings=settings,
            configuration=settings.configuration(folder),
            work=work,
            client=Transport(user_agent=f"tocsin/{version('tocsin')}"),
            clock=lambda: datetime.now(UTC),
            say=_say,
            bell=_bell(),
            shared=shared,
        )
    if dry_run:
        for line in plan(shop, day):
            _say(line)
        return
    refused = run_cycle(shop, day, accept)[-1].refusal
    if refused is not None:
        raise ArchiveError(
            f"the cycle of {day} is refused: {refused}; see to the data, or say with --accept why "
            "they are taken all the same"
        )


def _bell() -> "Bell | None":
    """Return the rules and channels of alerts, None without rules; a mistake in them is refused."""
    from commands.settings import read_settings
    from experiments.cycle.steps import Bell

    rules = rules_if_any()
    if rules is None:
        return None
    return Bell(rules, senders_of_rules(rules), read_settings().public_url)


def relive(
    first: Annotated[int, typer.Option("--from", help="First month of a cycle, YYYY-MM.", **MONTH)],
    last: Annotated[int, typer.Option("--to", help="Last month of a cycle.", **MONTH)],
    source: Annotated[str, typer.Option(help="The history whose releases are dated.")],
    retrain_every: Annotated[int, typer.Option(min=1, help="Months between trainings.")] = 6,
    truth: Annotated[
        Path | None, typer.Option(help="Counts that are known now; default: the last release.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Home of its own; default: relive/SOURCE in the home.")
    ] = None,
    config: Config = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Do the cycle of past months again, each on what was known then, and judge all of them."""
    with working("reading events"):
        from experiments.configuration import DEFAULT, read_configuration
        from experiments.judging.judge import Work
        from experiments.relive.days import Past, dated_days, experiment_of, relived_rows
        from experiments.relive.report import ReliveReport, log_report
        from features.archive.vintage import open_vintage
        from features.disk import write_whole

        archive = open_archive()
        newest = open_vintage(archive, today(), source)
        days = dated_days(archive, source, first, last)
        place = into or home() / "relive" / source
        place.mkdir(parents=True, exist_ok=True)
        os.environ["TOCSIN_HOME"] = str(place)
        os.environ["MLFLOW_TRACKING_URI"] = ""  # the store of its own home
        past = Past(
            home=place,
            archive=archive,
            store=open_own_store(),
            configuration=experiment_of(read_configuration(config or DEFAULT), newest),
            retrain_every=retrain_every,
            work=Work(running_code(), jobs, progress),
            say=_say,
            days=days,
            truth=newest if truth is None else _truth(truth, newest, place),
        )
    report = ReliveReport(past.about, newest.simulated, relived_rows(past))
    write_whole(place / "relive.md", report.markdown().encode())
    write_whole(place / "relive.json", json.dumps(report.as_json(), indent=2).encode())
    log_report(past.store, report)
    print_markdown(report.markdown().rstrip())


def _truth(file: Path, newest: "Vintage", place: Path) -> "Vintage":
    """Return counts that are known now; raises InputError for a history of events."""
    from features.archive.releases import Archive
    from features.archive.vintage import vintage_of
    from features.errors import InputError
    from features.sources.counts import CountsOptions, read_counts

    if newest.level is None:
        raise InputError("--truth is for a history of counts: leave it out")
    options = CountsOptions(newest.history, newest.level, "truth", today())
    return vintage_of([Archive(place / "truth").add(read_counts(file, options)).release], today())


def _say(line: str) -> None:
    print(printable(line), flush=True)
