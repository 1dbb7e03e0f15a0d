"""The steps of a cycle: what is decided, trained and issued, and what came of it.

Each step may be done again after a kill: it ends as if it had been done once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from alerts.letter import Sender
from alerts.log import read_log
from alerts.raising import raise_alerts
from alerts.rules import Rules
from bulletins.reading import read_manifest
from bulletins.record import read_editions
from experiments.configuration import Configuration
from experiments.coups.training import train_on_lists
from experiments.cycle.settings import CycleSettings
from experiments.judging.drift import Drift
from experiments.judging.judge import Work
from experiments.publishing.coups import COUP_LEVEL
from experiments.publishing.drift import drift_of
from experiments.publishing.publish import issue_bulletin
from experiments.record.runs import log_editions
from experiments.record.update import update_record
from experiments.samples import newest_origin
from experiments.tracking.promotion import registered_version, settle_version
from experiments.tracking.registry import champion, model_version, versions_of
from experiments.tracking.store import MlflowStore
from experiments.training import train_levels
from features.archive.releases import Archive
from features.archive.vintage import Vintage
from features.errors import CoverageError
from features.indicators.catalogue import needs_of
from features.months import format_month, parse_month
from features.panel.panel import read_panel
from features.sources.fetching.transport import Transport
from features.strict import Strict
from features.words import Level

if TYPE_CHECKING:
    from bulletins.shared import SharedBulletins


@dataclass(frozen=True)
class Bell:
    """The rules of alerts, what speaks to each channel, and where people reach the page."""

    rules: Rules
    senders: Mapping[str, Sender]
    public_url: str


@dataclass(frozen=True)
class Workshop:
    """What a cycle works on and with.

    `client` asks sources, `clock` gives the time, `say` takes a line to show; without a `bell` no
    alert rings, and bulletins that are not `shared` are issued in the home alone.
    """

    home: Path
    archive: Archive
    store: MlflowStore
    settings: CycleSettings
    configuration: Configuration
    work: Work
    client: Transport
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    bell: Bell | None = None
    shared: "SharedBulletins | None" = None


class RecordOutcome(Strict):
    """What a cycle added to the track record; `edition` is None where nothing became known."""

    edition: int | None
    first: int
    final: int
    left_out: dict[str, str]

    def lines(self) -> Iterator[str]:
        """Yield it in plain text."""
        if self.edition is None:
            yield "no outcome has become known"
            return
        yield (
            f"edition {self.edition}: {self.first:,} outcomes became known and {self.final:,} final"
        )
        yield from (f"left out: {name}: {reason}" for name, reason in self.left_out.items())


class DriftFigure(Strict):
    """An indicator, or a target's calibration, whose drift was measured; null: too little past."""

    kind: str
    name: str
    value: float | None
    bound: float | None
    is_drifted: bool


class DriftOutcome(Strict):
    """Whether the indicators or the calibration of a champion drifted, in a sentence."""

    sentence: str
    is_drifted: bool
    figures: tuple[DriftFigure, ...]

    @classmethod
    def of(cls, drift: Drift) -> "DriftOutcome":
        """Return it in the form of the journal."""
        table = drift.table[list(DriftFigure.model_fields)].astype(object)
        rows = table.where(table.notna(), None).to_dict("records")
        figures = tuple(DriftFigure.model_validate(row) for row in rows)
        return cls(sentence=drift.sentence, is_drifted=drift.is_drifted, figures=figures)


class Decision(Strict):
    """Which levels are to be trained at an origin, each with the reason; drift of champions."""

    origin: str
    due: dict[Level, str]
    drift: dict[Level, DriftOutcome] = Field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield it in plain text."""
        for level, outcome in self.drift.items():
            yield f"{level}: {outcome.sentence}"
        for level, reason in self.due.items():
            yield f"{level} is to be trained to {self.origin}: {reason}"
        if not self.due:
            yield f"no level is to be trained at {self.origin}"


class TrainingOutcome(Strict):
    """What came of the training of a level."""

    model: str
    learner: str
    passed: bool
    is_champion: bool

    def lines(self) -> Iterator[str]:
        """Yield it in plain text."""
        verdict = "passed the gate" if self.passed else "was refused by the gate"
        role = "is champion" if self.is_champion else "is not champion"
        yield f"{self.model} ({self.learner}) {verdict} and {role}"


class AlertsOutcome(Strict):
    """The alerts that a bulletin has raised."""

    titles: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield them in plain text."""
        yield from self.titles or ("no rule rings",)


