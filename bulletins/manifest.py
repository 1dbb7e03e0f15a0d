"""The manifest of a bulletin: what it is, where it comes from and what it holds."""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, FiniteFloat, TypeAdapter

from bulletins.folders import ID
from bulletins.form import DRIVERS_FILE, INDICATORS_FILE, SCORES_FILE
from features.hashes import hash_of_record
from features.strict import Strict
from features.words import Alarm, Level, RiskName, Target

FORMAT: Literal[2] = 2
"""Version of this form; a reader refuses a manifest with a later one.

Up to 1 the id said nothing of the manifest, and neither models nor indicators had a hash.
"""

LICENCE = "CC BY 4.0"
LICENCE_URLS = {LICENCE: "https://creativecommons.org/licenses/by/4.0/"}
BOUNDARIES = (
    "Boundaries are those of Natural Earth (public domain), simplified. Boundaries and names imply "
    "no endorsement or acceptance."
)


Share = Annotated[float, Field(ge=0, le=1)]


class ReleaseUsed(Strict):
    """One release that the vintage drew on."""

    source: str = Field(examples=["ucdp"])
    release: str = Field(examples=["ged241"])
    available_on: date = Field(description="The day from which the release was public.")
    sha256: str = Field(description="Content hash of the delivered file.")


class SourceUsed(Strict):
    """Whom the events are owed to; null is what is not known."""

    name: str = Field(examples=["ucdp-ged"])
    title: str
    url: str | None
    licence: str | None
    citation: str | None


class VintageUsed(Strict):
    """The event history that the scores were computed from."""

    history: str = Field(examples=["ucdp"], description="The event history that was read.")
    as_of: date = Field(description="Only releases that were public by this day were read.")
    digest: str = Field(description="Content hash of everything read: all months to the origin.")
    releases: tuple[ReleaseUsed, ...]


class ModelUsed(Strict):
    """The registered model version behind the scores of one level."""

    level: Level
    name: str = Field(examples=["tocsin-admin1"], description="Name in the model registry.")
    version: int = Field(ge=1)
    run_id: str = Field(description="The MLflow run that trained it.")
    learner: str = Field(examples=["boosting"])
    summary_events: Literal["spread", "end", "omit"] = Field(
        description="Whether events that last over several months are spread over their days, "
        "count in the month in which they ended, or are left out."
    )
    trained_to: str = Field(description="The last month whose outcomes it learned from, YYYY-MM.")
    skill: dict[str, float] = Field(
        description="Brier skill by target over the best reference, in the backtest before the "
        "origin: 0 is no better than the reference, 1 is perfect."
    )
    sha256: str | None = Field(
        default=None,
        description="Content hash of the model's file; null in older bulletins.",
    )


CoupSource = Literal["model", "months_since", "base_rate"]


class CoupsUsed(Strict):
    """The version of the model of coups, and the lists and tables that it read."""

    name: str = Field(examples=["tocsin-coups"], description="Name in the model registry.")
    version: int = Field(ge=1)
    run_id: str = Field(description="The MLflow run that trained it.")
    sha256: str = Field(description="Content hash of the model's file.")
    trained_to: str = Field(description="The last month whose outcomes it learned from, YYYY-MM.")
    served: dict[int, CoupSource] = Field(
        description="What scores at each horizon are from: the model; the months since the last "
        "attempt, which it did not beat in the backtest; or, of few attempts, the base rate."
    )
    skill: dict[int, float] = Field(
        description="Logarithmic skill of the model over the months since the last attempt."
    )
    attempts: int = Field(ge=0, description="About how many attempts the backtest has.")
    rows: int = Field(ge=1, description="Number of scores.")
    releases: tuple[ReleaseUsed, ...]
    success_shares: dict[str, Share] = Field(
        description="By country, the share of attempts that is expected to succeed."
    )
    seizures: dict[str, tuple[str, ...]] = Field(
        description="By country, the months in which rebels seized power, which is no coup."
    )
    any_country: dict[int, Share] = Field(
        description="By horizon, the probability of any attempt in any of the scored countries, "
        "if attempts are independent given the scores."
    )

    @property
    def replaced(self) -> tuple[int, ...]:
        """The horizons at which the model is not served, ascending."""
        return tuple(sorted(h for h, source in self.served.items() if source != "model"))


