"""New events: what a source has published since, added to the archive before all else."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from experiments.cycle.steps import Workshop
from features.archive.delivery import Delivery
from features.archive.releases import Archive
from features.archive.report import report_of
from features.months import format_month, month_of, parse_month
from features.places.regions import load_regions
from features.sources.fetching.transport import NotThereError
from features.sources.fetching.ucdp import due_releases, fetch_release
from features.sources.ingestion import FileDelivery
from features.sources.reading.unpack import open_content
from features.sources.simulation.parameters import WESTERN_AFRICA, SimulationParameters
from features.sources.simulation.world import deliver, deliver_states, simulate
from features.sources.source import FileOptions
from features.sources.ucdp import Ucdp

DOWNLOADS = "downloads"


def take_in(shop: Workshop, today: date) -> Iterator[str]:
    """Add what is new to the archive; yield what was done, a line each.

    The same again adds nothing. Raises InputError when a source cannot be reached or its file
    cannot be used, ArchiveError when the archive refuses it.
    """
    if shop.settings.events.source == "ucdp":
        yield from _from_ucdp(shop, today)
    elif shop.settings.events.source == "simulation":
        yield from _from_simulation(shop.archive, shop.settings.events.seed, today)


def _from_ucdp(shop: Workshop, today: date) -> Iterator[str]:
    """Fetch and add what is due; the last of it may be late."""
    archive, folder = shop.archive, shop.home / DOWNLOADS
    files = shop.settings.events.ucdp_files
    folder.mkdir(parents=True, exist_ok=True)
    due = due_releases(today)
    for name in due:
        try:
            file = fetch_release(name, folder, shop.client, files=files)
        except NotThereError as error:
            if name != due[-1]:
                raise
            yield f"{name} is not yet there ({error})"
            continue
        yield from _add(archive, name, file.path, today)


def _add(archive: Archive, name: str, path: Path, today: date) -> Iterator[str]:
    """Add a file of UCDP; one that has changed since it was added goes under a name of its own."""
    releases = archive.releases()
    if _content_hash(path) in {release.sha256 for release in releases}:
        return
    options = FileOptions(today)
    if name in {release.release for release in releases}:
        options = FileOptions(today, available_on=today, release=f"{name}-{today}")
    yield from report_of(archive.add(FileDelivery(Ucdp(), path, options))).lines()


def _content_hash(path: Path) -> str:
    with open_content(path) as content:
        for _ in content.chunks():
            pass
        return content.sha256


def _from_simulation(archive: Archive, seed: int, today: date) -> Iterator[str]:
    """Add the simulated months that are over, each as a release of the day after it."""
    parameters = SimulationParameters()
    held = [parse_month(r.observed_to) for r in archive.releases() if r.observed_to]
    newest = min(month_of(today) - 1, parse_month(parameters.last_month))
    missing = range(max(held) + 1 if held else newest, newest + 1)
    if not missing:
        return
    world = simulate(parameters, load_regions("admin1", WESTERN_AFRICA), seed)
    for month in missing:
        day = date.fromisoformat(f"{format_month(month + 1)}-01")
        deliveries: list[Delivery] = [deliver(world, day), *deliver_states(world, day)]
        for delivery in deliveries:
            yield from report_of(archive.add(delivery)).lines()
