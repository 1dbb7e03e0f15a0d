"""The form of a scenario: what scores would be if the coming months were as somebody supposes.

`<home>/scenarios/<id>/` is one scenario, moved into place whole and never changed. It is no
bulletin: it is in no list of them, in no track record, and rings no alert.

    scores.parquet     the scores with and without the statements, SCORES_SCHEMA
    families.parquet   what moved them, FAMILIES_SCHEMA
    violence.parquet   what the statements put into the coming months, VIOLENCE_SCHEMA
    support.parquet    indicators that they move beyond all that was ever seen, SUPPORT_SCHEMA
    scenario.json      the `ScenarioManifest`: what was supposed, of which bulletin, and all hashes
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field, ValidationError

from bulletins.folders import ID
from bulletins.tables import Frame, Part
from features.arrow import optional, required
from features.disk import hidden_folder, move_whole
from features.errors import BulletinError
from features.files import entries, read_whole
from features.hashes import hash_of_record, sha256_of
from features.language import ENGLISH, Language, message
from features.scenarios.statements import Scenario
from features.strict import Strict
from features.words import Level

SCORES_FILE, FAMILIES_FILE = "scores.parquet", "families.parquet"
VIOLENCE_FILE, SUPPORT_FILE = "violence.parquet", "support.parquet"
SCENARIO_FILE = "scenario.json"

SCENARIO_ID = r"hypothetical-[0-9a-f]{12}"
"""What the id of a scenario, and so the name of its folder, looks like."""

BLANK_ID = f"hypothetical-{'0' * 12}"
"""What stands in a manifest in place of its id while that is computed."""

CAUTION = (
    "HYPOTHETICAL: what the model associates with such events, not what would happen. Nothing here "
    "was observed or forecast."
)
ASSUMPTION = (
    "Where nothing is supposed, the world goes on as in the last {months} to {origin}: they come "
    "again, in the same order. The continuation is that alone."
)

OWN_COUPS = message(
    "The model of coups reads a country's own past and nothing of its neighbours: no score of "
    "coups moves in a country of which nothing is supposed."
)
SHARED_COUPS = message(
    "The model of coups knows no neighbours: in countries of which nothing is supposed, its scores "
    "move only through what it reads of all states together ({indicators})."
)
SAME_OUTCOME = message(
    "It reads attempts, not whether they succeed. Conditions stay as they were at the origin, and "
    "no earlier coup comes again."
)


def coups_in_words(meanings: Sequence[str], language: Language = ENGLISH) -> str:
    """Say what the model of coups reads of other countries, and what it does not read at all.

    `meanings` are those of the indicators through which scores of other countries move.
    """
    text = language.gettext(SHARED_COUPS if meanings else OWN_COUPS)
    indicators = ", ".join(f"{meaning[:1].lower()}{meaning[1:]}" for meaning in meanings)
    return f"{text.format(indicators=indicators)} {language.gettext(SAME_OUTCOME)}"


_MOST_BYTES = 1 << 30  # of one file
_TEXT, _NUMBER = pa.string(), pa.float64()

SCORES_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "name", "country", "level", "target"),
        *required(pa.int8(), "horizon"),
        *required(_TEXT, "target_month"),
        *optional(_NUMBER, "probability", "continuation", "change", "bulletin_probability"),
        *optional(_NUMBER, "mean", "continuation_mean", "mean_change", "bulletin_mean"),
        *optional(_NUMBER, "threshold", "continuation_threshold"),
        *required(pa.bool_(), "beyond"),
        *required(_TEXT, "model_version"),
    ]
)
"""One row a region, target and horizon from the last supposed month on; so sorted, by level first.

`probability` is with the statements, `continuation` without, `change` [points of probability] the
one less the other; null where a target is not scored, as onset once there are deaths.
`bulletin_probability` is what the bulletin says of the same month or, of a window, of one as long
from its own origin on; null beyond its horizons. Means [deaths/month] are of `fatalities` alone, as
in a bulletin; thresholds are as there. `beyond` marks regions in SUPPORT_FILE.
"""

FAMILIES_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level", "target"),
        *required(pa.int8(), "horizon"),
        *required(_TEXT, "family"),
        *required(_NUMBER, "change"),
    ]
)
"""One row a score and family that moved it; `change` [log-odds] adds up to that of the score.

`fatalities` share those of `instability`.
"""

VIOLENCE_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level", "month"),
        *optional(_NUMBER, "events", "continuation_events"),
        *required(_NUMBER, "deaths", "continuation_deaths"),
    ]
)
"""One row a region and month (YYYY-MM) in which statements change the violence [a month].

Events are null where the history does not have them.
"""

SUPPORT_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level", "indicator"),
        *required(_NUMBER, "value", "lowest", "highest"),
    ]
)
"""One row a region and indicator that the model reads, outside all that it could learn from.