class LateReporting(Strict):
    """How deaths of the newest months of a level were raised to what they are expected to be."""

    releases: tuple[ReleaseUsed, ...] = Field(
        description="The releases that were public by then, from which growth was learned."
    )
    factors: tuple[tuple[float, ...], ...] = Field(
        description="By what reported deaths were multiplied, a row a month of age, the newest "
        "first, at 1, 10, 100 and 1,000 deaths; between these it is drawn by their logarithm."
    )


class Link(Strict):
    """The bulletin that was issued before another one, and the hash of its manifest."""

    id: str
    sha256: str


class RiskLevel(Strict):
    """One risk level: which scores it takes in, and what came of such scores in the backtest."""

    name: RiskName
    lowest: Share = Field(description="The least probability of the level.")
    scores: int = Field(ge=0, description="Number of scores of this level in the backtest.")
    came_true: Share | None = Field(
        description="The share of them that came true; null where there were none."
    )
    independent: float | None = Field(
        default=None,
        ge=0,
        description="How many independent scores would say as much; null in older bulletins.",
    )
    low: Share | None = Field(
        default=None, description="Lower end of the 95 % interval of the share; null if unknown."
    )
    high: Share | None = Field(default=None, description="The upper end.")


class RiskScale(Strict):
    """The risk levels of one target at one level of regions, upwards.

    A level that was not earned in the backtest is not there: its scores have the word below.
    """

    level: Level
    target: Target
    base_rate: float = Field(ge=0, le=1, description="Share of all in the backtest, come true.")
    levels: Annotated[tuple[RiskLevel, ...], Field(min_length=2, max_length=5)]


class Shortfall(Strict):
    """One target at which the scores issued so far were worse than conflictology.

    By the track record as it was when the bulletin was issued, over all horizons.
    """

    level: Level
    target: Target
    state: Literal["first", "final"] = Field(
        description="Whether by outcomes as they were first known, or once they were final."
    )
    n: int = Field(ge=1, description="Number of scores.")
    origins: int = Field(ge=1, description="Number of origins that they were issued at.")
    skill: float = Field(
        lt=0,
        description="The share of the loss of conflictology (Brier score, CRPS) that the scores "
        "save, which is below 0: they lose more.",
    )
    low: float | None = Field(
        description="Lower end of the 95 % interval of the skill; null with too few origins for "
        "one: then it may be chance."
    )
    high: float | None = Field(description="The upper end, below 0.")


