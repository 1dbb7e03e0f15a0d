import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely

from service.pages.drawing.labels import FIRST_ZOOM, STEP, labels_of
from service.pages.drawing.map import map_of, path_of, paths_of
from service.pages.drawing.picture import SIZE, palette_of, picture_of
from service.pages.drawing.poster import Poster, poster_of
from service.pages.drawing.shapes import SPAN, Shapes, shapes_of


def square(west: float, south: float) -> str:
    return str(shapely.to_geojson(shapely.box(west, south, west + 1, south + 1)))


def example() -> Shapes:
    """Two regions of Mali that touch, and one of Niger."""
    ids = ("NER-a", "MLI-b", "MLI-a")
    outlines = [square(2, 16), square(1, 16), square(0, 16)]
    return shapes_of(ids, [name[:3] for name in ids], outlines)


def test_a_path_has_whole_numbers_each_from_the_one_before() -> None:
    island = shapely.Polygon([(1.2, 1), (11, 1), (11, 1.4), (11, 21), (1, 21)])
    assert path_of(island) == "M1 1l10 0 0 20-10 0z"
    lake = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))
    assert path_of(lake).count("M") == 2
    assert path_of(shapely.box(0, 0, 0.2, 0.2)) == ""


def test_shapes_are_by_country_and_share_their_borders() -> None:
    shapes = example()
    assert shapes.ids == ("MLI-a", "MLI-b", "NER-a")
    left, _, width, _ = shapes.box
    assert width == SPAN
    assert shapely.get_num_points(shapely.boundary(shapes.borders["MLI"])) >= 5
    both = shapely.area(shapes.outlines[:2]).sum()
    assert shapely.area(shapes.borders["MLI"]) == pytest.approx(both)
    assert {"MLI", "NER", "BFA", "DZA"} <= shapes.land.keys()
    middle = shapes.place(np.array([[1.5, 16.5]]))[0]
    assert abs(middle[0] - (left + width / 2)) < 20


def test_names_come_where_there_is_room_for_them() -> None:
    shapes = example()
    labels = {label.text: label for label in labels_of(shapes, lambda code: f"Land of {code}")}
    assert labels["Land of MLI"].kind == "country"
    assert labels["Land of BFA"].kind == "beyond"
    assert labels["Niamey"].kind == "capital"
    boxes = []
    step = labels["Land of MLI"].step
    for label in labels.values():
        if label.kind == "country" and label.step <= step:
            zoom = FIRST_ZOOM * STEP**step
            boxes.append((label.x * zoom, label.y * zoom))
    assert len(boxes) == len(set(boxes))


def test_a_map_is_well_formed_and_names_are_text() -> None:
    shapes = example()
    body = map_of(
        shapes,
        ["<Gao>", 'A"b', "c"],
        labels_of(shapes, str),
        country_names={"MLI": "Mali & Co", "NER": "Niger"},
        classes=["b0", "b4", "x"],
    )
    root = ET.fromstring(f"<svg>{body}</svg>")  # it is our own
    regions = root.find("g[@class='regions']")
    assert regions is not None
    paths = list(regions.iter("path"))
    assert [path.get("data-name") for path in paths] == ["<Gao>", 'A"b', "c"]
    assert [path.get("class") for path in paths] == ["b0", "b4", "x"]
    assert [group.get("data-name") for group in regions] == ["Mali & Co", "Niger"]


def test_cells_share_a_path_by_country_and_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.pages.drawing.shapes.MOST_REGIONS", 2)
    shapes = example()
    lines = [path_of(outline) for outline in shapes.outlines]
    countries = {"MLI": "Mali", "NER": "Niger"}
    names = ["<Gao>", "b", "c"]

    def paths(classes: list[str] | None) -> list[dict[str, str]]:
        body = map_of(shapes, names, [], country_names=countries, classes=classes)
        root = ET.fromstring(f"<svg>{body}</svg>")  # it is our own
        return [path.attrib for path in root.findall("g[@class='regions cells']/g/path")]

    mali, niger = paths(None)
    assert mali == {
        "data-ids": "MLI-a\nMLI-b",
        "data-names": "<Gao>\nb",
        "d": f"{lines[0]}\n{lines[1]}",
    }
    assert niger == {"data-ids": "NER-a", "data-names": "c", "d": lines[2]}
    assert paths(["b0", "b0", "b0"]) == [
        {"class": "b0", "d": mali["d"]},
        {"class": "b0", "d": niger["d"]},
    ]
    assert [path["class"] for path in paths(["b0", "x", "b0"])] == ["b0", "x", "b0"]


def test_shapes_are_written_at_once_as_one_by_one() -> None:
    lake = shapely.box(0, 0, 90, 90).difference(shapely.box(30, 30, 60, 60))
    nothing, islands = shapely.box(0, 0, 0.2, 0.2), shapely.multipolygons([lake, lake])
    shapes = np.array([nothing, islands, shapely.box(5, 5, 7, 7), nothing, lake])
    assert paths_of(shapes) == [path_of(shape) for shape in shapes]
    assert [path.count("M") for path in paths_of(shapes)] == [0, 4, 1, 0, 2]


def test_a_poster_says_what_it_shows_and_stands_alone() -> None:
    shapes = example()
    body = map_of(shapes, list("abc"), [], country_names={"MLI": "Mali", "NER": "Niger"})
    poster = Poster("How likely? " * 12, [("b0", "low <5%")], ["Tocsin"], mark="SIMULATED")
    text = poster_of(shapes, body, poster, ".b0{fill:red}")
    assert not re.search(r"(href|src|url\(['\"]?http)", text.replace("url(#hatch)", ""))
    root = ET.fromstring(text)
    words = " ".join(part.strip() for part in root.itertext())
    for said in ("SIMULATED", "low <5%", "Tocsin", "How likely?"):
        assert said in words


def test_a_picture_has_the_size_and_colours_that_previews_want() -> None:
    from io import BytesIO

    from PIL import Image

    palette = palette_of(":root{ --sea: #0000ff; --beyond: #cccccc; --edge: #ffffff; "
                         "--border: #000000; --none: #eeeeee; --b4: #ff0000; }")  # fmt: skip
    content = picture_of(example(), ["b4", "b4", "x"], palette, "Tocsin")
    with Image.open(BytesIO(content)) as image:
        assert image.size == SIZE
        left, right = (image.convert("RGB").getpixel((x, SIZE[1] // 2)) for x in (300, 900))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200
    assert left[1] < 60
    assert min(right) > 200


def test_a_map_is_fitted_to_what_is_shown_and_draws_others_only_where_they_are_near() -> None:
    ids = ("MLI-a", "MLI-b", "NER-a", "NZL-a")
    outlines = [square(0, 16), square(1, 16), square(2, 16), square(-179, -45)]
    countries = [name[:3] for name in ids]
    shapes = shapes_of(ids, countries, outlines, shown=["MLI-a", "MLI-b"])
    assert shapes.ids == ("MLI-a", "MLI-b", "NER-a")
    left, _, width, _ = shapes.box
    assert width == SPAN
    west, _, east, _ = shapely.bounds(shapes.outlines[2])
    assert west == pytest.approx(left + width, abs=50)
    assert east > left + 1.4 * width
    everywhere = shapes_of(ids, countries, outlines, shown=["elsewhere"])
    assert everywhere.ids == ids
