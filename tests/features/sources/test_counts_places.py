from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.months import format_month
from features.places.matching import read_corrections
from features.places.regions import load_regions
from features.sources.counts import read_counts
from tests.features.sources.count_files import JANUARY, counts_of, options_of, rows, spans_of


def test_a_part_of_the_world_beside_a_region_is_none(tmp_path: Path) -> None:
    header = "region,country,admin1,month,deaths"
    lines = ["Western Africa,MLI,Gao,2020-01,4", "Western Africa,MLI,,2020-01,3"]
    delivery = rows(tmp_path, *lines, header=header)
    assert counts_of(delivery) == [("MLI-gao", JANUARY, 0, 0, 4)]


def test_what_names_together_tell_is_noted(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "GHA,Volta,2020-01,4", "GHA,Oti,2020-01,3")
    assert "the outline of Volta (GHA) is that of before 2019, with Oti" in delivery.doubts


def test_two_names_of_one_region_are_summed(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Ségou,2020-01,5", "MLI,Segou Region,2020-01,2")
    assert counts_of(delivery) == [("MLI-segou", JANUARY, 0, 0, 7)]
    assert delivery.regions["id"].tolist() == ["MLI-segou"]
    assert delivery.matches["name"].tolist() == ["Segou Region", "Ségou"]


def test_an_unmatched_name_is_a_region_of_its_own_without_outline(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Ménaka,2020-01,5", "MLI,Mopti,2020-01,1")
    assert delivery.regions.to_numpy().tolist() == [
        ["MLI-mopti", "Mopti", "MLI", True],
        ["MLI-x-menaka", "Ménaka", "MLI", False],
    ]
    assert delivery.matches.set_index("name")["how"].to_dict() == {
        "Mopti": "name",
        "Ménaka": "unmatched",
    }


def test_the_id_of_an_unmatched_region_does_not_depend_on_what_else_is_there(
    tmp_path: Path,
) -> None:
    first = rows(tmp_path, "MLI,Ménaka,2020-01,5", "NER,Ménaka,2020-01,5", "MLI,मेनाका,2020-01,1")
    again = rows(tmp_path, "MLI,मेनाका,2020-03,1", "MLI,MENAKA,2020-03,5")
    assert set(again.regions["id"]) < set(first.regions["id"])
    assert len(set(first.regions["id"])) == 3


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=20, unique=True))
def test_ids_are_never_those_of_bundled_regions_and_fit_for_an_address(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    table = pd.DataFrame({"region": names}).assign(country="MLI", month="2020-01", deaths=1)
    file = tmp_path_factory.mktemp("counts") / "counts.parquet"
    table.to_parquet(file)
    try:
        delivery = read_counts(file, options_of(allow_rejects=True))
    except InputError:  # there is nothing but spaces
        return
    made_up = delivery.regions.loc[~delivery.regions["is_bundled"], "id"]
    assert not set(made_up) & set(load_regions("admin1").ids)
    assert made_up.str.fullmatch(r"MLI-x-[a-z0-9-]+").all()
    assert delivery.counts["deaths"].sum() == delivery.rows_accepted
    assert delivery.rows_accepted + len(delivery.rejected) == len(names)


@pytest.mark.parametrize(
    ("other", "country"), [("DR Congo (Zaire)", "COG"), ("Republic of the Congo", "COD")]
)
def test_a_name_of_either_of_two_countries_is_settled_by_the_other_wherever_in_the_file(
    other: str, country: str, tmp_path: Path
) -> None:
    months = [format_month(JANUARY + month) for month in range(2_500)]  # more than DuckDB's vector
    lines = [f"{name},{month},1" for name in ("Congo", other) for month in months]
    options: dict[str, Any] = {"header": "country,month,deaths", "level": "country"}
    delivery = rows(tmp_path, *lines, available_on=date(2300, 1, 1), **options)
    assert delivery.rows_accepted == 5_000
    assert delivery.counts.groupby("country").size()[country] == 2_500
    with pytest.raises(InputError, match="'Congo' may be COD or COG"):
        rows(tmp_path, *lines[:2_500], **options)


def test_gaza_and_the_west_bank_of_israel_are_in_palestine(tmp_path: Path) -> None:
    delivery = rows(
        tmp_path, "Israel,Gaza Strip,2020-01,5", "Israel,Jerusalem district,2020-01,1",
        "Israel,Atlantis,2020-01,2",
    )  # fmt: skip
    assert delivery.counts[["country", "region", "deaths"]].to_numpy().tolist() == [
        ["ISR", "ISR-jerusalem", 1],
        ["ISR", "ISR-x-atlantis", 2],
        ["PSE", "PSE-gaza-strip", 5],
    ]
    assert spans_of(delivery) == [("ISR", JANUARY, JANUARY), ("PSE", JANUARY, JANUARY)]


def test_corrections_decide_also_against_a_territory_and_are_part_of_the_content(
    tmp_path: Path,
) -> None:
    table = tmp_path / "corrections.csv"
    table.write_text("country,name,region\nISR,Gaza Strip,\nMLI,Ménaka,MLI-gao\n")
    lines = ("ISR,Gaza Strip,2020-01,5", "MLI,Menaka,2020-01,1")
    plain = rows(tmp_path, *lines)
    corrected = rows(tmp_path, *lines, corrections=read_corrections(table))
    assert [count[0] for count in counts_of(corrected)] == ["ISR-x-gaza-strip", "MLI-gao"]
    assert corrected.sha256 != plain.sha256


def test_cells_need_no_country_and_have_one_if_it_is_said(tmp_path: Path) -> None:
    cells = load_regions("priogrid").table
    inside = cells.loc[cells["country"] == "MLI", "id"].iloc[0]
    alone = rows(
        tmp_path, f"{inside}.0,2020-01,5", "1,2020-01,9", header="gid,month,deaths",
        level="priogrid", allow_rejects=True,
    )  # fmt: skip
    assert counts_of(alone) == [(inside, JANUARY, 0, 0, 5)]
    assert alone.rejected["reasons"].tolist() == ["country is missing or unknown"]
    named = rows(
        tmp_path, f"NER,{inside},2020-01,5", "NER,1,2020-01,1", "NER,x,2020-01,1",
        header="country,gid,month,deaths", level="priogrid", allow_rejects=True,
    )  # fmt: skip
    assert named.counts["country"].tolist() == ["NER", "NER"]
    assert named.regions["id"].tolist() == [inside, "NER-x-1"]
    assert named.rejected["reasons"].tolist() == ["region is missing or unreadable"]
