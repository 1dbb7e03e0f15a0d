"""Clauses that begin with "because", for an indicator that rose or fell, and for a whole family.

They describe the value, never its effect: more violence may lower the odds of an escalation.
"""

from fnmatch import fnmatchcase
from functools import cache

from features.language import message

REVISION = "revision"
"""In place of a family: the record of earlier months changed."""

FAMILY_CLAUSES = {
    REVISION: "because the record of earlier months was revised",
    "history": "because of what happened in the region itself",
    "neighbourhood": "because of what happens around the region",
    "actors": "because of the armed groups in the region and next door",
    "civilians": "because of how much of the violence is against civilians",
    "encirclement": "because of where the violence lies around the region and the capital",
    "supply": "because of what happens along the supply routes",
    "contagion": "because of violence next door",
    "season": "because of the time of the year",
    "place": "because of where the region lies",
    "state": "because of what the state has been through and how it is ruled",
}
"""By family, the clause when no single indicator stands out."""

_Pair = tuple[str, str]
_MORE: _Pair = ("there was more violence {}", "there was less violence {}")
_SHARE: _Pair = ("more of the violence {}", "less of the violence {}")
_TREND: _Pair = ("the trend of violence {} rose", "the trend of violence {} fell")
_SINCE: _Pair = ("violence {} is longer ago", "violence {} is more recent")
_RECENT: _Pair = (_SINCE[1], _SINCE[0])
_FAR: _Pair = ("violence is further from {}", "violence is nearer to {}")
_AWAY: _Pair = ("violence closes in less on {}", "violence closes in more on {}")
_SIDES: _Pair = ("there is violence on more sides of {}", "there is violence on fewer sides of {}")
_REPORTS: _Pair = ("more reports {}", "fewer reports {}")
_FEWER_GROUPS = "fewer armed groups do more of the fighting"
_MORE_GROUPS = "the fighting is spread over more armed groups"

_NEW: _Pair = ("new armed groups appeared {}", "fewer armed groups are new {}")


def _more_or(less: str, phrase: str) -> _Pair:
    return phrase.format("more"), phrase.format(less)


