import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.places.matching import match_countries, match_regions, read_corrections
from features.places.placement import place_admin1
from features.places.region_names import HOW
from features.places.regions import load_regions
from features.places.spelling import plain
from tests.paths import DATA, ROOT

BY_HAND = pd.read_csv(ROOT / "features/places/geography/other_names.csv", keep_default_na=False)


def real(name: str) -> pd.DataFrame:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no real data: {path} is missing")
    return pd.read_csv(path, low_memory=False)


def match(country: str, name: str) -> tuple[str | None, str]:
    row = match_regions(pd.DataFrame({"country": [country], "name": [name]}), "admin1").iloc[0]
    return (None if pd.isna(row["region"]) else row["region"]), row["how"]


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("MLI", "MLI"),
        ("mli", "MLI"),
        ("DR Congo (Zaire)", "COD"),
        ("Congo, Dem. Rep.", "COD"),
        ("D.R. Congo", "COD"),
        ("Congo, DRC", "COD"),
        ("Republic of the Congo", "COG"),
        ("Republic of Congo", "COG"),
        ("Congo", None),  # either
        ("Myanmar (Burma)", "MMR"),
        ("Yemen (North Yemen)", "YEM"),
        ("Bosnia-Herzegovina", "BIH"),
        ("Bosnia and Herz.", "BIH"),
        ("Côte d'Ivoire", "CIV"),
        ("COTE D\N{RIGHT SINGLE QUOTATION MARK}IVOIRE", "CIV"),
        ("Ivory Coast", "CIV"),
        ("Russia (Soviet Union)", "RUS"),
        ("Cambodia (Kampuchea)", "KHM"),
        ("Serbia (Yugoslavia)", "SRB"),
        ("Macedonia, FYR", "MKD"),
        ("Kingdom of eSwatini (Swaziland)", "SWZ"),
        ("Madagascar (Malagasy)", "MDG"),
        ("Zimbabwe (Rhodesia)", "ZWE"),
        ("Central African Rep.", "CAF"),
        ("République centrafricaine", "CAF"),
        ("S. Sudan", "SSD"),
        ("Soudan du Sud", "SSD"),
        ("Republic of the Sudan", "SDN"),
        ("Niger", "NER"),
        ("République fédérale du Nigeria", None),
        ("Guinée", "GIN"),
        ("Guinée-Bissau", "GNB"),
        ("Guinée équatoriale", "GNQ"),
        ("Korea, Republic of", "KOR"),
        ("Korea, Democratic People's Republic of", "PRK"),
        ("Iran (Islamic Republic of)", "IRN"),
        ("Antigua & Barbuda", "ATG"),
        ("State of Palestine", "PSE"),
        ("Namibia", "NAM"),
        ("ML", None),
        ("Islamic State", None),
        ("the Republic", None),
        ("Atlantis", None),
        ("Nigerria", None),
        ("...", None),
        ("", None),
    ],
)
def test_a_country_is_known_by_what_sources_call_it(name: str, country: str | None) -> None:
    found = match_countries(pd.Series([name]))[0]
    assert (None if pd.isna(found) else found) == country


def test_a_missing_country_is_null_and_the_index_is_kept() -> None:
    found = match_countries(pd.Series([None, "Mali", None], index=[7, 3, 5], dtype="str"))
    assert found.index.tolist() == [7, 3, 5]
    assert found.isna().tolist() == [True, False, True]


def test_no_country_has_the_name_of_another() -> None:
    tables = ["country_names.csv", "gleditsch_ward.csv"]
    listed = pd.concat(
        pd.read_csv(ROOT / "features" / "places" / "geography" / name, keep_default_na=False)
        for name in tables
    )
    bundled = load_regions("country").table
    listed, clear = (table[table["name"] != "Congo"] for table in (listed, bundled))
    assert match_countries(listed["name"]).tolist() == listed["country"].tolist()
    assert match_countries(clear["name"]).tolist() == clear["id"].tolist()
    assert match_countries(bundled["id"]).tolist() == bundled["id"].tolist()


