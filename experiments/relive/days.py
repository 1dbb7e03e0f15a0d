"""Live months again: a cycle for each, on what was known then, judged by what is known now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

import pandas as pd

from bulletins.manifest import Manifest
from experiments.configuration import Configuration
from experiments.cycle.cycle import run_cycle
from experiments.cycle.settings import cycle_settings
from experiments.cycle.steps import BulletinOutcome, Workshop
from experiments.judging.judge import Work
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.scores import scores_of
from experiments.record.rows import Conditions
from experiments.relive.variants import (
    issued_variant,
    judged_variants,
    refuse_other_scores,
    variants_of,
)
from experiments.tracking.store import MlflowStore
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.disk import write_whole
from features.errors import ArchiveError
from features.hashes import sha256_of
from features.months import format_month, month_of
from features.panel.panel import Panel, read_panel
from features.sources.fetching.transport import Transport
from features.words import Level

FOLDER = "relive"
"""The folder of judged days in the home of what is relived."""

_ACCEPTED = "the past is relived with the data as they were"


@dataclass(frozen=True)
class Past:
    """What is relived: cycles on `days`, whose scores are judged by `truth`.

    They work in a home of their own, on an archive whose releases are dated.
    """

    home: Path
    archive: Archive
    store: MlflowStore
    configuration: Configuration
    retrain_every: int
    work: Work
    say: Callable[[str], None]
    days: tuple[date, ...]
    truth: Vintage

    @property
    def about(self) -> str:
        """What is relived, in words."""
        return (
            f"{self.configuration.name} on {self.configuration.events.history}, as known on "
            f"{len(self.days)} days from {self.days[0]} to {self.days[-1]}, trained every "
            f"{self.retrain_every} months, judged by {self.truth.releases[-1].name} as known on "
            f"{self.truth.as_of}; {self.work.code}"
        )

    @property
    def folder(self) -> Path:
        """Where judged days are stored: of another truth, experiment or archive elsewhere."""
        releases = [*self.archive.releases(), *self.truth.releases]
        names = sorted(f"{release.name} {release.sha256}" for release in releases)
        settings = self.configuration.model_dump_json()
        text = "\n".join([*names, settings, str(self.retrain_every)])
        return self.home / FOLDER / sha256_of(text.encode())[:12]

    def vintage(self, day: date) -> Vintage:
        """Return what was known on a day."""
        events = self.configuration.events
        return open_vintage(self.archive, day, events.named, events.summary)

    def shop(self) -> Workshop:
        """Return what cycles work with; a month that was missed stays without a bulletin."""
        settings = cycle_settings(self.home)
        retraining = settings.retraining.model_copy(
            update={"months": self.retrain_every, "on_drift": False}
        )
        events = settings.events.model_copy(update={"source": "archive"})
        bulletins = settings.bulletins.model_copy(update={"late": 0})
        changes = {"retraining": retraining, "events": events, "bulletins": bulletins}
        return Workshop(
            home=self.home,
            archive=self.archive,
            store=self.store,
            settings=settings.model_copy(update=changes),
            configuration=self.configuration,
            work=self.work,
            client=Transport(user_agent="tocsin"),
            clock=lambda: datetime.now(UTC),
            say=self.say,
        )


def experiment_of(configuration: Configuration, vintage: Vintage) -> Configuration:
    """Return an experiment on the history of a vintage; of counts at their own level alone."""
    events = configuration.events.model_copy(update={"history": vintage.history})
    levels = configuration.levels if vintage.level is None else (vintage.level,)
    return configuration.model_copy(update={"events": events, "levels": levels})


def dated_days(archive: Archive, history: str, first: int, last: int) -> tuple[date, ...]:
    """Return the last day of each month [since 1970-01] on which a history had a new release.

    Raises ArchiveError when there is none from `first` to `last`.
    """
    days = sorted({r.available_on for r in archive.releases() if r.history == history})
    chosen = {month_of(day): day for day in days if first <= month_of(day) <= last}
    if not chosen:
        raise ArchiveError(
            f"'{archive.folder}' has no release of '{history}' that was public from "
            f"{format_month(first)} to {format_month(last)}: ingest dated ones, or give other "
            "months (--from, --to)"
        )
    return tuple(chosen.values())


def relived_rows(past: Past) -> pd.DataFrame:
    """Do the cycle of each day and judge its bulletin: rows as `judged_variants`, of all days.

    Added are `vintage`, the day, `origin` (YYYY-MM) and `level`. What was done before is not done
    again. Raises what a cycle raises, and ArchiveError when one is refused.
    """

    @cache
    def panel(day: date | None, level: Level) -> Panel:
        return read_panel(past.truth if day is None else past.vintage(day), level)

    shop = past.shop()
    return pd.concat([_judged_day(past, shop, day, panel) for day in past.days], ignore_index=True)


def _judged_day(past: Past, shop: Workshop, day: date, panels: "Panels") -> pd.DataFrame:
    file = past.folder / f"{day}.parquet"
    if not file.exists():
        manifest, scores = read_bulletin(past.home, _issued(shop, day))
        parts = [
            _judged_level(past, manifest, scores[scores["level"] == level], level, panels)
            for level in manifest.levels
        ]
        rows = pd.concat(parts, ignore_index=True)
        rows = rows.assign(vintage=str(day), origin=manifest.origin)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, rows.to_parquet())
    return pd.read_parquet(file)


def _issued(shop: Workshop, day: date) -> str:
    """Return the bulletin of a day's cycle."""
    entry = run_cycle(shop, day, _ACCEPTED)[-1]
    issued = entry.outcome("bulletin", BulletinOutcome)
    if issued is None:
        raise ArchiveError(f"the cycle of {day} issued no bulletin: see its journal")
    return issued.bulletin


def _judged_level(
    past: Past, manifest: Manifest, scores: pd.DataFrame, level: Level, panels: "Panels"
) -> pd.DataFrame:
    day = manifest.vintage.as_of
    vintage = past.vintage(day)
    forecasts = variants_of(past.store, manifest, level, vintage, past.truth)
    issued = issued_variant(manifest, level)
    refuse_other_scores(scores_of(forecasts[issued]), scores, manifest.id)
    conditions = Conditions.of(vintage, manifest, level)
    later = [panels(other, level) for other in _later(past, day)]
    rows = judged_variants(forecasts, issued, conditions, panels(None, level), later)
    return rows.assign(level=level, issued=rows["variant"] == issued)


class Panels(Protocol):
    """The panels of a level by which scores are judged, each read once."""

    def __call__(self, day: date | None, level: Level) -> Panel:
        """Return what was known on a day, or, of None, what is true."""


def _later(past: Past, day: date) -> Sequence[date]:
    """Return the days after one on which the history had a new release."""
    history = past.configuration.events.named
    releases = [r for r in past.archive.releases() if history in (None, r.history)]
    return sorted({r.available_on for r in releases if r.available_on > day})
