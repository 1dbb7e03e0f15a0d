from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.archive.coverage import Coverage, Span, read_coverage, whole_world
from features.errors import InputError
from features.months import format_month, parse_month
from tests.paths import DATA

HEADER = "country,first_month,last_month\n"
REAL = DATA / "ucdp_ged" / "coverage_16_countries.csv"


def written(folder: Path, text: str) -> Path:
    path = folder / "coverage.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here: set TOCSIN_DATA")
def test_the_real_coverage_observes_quiet_guinea_bissau_to_2023_and_syria_to_november_2019() -> (
    None
):
    coverage = read_coverage(REAL)
    assert len(coverage.spans) == 16
    assert Span("GNB", parse_month("1989-01"), parse_month("2023-12")) in coverage.spans
    assert Span("SYR", parse_month("2016-01"), parse_month("2019-11")) in coverage.spans
    assert coverage.last_month == parse_month("2023-12")


def test_months_lists_every_observed_month_and_none_in_a_gap(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "\ufeffCountry,First_Month,Last_Month\nner,2020-05,2020-05\n\n"
        "MLI,2020-01,2020-02\nMLI,2019-11,2019-11\n",
    )
    months = read_coverage(path).months()
    assert list(months.itertuples(index=False, name=None)) == [
        ("MLI", 598),
        ("MLI", 600),
        ("MLI", 601),
        ("NER", 604),
    ]
    assert str(months["country"].dtype) == "str"


def test_columns_may_stand_in_any_order_with_others_between(tmp_path: Path) -> None:
    path = written(tmp_path, "last_month,note,country,first_month\n2020-02,x,MLI,2020-01\n")
    assert read_coverage(path) == Coverage((Span("MLI", 600, 601),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks the column country and first_month and last_month"),
        ("country,first_month\nMLI,2020-01\n", "lacks the column last_month"),
        (HEADER, "has no rows"),
        (HEADER + "MLI,2020-01,2020-02\nXYZ,2020-01,2020-02\n", "line 3: 'X"),
        (HEADER + "MLI,2020-13,2020-02\n", "line 2: '2020-13' is not a month"),
        (HEADER + "MLI,2020-02,2020-01\n", "line 2: MLI ends in 2020-01"),
        (HEADER + "MLI,2020-02\n", "line 2: the row is cut short"),
        (HEADER + "MLI,2020-01,2020-06\n\nMLI,2020-06,2020-07\n", "line 4: MLI is covered twice"),
    ],
)
def test_a_wrong_coverage_file_is_refused_with_the_line_at_fault(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        read_coverage(written(tmp_path, text))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_a_folder_and_noise_are_refused(tmp_path: Path) -> None:
    noise = tmp_path / "noise.csv"
    noise.write_bytes(bytes(range(128, 256)) * 20)
    for path in (tmp_path / "none.csv", tmp_path, noise):
        with pytest.raises(InputError, match="the coverage"):
            read_coverage(path)


def test_a_coverage_cannot_be_made_of_reversed_overlapping_or_no_spans() -> None:
    for spans in (
        (),
        (Span("MLI", 2, 1),),
        (Span("MLI", 1, 5), Span("NER", 1, 9), Span("MLI", 5, 6)),
    ):
        with pytest.raises(InputError):
            Coverage(spans)


def test_the_whole_world_has_many_countries_with_the_same_months() -> None:
    world = whole_world(600, 611)
    assert {"MLI", "SDN", "UKR"} <= {span.country for span in world.spans}
    assert {(span.first_month, span.last_month) for span in world.spans} == {(600, 611)}
    assert len(world.months()) == 12 * len(world.spans) > 12 * 190


def test_a_young_state_is_observed_from_its_first_month() -> None:
    spans = {span.country: span for span in whole_world(parse_month("1989-01"), 611).spans}
    assert spans["SDN"].first_month == parse_month("1989-01")
    assert spans["SSD"].first_month == parse_month("2011-07")
    assert "SSD" not in {s.country for s in whole_world(240, parse_month("2011-06")).spans}


def test_territories_with_regions_of_their_own_are_observed_but_greenland_is_not() -> None:
    countries = {span.country for span in whole_world(600, 611).spans}
    assert {"PSE", "ESH"} <= countries
    assert "GRL" not in countries


def test_a_coverage_of_many_spans_is_read_at_once_and_one_without_end_is_not(
    tmp_path: Path,
) -> None:
    months = [format_month(month) for month in range(0, 24_000, 2)]
    rows = [f"{country},{month},{month}" for country in ("MLI", "NER") for month in months]
    path = tmp_path / "many.csv"
    path.write_text("\n".join(["country,first_month,last_month", *rows, "MLI,1971-01,1971-02"]))
    with pytest.raises(InputError, match=r"line 24002: MLI is covered twice"):
        read_coverage(path)
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="no regular file"):
        read_coverage(tmp_path / "zero")


@given(
    st.dictionaries(
        st.sampled_from(["MLI", "NER", "BFA", "SDN"]),
        st.tuples(st.integers(0, 700), st.integers(0, 30)),
        min_size=1,
    )
)
def test_table_and_months_say_the_same(lengths: dict[str, tuple[int, int]]) -> None:
    spans = tuple(Span(country, first, first + more) for country, (first, more) in lengths.items())
    coverage = Coverage(spans)
    ends = coverage.months().groupby("country")["month"].agg(["min", "max", "nunique"])
    table = coverage.table().set_index("country")
    assert (ends["min"] == table["first_month"]).all()
    assert (ends["max"] == table["last_month"]).all()
    assert (ends["nunique"] == table["last_month"] - table["first_month"] + 1).all()
