"""The form of the track record: what came of every score, as it became known.

`<home>/record/<number>/` is one edition. It is written whole, after all others, and never changed:

    rows.parquet      what it adds: every score of which something new became known, ROWS_SCHEMA
    summary.parquet   what all editions so far come to, SUMMARY_SCHEMA
    edition.json      the `Edition`: as of which day, the edition before, and all hashes
"""

import re
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
from pydantic import AwareDatetime, Field, ValidationError

from bulletins.tables import Frame, Part
from features.arrow import optional, required
from features.errors import RecordError
from features.files import entries, read_whole
from features.hashes import file_faults, hash_of_record, sha256_of
from features.language import ENGLISH, Language, message
from features.strict import Strict
from features.words import SPECS, Outcome, Target

ROWS_FILE, SUMMARY_FILE, EDITION_FILE = "rows.parquet", "summary.parquet", "edition.json"

State = Literal["first", "final"]
"""An outcome as it was first known, and as it was once its months were final."""

Division = Literal["all", "horizon", "country", "year", "risk_level", "probability", "bulletin"]
DIVISIONS: tuple[Division, ...] = get_args(Division)
"""What a summary is divided by.

`year` are twelve months of origins in a row, by the last; `probability` is tenths of it, by the
lower end.
"""

SCORE = "score"
"""The name of our own forecasts beside the references."""

RIVAL = "conflictology"
"""The reference that a bulletin owns up to when its scores have been worse."""

_RIVALS: dict[Outcome, str] = {"violence": RIVAL, "coups": "months_since"}

FEWEST_ATTEMPTS = 30
"""Fewer attempts of coups tell nothing of forecasts, good or bad, however many scores they make."""


def rival_of(target: Target) -> str:
    """Return the reference that scores of a target are set against first."""
    return _RIVALS[SPECS[target].counts]


_NEEDED = message(
    "So few tell nothing of scores, good or bad: that takes {needed}, and the whole world sees two "
    "or three a year."
)
_YEARS = message(
    "So few tell nothing of scores, good or bad: that takes {needed}, at this rate some {years} "
    "years."
)
_YEAR = 12

_MOST_BYTES = 1 << 30  # of one file
_TEXT, _NUMBER = pa.string(), pa.float64()

ROWS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "bulletin", "origin", "issued_at"),
        *required(pa.bool_(), "hindsight"),
        *required(_TEXT, "level", "region", "country", "target"),
        *required(pa.int8(), "horizon"),
        *required(_TEXT, "target_month", "state"),
        *required(pa.date32(), "known_on"),
        *optional(_TEXT, "risk_level"),
        *required(_NUMBER, "outcome"),
        *optional(_NUMBER, "first_loss", "mean", "below", "upto"),
        *required(_NUMBER, SCORE),
    ]
)
"""The first columns; a column of numbers follows for each reference, null where it is of others.

One row a score and state of its outcome. `issued_at` is of the bulletin [UTC]. `hindsight`: its
month was over on the day of the vintage that it was computed from. `known_on` is the day of the
vintage that the outcome is from. `outcome` is 0 or 1, for `fatalities` [deaths/month]. SCORE and
references are probabilities, for `fatalities` the CRPS [deaths/month]; `first_loss` is, in rows of
`final`, the loss of the score by the outcome as it was first known: squared error, or CRPS. Of
`fatalities` alone: `mean` [deaths/month] of the forecast, and its probabilities of fewer deaths
than came (`below`), and of no more (`upto`).
"""

SUMMARY_SCHEMA = pa.schema(
    [
        *required(_TEXT, "state", "level", "target", "by", "group", "forecast"),
        *required(pa.int64(), "n", "hindsight", "origins"),
        *optional(pa.int64(), "attempts"),
        *required(_NUMBER, "observed"),
        *optional(_NUMBER, "observed_low", "observed_high", "forecasted"),
        *optional(_NUMBER, "brier", "log_score", "crps", "first_loss", "within_90"),
        *optional(_NUMBER, "calibration_error"),
        *optional(_NUMBER, "skill", "skill_low", "skill_high"),
        *optional(_NUMBER, "log_skill", "log_skill_low", "log_skill_high"),
    ]
)
"""A row a state, level, target, group of a division (`by`) and forecast, so sorted.

Of each origin the bulletin counts that was issued first. `observed` is the share that came true,
for `fatalities` the mean [deaths/month]; `forecasted` is the mean probability, or the mean of the
means of SCORE. In rows of a reference, `skill` is the share of its loss (Brier score or CRPS) that
the scores save, `log_skill` that of its logarithmic score. Intervals hold 95 %; they are null with
few origins, and of coups with fewer than FEWEST_ATTEMPTS. `attempts`, of coups by `all` and
`horizon`, are the fewest attempts that make the outcomes true. `first_loss` is the loss of the same
scores by the outcomes as first known.
"""


