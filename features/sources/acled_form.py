"""The columns of ACLED exports and what they mean in the normal form.

Raleigh et al. (2010), Introducing ACLED: an Armed Conflict Location and Event Dataset, Journal of
Peace Research 47(5), and the codebook that ACLED publishes with its data.
"""

from collections.abc import Sequence
from datetime import date

from features.sources.delivered import has_surplus, is_filled, iso_day, lookup
from features.sources.source import Form
from features.sources.sql import quoted

FIRST_DAY = date(1997, 1, 1)
"""ACLED codes no event before this day."""

REQUIRED_COLUMNS = (
    "event_id_cnty",
    "event_date",
    "event_type",
    "inter1",
    "inter2",
    "country",
    "fatalities",
)
OPTIONAL_COLUMNS = (
    "time_precision",
    "actor1",
    "actor2",
    "civilian_targeting",
    "latitude",
    "longitude",
    "geo_precision",
    "notes",
)

_STATE, _CIVILIANS, _EXTERNAL = 1, 7, 8
_ACTORS = {
    "state forces": _STATE,
    "rebel group": 2,
    "rebel groups": 2,
    "political militia": 3,
    "political militias": 3,
    "identity militia": 4,
    "identity militias": 4,
    "rioters": 5,
    "protesters": 6,
    "civilians": _CIVILIANS,
    "external/other forces": _EXTERNAL,
    "other forces": _EXTERNAL,
}
"""Kinds of actor in words, as they are delivered today -> their numbers before; 0 is nobody."""

_BATTLES, _REMOTE = "battles", "explosions/remote violence"
_TYPES = {"violence against civilians": 3, "protests": 4, "riots": 5, "strategic developments": 6}

# ACLED: 1 the day is known, 2 the week, 3 the month. UCDP: 1 the day, 3 the week, 4 the month.
_DATE_PREC = {"1": 1, "2": 3, "3": 4}
# ACLED: 1 the place is known, 2 a part of a region, coded to a town in it, 3 the region, coded to
# its capital. UCDP: 1 the place, 2 near a place (within 25 km or so), 4 the first-order region.
_WHERE_PREC = {"1": 1, "2": 2, "3": 4}


def acled_form(columns: Sequence[str], country: str) -> Form:
    """Return how rows with these columns become events; `country` is the SQL of their country.

    Battles are state-based if a side is state forces, of the country or of another ("external/other
    forces", which also has peacekeepers), and non-state otherwise. Explosions and remote violence
    are one-sided if they target civilians, and like battles otherwise; violence against civilians
    is one-sided. ACLED knows one figure of deaths and not whose they were, so low and high are the
    best estimate, and all deaths are of unknown sides.
    """
    deaths = f"whole({quoted('fatalities')})"
    texts = {"side_a": "actor1", "side_b": "actor2", "text": "notes"}
    codes = {
        "date_prec": ("time_precision", _DATE_PREC),
        "where_prec": ("geo_precision", _WHERE_PREC),
    }
    return Form(
        columns={
            "event_id": f"filled({quoted('event_id_cnty')})",
            "type_of_violence": _type_of_violence(columns),
            "country": country,
            **dict.fromkeys(("date_start", "date_end"), _day()),
            **{to: f"filled({quoted(name)})" for to, name in texts.items() if name in columns},
            **{
                to: lookup(meanings, f"whole({quoted(name)})::VARCHAR")
                for to, (name, meanings) in codes.items()
                if name in columns
            },
            **{n: f"number({quoted(n)})" for n in ("latitude", "longitude") if n in columns},
            **dict.fromkeys(("best", "low", "high", "deaths_unknown"), deaths),
            **dict.fromkeys(("deaths_a", "deaths_b", "deaths_civilians"), "0"),
        },
        faults=_faults(columns),
        first_day=FIRST_DAY,
    )


def _faults(columns: Sequence[str]) -> dict[str, str]:
    known = ", ".join(f"'{name}'" for name in (_BATTLES, _REMOTE, *_TYPES))
    fights = f"{_event_type()} IN ('{_BATTLES}', '{_REMOTE}')"
    actors = f"{_actor('inter1')} BETWEEN 1 AND 8 AND {_actor('inter2')} BETWEEN 0 AND 8"
    faults = {
        "has more fields than the header": has_surplus(columns),
        "event_type is none of ACLED's": f"{_event_type()} NOT IN ({known})",
        "inter1 or inter2 is no kind of actor": f"{fights} AND ({actors}) IS NOT TRUE",
    }
    read = {"time_precision": "date_prec", "geo_precision": "where_prec"}
    for name in ("time_precision", "geo_precision", "latitude", "longitude"):
        if name in columns:
            faults[f"{name} is unreadable"] = (
                f"{read.get(name, name)} IS NULL AND {is_filled(name)}"
            )
    return faults


def _event_type() -> str:
    return f"lower(filled({quoted('event_type')}))"


def _type_of_violence(columns: Sequence[str]) -> str:
    """Return the SQL of the type of violence, null where it cannot be told."""
    first, second = _actor("inter1"), _actor("inter2")
    states = f"({_STATE}, {_EXTERNAL})"
    fight = f"CASE WHEN {first} IN {states} OR {second} IN {states} THEN 1 ELSE 2 END"
    targets = f"{_CIVILIANS} IN ({first}, {second})"
    if "civilian_targeting" in columns:
        targets = f"({targets}) IS TRUE OR {is_filled('civilian_targeting')}"
    return f"""CASE {_event_type()}
        WHEN '{_BATTLES}' THEN {fight}
        WHEN '{_REMOTE}' THEN CASE WHEN {targets} THEN 3 ELSE {fight} END
        ELSE {lookup(_TYPES, _event_type())} END"""


def _actor(column: str) -> str:
    """Return the SQL of a kind of actor, delivered in words or as a number: 0 is nobody."""
    text = f"filled({quoted(column)})"
    words = lookup(_ACTORS, f"lower({text})")
    return f"CASE WHEN {text} IS NULL THEN 0 ELSE coalesce({words}, whole({text})) END"


def _day() -> str:
    """Return the SQL of `2024-01-15`, `15 January 2024` or `15-January-2024`."""
    spelt = f"replace(filled({quoted('event_date')}), '-', ' ')"
    return f"coalesce({iso_day('event_date')}, try_strptime({spelt}, ['%d %B %Y', '%d %b %Y']))"
