"""The monthly routine."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from commands.alerts import rules_if_any, senders_of_rules
from commands.environment import (
    PROCESSORS,
    Day,
    Jobs,
    home,
    open_own_store,
    progress,
    running_code,
    today,
    working,
)
from features.printable import printable

if TYPE_CHECKING:
    from experiments.cycle.steps import Bell


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
    with working("reading events"):
        from importlib.metadata import version

        from experiments.cycle.cycle import plan, run_cycle
        from experiments.cycle.settings import cycle_settings
        from experiments.cycle.steps import Workshop
        from experiments.judging.judge import Work
        from features.archive.releases import Archive
        from features.errors import ArchiveError, InputError
        from features.sources.fetching.transport import Transport

        if accept is not None and not accept.strip():
            raise InputError("--accept needs a reason: say why the data are taken all the same")
        folder, day = home(), as_of or today()
        settings = cycle_settings(folder)
        shop = Workshop(
            home=folder,
            archive=Archive(folder),
            store=open_own_store(is_read=dry_run),
            settings=settings,
            configuration=settings.configuration(folder),
            work=Work(running_code(), jobs, progress),
            client=Transport(user_agent=f"tocsin/{version('tocsin')}"),
            clock=lambda: datetime.now(UTC),
            say=_say,
            bell=_bell(),
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


def _say(line: str) -> None:
    print(printable(line), flush=True)
