from typing import Any

import numpy as np
import pytest

from bulletins.manifest import ListedIndicator
from bulletins.reasons import Reasons, reasons_of
from features.indicators.catalogue import select
from features.language import ENGLISH, LANGUAGES, Language

Row = dict[str, Any]

NEWCOMERS, DEATHS, SEASON, APPROACH, SHARE = (
    "neighbour_new_groups_12",
    "deaths_mean_3",
    "season_sine",
    "own_violence_distance_change_3",
    "active_share_6",
)
INDICATORS = {
    one.name: ListedIndicator(
        name=one.name,
        meaning=one.meaning,
        unit=one.unit,
        family=one.family,
        source="",
        lowest=None,
        highest=None,
        needs=(),
    )
    for one in select([NEWCOMERS, DEATHS, SEASON, APPROACH, SHARE])
}


def row(kind: str, name: str | None = None, **columns: float | None) -> Row:
    missing = dict.fromkeys(("contribution", "change", "value", "baseline_value"), 0.0)
    return {"kind": kind, "name": name} | missing | columns


def drivers(now: float, usual: float, *more: Row, own: bool = True) -> list[Row]:
    return [
        row("score", value=now, baseline_value=usual),
        row("baseline", "own" if own else "all regions"),
        *more,
    ]


def told(rows: list[Row], previous: float | None, language: Language = ENGLISH) -> Reasons:
    return reasons_of(rows, previous, INDICATORS, language)


def cause(name: str, value: float, before: float) -> Row:
    return row("cause", name, change=1.0, value=value, baseline_value=before)


def moved(family: str, change: float) -> Row:
    return row("family", family, contribution=change, change=change)


RISE = drivers(
    0.47,
    0.12,
    moved("actors", 2.0),
    moved("season", -1.0),
    row("revision"),
    cause(NEWCOMERS, 2, 0),
    row("indicator", NEWCOMERS, contribution=2.0, value=2, baseline_value=1),
    row("indicator", SEASON, contribution=-1.0, value=1, baseline_value=0),
)


def test_a_rise_names_its_cause_and_so_does_what_is_unusual() -> None:
    reasons = told(RISE, 0.21)
    assert reasons.since == reasons.sentence
    assert reasons.since == (
        "Up from 21\u00a0% to 47\u00a0%, mostly because new armed groups appeared next door (mean "
        "over the neighbouring regions: armed groups new there in the last 12 months: 2, before 0)."
    )
    assert reasons.usual == (
        "Above what is usual here (12\u00a0%), mostly because new armed groups appeared next door "
        "(mean over the neighbouring regions: armed groups new there in the last 12 months: 2, "
        "usually 1)."
    )


def test_a_fall_with_several_causes_names_the_first_as_one_of_them() -> None:
    parts = (moved("actors", -0.9), moved("history", -1.0), moved("place", -0.4), row("revision"))
    rows = drivers(0.054, 0.12, *parts, cause(DEATHS, 1.234, 40.6))
    assert told(rows, 0.21).since == (
        "Down from 21\u00a0% to 5\u00a0%, partly because there was less violence in the region "
        "(mean monthly deaths over the last 3 months: 1.2, before 41)."
    )


def test_without_a_previous_score_only_what_is_unusual_is_said() -> None:
    reasons = told(drivers(0.47, 0.6, moved("season", -1.0), own=False), None)
    assert reasons.since is None
    assert reasons.sentence == (
        "Below what is usual elsewhere (60\u00a0%), mostly because of the time of the year."
    )


def test_what_per_cents_do_not_show_is_no_change() -> None:
    rows = drivers(0.1249, 0.12, moved("actors", 1.0), row("revision"), cause(NEWCOMERS, 2, 0))
    assert told(rows, 0.1151).sentence == "Unchanged at 12\u00a0%. As is usual here."
    assert told(drivers(0.003, 0.004, own=False), None).sentence == "As is usual elsewhere."


def test_another_model_is_said_to_be_one_and_no_event_is_blamed_for_it() -> None:
    rows = drivers(0.47, 0.12, row("family", "place", contribution=1.0, change=None))
    assert told(rows, 0.21).sentence == (
        "Up from 21\u00a0% to 47\u00a0%, by another model. Above what is usual here (12\u00a0%), "
        "mostly because of where the region lies."
    )
    same = drivers(0.12, 0.12)
    assert (
        told(same, 0.12).sentence == "Unchanged at 12\u00a0%, by another model. As is usual here."
    )


def test_a_revision_of_the_record_may_be_the_cause() -> None:
    rows = drivers(0.3, 0.3, moved("actors", 0.1), row("revision", change=-1.0))
    assert told(rows, 0.4).since == (
        "Down from 40\u00a0% to 30\u00a0%, mostly because the record of earlier months was revised."
    )


def rise_by(name: str, value: float | None, before: float | None, family: str) -> str:
    one = row("cause", name, change=1.0, value=value, baseline_value=before)
    since = told(drivers(0.4, 0.4, moved(family, 1.0), row("revision"), one), 0.3).since
    assert since is not None
    return since.removeprefix("Up from 30\u00a0% to 40\u00a0%, mostly ")


@pytest.mark.parametrize(("value", "before"), [(np.nan, 1.0), (1.0, None)])
def test_an_unknown_value_is_not_shown(value: float | None, before: float | None) -> None:
    clause = rise_by(DEATHS, value, before, "history")
    assert clause == "because of what happened in the region itself."


def test_an_indicator_that_the_bulletin_does_not_list_is_not_named() -> None:
    assert rise_by("rain", 1.0, 0.0, "weather") == "because of the indicators of weather."


def test_values_that_look_the_same_are_not_shown_beside_each_other() -> None:
    clause = rise_by(DEATHS, 0.501, 0.499, "history")
    assert clause == "because there was more violence in the region."


def test_a_measure_has_its_unit_a_share_is_in_per_cent_and_nothing_has_no_minus() -> None:
    assert rise_by(APPROACH, -0.001, 40, "encirclement").endswith(
        "of the 12 months before, negative as it comes nearer: 0\u00a0km, before 40)."
    )
    assert rise_by(SHARE, 1 / 3, 0, "history").endswith(": 33\u00a0%, before 0\u00a0%).")


def test_of_logarithms_and_angles_no_value_is_shown() -> None:
    assert rise_by(SEASON, 0.9, 0.5, "season") == "because of the time of the year."


def test_a_french_reader_reads_french() -> None:
    reasons = told(RISE, 0.21, LANGUAGES["fr"])
    plain = str.maketrans("\u00a0\u2019", " '")
    assert str(reasons.since).translate(plain) == (
        "En hausse, de 21 % à 47 %, surtout parce que de nouveaux groupes armés sont apparus dans "
        "les régions voisines (moyenne sur les régions voisines : groupes armés nouveaux au cours "
        "des 12 derniers mois : 2, contre 0 auparavant)."
    )
    assert reasons.usual.translate(plain) == (
        "Au-dessus de ce qui est habituel ici (12 %), surtout parce que de nouveaux groupes armés "
        "sont apparus dans les régions voisines (moyenne sur les régions voisines : groupes armés "
        "nouveaux au cours des 12 derniers mois : 2, contre 1 d'ordinaire)."
    )
