"""Issue bulletins, repeat them, judge them, keep their record, and set a scenario beside one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.alerts import raise_at_publication
from commands.environment import (
    PROCESSORS,
    Day,
    Jobs,
    Month,
    Scheduler,
    home,
    note,
    running_code,
    simulated_mark,
    today,
    working,
    working_side_by_side,
)
from commands.rows import RowFormat, is_for_people, print_markdown, print_rows
from commands.stores import (
    open_archive,
    open_own_store,
    pull_bulletins,
    shared_bulletins,
    vintage_of_day,
)
from features.printable import printable

if TYPE_CHECKING:
    from experiments.scenarios.run import ScenarioRun
    from features.words import Level

MOST_ROWS = 20
"""The regions that people are shown, each with the score that moves most."""

NOTHING_MOVES = {"region": "none moves by a tenth of a per cent"}


def publish(
    origin: Month = None,
    as_of: Day = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Issue the bulletin of an origin from the champions."""
    with working("publishing"), working_side_by_side(jobs, scheduler) as fits:
        from commands.listing import staleness_of
        from experiments.publishing.publish import issue_bulletin
        from experiments.tracking.registry import history_of_models
        from features.errors import BulletinError
        from service.freshness import CLOCKS_DIFFER

        shared, store = shared_bulletins(), open_own_store()
        if shared is not None:
            shared.catch_up()
        vintage = vintage_of_day(as_of, history_of_models(store))
        publication = issue_bulletin(
            vintage,
            store,
            home(),
            origin,
            issued_at=datetime.now(UTC),
            code=running_code(),
            jobs=fits,
            shared=shared,
        )
    manifest = publication.manifest
    if manifest.issued_at - datetime.now(UTC) > CLOCKS_DIFFER:
        raise BulletinError(
            f"bulletin {manifest.id} says it was issued on {manifest.issued_at:%Y-%m-%d}, which is "
            "yet to come: set the clock right, move the bulletin away and publish again"
        )
    if origin is None:
        for line in staleness_of(vintage):
            print(line)
    for reason in manifest.left_out:
        print(printable(f"left out: {reason}"))
    for line in manifest.unscored:
        print(printable(line))
    models = ", ".join(f"{m.name}/{m.version} ({m.learner})" for m in manifest.models)
    print(
        f"{simulated_mark(simulated=manifest.simulated)}bulletin {manifest.id}: "
        f"{manifest.rows:,} scores at origin {manifest.origin} from {models}"
        + ("" if publication.is_new else "; it was already there and stays as it is")
    )
    raised = raise_at_publication(manifest)
    if raised:
        print(f"{len(raised)} new alerts: `tocsin alert send` delivers them")


def bulletins(row_format: RowFormat = None) -> None:
    """List the bulletins, the newest first."""
    from bulletins.reading import read_manifests
    from features.errors import BulletinError

    pull_bulletins()
    manifests, refused = read_manifests(home())
    if not manifests and not refused:
        raise BulletinError(
            f"there is no bulletin in '{home()}': run `tocsin publish`, or name another --home"
        )
    rows = [
        {
            "bulletin": manifest.id,
            "origin": manifest.origin,
            "issued": f"{manifest.issued_at:%Y-%m-%d}",
            "as_of": str(manifest.vintage.as_of),
            "scores": manifest.rows,
            "simulated": manifest.simulated,
        }
        for manifest in manifests
    ]
    print_rows(rows, row_format)
    for reason in refused.values():
        note(f"not served: {reason}")


def evaluate(
    bulletin: Annotated[
        str | None, typer.Argument(help="Id; default: the newest with outcomes.")
    ] = None,
    as_of: Day = None,
) -> None:
    """Set a bulletin beside what happened, as Markdown."""
    with working("evaluating"):
        from experiments.record.evaluation import evaluate_bulletin

        pull_bulletins()
        text = evaluate_bulletin(home(), bulletin, open_archive(), as_of or today())
    print_markdown(text)