class BulletinOutcome(Strict):
    """The bulletin of a cycle."""

    bulletin: str
    origin: str
    rows: int
    models: tuple[str, ...]
    left_out: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield it in plain text."""
        yield (
            f"{self.bulletin}: {self.rows:,} scores at origin {self.origin} from "
            f"{', '.join(self.models)}"
        )
        yield from (f"left out: {reason}" for reason in self.left_out)


def record(shop: Workshop, day: date) -> RecordOutcome:
    """Add to the track record what has become known by a day, unless it stands there."""
    update_record(shop.home, shop.archive, day, recorded_at=shop.clock(), code=shop.work.code)
    log_editions(shop.store, shop.home)
    editions = read_editions(shop.home)
    if not editions or editions[-1].as_of != day:
        return RecordOutcome(edition=None, first=0, final=0, left_out={})
    last = editions[-1]
    return RecordOutcome(
        edition=last.number, first=last.first, final=last.final, left_out=last.left_out
    )


def decide(shop: Workshop, vintage: Vintage) -> Decision:
    """Return which levels are to be trained, and whether their champions drifted.

    Raises CoverageError when no region of a level is observed long enough.
    """
    due, drift, origins = {}, {}, []
    needs = needs_of(shop.configuration.indicator_names)
    for level in shop.configuration.levels:
        origins.append(newest_origin(read_panel(vintage, level, needs)))
        best = champion(shop.store, level)
        if best is not None:
            drift[level] = DriftOutcome.of(drift_of(shop.store, best, vintage, shop.home))
        reason = _reason_to_train(shop, level, origins[-1], drift.get(level))
        if reason is not None:
            due[level] = reason
    return Decision(origin=format_month(max(origins)), due=due, drift=drift)


def _reason_to_train(
    shop: Workshop, level: Level, origin: int, drift: DriftOutcome | None
) -> str | None:
    if drift is None:
        return "it has no champion"
    newest = max(version.trained_to for version in versions_of(shop.store, level))
    if origin - newest >= shop.settings.retraining.months:
        return f"its newest model learned from months to {format_month(newest)}"
    return drift.sentence if drift.is_drifted and shop.settings.retraining.on_drift else None


def train(shop: Workshop, vintage: Vintage, level: Level, origin: str, key: str) -> TrainingOutcome:
    """Train a level, unless the cycle of this key has registered its model already."""
    mark = {"cycle": key}
    version = registered_version(shop.store, level, mark)
    if version is None:
        configuration = shop.configuration.model_copy(update={"levels": (level,)})
        month = parse_month(origin)
        (result,) = train_levels(vintage, configuration, shop.store, month, shop.work, mark)
        version = result.version
        if level == COUP_LEVEL:
            _train_coups(shop, vintage, month)
    else:
        settle_version(shop.store, level, version)
    best, model = champion(shop.store, level), model_version(shop.store, level, version)
    return TrainingOutcome(
        model=model.label,
        learner=model.learner,
        passed=model.passed,
        is_champion=best is not None and best.version == version,
    )


def _train_coups(shop: Workshop, vintage: Vintage, origin: int) -> None:
    """Train the scores of coups beside those of countries, where there is a list that allows it."""
    try:
        train_on_lists(
            *(shop.archive, vintage, origin, shop.store, shop.work.progress),
            code=shop.work.code,
            again=False,
        )
    except CoverageError as error:
        shop.say(f"coups are not scored: {error}")


def issue(shop: Workshop, vintage: Vintage) -> BulletinOutcome:
    """Issue the bulletin of the newest origin, unless it is there."""
    if shop.shared is not None:
        shop.shared.catch_up()
    manifest = issue_bulletin(
        vintage,
        shop.store,
        shop.home,
        None,
        issued_at=shop.clock(),
        code=shop.work.code,
        jobs=shop.work.jobs,
        shared=shop.shared,
    ).manifest
    return BulletinOutcome(
        bulletin=manifest.id,
        origin=manifest.origin,
        rows=manifest.rows,
        models=tuple(f"{model.name}/{model.version}" for model in manifest.models),
        left_out=manifest.left_out,
    )


def ring(shop: Workshop, bell: Bell, bulletin: str) -> AlertsOutcome:
    """Raise the alerts of a bulletin; those that it raised before stand."""
    manifest = read_manifest(shop.home / "bulletins" / bulletin)
    raise_alerts(shop.home, bell.rules, manifest, shop.clock(), bell.public_url)
    alerts = read_log(shop.home).alerts
    return AlertsOutcome(titles=tuple(a.title for a in alerts if a.bulletin == bulletin))