@pytest.mark.parametrize(
    ("country", "name", "region", "how"),
    [
        ("MLI", "MLI-segou", "MLI-segou", "id"),
        ("MLI", "Segou region", "MLI-segou", "name"),
        ("MLI", "RÉGION DE SÉGOU", "MLI-segou", "name"),
        ("MLI", "Tombouctou", "MLI-timbuktu", "alternate name"),
        ("NGA", "État de Borno", "NGA-borno", "name"),
        ("DZA", "Wilaya de Béjaïa", "DZA-bejaia", "name"),
        ("COD", "North Kivu", "COD-nord-kivu", "name"),
        ("COD", "Kivu (Nord)", "COD-nord-kivu", "name"),
        ("CMR", "Far North region", "CMR-extreme-nord", "alternate name"),
        ("CMR", "Northwest", "CMR-nord-ouest", "name"),
        ("SDN", "Northern Darfur state", "SDN-north-darfur", "name"),
        ("SDN", "Northern state", "SDN-northern", "name"),
        ("ETH", "Oromia (Oromiya) state", "ETH-oromiya", "name"),
        ("UKR", "Kyiv oblast", "UKR-kyiv", "name"),
        ("UKR", "Kyiv Special Republican city", "UKR-kyiv-city", "name"),
        ("UKR", "L'viv", "UKR-lviv", "name"),
        ("RUS", "Moscow gorod", "RUS-moskva", "alternate name"),
        ("RUS", "Moscow oblast", "RUS-moskovskaya", "alternate name"),
        ("MOZ", "Maputo province", "MOZ-maputo", "name"),
        ("MOZ", "Cidade de Maputo", "MOZ-maputo-city", "name"),
        ("MEX", "México state", "MEX-mexico", "name"),
        ("MEX", "Ciudad de México", "MEX-distrito-federal", "alternate name"),
        ("TCD", "N'Djamena region", "TCD-ville-de-ndjamena", "name"),
        ("HTI", "L'Artibonite department", "HTI-lartibonite", "name"),
        ("EGY", "Al Qahirah", "EGY-al-qahirah", "name"),
        ("EGY", "Cairo governorate", "EGY-al-qahirah", "alternate name"),
        ("YEM", "Ta`izz", "YEM-taizz", "name"),
        ("YEM", "al-Bayḑā\N{RIGHT SINGLE QUOTATION MARK} governorate", "YEM-al-bayda", "name"),
        ("AFG", "Sar-e Pol", "AFG-sari-pul", "alternate name"),
        ("SSD", "Warap state", "SSD-warrap", "spelling"),
        ("SOM", "Galgudud region", "SOM-galguduud", "spelling"),
    ],
)
def test_a_region_is_known_by_what_sources_call_it(
    country: str, name: str, region: str, how: str
) -> None:
    assert match(country, name) == (region, how)


@pytest.mark.parametrize(
    ("country", "name"),
    [
        ("MLI", "Ménaka"),  # inside Gao
        ("COD", "Kasaï"),  # inside Kasaï-Occidental
        ("BFA", "Oudalan"),  # a province of the Sahel
        ("GIN", "Kindia prefecture"),  # a part of the region of Kindia
        ("GIN", "Préfecture de Kindia"),
        ("PHL", "Davao del Sur"),
        ("PHL", "Cagayan"),  # not Cagayan Valley
        ("KGZ", "Osh shaary"),  # a city apart from its region
        ("MMR", "Shan (North)"),
        ("MMR", "Bago-East"),
        ("RUS", "Moscow"),  # the city or the region around it
        ("RUS", "Altai Republic"),  # two regions have the name in Natural Earth
        ("SDN", "Jonglei state"),  # of South Sudan
        ("ISR", "Gaza Strip"),  # of Palestine
        ("MLI", "BFA-sahel"),
        ("MLI", "Sahel"),
        ("NGA", "Ondu"),  # too short to be guessed: Ondo, or Edo
        ("SYR", "Ost Aleppo"),
        ("MLI", "..."),
        ("MLI", ""),
        ("MLI", "region"),
        ("XXX", "Gao"),
    ],
)
def test_what_is_not_certain_is_unmatched(country: str, name: str) -> None:
    assert match(country, name) == (None, "unmatched")


def test_missing_names_are_unmatched() -> None:
    names = pd.DataFrame({"country": [None, "MLI"], "name": ["Gao", None]})
    assert match_regions(names, "admin1")["how"].tolist() == ["unmatched", "unmatched"]


def test_no_names_give_no_matches() -> None:
    empty = pd.DataFrame({"country": [], "name": []}, dtype="str")
    assert match_regions(empty, "admin1").columns.tolist() == ["country", "name", "region", "how"]


def test_a_name_listed_by_hand_means_its_region() -> None:
    clear = BY_HAND[BY_HAND["name"] != "Shusha"]  # the city, or the land around it
    found = match_regions(clear[["country", "name"]], "admin1")
    assert found["region"].fillna("").tolist() == clear["region"].tolist()
    assert match("AZE", "Shusha rayon") == ("AZE-susa", "alternate name")
    assert not BY_HAND.duplicated(["country", "name"]).any()


