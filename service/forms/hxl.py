"""The hashtags of columns, as the Humanitarian Exchange Language has them (HXL 1.1).

Tags and attributes are those of its dictionary (hxlstandard.org/standard/1-1final/dictionary) as
far as it has any; attributes that begin with `v_` name a vocabulary. Other columns have no tag.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from features.words import QUANTILES, Level, quantile_column

_PLACES: dict[Level, str] = {"country": "#country", "admin1": "#adm1"}
_ANY_PLACE = "#loc"

_DEATHS = "#affected+killed"
_PROBABILITY = "#indicator+probability"

_HASHTAGS = {
    "country": "#country+code+v_iso3",
    "country_alpha_2": "#country+code+v_iso2",
    "country_un_name": "#country+name+v_m49",
    "level": "#loc+type",
    "iso_3166_2": "#adm1+code+v_iso_3166_2",
    "latitude": "#geo+lat",
    "longitude": "#geo+lon",
    "target": "#indicator+name",
    "horizon": "#indicator+horizon+num",
    "threshold": "#indicator+threshold+num",
    "probability": f"{_PROBABILITY}+num",
    "probability_a": f"{_PROBABILITY}+a+num",
    "probability_b": f"{_PROBABILITY}+b+num",
    "previous_probability": f"{_PROBABILITY}+previous+num",
    "exceedance": f"{_PROBABILITY}+exceedance+num",
    "continuation": f"{_PROBABILITY}+continuation+num",
    "difference": "#indicator+difference+num",
    "change": "#indicator+difference+num",
    "risk_level": "#severity+name",
    "risk_level_a": "#severity+name+a",
    "risk_level_b": "#severity+name+b",
    "mean": f"{_DEATHS}+forecast+mean",
    **{quantile_column(q): f"{_DEATHS}+forecast+{quantile_column(q)}" for q in QUANTILES},
    "unreported": f"{_DEATHS}+unreported",
    "deaths": _DEATHS,
    "deaths_3": f"{_DEATHS}+months_3",
    "deaths_12": f"{_DEATHS}+months_12",
    "deaths_before": f"{_DEATHS}+before",
    **{name: f"{_DEATHS}+{name}" for name in ("state_based", "non_state", "one_sided")},
    "events": "#event+num",
    "events_3": "#event+num+months_3",
    "events_12": "#event+num+months_12",
    "events_before": "#event+num+before",
    "month": "#date+occurred",
    "target_month": "#date+forecast",
    "target_month_a": "#date+forecast+a",
    "target_month_b": "#date+forecast+b",
    "origin": "#date+observed+end",
    "first_month": "#date+start",
    "last_month": "#date+end",
    "since": "#date+since",
    "began": "#date+began",
    "as_of": "#date+as_of",
    "issued_at": "#date+reported",
    "sentence": "#description",
    "meaning": "#description",
    "text": "#description",
    "unscored_because": "#description+unscored",
    "presence": "#status+code",
    "bulletin": "#meta+id+bulletin",
    "bulletin_a": "#meta+id+bulletin+a",
    "bulletin_b": "#meta+id+bulletin+b",
    "scenario": "#meta+id+scenario",
    "edition": "#meta+id+edition",
    "model_version": "#meta+source+model",
    "simulated": "#meta+simulated",
    "hypothetical": "#meta+hypothetical",
}
"""By the name of a column, where it is the same in all lists."""


def hashtags_of(tables: Sequence[pa.Table], subject: str | None = None) -> list[str]:
    """Return the hashtag of each column of a list, empty for one without.

    `subject` is that of what has the `id` and the `name`: a region unless another is given.
    """
    place = _place_of(tables)
    named = {
        "region": f"{place}+code+v_tocsin",
        "region_name": f"{place}+name",
        "pcode": f"{place}+code+v_pcode",
        "id": f"{place}+code+v_tocsin" if subject is None else f"{subject}+code",
        "name": f"{subject or place}+name",
    }
    hashtags = _HASHTAGS | named
    return [hashtags.get(name, "") for name in tables[0].column_names]


def _place_of(tables: Sequence[pa.Table]) -> str:
    """Return the hashtag of regions: of their level, where all have the same."""
    levels = {
        level
        for table in tables
        if "level" in table.column_names
        for level in pc.unique(table["level"]).to_pylist()
    }
    return _PLACES.get(levels.pop(), _ANY_PLACE) if len(levels) == 1 else _ANY_PLACE
