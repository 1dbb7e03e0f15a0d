"""Whether everything that is stored is as it was stored."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from commands.environment import existing_home
from commands.rows import RowFormat, print_rows
from commands.stores import open_archive, open_own_store, pull_bulletins, shared_folders, store_uri
from features.printable import printable

if TYPE_CHECKING:
    from bulletins.manifest import Link
    from features.archive.folders import Records
    from features.shared.folders import SharedFolders


State = Literal["whole", "unchecked", "damaged"]
"""What became of something at rest: `unchecked` where an older version gave it no hash."""


class Finding(NamedTuple):
    """What became of one thing at rest."""

    state: State
    about: str
    details: str


Head = Annotated[
    str | None,
    typer.Option(metavar="ID:SHA256", help="Where the chain ended when that was noted elsewhere."),
]


def verify(head: Head = None, row_format: RowFormat = None) -> None:
    """Compare every file at rest with its hash; exits 1 when anything is damaged or gone."""
    from bulletins.chain import parse_head

    noted = None if head is None else parse_head(head)
    folder = existing_home()
    open_archive()
    pull_bulletins()
    findings = findings_of(folder, noted, is_elsewhere=bool(store_uri()), shared=shared_folders())
    if row_format in {"csv", "json"}:
        print_rows([finding._asdict() for finding in findings], row_format)
    else:
        for finding in findings:
            print(printable(f"{finding.state:<9} {finding.about:<10} {finding.details}"))
    if any(finding.state == "damaged" for finding in findings):
        raise typer.Exit(1)


def findings_of(
    folder: Path,
    noted: "Link | None" = None,
    *,
    is_elsewhere: bool = False,
    shared: "Sequence[SharedFolders]" = (),
) -> list[Finding]:
    """Return what became of everything in a home, and of the end of the chain that was noted.

    With `is_elsewhere` also of the models in the MLflow store that the settings name, and of
    what is `shared` at its address.
    """
    looks = (
        *(_releases, partial(_models, is_elsewhere), partial(_bulletins, noted), _scenarios),
        *(_record, _cycles, _alerts, _keys, partial(_shared, shared)),
    )
    return [finding for look in looks for finding in look(folder)]


def _releases(folder: Path) -> Iterator[Finding]:
    from features.archive.folders import RECORDS

    for records in RECORDS:
        yield from _releases_of(records, folder)


def _releases_of(records: "Records", folder: Path) -> Iterator[Finding]:
    from features.archive.folders import release_folders
    from features.archive.releases import read_release
    from features.errors import ArchiveError

    try:
        places = release_folders(folder, records)
    except ArchiveError as error:
        yield Finding("damaged", records, str(error))
        return
    for place in places:
        try:
            release = read_release(place)
        except ArchiveError as error:
            yield Finding("damaged", records, str(error))
            continue
        if release.files:
            yield Finding("whole", records, f"{release.name}: {len(release.files) + 1} files")
        else:
            yield Finding("unchecked", records, f"{release.name} is older than the hashes")


def _models(is_elsewhere: bool, folder: Path) -> Iterator[Finding]:
    from experiments.tracking.artifacts import check_artifacts

    check = check_artifacts(folder)
    for fault in check.faults:
        yield Finding("damaged", "models", fault)
    for note in check.notes:
        yield Finding("unchecked", "models", note)
    if check.whole:
        yield Finding("whole", "models", f"{check.whole} artifacts")
    if is_elsewhere:
        yield from _models_elsewhere()


def _models_elsewhere() -> Iterator[Finding]:
    """Compare the files of all versions in an MLflow store elsewhere with their own hashes."""
    from experiments.coups.registry import coup_versions, load_coup_forecaster
    from experiments.tracking.registry import forecaster_file, levels_with_models, versions_of
    from features.errors import ModelError

    try:
        store = open_own_store(is_read=True)
        levels = levels_with_models(store)
        files: list[Callable[[], object]] = [
            *(partial(load_coup_forecaster, store, version) for version in coup_versions(store)),
            *(partial(forecaster_file, store, v) for of in levels for v in versions_of(store, of)),
        ]
    except ModelError as error:
        yield Finding("damaged", "models", str(error))
        return
    whole = 0
    for read in files:
        try:
            read()
            whole += 1
        except ModelError as error:
            yield Finding("damaged", "models", str(error))
    if whole:
        yield Finding("whole", "models", f"{whole} versions {store.place}")


def _bulletins(noted: "Link | None", folder: Path) -> Iterator[Finding]:
    from bulletins.chain import chain_faults, head_of, noted_faults
    from bulletins.form import MANIFEST_FILE
    from bulletins.reading import read_manifests
    from features.errors import BulletinError
    from features.hashes import file_faults, hash_of_file

    try:
        manifests, refused = read_manifests(folder)
    except BulletinError as error:
        yield Finding("damaged", "bulletins", str(error))
        return
    for reason in refused.values():
        yield Finding("damaged", "bulletins", reason)
    for manifest in manifests:
        faults = list(file_faults(folder / "bulletins" / manifest.id, manifest.hashes))
        if faults:
            remedy = "restore it from a backup, or move it away and publish again"
            details = f"{manifest.id}: {', '.join(faults)}: {remedy}"
            yield Finding("damaged", "bulletins", details)
        elif manifest.is_older:
            details = f"{manifest.id}: the files; its manifest is older than the hashes"
            yield Finding("unchecked", "bulletins", details)
        else:
            yield Finding("whole", "bulletins", f"{manifest.id}: {len(manifest.hashes) + 1} files")
    hashes = {m.id: hash_of_file(folder / "bulletins" / m.id / MANIFEST_FILE) for m in manifests}
    for fault in (*chain_faults(manifests, hashes), *noted_faults(noted, hashes)):
        yield Finding("damaged", "chain", fault)
    head = head_of(manifests)
    if head is not None:
        yield Finding("whole", "chain", f"it ends in {head.id}:{hashes[head.id]}")


def _scenarios(folder: Path) -> Iterator[Finding]:
    from bulletins.scenarios import read_scenario_manifest, scenario_folders
    from features.errors import BulletinError
    from features.hashes import file_faults

    try:
        places = scenario_folders(folder)
    except BulletinError as error:
        yield Finding("damaged", "scenarios", str(error))
        return
    for place in places:
        try:
            manifest = read_scenario_manifest(place)
        except BulletinError as error:
            yield Finding("damaged", "scenarios", str(error))
            continue
        faults = list(file_faults(place, manifest.files))
        if faults:
            details = f"{place.name}: {', '.join(faults)}: move it away and compute it again"
            yield Finding("damaged", "scenarios", details)
        else:
            yield Finding("whole", "scenarios", f"{place.name}: {len(manifest.files) + 1} files")


def _record(folder: Path) -> Iterator[Finding]:
    from bulletins.record import read_editions
    from features.errors import RecordError

    try:
        editions = read_editions(folder)
    except RecordError as error:
        yield Finding("damaged", "record", str(error))
        return
    if editions:
        newest = editions[-1]
        details = f"edition {newest.number}, of {newest.as_of}, sha256 {newest.record_sha256}"
        yield Finding("whole", "record", details)


def _cycles(folder: Path) -> Iterator[Finding]:
    from experiments.cycle.journal import Journal
    from features.errors import ArchiveError

    try:
        entries = Journal(folder).entries()
    except ArchiveError as error:
        yield Finding("damaged", "cycles", str(error))
        return
    if entries:
        yield Finding("whole", "cycles", f"{len(entries)} entries of the journal")


def _alerts(folder: Path) -> Iterator[Finding]:
    from alerts.log import read_log
    from features.errors import AlertError

    try:
        log = read_log(folder)
    except AlertError as error:
        yield Finding("damaged", "alerts", str(error))
        return
    for fault in log.faults:
        yield Finding("damaged", "alerts", fault)
    if log.alerts and not log.faults:
        details = f"{len(log.alerts)} in the log, with {len(log.attempts)} attempts to deliver them"
        yield Finding("whole", "alerts", details)


def _keys(folder: Path) -> Iterator[Finding]:
    from service.access.keys import KeyRing
    from service.errors import KeysError

    try:
        keys = KeyRing(folder).names()
    except KeysError as error:
        yield Finding("damaged", "keys", str(error))
        return
    if keys:
        yield Finding("whole", "keys", f"{len(keys)}")


def _shared(every: "Sequence[SharedFolders]", _: Path) -> Iterator[Finding]:
    """Compare all that lies at the addresses that machines share with its hashes."""
    from features.errors import StoreError

    for shared in every:
        try:
            faults, number = list(shared.faults()), shared.count()
        except StoreError as error:
            faults, number = [str(error)], 0
        for fault in faults:
            yield Finding("damaged", "shared", fault)
        if number and not faults:
            yield Finding("whole", "shared", f"{number} {shared.kind} at {shared.address}")
