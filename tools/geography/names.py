"""Other names of the regions: what Natural Earth calls them beside the name that was chosen."""

import numpy as np
import pandas as pd

from features.places.spelling import core

_COLUMNS = ["country", "name", "region"]
LABELS = ["name", "name_en", "name_fr"]
_CITY = r"\b(?:city|capital)\b|^municipality$"
_MISLEADING = [
    ("AFG-daykundi", "Orozgân"),  # its neighbour, of which it was a part
    ("AFG-daykundi", "Urozgan"),
    ("AFG-panjshir", "Parwân"),  # its neighbour, of which it was a part
    ("ARE-neutral-zone-344", "Fujairah"),
    ("BIH-west-bosnia", "Bosnie-Herzégovine"),
    ("CIV-moyen-comoe", "Comoe"),  # since 2011 the name of a larger district
    ("CIV-moyen-comoe", "Comoé"),
    ("DNK-hovedstaden", "Denmark"),
    ("LBY-ash-shati", "Ash-Sharqiyah"),  # the east, for a district in the west
    ("PAN-bocas-del-toro", "comarca Ngäbe-Buglé"),
    ("PHL-caraga", "Dinagat Islands (Region XIII)"),  # one of its provinces
    ("SDN-west-darfur", "West Soudan"),
    ("YEM-amanat-al-asimah", "Sanaa"),  # the governorate around it
]
"""(region, name): names that Natural Earth gives to a region which is called otherwise. One that is
the chosen name of another region of the country needs no entry."""


def region_names(units: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return `country`, `name` and `region` of the names that regions have beside their own.

    `units` are Natural Earth's, as `build.assign` returns them, `regions` as `build.first_order`
    does. `region` is null for a name of a unit of lower order inside a region: it is listed so
    that nobody takes it for a misspelt region. Names are left out that differ from the chosen one
    only in what matching ignores anyway.
    """
    regions = regions.set_index("key")
    units = units.assign(region=units["key"].map(regions["id"]))
    alone = units["key"].map(units["key"].value_counts()) == 1
    whole = units[(alone | (units["key"] == units["adm1_code"])) & units["owner"]]
    dissolved = units[units["key"] != units["adm1_code"]]
    groups = dissolved[dissolved["owner"]]
    parts = dissolved[~alone.loc[dissolved.index]].assign(region=None)
    listed = pd.concat(
        [
            _labels(_as_city(whole)),
            _labels(groups.assign(name_en="", name_fr="", name=groups["label"])),
            _labels(_by_kind(parts)),
        ]
    )
    taken = pd.MultiIndex.from_frame(regions[["country", "name"]])
    listed = listed[~pd.MultiIndex.from_frame(listed[["country", "name"]]).isin(taken)]
    listed = listed[~pd.MultiIndex.from_frame(listed[["region", "name"]]).isin(_MISLEADING)]
    chosen = listed["region"].map(regions.set_index("id")["name"]).fillna("")
    listed = listed[(chosen == "") | (listed["name"].map(core) != chosen.map(core))]
    ordered = listed.sort_values(["country", "name", "region"], na_position="last")
    return ordered.drop_duplicates(ignore_index=True)


def _labels(units: pd.DataFrame) -> pd.DataFrame:
    each = [units[["country", label, "region"]].set_axis(_COLUMNS, axis=1) for label in LABELS]
    long = pd.concat(each)
    return long[long["name"].fillna("") > ""]


def _as_city(units: pd.DataFrame) -> pd.DataFrame:
    """Call a city a city, as another region may have its bare name: that around it."""
    city = units["type_en"].str.contains(_CITY, case=False, na=False)
    for label in LABELS:
        bare = city & ~units[label].str.contains("city", case=False) & (units[label] > "")
        units = units.assign(**{label: units[label].where(~bare, units[label] + " City")})
    return units


def _by_kind(parts: pd.DataFrame) -> pd.DataFrame:
    """Add the kind to a part that is called like its region (the prefecture of Kindia)."""
    kind = parts["type_en"].where(parts["type_en"] > "", "District")
    namesake = (parts["name"] == parts["label"]) & (parts["name"] > "")
    return parts.assign(name=np.where(namesake, parts["name"] + " " + kind, parts["name"]))