def test_a_bundled_region_is_known_by_its_id_and_by_its_own_name_unless_two_have_it() -> None:
    table = load_regions("admin1").table
    by_id = match_regions(table.assign(name=table["id"])[["country", "name"]], "admin1")
    assert by_id["region"].tolist() == table["id"].tolist()
    by_name = match_regions(table[["country", "name"]], "admin1")["region"]
    twice = table.duplicated(["country", "name"], keep=False)
    assert by_name[~twice].tolist() == table["id"][~twice].tolist()
    assert by_name[twice].isna().all()


def test_the_region_of_a_country_is_the_country() -> None:
    names = pd.DataFrame({"country": ["MLI", "XXX"], "name": ["Mali", "Nowhere"]})
    found = match_regions(names, "country")
    assert found["region"].tolist()[0] == "MLI"
    assert found["how"].tolist() == ["id", "unmatched"]


def test_the_name_of_a_cell_is_its_number() -> None:
    names = pd.DataFrame({"country": "MLI", "name": ["147945", 147945.0, "1", "Bamako"]})
    found = match_regions(names, "priogrid")
    assert found["region"].tolist()[:2] == ["147945", "147945"]
    assert found["how"].tolist() == ["id", "id", "unmatched", "unmatched"]


def corrections_file(folder: Path, text: str) -> Path:
    path = folder / "corrections.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_corrections_are_read_with_names_or_codes_of_countries(tmp_path: Path) -> None:
    text = "region,country,name,why\nMLI-gao,Mali,Ménaka,split in 2016\n,NAM, NA ,\n"
    read = read_corrections(corrections_file(tmp_path, text))
    assert read.index.tolist() == [2, 3]
    assert read["country"].tolist() == ["MLI", "NAM"]
    assert read["name"].tolist() == ["Ménaka", "NA"]
    assert read["region"].tolist()[0] == "MLI-gao"
    assert read["region"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("country,name\nMLI,Gao\n", "line 1: there is no column region"),
        ("", "line 1: there is no column country, name, region"),
        ("country,name,region\nMLI,Gao,\nMaly,Kidal,\n", "line 3: 'Maly' is no country"),
        ("country,name,region\nMLI,,MLI-gao\n", "line 2: '' is no name"),
        ("country,name,region\nMLI,Ségou,\n\nMali,SEGOU,MLI-segou\n", "line 4: .* second time"),
    ],
)
def test_a_wrong_correction_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_corrections(corrections_file(tmp_path, text))


def test_corrections_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("country,name,region\nMLI,Ségou,\n".encode("latin-1"))
    for path in (latin, tmp_path / "missing.csv", tmp_path, Path("/dev/zero")):
        with pytest.raises(InputError, match="cannot be read as a CSV file"):
            read_corrections(path)


def test_a_correction_to_no_bundled_region_is_refused_with_its_line(tmp_path: Path) -> None:
    path = corrections_file(tmp_path, "country,name,region\nMLI,Gao,MLI-goa\n")
    names = pd.DataFrame({"country": ["MLI"], "name": ["Gao"]})
    with pytest.raises(InputError, match="line 2: 'MLI-goa' is no bundled region of the level adm"):
        match_regions(names, "admin1", read_corrections(path))


def test_a_correction_may_take_a_geometry_away_and_may_cross_a_border(tmp_path: Path) -> None:
    text = "country,name,region\nMLI,gao region,\nSDN,Jonglei State,SSD-jonglei\n"
    names = pd.DataFrame({"country": ["MLI", "MLI", "SDN"]})
    names["name"] = ["Gao RÉGION", "Gao", "Jonglei state"]
    corrections = read_corrections(corrections_file(tmp_path, text))
    found = match_regions(names, "admin1", corrections)
    assert found["how"].tolist() == ["correction", "name", "correction"]
    assert found["region"].fillna("").tolist() == ["", "MLI-gao", "SSD-jonglei"]


ADMIN1 = load_regions("admin1").table
OTHER = pd.concat([ADMIN1[["country", "name"]], BY_HAND[["country", "name"]]], ignore_index=True)
COUNTRIES = sorted(ADMIN1["country"].unique())
KINDS = ["", " region", " province", " governorate", " (State)"]
listed = st.sampled_from(range(len(OTHER))).map(lambda row: tuple(OTHER.iloc[row]))
pairs = st.one_of(
    st.tuples(listed, st.sampled_from(KINDS)).map(lambda pair: (pair[0][0], pair[0][1] + pair[1])),
    st.tuples(st.sampled_from(COUNTRIES), st.sampled_from(OTHER["name"].tolist())),
    st.tuples(st.sampled_from(COUNTRIES), st.text(max_size=20)),
)
SOME = settings(max_examples=40, deadline=None)
frames = st.lists(pairs, min_size=1, max_size=8, unique=True).map(
    lambda rows: pd.DataFrame(rows, columns=["country", "name"], dtype="str")
)


