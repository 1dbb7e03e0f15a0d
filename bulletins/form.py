"""The form of a bulletin: what `experiments` writes and `service` reads.

A bulletin is one folder, `bulletins/<id>/`, moved into place whole and never changed afterwards.
`manifest.json` (Manifest) says what it is, `scores.parquet` what it forecasts, `indicators.json`
(ListedIndicators) what the indicators mean. SCHEMAS has all Parquet files; older bulletins are
without some.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import AwareDatetime, Field, FiniteFloat, TypeAdapter

from features.arrow import optional, required
from features.strict import Strict
from features.words import QUANTILES, Level, RiskName, Target, quantile_column

FORMAT: Literal[1] = 1
"""Version of this form; a reader refuses a manifest with another."""

SCORES_FILE = "scores.parquet"
DRIVERS_FILE = "drivers.parquet"
DISTRIBUTIONS_FILE = "distributions.parquet"
REGIONS_FILE = "regions.parquet"
HISTORY_FILE = "history.parquet"
INDICATOR_VALUES_FILE = "indicator_values.parquet"
TRACK_RECORD_FILE = "track_record.parquet"
INDICATORS_FILE = "indicators.json"
MANIFEST_FILE = "manifest.json"

_TEXT, _NUMBER = pa.string(), pa.float64()


SCORES_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "name", "country", "level", "target"),
        *required(pa.int8(), "horizon"),
        *required(_TEXT, "target_month"),
        *required(_NUMBER, "threshold", "probability"),
        *optional(_NUMBER, "mean", *map(quantile_column, QUANTILES)),
        *required(_TEXT, "model_version"),
    ]
)
"""One row a region, target and horizon; sorted by level, region, target and horizon.