class Edition(Strict):
    """What one edition of the track record is."""

    format: Literal[1] = 1
    number: int = Field(ge=1)
    as_of: date = Field(description="The day whose vintage the outcomes are from.")
    recorded_at: AwareDatetime
    simulated: bool
    code: str = Field(description="Version and commit of the code that wrote it.")
    first: int = Field(ge=0, description="Scores whose outcome became known.")
    final: int = Field(ge=0, description="Scores whose outcome became final.")
    left_out: dict[str, str] = Field(
        description="Bulletins of which something became known and that cannot be judged; and why."
    )
    previous: str | None = Field(description="The hash of the edition before; null if none.")
    files: dict[str, str] = Field(description="Content hashes of the other files, by name.")
    record_sha256: str = Field(description="Hash of this file with zeros in place of this hash.")


def coup_caution(attempts: int, origins: int, language: Language = ENGLISH) -> str | None:
    """Return why a record of coups proves nothing yet; None once it has FEWEST_ATTEMPTS.

    `attempts` came of the scores of so many `origins`, a month apart.
    """
    if attempts >= FEWEST_ATTEMPTS:
        return None
    counted = language.ngettext(
        "The record of coups has scores of {origins} months, and {attempts} attempt.",
        "The record of coups has scores of {origins} months, and {attempts} attempts.",
        attempts,
    )
    is_rate_known = attempts > 0 and origins >= _YEAR
    years = FEWEST_ATTEMPTS * origins / (_YEAR * attempts) if is_rate_known else 0.0
    needed = _YEARS if is_rate_known else _NEEDED
    values = {
        "attempts": language.number(attempts),
        "origins": language.number(origins),
        "needed": language.number(FEWEST_ATTEMPTS),
        "years": language.number(max(1, round(years))),
    }
    return " ".join(part.format(**values) for part in (counted, language.gettext(needed)))


def edition_folders(home: Path) -> list[Path]:
    """Return the folders of a home's editions, good and damaged, in their order.

    Raises RecordError when they cannot be listed.
    """
    try:
        folders = [path for path in entries(home / "record") if re.fullmatch(r"\d+", path.name)]
    except OSError as error:
        raise RecordError(
            f"the track record cannot be listed ({error.strerror}): see to the folder 'record' of "
            "the home and its permissions"
        ) from error
    return sorted(folders, key=lambda folder: int(folder.name))


def read_edition(folder: Path) -> Edition:
    """Return what an edition is; raises RecordError when `edition.json` is not what was written."""
    try:
        content = read_whole(folder / EDITION_FILE, _MOST_BYTES)
        edition = Edition.model_validate_json(content)
    except OSError as error:
        raise _damage(folder, f"{EDITION_FILE} cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise _damage(folder, f"{EDITION_FILE} is not of the form this version reads") from error
    own = edition.record_sha256
    if hash_of_record(content, own) != own or folder.name != folder_name(edition.number):
        raise _damage(folder, f"{EDITION_FILE} is not what was written")
    return edition


def read_editions(home: Path) -> list[Edition]:
    """Return all editions of a home, the oldest first.

    Raises RecordError when one is gone, or any file of one is not what was written.
    """
    editions: list[Edition] = []
    for number, folder in enumerate(edition_folders(home), start=1):
        edition = read_edition(folder)
        if edition.number != number:
            raise _damage(folder.with_name(folder_name(number)), "it is gone")
        if edition.previous != (editions[-1].record_sha256 if editions else None):
            raise _damage(folder, "it does not follow the one before it")
        for fault in file_faults(folder, edition.files):
            raise _damage(folder, fault)
        editions.append(edition)
    return editions


def read_newest(home: Path) -> Edition | None:
    """Return the newest edition, None without any; raises RecordError when it is damaged."""
    folders = edition_folders(home)
    return read_edition(folders[-1]) if folders else None


def read_summary(home: Path, edition: Edition) -> Frame:
    """Return the summary of an edition, SUMMARY_SCHEMA; raises RecordError when it is damaged."""
    table = read_table(home, edition, SUMMARY_FILE)
    for place, column in enumerate(SUMMARY_SCHEMA):
        if column.nullable and column.name not in table.column_names:  # of an older version
            table = table.add_column(place, column, pa.nulls(len(table), column.type))
    if not table.schema.equals(SUMMARY_SCHEMA):
        folder = home / "record" / folder_name(edition.number)
        raise _damage(folder, f"{SUMMARY_FILE} does not have the columns that this version reads")
    return Frame(table)


def read_table(home: Path, edition: Edition, name: str) -> pa.Table:
    """Return a table of an edition by its file; raises RecordError when it is damaged."""
    folder = home / "record" / folder_name(edition.number)
    try:
        content = read_whole(folder / name, _MOST_BYTES)
    except OSError as error:
        raise _damage(folder, f"{name} cannot be read ({error.strerror})") from error
    if sha256_of(content) != edition.files.get(name):
        raise _damage(folder, f"{name} is not what was written")
    return Part(content).whole()


def folder_name(number: int) -> str:
    """Return the name of the folder of an edition."""
    return f"{number:04d}"


def _damage(folder: Path, reason: str) -> RecordError:
    return RecordError(
        f"edition {folder.name} of the track record cannot be used: {reason}; restore the folder "
        "'record' of the home from a backup, or move it away and run `tocsin record`, which judges "
        "by what is known now"
    )
