"""The order of a cycle's steps, and the days of which cycles are due."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial

from alerts.delivery import deliver_alerts
from bulletins.reading import read_manifests
from experiments.cycle import steps
from experiments.cycle.intake import take_in
from experiments.cycle.journal import Entry, Journal, OpenEntry, State
from experiments.cycle.report import log_cycle
from experiments.cycle.steps import Workshop
from features.archive.quality import DataQuality, data_quality
from features.archive.vintage import Vintage, open_vintage, vintage_of
from features.errors import ArchiveError, ConfigurationError
from features.months import format_month, parse_month


def run_cycle(shop: Workshop, today: date, accepted: str | None = None) -> list[Entry]:
    """Take in what is new, do what a month needs as of `today`, and before it missed months.

    A missed month is issued as of the day on which it became known. Returns the entries of the
    journal; the last is refused where data are beyond a bound, unless `accepted` says why they are
    taken all the same. What was done before is not done again.
    """
    _say(shop, "new data", take_in(shop, today))
    entries: list[Entry] = []
    for day in due_days(shop, today):
        entries.append(_run_day(shop, day, accepted, rings=day == today))
        if entries[-1].state == "refused":
            break
    if shop.bell is not None:
        deliveries = deliver_alerts(shop.home, shop.bell.senders, shop.clock)
        lines = [f"{n} {what}" for what, n in vars(deliveries).items()]
        _say(shop, "delivery of alerts", [", ".join(lines)])
    return entries


def due_days(shop: Workshop, today: date) -> list[date]:
    """Return the days of which a cycle is due; the last is `today`.

    Those before it are the days on which months without a bulletin became known. Raises
    ConfigurationError when `today` is before the last cycle.
    """
    last = Journal(shop.home).last()
    if last is not None and today < last.as_of:
        raise ConfigurationError(
            f"the last cycle was of {last.as_of}: give --as-of that day or a later one"
        )
    manifests, _ = read_manifests(shop.home)
    if not manifests:
        return [today]
    origin, newest = parse_month(manifests[0].origin), _vintage(shop, today).last_month
    days: list[date] = []
    for day in sorted({release.available_on for release in shop.archive.releases()}):
        if manifests[0].vintage.as_of < day < today:
            month = _vintage(shop, day).last_month
            if origin < month < newest:
                days.append(day)
                origin = month
    late = shop.settings.bulletins.late
    return [*(days[-late:] if late else []), today]


def plan(shop: Workshop, today: date) -> Iterator[str]:
    """Yield what a cycle as of `today` would do, a line each; nothing is changed."""
    last = Journal(shop.home).last()
    for day in due_days(shop, today):
        vintage = _vintage(shop, day)
        if _is_done(shop, last, vintage):
            yield f"as of {day}: nothing is new since the last cycle"
            continue
        yield f"as of {day}"
        quality = data_quality(_before(shop, last), vintage, shop.settings.quality)
        yield from (f"  {line}" for line in quality.lines())
        if quality.faults:
            yield "  these data would be refused: --accept says why they are taken all the same"
        yield from (f"  {line}" for line in steps.decide(shop, vintage).lines())
        yield f"  the bulletin of {format_month(vintage.last_month)} would be issued"


def _run_day(shop: Workshop, day: date, accepted: str | None, *, rings: bool) -> Entry:
    """Do the steps of a day that are not done; what is issued late `rings` no alert."""
    journal, vintage = Journal(shop.home), _vintage(shop, day)
    last = journal.last()
    if last is not None and _is_done(shop, last, vintage):
        shop.say(f"as of {day}: nothing is new since the last cycle")
        log_cycle(shop.store, last, simulated=vintage.simulated)
        return last
    new = Entry(
        as_of=day,
        releases=_names(vintage),
        state="open",
        code=shop.work.code,
        accepted=accepted,
    )
    opened, before = journal.open(new), _before(shop, last)
    check = partial(data_quality, before, vintage, shop.settings.quality)
    quality = opened.step("data", DataQuality, check)
    _say(shop, f"data as of {day}", quality.lines())
    if quality.faults and accepted is None:
        return _close(shop, opened, "refused", vintage)
    recorded = opened.step("record", steps.RecordOutcome, partial(steps.record, shop, day))
    _say(shop, "track record", recorded.lines())
    decision = opened.step("decision", steps.Decision, partial(steps.decide, shop, vintage))
    _say(shop, "decision", decision.lines())
    for level in decision.due:
        train = partial(steps.train, shop, vintage, level, decision.origin, new.key)
        _say(
            shop, "training", opened.step(f"training {level}", steps.TrainingOutcome, train).lines()
        )
    issued = opened.step("bulletin", steps.BulletinOutcome, partial(steps.issue, shop, vintage))
    _say(shop, "bulletin", issued.lines())
    if rings and shop.bell is not None:
        ring = partial(steps.ring, shop, shop.bell, issued.bulletin)
        _say(shop, "alerts", opened.step("alerts", steps.AlertsOutcome, ring).lines())
    return _close(shop, opened, "complete", vintage)


def _close(shop: Workshop, opened: OpenEntry, state: State, vintage: Vintage) -> Entry:
    entry = Journal(shop.home).close(opened, state, shop.clock())
    log_cycle(shop.store, entry, simulated=vintage.simulated)
    return entry


def _is_done(shop: Workshop, last: Entry | None, vintage: Vintage) -> bool:
    """Return whether the last cycle read the same releases, and its bulletin is still there."""
    if last is None or last.releases != _names(vintage):
        return False
    issued = last.outcome("bulletin", steps.BulletinOutcome)
    manifests, _ = read_manifests(shop.home)
    return issued is not None and issued.bulletin in {manifest.id for manifest in manifests}


def _names(vintage: Vintage) -> tuple[str, ...]:
    return tuple(release.name for release in vintage.releases)


def _vintage(shop: Workshop, day: date) -> Vintage:
    events = shop.configuration.events
    return open_vintage(shop.archive, day, events.named, events.summary)


def _before(shop: Workshop, last: Entry | None) -> Vintage | None:
    """Return the vintage of the last cycle; raises ArchiveError when a release of it is gone."""
    if last is None:
        return None
    releases = {release.name: release for release in shop.archive.releases()}
    gone = ", ".join(sorted(set(last.releases) - releases.keys()))
    if gone:
        raise ArchiveError(
            f"{gone}, which the cycle of {last.as_of} read, is gone from "
            f"'{shop.archive.folder}': restore it from a backup, or ingest the same file again"
        )
    summary = shop.configuration.events.summary
    return vintage_of([releases[name] for name in last.releases], last.as_of, summary)


def _say(shop: Workshop, about: str, lines: Iterable[str]) -> None:
    shop.say(about)
    for line in lines:
        shop.say(f"  {line}")
