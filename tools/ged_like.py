"""Writes files in the layout of UCDP GED, of any size, about events that never happened.

Actors, towns and texts are invented; only the countries and their regions exist. What makes a
file slow or large to read is as in UCDP's own files: the lengths of the texts, their quotation
marks, commas, accents and line breaks, how rarely they recur, and how events crowd into towns.
Every event follows from its number and the seed alone, so memory is needed for the towns only.
"""

import argparse
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import shapely

from features.places.placement import place_admin1
from features.places.priogrid import cell_of
from features.places.regions import geometries, load_regions
from features.sources.ucdp import OFFICIAL_COLUMNS

FIRST_DAY, LAST_DAY = date(1989, 1, 1), date(2024, 12, 31)
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "1GB",
    # One thread, and events on the left of every join: rows keep their order, and bytes are equal.
    "disabled_optimizers": "join_order,build_side_probe_side",
}
STATES = Path(__file__).parents[1] / "features" / "places" / "geography" / "gleditsch_ward.csv"

# Heaps' law: samples of UCDP GED have 1,136 towns in 2,000 events, 8,400 in 45,568.
TOWNS_OF_ONE_EVENT, TOWNS_POWER = 9.5, 0.64
SPREAD = 0.3  # of towns around the centre of a region [degrees]
# Of those outside their region, mostly at sea: then 5 % lie in no region, as do UCDP's.
KEPT_AT_SEA = 0.2
DYADS, PHRASES, OFFICES = 400, 2000, 400

TEXT = """
the in of and on at after near over from by two three several many armed men soldiers rebels
villagers attack clashes fighting shelling ambush raid reported report said local market road
river bridge camp school district officials sources army militia residents killed dead wounded
fled night morning week again new renewed heavy unknown claims denies condemned
"""
WORDS = np.array(TEXT.split())
LETTERS_A_WORD = float(np.char.str_len(WORDS).mean()) + 1  # with the space that follows
SYLLABLES = np.array([first + second for first in "bdfghklmnprstvwz" for second in "aeio"])
KINDS = np.array(["Front", "Army", "Council", "Movement", "Brigade", "Guard", "League"])
MARKS = {"commas": "{},", "quotes": '"{}"', "breaks": "{}\n"}
ACCENTS = str.maketrans("aeiou", "áéíöü")

CHOICES = (
    *("town", "dyad", "opening", "ending", "setting", "office", "day", "span", "sources"),
    *("deaths", "zero", "side", "under", "over", "precision", "clear", "active", "told"),
)
"""What is drawn for every event: an even number in [0, 1) each."""

DRAWN = """
    SELECT
        *,
        ($first_day::DATE + floor($days * sqrt(day))::INTEGER) AS day_end,
        CASE
            WHEN span < 0.86 THEN 0
            WHEN span < 0.98 THEN 1 + floor((span - 0.86) / 0.12 * 13)
            ELSE 28 + floor((span - 0.98) / 0.02 * 150)
        END::INTEGER AS days_long,
        if(zero < 0.07, 0, least(10000, floor(1 / (1 - deaths))))::INTEGER AS dead,
        CASE
            WHEN sources < 0.80 THEN 1
            WHEN sources < 0.92 THEN 2
            WHEN sources < 0.96 THEN 3
            ELSE 4 + floor((sources - 0.96) / 0.04 * 5)
        END::INTEGER AS reports,
        CASE
            WHEN precision < 0.50 THEN 1
            WHEN precision < 0.78 THEN 2
            WHEN precision < 0.85 THEN 3
            WHEN precision < 0.92 THEN 4
            WHEN precision < 0.98 THEN 5
            ELSE 6
        END AS where_prec
    FROM (
        SELECT event, {choices}
        FROM (SELECT event, hash(event, hash($seed)) AS mixed FROM range($events) AS _(event))
    )
"""

TOLD = """
    SELECT
        drawn.*,
        towns.* EXCLUDE (number),
        dyads.* EXCLUDE (number),
        offices.office AS source,
        settings.setting AS surroundings,
        settings.witness AS witness,
        greatest(day_end - days_long, $first_day::DATE) AS day_start,
        strftime(day_end + 1, '%Y-%m-%d') AS day_reported,
        openings.opening || ' ' || place || ' ' || endings.ending AS headline,
        endings.opening || ' ' || place || ' ' || openings.ending AS headline_too
    FROM ({drawn}) AS drawn
    JOIN towns ON towns.number = floor($towns * town ** 3)::BIGINT
    JOIN dyads ON dyads.number = floor($dyads * dyad ** 2)::BIGINT
    JOIN phrases AS openings ON openings.number = floor($phrases * drawn.opening)::BIGINT
    JOIN phrases AS endings ON endings.number = floor($phrases * drawn.ending)::BIGINT
    JOIN phrases AS settings ON settings.number = floor($phrases * drawn.setting)::BIGINT
    JOIN offices ON offices.number = floor($offices * drawn.office ** 2)::BIGINT
"""

