"""Bring the track record up to date: one edition whenever anything new has become known."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd

from bulletins.manifest import Manifest
from bulletins.reading import read_manifests
from bulletins.record import (
    EDITION_FILE,
    ROWS_FILE,
    SUMMARY_FILE,
    SUMMARY_SCHEMA,
    Edition,
    State,
    folder_name,
    read_editions,
    read_table,
)
from bulletins.writing import parquet_of
from experiments.judging.outcomes import SETTLED_AFTER, Observations, Outlook, outlook_on
from experiments.publishing.coups import COUP_LEVEL
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.publish import releases_of
from experiments.record.coups import StateConditions, StateObservations, states_outlook
from experiments.record.rows import (
    KEYS,
    ROWS,
    Conditions,
    Distributions,
    judged_rows,
    losses_of,
    risk_levels,
)
from experiments.record.summary import summary_of
from features.archive.releases import Archive
from features.archive.vintage import Vintage, vintage_of
from features.arrays import BoolArray
from features.disk import hidden_folder, locked, move_whole
from features.errors import BulletinError, CoverageError, RecordError
from features.hashes import BLANK, sha256_of, with_own_hash
from features.months import format_month, month_of, parse_month
from features.words import DISTRIBUTIONS, Level

_ORDER = ["bulletin", *KEYS, "state"]


class Outlooks(NamedTuple):
    """What a day's archive tells of what bulletins forecast: of violence by level, and of coups."""

    of_violence: Outlook
    of_coups: Callable[[Manifest], StateObservations | None]

    @classmethod
    def on(cls, archive: Archive, day: date, settled_after: int = SETTLED_AFTER) -> "Outlooks":
        """Return what is told as of a day; see `final_months` for `settled_after` [months]."""
        return cls(
            outlook_on(archive, day, settled_after), states_outlook(archive, day, settled_after)
        )


def update_record(
    home: Path,
    archive: Archive,
    as_of: date,
    *,
    recorded_at: datetime,
    code: str,
    settled_after: int = SETTLED_AFTER,
) -> Edition | None:
    """Judge every score of which something became known by a day; return None if there is none.

    An outcome is recorded when it is first known, and once more when it is final: see
    `final_months` for `settled_after` [months]. What is recorded stays. References read what each
    bulletin read. Raises RecordError when the record is damaged, goes on beyond `as_of`, or cannot
    be written; BulletinError and ArchiveError when bulletins or releases cannot be listed.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / ".record.lock"):
            editions = read_editions(home)
            if editions and editions[-1].as_of > as_of:
                raise RecordError(
                    f"the track record holds what was known on {editions[-1].as_of} and never goes "
                    f"back to {as_of}: give that day or a later one"
                )
            past = recorded_rows(home, editions)
            rows, left_out = _new_rows(home, archive, as_of, past, settled_after)
            if rows.empty:
                return None
            edition = Edition(
                number=len(editions) + 1,
                as_of=as_of,
                recorded_at=recorded_at,
                simulated=any(manifest.simulated for manifest in read_manifests(home)[0]),
                code=code,
                first=int((rows["state"] == "first").sum()),
                final=int((rows["state"] == "final").sum()),
                left_out=left_out,
                previous=editions[-1].record_sha256 if editions else None,
                files={},
                record_sha256=BLANK,
            )
            return _write(home, edition, rows, pd.concat([past, rows], ignore_index=True))
    except OSError as error:
        raise RecordError(
            f"the track record cannot be written to '{home / 'record'}' ({error.strerror}): see to "
            "the disk and its permissions; nothing was recorded"
        ) from error


def recorded_rows(home: Path, editions: list[Edition]) -> pd.DataFrame:
    """Return the rows of some editions (ROWS); raises RecordError when one is damaged."""
    parts = [read_table(home, edition, ROWS_FILE).to_pandas() for edition in editions]
    rows: pd.DataFrame = pd.concat([ROWS.empty_table().to_pandas(), *parts], ignore_index=True)
    return rows


def _write(home: Path, draft: Edition, rows: pd.DataFrame, all_rows: pd.DataFrame) -> Edition:
    """Write an edition with its new rows and the summary of all, and move it into its place."""
    files = {
        ROWS_FILE: parquet_of(rows, ROWS),
        SUMMARY_FILE: parquet_of(summary_of(all_rows), SUMMARY_SCHEMA),
    }
    hashes = {name: sha256_of(content) for name, content in files.items()}
    text = draft.model_copy(update={"files": hashes}).model_dump_json(indent=2) + "\n"
    content = with_own_hash(text)
    place = home / "record" / folder_name(draft.number)
    with hidden_folder(place) as hidden:
        for name, data in {**files, EDITION_FILE: content.encode()}.items():
            (hidden / name).write_bytes(data)
        move_whole(hidden, place)
    return Edition.model_validate_json(content)


def _new_rows(
    home: Path, archive: Archive, as_of: date, past: pd.DataFrame, settled_after: int
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows to be added, and why bulletins are left out, by id."""
    outlook = Outlooks.on(archive, as_of, settled_after)
    by_bulletin = dict(iter(past.groupby("bulletin")))
    parts, left_out = [], {}
    for manifest in sorted(read_manifests(home)[0], key=lambda m: (m.issued_at, m.id)):
        if manifest.vintage.as_of > as_of:
            continue
        own = by_bulletin.get(manifest.id, past.iloc[:0])
        try:
            parts += list(rows_of_bulletin(home, archive, manifest, own, outlook))
        except (BulletinError, CoverageError) as error:
            left_out[manifest.id] = str(error)
    if not parts:
        return past.iloc[:0], left_out
    rows = pd.concat(parts, ignore_index=True).assign(known_on=as_of)
    return rows.sort_values(_ORDER, kind="stable", ignore_index=True), left_out