class Manifest(Strict):
    """What a bulletin is, where it comes from and what it holds."""

    format: Literal[1, 2] = FORMAT
    id: Annotated[str, Field(pattern=f"^{ID}$")]
    origin: Annotated[
        str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Last observed month used.")
    ]
    issued_at: AwareDatetime
    simulated: bool = Field(description="True if the events are invented: no news, no warning.")
    levels: tuple[Level, ...]
    thresholds: dict[Level, float] = Field(description="tau by level [deaths/month].")
    vintage: VintageUsed
    months_behind: int | None = Field(
        default=None,
        ge=0,
        description="How many months more the source should have published by the day of the "
        "vintage; null where its schedule is not known, or the events are invented.",
    )
    models: tuple[ModelUsed, ...]
    code: str = Field(description="Version and commit of the code that issued it.")
    rows: int = Field(ge=1, description="Number of scores.")
    scores_sha256: str = Field(description="Content hash of scores.parquet.")
    drivers_sha256: str | None = Field(
        default=None, description="Content hash of drivers.parquet; null if there is none."
    )
    previous: str | None = Field(
        default=None, description="The bulletin that changes are measured against; null if none."
    )
    files: dict[str, str] = Field(
        default_factory=dict,
        description="Content hashes of the other files, by name: tables, and the report and model "
        "card of each level.",
    )
    chain: Link | None = Field(
        default=None,
        description="The bulletin issued before this one, of whatever origin; null if it is the "
        "first, and in older bulletins.",
    )
    lost: tuple[str, ...] = Field(
        default=(),
        description="Bulletins issued before this one that were gone or damaged when it was "
        "issued, and that no other had named so.",
    )
    risk_scales: tuple[RiskScale, ...] = Field(
        default=(), description="What the risk levels mean; none in older bulletins."
    )
    left_out: tuple[str, ...] = Field(
        default=(), description="Levels of regions that have no score, and why."
    )
    unscored: tuple[str, ...] = Field(
        default=(), description="Regions, by country, that have no score, and why."
    )
    late_reporting: dict[Level, LateReporting] = Field(
        default_factory=dict,
        description="By level, how late reporting was corrected; empty where it was not, and in "
        "older bulletins.",
    )
    placed_nowhere: dict[Level, dict[str, int]] = Field(
        default_factory=dict,
        description="Deaths of the months in history.parquet that count in a country and in no "
        "region of the level, by level and country; none in older bulletins.",
    )
    record_sha256: str | None = Field(
        default=None,
        description="Hash of the newest edition of the track record when the bulletin was issued; "
        "null if there was none, and in older bulletins.",
    )
    shortfalls: tuple[Shortfall, ...] = Field(
        default=(),
        description="Where the track record shows that scores issued so far were worse than "
        "conflictology.",
    )
    licence: str = Field(default=LICENCE, description="Of the scores; the sources keep theirs.")
    coups: CoupsUsed | None = Field(
        default=None, description="Of scores of coups; null where there are none."
    )
    citation: str = Field(default="", description="How to cite it; empty in older bulletins.")
    sources: tuple[SourceUsed, ...] = Field(
        default=(), description="Whom the events are owed to; none in older bulletins."
    )
    boundaries: str = Field(default=BOUNDARIES, description="What boundaries and names mean.")

    @property
    def hashes(self) -> dict[str, str]:
        """The content hashes of all other files by name; of older ones not of the indicators."""
        drivers = {} if self.drivers_sha256 is None else {DRIVERS_FILE: self.drivers_sha256}
        return {SCORES_FILE: self.scores_sha256} | self.files | drivers

    @property
    def is_late(self) -> bool:
        """Whether it was issued after the day as of which it speaks."""
        return self.issued_at.date() > self.vintage.as_of + timedelta(days=1)

    @property
    def is_older(self) -> bool:
        """Whether it is of the format whose id says nothing of the content, and has no more."""
        own = self.chain, *(model.sha256 for model in self.models), self.files.get(INDICATORS_FILE)
        return self.format == 1 and not self.lost and not any(own)


def blank_id(origin: str) -> str:
    """Return what stands in a manifest in place of its id while that is computed."""
    return f"{origin}-{'0' * 12}"


def id_of(origin: str, content: bytes, named: str) -> str:
    """Return the id that follows from the content of a manifest, in which it is `named`."""
    return f"{origin}-{hash_of_record(content, named, blank_id(origin))[:12]}"


class ListedIndicator(Strict):
    """One indicator of the catalogue, as it was when the bulletin was issued."""

    name: str
    meaning: str
    unit: str
    family: str
    source: str = Field(description="The literature that it is from; empty if it is from none.")
    lowest: FiniteFloat | None = Field(description="The least value it may take; null if any.")
    highest: FiniteFloat | None = Field(description="The greatest value it may take; null if any.")
    needs: tuple[str, ...] = Field(
        description="What a history must have for it, beside deaths by region and month."
    )
    alarming: Alarm | None = Field(
        default=None,
        description="Whether its `high` or its `low` values are an early sign; null where neither "
        "are, where a figure tells a reader nothing, and in older bulletins.",
    )


ListedIndicators: TypeAdapter[tuple[ListedIndicator, ...]] = TypeAdapter(
    tuple[ListedIndicator, ...]
)
"""The form of `indicators.json`: a list of indicators, in the order of the catalogue."""