Statements moved it to `value`; `lowest` and `highest` are those of all regions up to the origin.
"""

SCHEMAS: Mapping[str, pa.Schema] = {
    SCORES_FILE: SCORES_SCHEMA,
    FAMILIES_FILE: FAMILIES_SCHEMA,
    VIOLENCE_FILE: VIOLENCE_SCHEMA,
    SUPPORT_FILE: SUPPORT_SCHEMA,
}


class ScenarioManifest(Strict):
    """What a scenario supposes, and what it is computed from."""

    format: Literal[1] = 1
    id: Annotated[str, Field(pattern=f"^{SCENARIO_ID}$")]
    hypothetical: Literal[True] = Field(
        default=True, description="Always true: nothing here was observed or forecast."
    )
    simulated: bool = Field(description="True if the events below it are invented too.")
    name: str
    text: str
    bulletin: Annotated[
        str, Field(pattern=f"^{ID}$", description="The bulletin whose events and models it has.")
    ]
    origin: str = Field(description="The last observed month, YYYY-MM.")
    last_month: str = Field(description="The last supposed month, YYYY-MM; horizons follow it.")
    levels: tuple[Level, ...] = Field(
        description="Those that are scored; statements are of the first."
    )
    model_versions: tuple[str, ...]
    assumption: str = Field(description="How the world goes on where nothing is supposed.")
    caution: str = Field(default=CAUTION, description="What an answer means.")
    statements: Scenario = Field(description="What is supposed, as it was asked.")
    coups: str | None = Field(
        default=None,
        description="What the model of coups reads of other countries; null without coups.",
    )
    coups_elsewhere: tuple[str, ...] = Field(
        default=(),
        description="Indicators through which supposed coups move scores of other countries.",
    )
    beyond: int = Field(ge=0, description="Number of regions beyond all that was ever seen.")
    code: str = Field(description="Version and commit of the code that computed it.")
    rows: int = Field(ge=0, description="Number of scores.")
    files: dict[str, str] = Field(description="Content hashes of the tables, by name.")


def write_scenario(
    home: Path, files: Mapping[str, bytes], draft: ScenarioManifest
) -> tuple[ScenarioManifest, bool]:
    """Write a scenario, whose draft has BLANK_ID, and move it into its place.

    Returns the manifest, and False if the same was there already. Raises BulletinError when the
    disk refuses.
    """
    text = draft.model_dump_json(indent=2).encode()
    own = f"hypothetical-{hash_of_record(text, BLANK_ID, BLANK_ID)[:12]}"
    content = text.replace(BLANK_ID.encode(), own.encode())
    place = home / "scenarios" / own
    try:
        with hidden_folder(place) as hidden:
            for name, data in {**files, SCENARIO_FILE: content}.items():
                (hidden / name).write_bytes(data)
            return ScenarioManifest.model_validate_json(content), move_whole(hidden, place)
    except OSError as error:
        raise BulletinError(
            f"the scenario cannot be written to {place.parent} ({error.strerror}): see to the disk "
            "and its permissions; nothing was written"
        ) from error


def scenario_folders(home: Path) -> list[Path]:
    """Return the folders of a home's scenarios, good and damaged, by name.

    Raises BulletinError when they cannot be listed.
    """
    try:
        return [p for p in entries(home / "scenarios") if re.fullmatch(SCENARIO_ID, p.name)]
    except OSError as error:
        raise BulletinError(
            f"the scenarios cannot be listed ({error.strerror}): see to the folder 'scenarios' of "
            "the home and its permissions"
        ) from error


def read_scenario_manifest(folder: Path) -> ScenarioManifest:
    """Return what a scenario is; raises BulletinError when its file is not what was written."""
    content = _read(folder, SCENARIO_FILE)
    try:
        manifest = ScenarioManifest.model_validate_json(content)
    except ValidationError as error:
        raise _damage(folder, f"{SCENARIO_FILE} is not of the form this version reads") from error
    own = f"hypothetical-{hash_of_record(content, manifest.id, BLANK_ID)[:12]}"
    if not own == manifest.id == folder.name:
        raise _damage(folder, f"{SCENARIO_FILE} is not what was written")
    return manifest


def read_scenario_table(folder: Path, manifest: ScenarioManifest, name: str) -> Frame:
    """Return a table of a scenario by its file; raises BulletinError when it is damaged."""
    content = _read(folder, name)
    if sha256_of(content) != manifest.files.get(name):
        raise _damage(folder, f"{name} is not what was written")
    table = Part(content).whole()
    if not table.schema.equals(SCHEMAS[name]):
        raise _damage(folder, f"{name} does not have the columns that this version reads")
    return Frame(table)


def _read(folder: Path, name: str) -> bytes:
    try:
        return read_whole(folder / name, _MOST_BYTES)
    except OSError as error:
        raise _damage(folder, f"{name} cannot be read ({error.strerror})") from error


def _damage(folder: Path, reason: str) -> BulletinError:
    return BulletinError(
        f"scenario {folder.name} cannot be used: {reason}; move it away and compute it again"
    )
