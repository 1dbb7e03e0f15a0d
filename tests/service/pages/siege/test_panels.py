"""The panels of a country, and every figure of one ring, road and group traced to events."""

import html
import math
import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bulletins.signs import SIGNS_SCHEMAS
from experiments.publishing.signs import signs_files
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.arrow import in_arrow_memory
from features.language import LANGUAGES
from features.months import format_month, parse_month
from features.panel.panel import ALL_DETAILS, read_panel
from features.places.regions import capitals, corridors, load_regions
from features.sources.simulation.world import World, deliver
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, Region, rows_of
from tests.bulletins.example_tables import parts_of
from tests.bulletins.signs import HILLS, signs_tables
from tests.service.conftest import serve_home

ENGLISH = LANGUAGES["en"]
LAST = parse_month(ORIGIN)
MONTHS = 180  # of the world, to the origin
QUARTERS = MONTHS // 3


def cells_of(page: str, table: str, row: str) -> list[str]:
    """The texts of a row of a table, by its id."""
    (body,) = re.findall(rf'<table id="{table}".*?</table>', page, re.DOTALL)
    (found,) = re.findall(rf'<tr data-id="{re.escape(row)}">(.*?)</tr>', body, re.DOTALL)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found, re.DOTALL)
    texts = (html.unescape(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", cell)) for cell in cells)
    return [" ".join(text.split()).replace(" ,", ",") for text in texts]


def test_the_example_is_told_in_words_and_tables(client: httpx.Client) -> None:
    page = client.get("/countries/MLI").text
    text = " ".join(html.unescape(page).split())
    assert "there was violence in 1 of 8 directions within 200 km of Bamako." in text
    assert "In a usual quarter of the three years before it was in 0.25, at most in 1." in text
    assert "It has been so since August 2024." in text
    assert "One direction is not observed." in text
    ring = ["200 km", "1/8", "0.25", "3/8", "91", "August 2024", "2", "0.5", "4", "6", "1.25"]
    assert cells_of(page, "rings", "MLI-200") == ring
    sector = ["north", "200\N{EN DASH}400 km", "3", "1.5", "9", "3.75", "August 2024"]
    assert cells_of(page, "sectors", "MLI-N-400") == sector
    dash = "\N{EN DASH}"
    name = f"Bamako {dash} Kayes {dash} Dakar"
    figures = ["3", "0.25", "6", "97", "12", "0.75"]
    road = [name, *figures, f"Bamako {dash} Kayes", "October 2024", ""]
    assert cells_of(page, "corridors", "MLI-dakar") == road
    assert "The events have no texts, so attacks on convoys and transport cannot be told" in text
    group = cells_of(page, "groups", HILLS)
    assert group[0] == "Hills Front Front des Collines came out of Valley Front"
    assert group[1:] == ["11", "55", "Mopti November 2024", "Gao 9", dash,
                         "Government of Mali 9, civilians 2"]  # fmt: skip


def test_the_panels_speak_french(client: httpx.Client) -> None:
    text = html.unescape(client.get("/countries/MLI?lang=fr").text)
    for words in ("Axes de ravitaillement", "Groupes armés", "nord", "issu de Valley Front"):
        assert words in text


def test_a_bulletin_of_counts_says_why_there_is_nothing(tmp_path: Path) -> None:
    rows = rows_of()
    empty = {name: table[:0] for name, table in signs_tables([], ORIGIN).items()}
    publish_bulletin(tmp_path, rows, parts=parts_of(rows, ORIGIN) | empty)
    with serve_home(tmp_path) as client:
        page = client.get("/countries/MLI").text
        assert page.count("are counts by region and month") == 1
        assert 'id="corridors-title"' not in page
        assert 'id="layer-capitals"' not in client.get("/").text


def test_an_older_bulletin_has_no_such_panels(tmp_path: Path) -> None:
    rows = rows_of()
    older = {n: t for n, t in parts_of(rows, ORIGIN).items() if n not in SIGNS_SCHEMAS}
    publish_bulletin(tmp_path, rows, parts=older)
    with serve_home(tmp_path) as client:
        page = client.get("/countries/MLI").text
        assert not re.findall(r'id="(?:capital|corridors|groups)-title"', page)
        assert 'id="layer-capitals"' not in client.get("/").text


# From here on by hand: nothing of the product's is used but its files of places.


@pytest.fixture(scope="module")
def events(world: World) -> pd.DataFrame:
    """The events of a simulated world to the origin, with the number of their month's quarter."""
    table = deliver(world, date(2025, 1, 15)).events
    ended = pd.to_datetime(table["date_end"])
    month = (ended.dt.year - 1970) * 12 + ended.dt.month - 1
    table = table.assign(month=month, quarter=(LAST - month) // 3)
    return table[(month <= LAST) & table["type_of_violence"].between(1, 3)]


@pytest.fixture(scope="module")
def page(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page of Mali in a bulletin of that world."""
    home = tmp_path_factory.mktemp("world")
    Archive(home).add(deliver(world, date(2025, 1, 15)))
    vintage = open_vintage(Archive(home), date(2025, 1, 20))
    panel = read_panel(vintage, "admin1", ALL_DETAILS).until(LAST)
    regions: tuple[Region, ...] = tuple(
        load_regions("admin1", ["BFA", "MLI", "NER"])
        .table.assign(level="admin1")[["id", "name", "country", "level"]]
        .itertuples(index=False, name=None)
    )
    rows = rows_of(regions)
    files = signs_files([panel])
    signs = {name: pq.read_table(in_arrow_memory(content)) for name, content in files.items()}
    publish_bulletin(home, rows, parts=parts_of(rows, ORIGIN) | signs)
    with serve_home(home) as client:
        yield client.get("/countries/MLI").text


def km_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great circle between two points (latitude, longitude), by the law of cosines."""
    (a, x), (b, y) = (tuple(map(math.radians, point)) for point in (one, other))
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(x - y)
    return 6371.0088 * math.acos(min(1.0, cosine))


def direction(site: tuple[float, float], point: tuple[float, float]) -> int:
    """The sector, of 8 clockwise from north, in which a point lies from a site."""
    (a, x), (b, y) = (tuple(map(math.radians, place)) for place in (site, point))
    east = math.sin(y - x) * math.cos(b)
    north = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(y - x)
    return round(math.degrees(math.atan2(east, north)) / 45) % 8


def percentile(by_quarter: list[float]) -> str:
    now, *past = by_quarter
    lower, equal = sum(p < now for p in past), sum(p == now for p in past)
    return str(int((lower + equal / 2) * 100 // len(past)))


def usual(by_quarter: list[float]) -> str:
    return ENGLISH.number(sum(by_quarter[1:13]) / 12)


def by_quarter(table: pd.DataFrame, column: str) -> list[float]:
    sums = table.groupby("quarter")[column].sum()
    return [float(sums.get(quarter, 0)) for quarter in range(QUARTERS)]


def run_since(months: set[int]) -> str:
    """The month since which each month's last three have had one of some months without a break."""
    if not months & {LAST, LAST - 1, LAST - 2}:
        return "\N{EN DASH}"
    month = LAST
    while months & {month - 1, month - 2, month - 3}:
        month -= 1
    return ENGLISH.month(format_month(month))


def test_every_figure_of_a_ring_is_traced_to_events(page: str, events: pd.DataFrame) -> None:
    here = capitals()[capitals()["country"] == "MLI"]
    site = float(here["latitude"].iloc[0]), float(here["longitude"].iloc[0])
    points = [*zip(events["latitude"], events["longitude"], strict=True)]
    near = events.assign(
        km=[km_between(site, point) for point in points],
        sector=[direction(site, point) for point in points],
        n=1,
    )
    ring = near[(near["km"] >= 5) & (near["km"] <= 400)]
    closed = [
        float(ring[ring["quarter"] == quarter]["sector"].nunique()) for quarter in range(QUARTERS)
    ]
    count, deaths = by_quarter(ring, "n"), by_quarter(ring, "best")
    sectors_by_month = {
        month: ring[(ring["month"] <= month) & (ring["month"] > month - 3)]["sector"].nunique()
        for month in range(LAST - MONTHS + 1, LAST + 1)
    }
    month = LAST
    while sectors_by_month[month - 1] >= closed[0]:
        month -= 1
    assert count[0] > 0
    assert cells_of(page, "rings", "MLI-400") == [
        "400 km",
        f"{closed[0]:.0f}/8",
        usual(closed),
        f"{ring[ring['quarter'] < 4]['sector'].nunique()}/8",
        percentile(closed),
        ENGLISH.month(format_month(month)),
        ENGLISH.number(count[0]),
        usual(count),
        ENGLISH.number(sum(count[:4])),
        ENGLISH.number(deaths[0]),
        usual(deaths),
    ]


def test_every_figure_of_a_road_is_traced_to_events(page: str, events: pd.DataFrame) -> None:
    (table,) = re.findall(r'<table id="corridors".*?</table>', page, re.DOTALL)
    roads = re.findall(r'data-id="([^"]+)"><th scope="row"><a [^>]*>[^<]*</a></th>', table)
    road = roads[0]  # the first that is observed all the way
    places = corridors()[corridors()["corridor"] == road]
    stops = [*zip(places["latitude"], places["longitude"], strict=True)]
    names, legs = places["place"].tolist(), []
    for one, other in pairwise(stops):
        legs.append(_along(one, other))
    distinct = events[["latitude", "longitude"]].drop_duplicates()
    nearest = {}
    for point in distinct.itertuples(index=False, name=None):
        distances = [_km_to(leg, point) for leg in legs]
        assert not 24.98 < min(distances) < 25.02  # or the hand could not tell
        if min(distances) <= 25:
            nearest[point] = int(np.argmin(distances))
    points = zip(events["latitude"], events["longitude"], strict=True)
    along = events.assign(leg=[nearest.get(point, -1) for point in points], n=1)
    along = along[along["leg"] >= 0]
    count, deaths = by_quarter(along, "n"), by_quarter(along, "best")
    newest = along[along["quarter"] == 0].groupby("leg")["n"].sum()
    most = int(newest.index[newest == newest.max()].min())
    cells = cells_of(page, "corridors", road)
    assert count[0] > 0
    assert "observed" not in cells[0]
    assert cells[1:] == [
        ENGLISH.number(count[0]),
        usual(count),
        ENGLISH.number(sum(count[:4])),
        percentile(count),
        ENGLISH.number(deaths[0]),
        usual(deaths),
        f"{names[most]} \N{EN DASH} {names[most + 1]}",
        run_since({int(month) for month in along["month"]}),
        "",
    ]


def _along(one: tuple[float, float], other: tuple[float, float]) -> np.ndarray:
    a, b = _vector(one), _vector(other)
    angle = np.arccos(np.clip(a @ b, -1, 1))
    share = np.linspace(0, 1, 800)[:, None]
    points: np.ndarray = np.sin((1 - share) * angle) * a + np.sin(share * angle) * b
    points /= np.sin(angle)
    return points


def _vector(point: tuple[float, float]) -> np.ndarray:
    a, x = map(math.radians, point)
    return np.array([math.cos(a) * math.cos(x), math.cos(a) * math.sin(x), math.sin(a)])


def _km_to(line: np.ndarray, point: tuple[float, float]) -> float:
    return float(6371.0088 * np.arccos(np.clip((line @ _vector(point)).max(), -1, 1)))


def test_every_figure_of_a_group_is_traced_to_events(page: str, events: pd.DataFrame) -> None:
    row, *_ = re.findall(r'<table id="groups".*?<tr data-id="([^"]+)"', page, re.DOTALL)
    cells = cells_of(page, "groups", row)
    name = cells[0]
    has_region = events["admin1"].notna()
    is_other = events["type_of_violence"] != 3
    own = events[
        has_region & ((events["side_a"] == name) | (is_other & (events["side_b"] == name)))
    ]
    mali = own[own["admin1"].str.startswith("MLI-")]
    year = mali[mali["month"] > LAST - 12]
    assert len(year) > 0
    assert cells[1:3] == [ENGLISH.number(len(year)), ENGLISH.number(year["best"].sum())]
    names = load_regions("admin1", ["MLI"]).table.set_index("id")["name"]
    new, active, ceased = [], [], []
    for region, there in sorted(mali.groupby("admin1"), key=lambda one: str(one[0])):
        first, last = int(there["month"].min()), int(there["month"].max())
        events_12 = int((there["month"] > LAST - 12).sum())
        if first > LAST - 12:
            new.append((events_12, f"{names[region]} {ENGLISH.month(format_month(first))}"))
        elif last > LAST - 12:
            active.append((events_12, f"{names[region]} {events_12}"))
        else:
            ceased.append((0, f"{names[region]} {ENGLISH.month(format_month(last))}"))
    for told, expected in zip(cells[3:6], (new, active, ceased), strict=True):
        ordered = [text for _, text in sorted(expected, key=lambda one: -one[0])]
        assert told == (", ".join(ordered) or "\N{EN DASH}")
    foes = year["side_a"].where(year["side_a"] != name, year["side_b"])
    foes = foes.where(year["type_of_violence"] != 3, "civilians")
    told_foes = dict(foe.rsplit(" ", 1) for foe in cells[6].split(", "))
    assert told_foes == {str(foe): str(n) for foe, n in foes.value_counts().items()}
