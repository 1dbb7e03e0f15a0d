from datetime import date

import pandas as pd
import pytest

from features.archive.coverage import Coverage, Span
from features.errors import InputError
from features.sources.counted_months import CountedMonths, counted_months

JANUARY = 600  # 2020-01
PUBLIC = date(2024, 1, 1)


def months(
    cells: dict[str, list[int]],
    *,
    zeros: bool = False,
    lost: list[tuple[str, int]] | None = None,
    beyond: list[tuple[str, int]] | None = None,
    public: date = PUBLIC,
    given: Coverage | None = None,
) -> CountedMonths:
    """What regions, named COUNTRY-REGION, observe that have rows in months from JANUARY."""
    pairs = [(region, JANUARY + n) for region, those in cells.items() for n in those]
    rows = pd.DataFrame(pairs, columns=["region", "month"])
    rows = rows.assign(
        country=rows["region"].str[:3],
        day=[pd.Timestamp(1970 + m // 12, m % 12 + 1, 1) for m in rows["month"]],
        is_week=False,
        is_zero=[zeros, *[False] * (len(rows) - 1)],
    )
    refused, more = (
        pd.DataFrame([(name, JANUARY + n) for name, n in those or []], columns=[kind, "month"])
        for kind, those in (("region", lost), ("country", beyond))
    )
    return counted_months(rows, refused, more, public, given)


def spans(found: CountedMonths) -> list[tuple[str, int, int]]:
    return [(c, first - JANUARY, last - JANUARY) for c, first, last in found.coverage.spans]


def unknown(found: CountedMonths) -> list[tuple[str, int]]:
    return [(region, month - JANUARY) for region, month in found.unknown.to_numpy().tolist()]


def test_every_country_is_observed_from_its_own_first_month_to_its_own_last() -> None:
    found = months({"NER-a": [0, 1, 2, 3], "TCD-a": [2, 3, 4, 5]})
    assert spans(found) == [("NER", 0, 3), ("TCD", 2, 5)]
    assert (unknown(found), found.doubts) == ([], ())


def test_a_month_without_a_row_in_a_table_with_zeros_is_not_observed() -> None:
    found = months({"NER-a": [0, 1, 3], "NER-b": [0, 1, 2, 3], "TCD-a": [0, 2]}, zeros=True)
    assert spans(found) == [("NER", 0, 3), ("TCD", 0, 0), ("TCD", 2, 2)]
    assert unknown(found) == [("NER-a", 2)]
    assert any("NER-a 2020-03, TCD-a 2020-02" in doubt for doubt in found.doubts)


def test_a_region_that_begins_late_is_not_observed_before() -> None:
    found = months({"NER-a": [0, 1, 2], "NER-b": [2]}, zeros=True)
    assert unknown(found) == [("NER-b", 0), ("NER-b", 1)]


def test_a_table_that_leaves_out_zeros_is_quiet_where_it_has_no_row_and_says_so() -> None:
    found = months({"NER-a": [0, 3, 5], "TCD-a": [0, 1, 2, 3, 4, 5]})
    assert spans(found) == [("NER", 0, 5), ("TCD", 0, 5)]
    assert unknown(found) == []
    assert any("3 months of regions without a row are taken to" in doubt for doubt in found.doubts)


def test_a_month_in_which_nearly_every_other_has_a_row_is_missing() -> None:
    found = months({"NER-a": [n for n in range(24) if n != 7]})
    assert spans(found) == [("NER", 0, 6), ("NER", 8, 23)]


def test_a_month_without_any_row_is_not_observed_even_where_zeros_are_left_out() -> None:
    found = months({"NER-a": [0, 5], "TCD-a": [0, 1, 4, 5]})
    assert spans(found) == [("NER", 0, 1), ("NER", 4, 5), ("TCD", 0, 1), ("TCD", 4, 5)]


@pytest.mark.parametrize("given", [None, Coverage((Span("NER", JANUARY, JANUARY + 2),))])
def test_a_rejected_row_leaves_its_month_unknown(given: Coverage | None) -> None:
    found = months({"NER-a": [0, 1, 2], "NER-b": [0, 2]}, lost=[("NER-b", 1)], given=given)
    assert spans(found) == [("NER", 0, 2)]
    assert unknown(found) == [("NER-b", 1)]
    assert any("rejected: NER-b 2020-02" in doubt for doubt in found.doubts)


@pytest.mark.parametrize("given", [None, Coverage((Span("NER", JANUARY, JANUARY + 3),))])
def test_where_a_whole_country_counts_more_a_region_without_a_row_is_not_observed(
    given: Coverage | None,
) -> None:
    found = months({"NER-a": [0, 3], "NER-b": [0, 1, 3]}, beyond=[("NER", 1)], given=given)
    assert unknown(found) == [("NER-a", 1)]
    assert any("counts more than its regions: NER-a 2020-02" in doubt for doubt in found.doubts)


def test_a_month_known_by_its_whole_country_only_is_not_observed() -> None:
    found = months({"NER-a": [0, 3], "TCD-a": [0, 1, 2, 3]}, beyond=[("NER", 1), ("MLI", 1)])
    assert spans(found) == [("NER", 0, 0), ("NER", 2, 3), ("TCD", 0, 3)]


def test_a_month_that_was_not_over_is_not_observed() -> None:
    assert spans(months({"NER-a": [0, 1]}, public=date(2020, 2, 28))) == [("NER", 0, 0)]
    with pytest.raises(InputError, match="no month that is whole and was over on 2020-01-15"):
        months({"NER-a": [0]}, public=date(2020, 1, 15))