COLUMNS = {
    "id": "100000 + event",
    "relid": "iso3 || '-' || year(day_end) || '-' || type || '-' || dyad_id || '-' || event % 5000",
    "year": "year(day_end)",
    "active_year": "active < 0.84",
    "code_status": "if(clear < 0.9, 'Clear', 'Check deaths')",
    "type_of_violence": "type",
    "conflict_dset_id": "conflict_id",
    "conflict_new_id": "conflict_id",
    "dyad_dset_id": "dyad_id",
    "dyad_new_id": "dyad_id",
    "dyad_name": "side_a || ' - ' || side_b",
    "side_a_dset_id": "side_a_id",
    "side_a_new_id": "side_a_id",
    "side_b_dset_id": "side_b_id",
    "side_b_new_id": "side_b_id",
    "number_of_sources": "reports",
    "source_article": """
        '"' || source || ',' || day_reported || ',' || headline || '"' || repeat(
            ';"' || source || ',' || day_reported || ',' || headline_too || '"', reports - 1)""",
    "source_office": "source || repeat(';' || source, reports - 1)",
    "source_date": "day_reported || repeat(';' || day_reported, reports - 1)",
    "source_headline": "headline || repeat(';' || headline_too, reports - 1)",
    "source_original": "if(told >= 0.07, witness, NULL)",
    "where_coordinates": "place || if(where_prec < 3, ' town', ' district')",
    "where_description": "if(told < 0.94, surroundings || ' ' || place, NULL)",
    "adm_1": "if(where_prec < 6, adm_1, NULL)",
    "adm_2": "if(where_prec < 4, adm_2 || ' district', NULL)",
    "latitude": "printf('%.6f', latitude)",
    "longitude": "printf('%.6f', longitude)",
    "geom_wkt": "'POINT (' || longitude || ' ' || latitude || ')'",
    "region": """CASE
        WHEN longitude < -30 THEN 'Americas' WHEN latitude > 36 AND longitude < 60 THEN 'Europe'
        WHEN latitude > 12 AND longitude BETWEEN 34 AND 60 THEN 'Middle East'
        WHEN longitude < 52 THEN 'Africa' ELSE 'Asia' END""",
    "event_clarity": "if(clear < 0.82, 1, 2)",
    "date_prec": """CASE
        WHEN days_long = 0 THEN 1 WHEN days_long < 7 THEN 2 WHEN days_long < 28 THEN 3
        WHEN days_long < 32 THEN 4 ELSE 5 END""",
    "date_start": "strftime(day_start, '%Y-%m-%d 00:00:00.000')",
    "date_end": "strftime(day_end, '%Y-%m-%d 00:00:00.000')",
    "deaths_a": "if(side < 0.15, dead, 0)",
    "deaths_b": "if(side BETWEEN 0.15 AND 0.49, dead, 0)",
    "deaths_civilians": "if(side > 0.49 AND side < 0.75, dead, 0)",
    "deaths_unknown": "if(side >= 0.75, dead, 0)",
    "best": "dead",
    "high": "dead + floor(dead * over ** 2)::INTEGER + (over > 0.9)::INTEGER",
    "low": "dead - floor(dead * under ** 3)::INTEGER",
    "gwnoa": "if(type = 1, country_id, NULL)",
    "gwnob": "NULL",
}
"""How a column is written, where it is more than the column of that name in `TOLD`."""


def write_ged_like(path: Path, events: int, seed: int = 1, last_day: date = LAST_DAY) -> None:
    """Write a CSV file of so many events from 1989 to `last_day`, the 49 columns of UCDP GED.

    The same numbers give the same bytes, with the same version of DuckDB.
    """
    random = np.random.default_rng(seed)
    pools = {
        "towns": _towns(round(TOWNS_OF_ONE_EVENT * events**TOWNS_POWER), random),
        "dyads": _dyads(random),
        "phrases": _phrases(random),
        "offices": pd.DataFrame({"office": [f"{_name(random, 4)} News" for _ in range(OFFICES)]}),
    }
    # Hashing the mixture of event and seed again makes the choices independent of each other.
    choices = ", ".join(
        f"(hash(xor(mixed, {number}::UBIGINT)) >> 11) / 2.0 ** 53 AS {name}"
        for number, name in enumerate(CHOICES)
    )
    told = TOLD.format(drawn=DRAWN.format(choices=choices))
    columns = ", ".join(f"{COLUMNS.get(name, name)} AS {name}" for name in OFFICIAL_COLUMNS)
    values = {name: len(pool) for name, pool in pools.items()} | {
        "path": str(path),
        "events": events,
        "seed": seed,
        "first_day": FIRST_DAY,
        "days": (last_day - FIRST_DAY).days + 1,
    }
    with duckdb.connect(config=SETTINGS) as database:
        database.execute("SET enable_progress_bar = false")
        for name, pool in pools.items():
            database.register(name, pool.rename_axis("number").reset_index())
        database.execute(f"COPY (SELECT {columns} FROM ({told})) TO $path (HEADER)", values)