def rows_of_bulletin(
    home: Path, archive: Archive, manifest: Manifest, past: pd.DataFrame, outlook: Outlooks
) -> Iterator[pd.DataFrame]:
    """Yield the rows to be added of a bulletin, a table a level, kind of outcome and state.

    Raises BulletinError when the bulletin is damaged or its releases are gone.
    """
    if (past["state"] == "final").sum() == manifest.rows:
        return
    folder = home / "bulletins" / manifest.id
    _, scores = read_bulletin(home, manifest.id)
    yield from _of_coups(archive, manifest, scores, past, outlook)
    vintage: Vintage | None = None
    for level in manifest.levels:
        observations = outlook.of_violence(manifest, level)
        if observations is None:
            continue
        own = scores[scores["level"] == level]
        distributions = Distributions.of(folder, manifest, level)
        if distributions is None:
            own = own[~own["target"].isin(DISTRIBUTIONS)]
        new = _new_scores(observations, own, manifest, past)
        if new.empty:
            continue
        if vintage is None:
            vintage = vintage_of(releases_of(archive, manifest), manifest.vintage.as_of)
        conditions = Conditions.of(vintage, manifest, level)
        yield from _in_states(manifest, level, judged_rows(new, conditions, distributions), past)


def _of_coups(
    archive: Archive,
    manifest: Manifest,
    scores: pd.DataFrame,
    past: pd.DataFrame,
    outlook: Outlooks,
) -> Iterator[pd.DataFrame]:
    """Yield the rows to be added of a bulletin's coups, a table a state."""
    observations = None if manifest.coups is None else outlook.of_coups(manifest)
    if observations is None:
        return
    new = _new_scores(observations, scores, manifest, past)
    if not new.empty:
        judged = judged_rows(new, StateConditions.of(archive, manifest))
        yield from _in_states(manifest, COUP_LEVEL, judged, past)


def _new_scores(
    observations: Observations | StateObservations,
    scores: pd.DataFrame,
    manifest: Manifest,
    past: pd.DataFrame,
) -> pd.DataFrame:
    """Return the scores of which something became known: `outcome`, and in which state it is new.

    The columns `first` and `final` say that.
    """
    known = observations.outcomes(scores, parse_month(manifest.origin))
    new_first = ~_is_recorded(known, past, "first")
    new_final = known["is_final"].to_numpy(dtype=bool) & ~_is_recorded(known, past, "final")
    return known.assign(first=new_first, final=new_final)[new_first | new_final]


def _in_states(
    manifest: Manifest, level: Level, judged: pd.DataFrame, past: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    described = _described(manifest, level, judged)
    for state in get_args(State):
        yield _in_state(described[described[state]], past, state)


def _is_recorded(scores: pd.DataFrame, past: pd.DataFrame, state: State) -> BoolArray:
    """Return whether each score has a row of a state already, (n,)."""
    recorded = pd.MultiIndex.from_frame(past.loc[past["state"] == state, KEYS])
    return np.asarray(pd.MultiIndex.from_frame(scores[KEYS]).isin(recorded))


def _described(manifest: Manifest, level: Level, judged: pd.DataFrame) -> pd.DataFrame:
    """Return judged scores of a level with what ROWS says of their bulletin."""
    over = format_month(month_of(manifest.vintage.as_of) - 1)
    return judged.assign(
        bulletin=manifest.id,
        origin=manifest.origin,
        issued_at=manifest.issued_at.astimezone(UTC).isoformat(),
        hindsight=judged["target_month"] <= over,
        risk_level=risk_levels(manifest, level, judged),
        loss=losses_of(judged),
    )


def _in_state(judged: pd.DataFrame, past: pd.DataFrame, state: State) -> pd.DataFrame:
    """Return the rows of a state, those of `final` with the loss of their first outcome."""
    first_loss = np.full(len(judged), np.nan)
    if state == "final":
        firsts = past[past["state"] == "first"]
        earlier = pd.Series(losses_of(firsts), pd.MultiIndex.from_frame(firsts[KEYS]))
        before = earlier.reindex(pd.MultiIndex.from_frame(judged[KEYS])).to_numpy()
        # What becomes known and final at once has one loss.
        first_loss = np.where(np.isnan(before), judged["loss"], before)
    described: pd.DataFrame = judged.assign(state=state, first_loss=first_loss, known_on=None)
    return described.reindex(columns=list(ROWS.names))