_INDICATOR_PHRASES: tuple[tuple[str, _Pair, str], ...] = (
    ("months_since_*", _SINCE, "in the region"),
    ("neighbour_months_since_*", _SINCE, "around the region"),
    ("*since_*_decay_*", _RECENT, "in the region"),
    ("deaths_std_*", _more_or("less", "violence varies {} from month to month"), ""),
    ("deaths_rank*", ("it is more violent for its own past", "it is calmer for its own past"), ""),
    ("*_trend_*", _TREND, "in the region"),
    ("*_acceleration_*", _TREND, "in the region"),
    ("space_time_distance_*", _FAR, "the region"),
    ("neighbours_observed", _more_or("fewer", "{} of its neighbours are observed"), ""),
    ("world_*_change_*", _TREND, "in the world"),
    ("world_*", _MORE, "in the world"),
    ("country_deaths_change_*", _TREND, "elsewhere in the country"),
    ("country_deaths_*", _MORE, "elsewhere in the country"),
    ("*neighbour_deaths_change_*", _TREND, "around the region"),
    ("kernel_*_change_*", _TREND, "around the region"),
    ("tree_lag_*_change_*", _TREND, "around the region"),
    ("new_groups_*", _NEW, "in the region"),
    ("neighbour_new_groups_*", _NEW, "next door"),
    ("active_groups_*", _more_or("fewer", "{} armed groups fight in the region"), ""),
    ("group_concentration_*", (_FEWER_GROUPS, _MORE_GROUPS), ""),
    ("effective_groups_*", (_MORE_GROUPS, _FEWER_GROUPS), ""),
    ("group_expansion_*", _more_or("fewer", "its armed groups spread to {} regions"), ""),
    ("front_distance_*", ("the nearest front is further away", "the nearest front is nearer"), ""),
    ("front_approach_*", ("a front approaches more", "a front approaches less"), ""),
    ("contested_*", ("it is contested more often", "it is contested less often"), ""),
    ("state_event_share_*", _SHARE, "in the region involves state forces"),
    ("revived_dyads_*", ("old enemies fight again", "fewer old enemies fight again"), ""),
    ("civilians_without_battle_*", _SHARE, "in the region is against civilians alone"),
    ("one_sided_*_share_*", _SHARE, "in the region is against civilians"),
    ("capital_ring_part_*", _SHARE, "around the capital is in the region"),
    ("capital_ring_*", _SIDES, "the capital"),
    ("capital_violence_distance_change_*", _AWAY, "the capital"),
    ("capital_violence_distance_*", _FAR, "the capital"),
    ("own_ring_*", _SIDES, "the region"),
    ("own_violence_distance_change_*", _AWAY, "the region"),
    ("own_violence_distance_*", _FAR, "the region"),
    ("corridor_events_change_*", _TREND, "along its country's supply routes"),
    ("corridor_events_*", _MORE, "along its country's supply routes"),
    ("corridors_attacked_*", _MORE, "along its country's supply routes"),
    ("crossing_events_change_*", _TREND, "along the supply routes through the region"),
    ("crossing_events_inside_*", _SHARE, "along the supply routes through the region is inside it"),
    ("crossing_events_*", _MORE, "along the supply routes through the region"),
    ("*convoy_reports_*", _REPORTS, "tell of convoys"),
    ("*fuel_reports_*", _REPORTS, "tell of fuel"),
    ("*roadblock_reports_*", _REPORTS, "tell of roadblocks"),
    ("*siege_reports_*", _REPORTS, "tell of sieges"),
    ("*blockade_reports_*", _REPORTS, "tell of blockades"),
    ("border_weighted_rise_*", _TREND, "next door"),
    ("neighbour_countries_rise_*", _TREND, "in the countries next door"),
    ("neighbour_countries_*", _MORE, "in the countries next door"),
    ("attempt_years", ("the last coup is longer ago", "the last coup is more recent"), ""),
    ("attempt_ever", ("it has seen a coup", "it has seen no coup"), ""),
    ("attempts_20_years", _more_or("fewer", "it has seen {} coups"), ""),
    ("attempts_world", _more_or("fewer", "there were {} coups in the world"), ""),
    ("regime*", _more_or("less", "it is ruled {} democratically"), ""),
    ("military_role", _more_or("less", "soldiers have {} of a say in who rules"), ""),
    ("military_regime", ("soldiers rule", "soldiers do not rule"), ""),
    ("military_leader", ("a soldier leads", "no soldier leads"), ""),
    ("leader_by_coup", ("the leader came by a coup", "the leader did not come by a coup"), ""),
    ("election_due", ("a vote is due", "no vote is due"), ""),
    ("income", ("people earn more", "people earn less"), ""),
    ("growth", ("the economy grows faster", "the economy grows more slowly"), ""),
    ("infant_mortality", _more_or("fewer", "{} infants die"), ""),
    ("population", _more_or("fewer", "{} people live there"), ""),
)
"""Pattern of names, phrases for a rise and a fall, and where; the first match counts."""

_WHERE = {
    "history": "in the region",
    "neighbourhood": "around the region",
    "contagion": "next door",
}
"""By family, where there was more or less violence if no pattern matches the name."""

UNKNOWN_FAMILY = message("because of the indicators of {family}")

INDICATOR_CLAUSES: tuple[tuple[str, _Pair], ...] = tuple(
    (pattern, (f"because {rise.format(where)}", f"because {fall.format(where)}"))
    for pattern, (rise, fall), where in _INDICATOR_PHRASES
)
"""Pattern of names, and the clauses for a rise and a fall; the first match counts."""

PLACE_CLAUSES: dict[str, _Pair] = {
    family: (f"because {_MORE[0].format(where)}", f"because {_MORE[1].format(where)}")
    for family, where in _WHERE.items()
}
"""By family, the clauses for an indicator that no pattern matches."""


@cache
def indicator_clause(name: str, family: str, *, rose: bool) -> str | None:
    """Return the clause for an indicator that is higher (lower) than it was or usually is.

    None where it has no clause of its own.
    """
    for pattern, pair in INDICATOR_CLAUSES:
        if fnmatchcase(name, pattern):
            return pair[not rose]
    return PLACE_CLAUSES[family][not rose] if family in PLACE_CLAUSES else None
