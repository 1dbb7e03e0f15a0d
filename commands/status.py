"""Whether all is well, in ten lines: from plain files alone, so that it answers at once."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

import typer

from bulletins.folders import bulletin_folders
from commands.environment import PREFIX, default_settings, home, setting, settings_file
from commands.rows import RowFormat, print_rows
from commands.stores import shared_folders, store_uri
from features.archive.folders import RECORDS, release_folders
from features.errors import ArchiveError, BulletinError, StoreError
from features.files import read_whole
from features.hashes import hash_of_file
from features.months import format_month, month_of, parse_month
from features.printable import printable

_PATIENCE_S = 2.0
_FULL_BYTES, _NARROW_BYTES = 200e6, 1e9
_DAMAGE = (OSError, ValueError, KeyError, TypeError)


class Line(NamedTuple):
    """One thing that was looked at."""

    state: Literal["ok", "warn", "bad"]
    about: str
    details: str


@dataclass(frozen=True)
class Events:
    """What the archive holds, as its folders and `release.json` say.

    `names` are the releases of events, `beside` the other records of which there are some.
    """

    names: tuple[str, ...]
    beside: tuple[str, ...]
    damaged: tuple[str, ...]
    observed_to: str | None
    simulated: bool


@dataclass(frozen=True)
class Issue:
    """A bulletin, as far as its manifest is read here."""

    id: str
    origin: str
    issued_at: datetime
    simulated: bool
    models: tuple[dict[str, Any], ...]
    hashes: dict[str, str]


@dataclass(frozen=True)
class Age:
    """When something is too old: the rule of `service/freshness.py`, without its imports."""

    now: datetime
    most_days: float
    most_origin_days: float

    def fault(self, origin: str, issued_at: datetime, *, simulated: bool) -> str | None:
        """Return why a bulletin of that origin and issue is stale, None if it is not."""
        if issued_at - self.now > timedelta(hours=1):
            return f"by its clock it was issued on {issued_at:%Y-%m-%d}, which is yet to come"
        if self.now - issued_at > timedelta(days=self.most_days):
            return f"it was issued on {issued_at:%Y-%m-%d}"
        after = f"{format_month(parse_month(origin) + 1)}-01"
        end = datetime.fromisoformat(after).replace(tzinfo=self.now.tzinfo)
        if not simulated and self.now - end > timedelta(days=self.most_origin_days):
            return f"its events end in {origin}"
        return None


def status(row_format: RowFormat = None) -> None:
    """Say in ten lines whether all is well; exits 1 when something is bad."""
    lines = list(_lines(home(), datetime.now(UTC)))
    if row_format in {"csv", "json"}:
        print_rows([line._asdict() for line in lines], row_format)
    else:
        for line in lines:
            print(printable(f"{line.state:<5} {line.about:<9} {line.details}"))
    if any(line.state == "bad" for line in lines):
        raise typer.Exit(1)


def _lines(folder: Path, now: datetime) -> Iterator[Line]:
    _check_settings()
    age = Age(now, *(float(str(setting(key))) for key in ("max_age_days", "max_origin_age_days")))
    events, (issues, damaged) = _read_events(folder), _read_bulletins(folder)
    newest, has_store = issues[0] if issues else None, _has_store(folder)
    months, bulletin = _months_line(events, newest, age), _bulletin_line(newest, age)
    yield Line("ok" if folder.is_dir() else "bad", "home", str(folder.resolve()))
    yield _settings_line()
    yield _disk_line(folder)
    yield _events_line(events, is_served=newest is not None)
    yield months
    yield from _model_lines(newest, has_store=has_store)
    yield bulletin
    yield _bulletins_line(issues, damaged)
    yield from _shared_lines()
    yield _keys_line(folder)
    late = newest is not None and (events.observed_to or "") > newest.origin
    wanted = {
        "tocsin fetch ucdp; tocsin ingest ucdp downloads/*": months.state != "ok",
        "tocsin train": not has_store,
        "move the damaged bulletins away; tocsin publish": bool(damaged),
        "tocsin publish": newest is None,
        "tocsin train; tocsin publish": late or bulletin.state != "ok",
    }
    actions = [action for action, is_wanted in wanted.items() if is_wanted]
    yield Line("warn" if actions else "ok", "next", actions[0] if actions else "nothing to do")


def _check_settings() -> None:
    """Raise ConfigurationError when a setting cannot be used; without any, load nothing heavy."""
    variables = {f"{PREFIX}{key.upper()}" for key in default_settings() if key != "home"}
    if settings_file() is not None or variables & os.environ.keys():
        from commands.settings import read_settings

        read_settings()


def _settings_line() -> Line:
    known = {f"{PREFIX}{key.upper()}" for key in default_settings()} | {f"{PREFIX}SETTINGS"}
    unknown = sorted(n for n in os.environ if n.startswith(PREFIX) and n not in known)
    if unknown:
        return Line("warn", "settings", f"in the environment, no setting: {', '.join(unknown)}")
    file = settings_file()
    return Line("ok", "settings", "by default: no tocsin.toml" if file is None else str(file))


def _disk_line(folder: Path) -> Line:
    place = next(place for place in (folder, *folder.resolve().parents) if place.is_dir())
    free = shutil.disk_usage(place).free
    state: Literal["ok", "warn", "bad"] = "warn" if free < _NARROW_BYTES else "ok"
    return Line("bad" if free < _FULL_BYTES else state, "disk", f"{free / 1e9:.1f} GB free")


def _read_events(folder: Path) -> Events:
    releases, damaged = [], []
    beside: list[str] = []
    try:
        places = [(kind, place) for kind in RECORDS for place in release_folders(folder, kind)]
    except ArchiveError as error:
        return Events((), (), (str(error),), None, simulated=False)
    for records, place in places:
        try:
            release = json.loads(read_whole(place / "release.json"))
            name = f"{release['source']} {release['release']}"
            if records == "events":
                releases.append((name, release.get("observed_to"), bool(release["simulated"])))
            elif records not in beside:
                beside.append(records)
        except _DAMAGE:
            damaged.append(f"{place.parent.name}/{place.name}")
    months = [month for _, month, _ in releases if month is not None]
    simulated = any(simulated for *_, simulated in releases)
    names = tuple(name for name, *_ in releases)
    return Events(names, tuple(beside), tuple(damaged), max(months, default=None), simulated)


def _events_line(events: Events, *, is_served: bool) -> Line:
    if events.damaged:
        return Line("bad", "events", f"damaged: {', '.join(events.damaged)}: ingest them again")
    beside = f"; {', '.join(events.beside)}" if events.beside else ""
    if not events.names:
        return Line("warn" if is_served else "bad", "events", f"none here{beside}")
    sources = ", ".join(sorted({name.partition(" ")[0] for name in events.names}))
    mark = "SIMULATED " if events.simulated else ""
    return Line("ok", "events", f"{mark}{sources}: {len(events.names)} in the archive{beside}")


def _months_line(events: Events, newest: Issue | None, age: Age) -> Line:
    origin, simulated = (newest.origin, newest.simulated) if newest else (None, False)
    month = events.observed_to or origin
    if month is None:
        return Line("warn", "months", "none observed")
    ago = month_of(age.now.date()) - parse_month(month)
    fault = age.fault(month, age.now, simulated=events.simulated or simulated)
    details = f"observed to {month}, {ago} months ago"
    return Line("ok" if fault is None else "warn", "months", details)


def _has_store(folder: Path) -> bool:
    return bool(store_uri()) or (folder / "mlflow.db").exists()


def _model_lines(newest: Issue | None, *, has_store: bool) -> Iterator[Line]:
    """Yield a line a level: the champions of the newest bulletin."""
    if newest is None:
        details = "none has issued a bulletin" if has_store else "none is trained"
        yield Line("warn" if has_store else "bad", "model", details)
        return
    for model in newest.models:
        label = f"{model['name']}/{model['version']} ({model['learner']})"
        yield Line("ok", "model", f"{label}, trained to {model['trained_to']}")


def _read_bulletins(folder: Path) -> tuple[list[Issue], dict[str, str]]:
    """Return the bulletins, the newest first, and why others are damaged, by folder name.

    The files of the newest are read and compared with their hashes; of others only looked for.
    """
    issues, damaged = [], {}
    try:
        places = bulletin_folders(folder)
    except BulletinError as error:
        return [], {"all": str(error)}
    for place in places:
        try:
            issues.append(_read_issue(place))
        except _DAMAGE as error:
            damaged[place.name] = f"{type(error).__name__}: {error}"
    issues.sort(key=lambda issue: (issue.origin, issue.issued_at, issue.id), reverse=True)
    while issues and not _is_whole(folder / "bulletins" / issues[0].id, issues[0]):
        damaged[issues.pop(0).id] = "a file is not what was published"
    return issues, damaged


def _read_issue(place: Path) -> Issue:
    manifest = json.loads(read_whole(place / "manifest.json"))
    hashes = {"scores.parquet": manifest["scores_sha256"], **manifest.get("files", {})}
    if manifest.get("drivers_sha256"):
        hashes["drivers.parquet"] = manifest["drivers_sha256"]
    missing = [name for name in hashes if not (place / name).is_file()]
    if missing or manifest["id"] != place.name:
        raise ValueError(f"{', '.join(missing)} is missing, or the folder was renamed")
    parse_month(manifest["origin"])
    return Issue(
        manifest["id"],
        manifest["origin"],
        datetime.fromisoformat(manifest["issued_at"]),
        bool(manifest["simulated"]),
        tuple(manifest["models"]),
        hashes,
    )


def _is_whole(place: Path, issue: Issue) -> bool:
    return all(hash_of_file(place / name) == sha256 for name, sha256 in issue.hashes.items())


def _bulletin_line(newest: Issue | None, age: Age) -> Line:
    if newest is None:
        return Line("bad", "bulletin", "none yet")
    fault = age.fault(newest.origin, newest.issued_at, simulated=newest.simulated)
    details = f"issued on {newest.issued_at:%Y-%m-%d}" if fault is None else f"stale: {fault}"
    mark = "SIMULATED " if newest.simulated else ""
    return Line("ok" if fault is None else "bad", "bulletin", f"{mark}{newest.id}, {details}")


def _bulletins_line(issues: list[Issue], damaged: dict[str, str]) -> Line:
    if damaged:
        return Line("bad", "bulletins", f"{len(issues)} whole, damaged: {', '.join(damaged)}")
    return Line("ok", "bulletins", f"{len(issues)} whole")


def _shared_lines() -> Iterator[Line]:
    """Yield whether each address that machines share answers."""
    for shared in shared_folders(timeout_s=_PATIENCE_S):
        try:
            yield Line("ok", "shared", f"{shared.count()} {shared.kind} at {shared.address}")
        except StoreError as error:
            yield Line("bad", "shared", str(error))


def _keys_line(folder: Path) -> Line:
    try:
        content = json.loads(read_whole(folder / "keys.json"))
        count = len(content["keys"] if isinstance(content, dict) else content)
    except FileNotFoundError:
        count = 0
    except _DAMAGE:
        return Line("bad", "keys", "keys.json cannot be read: move it away and make new keys")
    return Line("ok", "keys", f"{count}" if count else "none: only this machine may ask")