`target_month` is YYYY-MM, the last one of a window. `threshold` [deaths/month] is what the forecast
must reach: tau for `fatalities` and `instability`, max(tau, 2 x the last 12 months' mean) for
`escalation`, 1 death for `onset`. `mean` and quantiles [deaths/month] are of `fatalities` only.
"""

DriverKind = Literal["score", "baseline", "family", "revision", "cause", "indicator"]

DRIVERS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level", "target"),
        *required(pa.int8(), "horizon"),
        *required(_TEXT, "kind"),
        *optional(_TEXT, "name"),
        *required(_NUMBER, "contribution"),
        *optional(_NUMBER, "change", "value", "baseline_value"),
    ]
)
"""Why a score is what it is, and what changed: several rows a score, sorted like the scores.

`fatalities` share those of `instability`. Per score, by `kind` (DriverKind): one `score`, one
`baseline`, a `family` for each that the model reads, one `revision` if the change is known, at most
one `cause` and at most three `indicator`. `contribution` [log-odds] of `baseline` and `family`
adds up to that of `score`. `change` [log-odds], since the bulletin named as `previous`, at the same
horizon: those of `family` and `revision` add up to that of `score`. It is null where there was no
such score, and but for `score` also where another model gave it.

* `score`: `value` and `baseline_value` are the probability now and usually. `name` is null.
* `baseline`: the region's usual indicators; `name` says whose months are usual, `own`, or `all
  regions` where the region has too short a past.
* `family`: what its indicators add by not being as usual; as `change`, by moving from their values
  at the previous origin, as known now.
* `revision`: as `change`, what revised months to the previous origin add. Its `contribution` is 0.
* `cause`: of the family that did most for the `change`, the indicator that did most. `value` and
  `baseline_value` are its own, now and at the previous origin, in its unit.
* `indicator`: what this one adds on top of all others; these do not add up. The first is of the
  family that weighs most the way that the score differs from usual. `value` and `baseline_value`
  are its own, now and usually, in its unit; null if not known.

Older bulletins have a column `sentence` too, and no `cause`.
"""

DISTRIBUTIONS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level"),
        *required(pa.int8(), "horizon"),
        *required(pa.list_(pa.float64()), "deaths", "exceedance"),
    ]
)
"""One row a region and horizon, sorted by level, region and horizon.

The distribution behind a `fatalities` score: `deaths` [deaths/month] are the numbers that may come,
ascending and distinct, `exceedance` the probabilities of at least so many, the first of them 1.
Mean, quantiles and probability of the score follow from it.
"""

REGIONS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "name", "country", "level"),
        *optional(_NUMBER, "latitude", "longitude", "west", "south", "east", "north"),
        *optional(_TEXT, "outline"),
        *required(pa.list_(pa.string()), "neighbours"),
    ]
)
"""One row a scored region, sorted by level and region.

`latitude` and `longitude` [degrees] are of a point inside; the next four the edges of `outline`,
a GeoJSON geometry (RFC 7946), simplified for a map. All are null if unknown. `neighbours` are the
ids of the scored regions of its level that touch it, ascending.
"""

HISTORY_MONTHS = 120
"""The months of the history, up to the origin."""

HISTORY_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level", "month"),
        *required(pa.bool_(), "observed"),
        *optional(_NUMBER, "events", "deaths", "state_based", "non_state", "one_sided"),
    ]
)
"""One row a scored region and month (YYYY-MM), sorted by level, region and month.

What was known at the origin. `deaths` [deaths/month] are all that count for the targets, the last
three columns those of each type of violence. All are null in months that are not `observed`,
`events` and types also where the history does not have them.
"""

INDICATOR_MONTHS = 12
"""The months of indicator values, up to the origin."""

INDICATOR_VALUES_SCHEMA = pa.schema(required(_TEXT, "region", "level", "month"))
"""The first columns; a float32 column follows for each indicator that a model reads, in its unit.

One row a scored region and month, sorted like the history; null where a value is missing or the
level's model does not read it.
"""

TRACK_RECORD_SCHEMA = pa.schema(
    [
        *required(_TEXT, "bulletin", "origin", "level", "target"),
        *required(pa.int8(), "horizon"),
        *required(_TEXT, "forecast"),
        *required(pa.int64(), "n"),
        *required(_NUMBER, "observed", "forecasted"),
        *optional(_NUMBER, "brier", "log_score", "auc", "quantile_score", "within_90"),
    ]
)
"""How earlier bulletins came out: a row a bulletin, level, target, horizon, forecast, so sorted.

`forecast` is `score` or the name of a reference. `observed` and `forecasted` are means over `n`
regions: the share that came true and the probability, for `fatalities` [deaths/month]. `brier`,
`log_score` and `auc` (null where all came out alike) are of probabilities; `quantile_score`
[deaths/month] (twice the mean pinball loss over QUANTILES) and `within_90` (share of outcomes from
q05 to q95) of `fatalities`.
"""

SCHEMAS: Mapping[str, pa.Schema] = {
    DISTRIBUTIONS_FILE: DISTRIBUTIONS_SCHEMA,
    DRIVERS_FILE: DRIVERS_SCHEMA,
    HISTORY_FILE: HISTORY_SCHEMA,
    INDICATOR_VALUES_FILE: INDICATOR_VALUES_SCHEMA,
    REGIONS_FILE: REGIONS_SCHEMA,
    SCORES_FILE: SCORES_SCHEMA,
    TRACK_RECORD_FILE: TRACK_RECORD_SCHEMA,
}
"""The columns that each Parquet file has, or begins with."""


class ReleaseUsed(Strict):
    """One release that the vintage drew on."""

    source: str = Field(examples=["ucdp"])
    release: str = Field(examples=["ged241"])
    available_on: date = Field(description="The day from which the release was public.")
    sha256: str = Field(description="Content hash of the delivered file.")


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


class RiskLevel(Strict):
    """One risk level: which scores it takes in, and what came of such scores in the backtest."""

    name: RiskName
    lowest: float = Field(ge=0, le=1, description="The least probability of the level.")
    scores: int = Field(ge=0, description="Number of scores of this level in the backtest.")
    came_true: float | None = Field(
        ge=0, le=1, description="The share of them that came true; null where there were none."
    )


class RiskScale(Strict):
    """The risk levels of one target at one level of regions, upwards."""

    level: Level
    target: Target
    base_rate: float = Field(ge=0, le=1, description="Share of all in the backtest, come true.")
    levels: Annotated[tuple[RiskLevel, ...], Field(min_length=5, max_length=5)]


class Manifest(Strict):
    """What a bulletin is, where it comes from and what it holds."""

    format: Literal[1] = FORMAT
    id: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-[0-9a-f]{12}$")]
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
        default_factory=dict, description="Content hashes of the other Parquet files, by name."
    )
    risk_scales: tuple[RiskScale, ...] = Field(
        default=(), description="What the risk levels mean; none in older bulletins."
    )

    @property
    def hashes(self) -> dict[str, str]:
        """The content hashes of all Parquet files, by name."""
        drivers = {} if self.drivers_sha256 is None else {DRIVERS_FILE: self.drivers_sha256}
        return {SCORES_FILE: self.scores_sha256} | self.files | drivers


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


ListedIndicators: TypeAdapter[tuple[ListedIndicator, ...]] = TypeAdapter(
    tuple[ListedIndicator, ...]
)
"""The form of `indicators.json`: a list of indicators, in the order of the catalogue."""
