"""Which product a table is, told from its columns, where it is not the one that was asked for."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from features.errors import InputError

_GED = "not events: download UCDP GED or UCDP Candidate"
COUPS = "use tocsin ingest coups"
COUNTS = "a table of counts, not of events: use tocsin ingest counts"
_PRODUCTS: Sequence[tuple[str, Sequence[str]]] = (
    (f"UCDP's table of country-years, {_GED}", (r".*_cy",)),
    (f"the conflict-years of UCDP and PRIO, {_GED}", ("intensity_level", "incompatibility")),
    (f"UCDP's deaths of conflicts or dyads by year, {_GED}", ("bd_best", "year")),
    (f"UCDP's one-sided or non-state violence by year, {_GED}", ("best_fatality_estimate", "year")),
    ("a file of UCDP events: use tocsin ingest ucdp", ("type_of_violence", "date_start", "best")),
    ("a file of ACLED events: use tocsin ingest acled", ("event_id_cnty", "inter1", "inter2")),
    (
        "ACLED's export by actors (monadic), with a row for each: export the dyadic form",
        ("event_id_cnty", "(inter|actor)1"),
    ),
    (
        "a list of events that ACLED has deleted: give it with --deletions",
        ("event_id_cnty", "deleted_timestamp"),
    ),
    (
        "the Global Terrorism Database: use tocsin ingest table with a mapping",
        ("eventid", "iyear", "nkill"),
    ),
    (f"Powell and Thyne's list of coups: {COUPS}", ("ccode", "year", "month", "day", "coup")),
    (f"the Cline Center's list of coups: {COUPS}", ("coup_id", "cowcode", "event_type", "auto")),
    (f"a list of coups: {COUPS}", ("date", "outcome")),
    (
        "a table of the conditions of states: use tocsin ingest conditions",
        ("variable", "value", "first_month"),
    ),
    ("a table of elections: use tocsin ingest elections", ("date", "kind", "published")),
    (
        f"a table of coups by state and month: take the list of them, a row a coup, and {COUPS}",
        ("month", "attempts?"),
    ),
    (
        COUNTS,
        (r"year_?month|month|week|reference_period_start", r"deaths.*|fatalities|ged_.*|n_.*"),
    ),
)
"""What a table is and what to do with it, and the patterns of columns that all such tables have."""


def product_of(names: Collection[str]) -> str | None:
    """Return what a table with these columns is and what to do with it, None if not known."""
    for product, patterns in _PRODUCTS:
        if all(any(re.fullmatch(it, name.lower()) for name in names) for it in patterns):
            return product
    return None


def refuse_missing(
    path: Path, asked: str, required: Sequence[str], names: Collection[str], otherwise: str
) -> None:
    """Raise InputError when columns are missing, which names the product that the file is.

    `asked` is the product that it should be, `otherwise` what to do when it is none that is known.
    """
    missing = [name for name in required if name not in names]
    if not missing:
        return
    if product := product_of(names):
        raise InputError(f"'{path}' is {product} (it lacks {missing[0]})")
    lacking = f"{', '.join(missing[:4])}{' and others' if missing[4:] else ''}"
    raise InputError(f"'{path}' is not {asked}: it lacks {lacking}; {otherwise}")