def _towns(count: int, random: np.random.Generator) -> pd.DataFrame:
    """Draw towns of states that UCDP codes since 1989, more of them in some regions."""
    names = ["country_id", "iso3", "country", "since"]
    states = pd.read_csv(STATES, names=names, header=0, keep_default_na=False)
    states = states[states["since"] < "1989-02"].drop_duplicates("iso3")
    regions = load_regions("admin1").table.rename(
        columns={"country": "iso3", "name": "region_name"}
    )
    regions = regions.merge(states, on="iso3").sample(frac=1.0, random_state=random)
    drawn = (len(regions) * random.random(3 * count + 100) ** 2).astype(int)
    towns = regions.iloc[drawn]
    scatter = random.normal(scale=SPREAD, size=(len(towns), 2))
    latitude, longitude = (towns[["latitude", "longitude"]] + scatter).round(6).to_numpy().T
    placed = pd.Series(place_admin1(latitude, longitude, towns["iso3"]))
    dry = shapely.contains_xy(geometries("admin1", regions["id"])[drawn], longitude, latitude)
    kept: pd.Series = placed.notna() & (dry | (random.random(len(towns)) < KEPT_AT_SEA))
    found = pd.DataFrame(
        {
            "latitude": latitude,
            "longitude": longitude,
            "priogrid_gid": cell_of(latitude, longitude),
            "adm_1": placed.map(regions.set_index("id")["region_name"]) + " province",
            **{name: towns[name].to_numpy() for name in ("iso3", "country", "country_id")},
        }
    )
    found = found[kept].head(count).reset_index(drop=True)
    for name, syllables in {"place": 3, "adm_2": 2}.items():
        found[name] = [_name(random, syllables) for _ in range(len(found))]
    return found


def _dyads(random: np.random.Generator) -> pd.DataFrame:
    """Draw pairs of actors: governments, armed groups, and civilians on the second side."""
    number = np.arange(DYADS)
    kinds = random.choice([1, 2, 3], size=DYADS, p=[0.62, 0.18, 0.2])
    lands = [_name(random, 3) for _ in number]
    groups = [f"{_name(random, 2)} {random.choice(KINDS)}" for _ in number]
    return pd.DataFrame(
        {
            "type": kinds,
            "conflict_id": 20000 + number // 2,
            "dyad_id": 40000 + number,
            "conflict_name": [f"{land}: Government" for land in lands],
            "side_a_id": 2000 + number // 3,
            "side_a": [
                f"Government of {lands[n // 3]}" if kind == 1 else f"{groups[n // 3]} of {lands[n]}"
                for n, kind in zip(number, kinds, strict=True)
            ],
            "side_b_id": np.where(kinds == 3, 9999, 6000 + number),
            "side_b": np.where(kinds == 3, "Civilians", groups),
        }
    )


def _phrases(random: np.random.Generator) -> pd.DataFrame:
    """Draw parts of headlines and descriptions; marks are as frequent as in UCDP Candidate."""
    return pd.DataFrame(
        {
            "opening": _texts(random, 34, accents=0.04, commas=0.15, quotes=0.01, breaks=0.015),
            "ending": _texts(random, 34, accents=0.04, commas=0.15, quotes=0.01),
            "setting": _texts(random, 30, accents=0.08, commas=0.3, quotes=0.002, breaks=0.055),
            "witness": _texts(random, 28, accents=0.07, commas=0.1, quotes=0.007, breaks=0.013),
        }
    )


def _texts(random: np.random.Generator, length: int, accents: float, **marks: float) -> list[str]:
    """Draw phrases of so many characters on average, and the shares of them that have marks."""
    texts = []
    more = random.gamma(2.0, (length / LETTERS_A_WORD - 1) / 2, size=PHRASES)
    for words in 1 + random.poisson(more):
        text = list(random.choice(WORDS, size=words))
        for mark, share in marks.items():
            if random.random() < share:
                text[-1] = MARKS[mark].format(text[-1])
        phrase = " ".join(text)
        texts.append(phrase.translate(ACCENTS) if random.random() < accents else phrase)
    return texts


def _name(random: np.random.Generator, syllables: int) -> str:
    """Invent a name of so many syllables, or up to three more."""
    name = "".join(random.choice(SYLLABLES, size=syllables + random.integers(4))).capitalize()
    return name.translate(ACCENTS) if random.random() < 0.07 else name


def main() -> None:
    """Write a file as the command line says."""
    parser = argparse.ArgumentParser(description=write_ged_like.__doc__)
    parser.add_argument("events", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--last-day", type=date.fromisoformat, default=LAST_DAY)
    arguments = parser.parse_args()
    write_ged_like(arguments.path, arguments.events, arguments.seed, arguments.last_day)


if __name__ == "__main__":
    main()
