"""The form of a bulletin's tables: what `experiments` writes and `service` reads.

A bulletin is one folder, `bulletins/<id>/`, moved into place whole and never changed afterwards.
`manifest.json` (see `bulletins.manifest`) says what it is, `scores.parquet` what it forecasts,
`indicators.json` what the indicators mean. SCHEMAS has all Parquet files, those of signs by
`bulletins.signs`; older bulletins are without some. The report and model card of each level, and of
coups, are copies of those of the training.
"""

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa

from bulletins.signs import SIGNS_SCHEMAS
from features.arrow import optional, required
from features.words import MODELS, QUANTILES, ModelOf, quantile_column

SCORES_FILE = "scores.parquet"
DRIVERS_FILE = "drivers.parquet"
DISTRIBUTIONS_FILE = "distributions.parquet"
REGIONS_FILE = "regions.parquet"
UNSCORED_FILE = "unscored.parquet"
HISTORY_FILE = "history.parquet"
INDICATOR_SERIES_FILE = "indicator_series.parquet"
INDICATOR_VALUES_FILE = "indicator_values.parquet"
TRACK_RECORD_FILE = "track_record.parquet"
INDICATORS_FILE = "indicators.json"
MANIFEST_FILE = "manifest.json"

REPORT_FILES: Mapping[ModelOf, str] = {of: f"report-{of}.html" for of in MODELS}
"""The report of the training of a model, a page that needs no other file."""

CARD_FILES: Mapping[ModelOf, str] = {of: f"card-{of}.md" for of in MODELS}
"""Its model card, in Markdown."""

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

UNREPORTED = "unreported"

CORRECTED_SCORES_SCHEMA = SCORES_SCHEMA.append(pa.field(UNREPORTED, _NUMBER))
"""The same where the newest months of a level were corrected for late reporting.

`unreported` are the deaths of the twelve months to the origin that are expected to be reported yet
and were added for the score; null at a level that was not corrected.
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
"""One row a region that the history observed by the origin, sorted by level and region.

`latitude` and `longitude` [degrees] are of a point inside; the next four the edges of `outline`,
a GeoJSON geometry (RFC 7946), simplified for a map. All are null if unknown. `neighbours` are the
ids of the scored regions of its level that touch it, ascending.
"""

UNSCORED_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level"),
        *optional(_TEXT, "target"),
        *required(_TEXT, "reason"),
        *optional(_TEXT, "observed_to"),
    ]
)
"""Why observed regions have no score, sorted by level, region and target.

A row without a target is of a region that has no score at all; one with a target is of a region
that has others. `reason` is one of UNSCORED, `observed_to` the last observed month (YYYY-MM) where
it `ended`.
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

INDICATOR_MONTHS = 36
"""The months of indicators, up to the origin."""

_PERCENTILES = pa.list_(pa.uint8())

INDICATOR_SERIES_SCHEMA = pa.schema(
    [
        *required(_TEXT, "region", "level", "indicator"),
        *required(pa.list_(pa.float32()), "values"),
        *required(_PERCENTILES, "own_percentiles", "all_percentiles"),
    ]
)
"""One row a scored region and indicator, sorted by level and region, then as the catalogue.

All indicators that the history can tell, whether a model reads them or not. The lists are of the
last months to the origin, at most INDICATOR_MONTHS, oldest first. `values` are in the indicator's
unit, late reporting corrected where it is. `own_percentiles` [per cent] place a value among those
of all earlier months of the region, `all_percentiles` among those of the other observed regions of
the level in the month; `features/signs/percentiles.py` says how. Null is what is not known.
"""

INDICATOR_VALUES_SCHEMA = pa.schema(required(_TEXT, "region", "level", "month"))
"""What older bulletins have in place of the series: 12 months of what a model read.

A float32 column follows for each indicator; one row a scored region and month, sorted like the
history.
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
"""How those before came out, of older bulletins: `bulletins/record.py` has taken its place.

A row a bulletin, level, target, horizon and forecast, so sorted.

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
    INDICATOR_SERIES_FILE: INDICATOR_SERIES_SCHEMA,
    INDICATOR_VALUES_FILE: INDICATOR_VALUES_SCHEMA,
    REGIONS_FILE: REGIONS_SCHEMA,
    SCORES_FILE: SCORES_SCHEMA,
    TRACK_RECORD_FILE: TRACK_RECORD_SCHEMA,
    UNSCORED_FILE: UNSCORED_SCHEMA,
    **SIGNS_SCHEMAS,
}
"""The columns that each Parquet file has, or begins with."""

ON_DISK = {INDICATOR_SERIES_FILE}
"""Tables that a reader verifies and leaves on the disk: larger than all others together."""