@SOME
@given(frames)
def test_a_match_never_crosses_a_border_and_is_a_bundled_region(names: pd.DataFrame) -> None:
    found = match_regions(names, "admin1")
    assert found["how"].isin(HOW).all()
    assert ((found["how"] == "unmatched") == found["region"].isna()).all()
    matched = found.dropna(subset="region")
    assert (matched["region"].str[:3] == matched["country"]).all()
    assert matched["region"].isin(ADMIN1["id"]).all()


@SOME
@given(frames)
def test_matching_what_was_matched_changes_nothing(names: pd.DataFrame) -> None:
    found = match_regions(names, "admin1")
    pd.testing.assert_frame_equal(match_regions(found, "admin1"), found)
    matched = found.dropna(subset="region")
    ids = match_regions(matched.assign(name=matched["region"]), "admin1")
    assert ids["region"].tolist() == matched["region"].tolist()


@SOME
@given(frames, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_of_no_account(names: pd.DataFrame, random: object) -> None:
    order = np.arange(len(names))
    random.shuffle(order)  # type: ignore[attr-defined]
    found = match_regions(names, "admin1")
    shuffled = match_regions(names.iloc[order], "admin1")
    pd.testing.assert_frame_equal(shuffled.sort_index(), found)


@given(listed)
def test_case_accents_and_spaces_are_of_no_account(pair: tuple[str, str]) -> None:
    country, name = pair
    expected = match(country, name)[0]
    assert match(country, name.lower())[0] == expected
    assert match(country, f"  {name.title()} ")[0] == expected
    assert match(country, unicodedata.normalize("NFD", name))[0] == expected
    if name.isascii() or "'" not in name:
        assert match(country, plain(name))[0] == expected


@SOME
@given(frames, st.sampled_from(["", "MLI-gao", "KEN-coast"]))
def test_corrections_win(names: pd.DataFrame, region: str) -> None:
    corrections = names.iloc[:1].assign(region=region or None)
    found = match_regions(names, "admin1", corrections)
    assert found["how"].iloc[0] == "correction"
    assert (None if pd.isna(found["region"].iloc[0]) else found["region"].iloc[0]) == (
        region or None
    )


def test_most_real_units_and_deaths_are_matched() -> None:
    table = real("admin1_month/ged251_admin1_month_2010_2023.csv.gz")
    table["country"] = match_countries(table["country"])
    assert table["country"].notna().all()
    units = table.groupby(["country", "adm_1"])["deaths"].sum().reset_index()
    found = match_regions(units.rename(columns={"adm_1": "name"}), "admin1")
    matched = found["region"].notna()
    assert matched.mean() > 0.84
    assert found["deaths"][matched].sum() > 0.95 * found["deaths"].sum()
    assert (found["how"] == "spelling").mean() < 0.03


def test_every_country_of_the_real_table_is_known() -> None:
    countries = pd.Series(real("country_month/country_month_1989_2024.csv.gz")["country"].unique())
    unknown = countries[match_countries(countries).isna()]
    assert unknown.tolist() == ["Unnamed: 134"]


def test_matches_agree_with_where_the_events_happened() -> None:
    events = real("ucdp_ged/ged_events_16_countries_1989_2023.csv.gz")
    events = events[events["adm_1"].notna() & (events["where_prec"] <= 4)]
    country = match_countries(events["country"])
    latitude, longitude = (events[c].to_numpy(np.float64) for c in ("latitude", "longitude"))
    placed = pd.Series(place_admin1(latitude, longitude, country), index=events.index)
    located = pd.DataFrame({"country": country, "name": events["adm_1"], "placed": placed}).dropna()
    of_name = located.groupby(["country", "name"])["placed"]
    commonest = of_name.agg(lambda regions: regions.mode()[0])
    majority = pd.concat([commonest, of_name.size().rename("n")], axis="columns").reset_index()
    found = match_regions(majority, "admin1").dropna(subset="region")
    agrees = found["region"] == found["placed"]
    assert len(found) > 210
    assert agrees.mean() > 0.98
    assert found["n"][agrees].sum() > 0.998 * found["n"].sum()


def test_a_name_of_two_states_is_that_of_one_beside_the_other() -> None:
    assert match_countries(pd.Series(["Congo", "Mali"])).tolist()[1:] == ["MLI"]
    assert match_countries(pd.Series(["Congo"])).isna().all()
    assert match_countries(pd.Series(["Congo", "DR Congo"])).tolist() == ["COG", "COD"]
    assert match_countries(pd.Series(["Korea", "PRK"])).tolist() == ["KOR", "PRK"]
    both = match_countries(pd.Series(["Congo", "COG", "COD"]))
    assert both.isna().tolist() == [True, False, False]
