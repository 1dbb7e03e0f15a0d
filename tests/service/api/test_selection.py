from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulletins.tables import Frame
from service.api.queries import RegionFilter, ScoreFilter
from service.api.scores import scores_at
from service.api.selection import find_region, select_regions, select_scores
from service.errors import UnknownError
from service.store.bulletins import Bulletin, BulletinStore
from service.store.derived import regions_of
from tests.bulletins.example_tables import table_of

Row = dict[str, Any]

SORTS = ["probability", "mean", "region", "horizon"]

QUERIES = st.fixed_dictionaries(
    {
        "level": st.none() | st.sampled_from(["country", "admin1"]),
        "country": st.lists(st.sampled_from(["MLI", "NER"]), max_size=2),
        "region": st.lists(st.sampled_from(["MLI", "MLI-gao", "NER-agadez"]), max_size=2),
        "target": st.none() | st.sampled_from(["fatalities", "escalation", "onset"]),
        "horizon": st.lists(st.integers(1, 12), max_size=3),
        "min_probability": st.none() | st.sampled_from([0, 0.25, 0.3, 0.75, 1]),
        "sort": st.builds("{}{}".format, st.sampled_from(["", "-"]), st.sampled_from(SORTS)),
    }
)


def key(row: Row) -> tuple[str, str, str, int]:
    return row["level"], row["region"], row["target"], row["horizon"]


def is_asked(row: Row, query: Row) -> bool:
    return (
        query["level"] in (None, row["level"])
        and (not query["country"] or row["country"] in query["country"])
        and (not query["region"] or row["region"] in query["region"])
        and query["target"] in (None, row["target"])
        and (not query["horizon"] or row["horizon"] in query["horizon"])
        and (query["min_probability"] is None or row["probability"] >= query["min_probability"])
    )


def expected(rows: list[Row], query: Row) -> list[Row]:
    """The plain reference: Python's own filter and stable sort."""
    asked = sorted((row for row in rows if is_asked(row, query)), key=key)
    column = query["sort"].removeprefix("-")
    valued = [row for row in asked if row[column] is not None]
    valued.sort(key=lambda row: row[column], reverse=query["sort"].startswith("-"))
    return valued + [row for row in asked if row[column] is None]


@pytest.fixture(scope="module")
def bulletin(home: Path) -> Bulletin:
    return BulletinStore(home).get("latest")


@given(query=QUERIES)
def test_the_selection_is_what_a_plain_filter_and_sort_give(
    bulletin: Bulletin, rows: list[Row], query: Row
) -> None:
    scored = {row["horizon"] for row in rows if query["target"] in (None, row["target"])}
    if not set(query["horizon"]) <= scored:
        with pytest.raises(UnknownError, match="does not score horizon"):
            select_scores(bulletin, ScoreFilter(**query))
        return
    found = scores_at(bulletin, select_scores(bulletin, ScoreFilter(**query)))
    wanted = expected(rows, query)
    assert [key(score.model_dump()) for score in found] == [key(row) for row in wanted]
    assert [score.probability for score in found] == [row["probability"] for row in wanted]
    assert [score.mean for score in found] == [row["mean"] for row in wanted]


def test_a_score_carries_what_its_row_and_its_bulletin_say(bulletin: Bulletin) -> None:
    query = ScoreFilter(region=["MLI-mopti"], target="fatalities", horizon=[3])
    (score,) = scores_at(bulletin, select_scores(bulletin, query))
    # Uniform from 0 to 5 / (1 - 0.375) = 8 deaths.
    assert score.quantiles == {
        "q05": 0.4,
        "q10": 0.8,
        "q25": 2.0,
        "q50": 4.0,
        "q75": 6.0,
        "q90": 7.2,
        "q95": 7.6,
    }
    assert (score.mean, score.threshold, score.probability) == (4.0, 5.0, 0.375)
    assert (score.name, score.country, score.level) == ("Mopti", "MLI", "admin1")
    assert (score.origin, score.target_month) == ("2024-12", "2025-03")
    assert score.issued_at == datetime(2025, 1, 21, 6, tzinfo=UTC)
    assert (score.bulletin, score.model_version) == ("2024-12-5f3a9c01d2e4", "tocsin-admin1/3")


def test_only_fatalities_carry_a_mean_and_quantiles(bulletin: Bulletin) -> None:
    scores = scores_at(bulletin, select_scores(bulletin, ScoreFilter()))
    for score in scores:
        is_fatalities = score.target == "fatalities"
        assert (score.mean is not None, score.quantiles is not None) == (is_fatalities,) * 2


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (ScoreFilter(country=["MLI", "XXX"]), "country 'XXX'"),
        (ScoreFilter(region=["MLI-mopty"]), "region 'MLI-mopty'"),
        (ScoreFilter(level="priogrid"), "level 'priogrid': it has admin1, country"),
        (ScoreFilter(target="onset", horizon=[6]), "horizon 6 of onset: it has 3"),
    ],
)
def test_what_is_not_scored_is_named(bulletin: Bulletin, query: ScoreFilter, reason: str) -> None:
    with pytest.raises(UnknownError, match=reason):
        select_scores(bulletin, query)


@pytest.mark.parametrize("name", ["mli", "ML", "ml", "mali", " Mali ", "Republic of Mali", "MALI"])
def test_a_country_is_named_by_any_code_or_name(bulletin: Bulletin, name: str) -> None:
    named = select_scores(bulletin, ScoreFilter(country=[name]))
    assert (named.rows == select_scores(bulletin, ScoreFilter(country=["MLI"])).rows).all()


def test_scores_of_some_months(bulletin: Bulletin) -> None:
    """A month is one horizon of one bulletin."""
    months = ScoreFilter(target="instability", target_month=["2025-02", "2025-12"])
    horizons = ScoreFilter(target="instability", horizon=[2, 12])
    assert (select_scores(bulletin, months).rows == select_scores(bulletin, horizons).rows).all()


def test_a_target_that_is_not_scored_is_refused(rows: list[Row], bulletin: Bulletin) -> None:
    kept = [row for row in rows if row["target"] != "onset"]
    other = Bulletin(bulletin.manifest, Frame(table_of(kept)))
    with pytest.raises(UnknownError, match="'onset': it has escalation, fatalities, instability"):
        select_scores(other, ScoreFilter(target="onset"))


def test_regions_are_listed_once_by_level_and_id(bulletin: Bulletin) -> None:
    listed = regions_of(bulletin).take(select_regions(bulletin, RegionFilter())).to_pylist()
    assert [region["region"] for region in listed] == [
        "MLI-gao",
        "MLI-mopti",
        "NER-agadez",
        "NER-tillaberi",
        "BFA",
        "MLI",
        "NER",
    ]
    some = select_regions(bulletin, RegionFilter(level="admin1", country=["NER"]))
    assert regions_of(bulletin).take(some)["name"].to_pylist() == ["Agadez", "Tillabéri"]
    with pytest.raises(UnknownError, match="country 'XXX'"):
        select_regions(bulletin, RegionFilter(country=["XXX"]))


def test_a_region_is_found_by_its_id(bulletin: Bulletin) -> None:
    assert find_region(bulletin, "NER-tillaberi").name == "Tillabéri"
    with pytest.raises(UnknownError):
        find_region(bulletin, "NER-tillabéri")