def record(
    as_of: Day = None,
    settled_after: Annotated[
        int | None,
        typer.Option(
            min=0,
            show_default=False,
            help="Age at which a month of counts is final [months]; default: 18.",
        ),
    ] = None,
    row_format: RowFormat = None,
) -> None:
    """Record what has become known of every score, and show what that comes to."""
    with working("recording outcomes"):
        from bulletins.record import read_newest, read_summary
        from experiments.judging.outcomes import SETTLED_AFTER
        from experiments.record.report import overall_rows, plain_rows, record_markdown
        from experiments.record.runs import log_editions
        from experiments.record.update import update_record
        from features.errors import CoverageError

        pull_bulletins()
        added = update_record(
            home(),
            open_archive(),
            as_of or today(),
            recorded_at=datetime.now(UTC),
            code=running_code(),
            settled_after=SETTLED_AFTER if settled_after is None else settled_after,
        )
        edition = added or read_newest(home())
        if edition is None:
            raise CoverageError(
                "nothing of what was forecast is observed yet: ingest later months, then run "
                "`tocsin record` again"
            )
        log_editions(open_own_store(), home())
        summary = read_summary(home(), edition).table.to_pandas()
        shown = plain_rows(overall_rows(summary))
    if added is None:
        note(f"nothing new became known: edition {edition.number} stands")
    if row_format is None:
        print_markdown(record_markdown(edition, summary))
    else:
        print_rows(shown, row_format)


def replay(bulletin: Annotated[str, typer.Argument(help="Id of a bulletin.")]) -> None:
    """Compute a bulletin again and compare every bit of its scores."""
    with working(f"computing {bulletin} again"):
        from experiments.publishing.publish import replay_bulletin

        pull_bulletins()
        store = open_own_store(is_read=True)
        manifest = replay_bulletin(open_archive(), store, home(), bulletin)
    print(
        f"bulletin {manifest.id}: the same {manifest.rows:,} scores, bit for bit, from events as "
        f"known on {manifest.vintage.as_of}"
    )


def scenario(
    file: Annotated[Path, typer.Argument(help="Scenario in TOML.", metavar="FILE.toml")],
    row_format: RowFormat = None,
) -> None:
    """Compute scores under events that are supposed: HYPOTHETICAL, no forecast."""
    with working("computing a scenario"):
        from experiments.scenarios.run import run_scenario
        from features.scenarios.statements import read_scenario

        pull_bulletins()
        run = run_scenario(
            open_archive(),
            open_own_store(is_read=True),
            home(),
            read_scenario(file),
            code=running_code(),
        )
    manifest, for_people = run.manifest, is_for_people(row_format)
    mark = f"{simulated_mark(simulated=manifest.simulated)}HYPOTHETICAL"
    if for_people:
        for level in manifest.levels:
            title = f"{mark}: {manifest.name} ({level})"
            print_rows(_most_moved(run, level) or [NOTHING_MOVES], row_format, title)
    else:
        print_rows(run.moved(), row_format)
    state = "" if run.is_new else "; it was already there and stays as it is"
    say = print if for_people else note
    beyond = f"Beyond all that history has seen: {manifest.beyond} regions."
    what = f"{manifest.id}: {manifest.rows:,} scores after {manifest.last_month}"
    end = f"{mark} {what}, beside bulletin {manifest.bulletin}{state}"
    for line in (manifest.caution, manifest.assumption, manifest.coups, beyond, end):
        if line is not None:
            say(printable(line))


def _most_moved(run: "ScenarioRun", level: "Level") -> list[dict[str, object]]:
    """Return the regions of a level that move visibly, each by its score that moves most."""
    rows = [row for row in run.moved() if row["level"] == level]
    first = {str(row["region"]): row for row in reversed(rows)}
    shown = [
        {
            "region": row["region"],
            "target": row["target"],
            "month": row["target_month"],
            "without": f"{row['continuation']:.1%}",
            "with": f"{row['probability']:.1%}",
            "through": row["family"],
            "beyond": "beyond" if row["beyond"] else "",
        }
        for row in rows
        if row is first[str(row["region"])]
    ]
    return [row for row in shown if row["without"] != row["with"]][:MOST_ROWS]
