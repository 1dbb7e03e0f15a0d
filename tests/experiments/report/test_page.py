import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from experiments.backtest.rolling import Backtest
from experiments.configuration import Configuration
from experiments.judging.judge import Judgement, Training, country_names
from experiments.judging.skill import SkillTables
from experiments.report.page import READINGS, findings_of, pictures_of, report_page
from experiments.report.picture import Picture, colour_of, marker_of
from experiments.samples import Samples
from features.places.regions import load_regions
from models.record import RecordPool
from models.references import REFERENCES
from tests.experiments.judging.verifying import FIRST, backtest_of, verified
from tests.targets import HORIZONS

OFFS = {"climatology": 0.5, "conflictology": 0.2, "persistence": 0.4, "decaying_record": 0.3}
OTHER = "some other forecast"
ELSEWHERE = re.compile(
    r"https?:|[\"'(]//|\bsrc=|<link|<script|@import|url\((?!#)|href=\"(?!#|data:)"
)
VOID = {"meta", "br", "link", "img"}


def judgement_of(
    backtest: Backtest, settings: dict[str, Any], *, simulated: bool = False
) -> Judgement:
    """A judged backtest of two regions of Mali and Niger."""
    regions = load_regions("admin1").only(["MLI-kidal", "NER-agadez"])
    samples = Samples(
        level="admin1",
        months=np.arange(FIRST - 60, FIRST + 60),
        ids=regions.table["id"].to_numpy(dtype=object),
        names=("index",),
        indicators=np.zeros((120, 2, 1), np.float32),
        deaths=np.zeros((120, 2)),
        eligible=np.ones((120, 2), bool),
        tau=5.0,
        pool=RecordPool(),
        horizons=HORIZONS,
    )
    release = SimpleNamespace(name="ucdp-ged 24.1")
    vintage: Any = SimpleNamespace(
        releases=(release,), simulated=simulated, history="ucdp", as_of=date(2024, 6, 1)
    )
    training = Training(
        level="admin1",
        configuration=Configuration.model_validate(settings | {"learners": ["logistic"]}),
        regions=regions,
        samples=samples,
        backtest=backtest,
        digest="0123456789abcdef" * 4,
        vintage=vintage,
        code="1.2.3+abc",
        untold={},
    )
    return Judgement(training, SkillTables.of(backtest), verified(backtest), "logistic")


@pytest.fixture(scope="module")
def judgement(small_settings: dict[str, Any]) -> Judgement:
    backtest = backtest_of(offs=OFFS, horizons=(1, 2), learner_off={1: 0.1, 2: 0.3})
    told = backtest.probabilities
    told.loc[(told["region"] == 0) & (told["origin"] < FIRST + 12), "outcome"] = 0.0
    return judgement_of(backtest, small_settings)


@pytest.fixture(scope="module")
def page(judgement: Judgement) -> str:
    return report_page(judgement)


class Balanced(HTMLParser):
    """Fails on a tag that is not closed, or closed in the wrong order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def text_of(page: str) -> str:
    parser = Balanced()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return " ".join(" ".join(parser.text).split())


def test_the_page_is_well_formed_and_says_what_was_found(page: str, judgement: Judgement) -> None:
    text = text_of(page)
    findings = findings_of(judgement)
    assert len(findings) == 4
    for finding in findings:
        assert finding.text in text
    assert "ahead of every reference at every horizon" in text
    assert "origins 2020-01 to 2023-12" in text
    for fact in ("1.2.3+abc", "ucdp-ged 24.1", "5 deaths a month", "0123456789abcdef"):
        assert fact in text


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert ELSEWHERE.search(page) is None
    for markup in ('<img src="x">', "https://a", 'href="//a"', 'href="a.css"', "url(a.png)"):
        assert ELSEWHERE.search(markup), markup


def test_every_picture_is_on_the_page_with_its_sentence_and_what_it_refers_to(
    page: str, judgement: Judgement
) -> None:
    pictures = pictures_of(judgement, "logistic")
    assert [picture.name for picture in pictures] == list(READINGS)
    assert page.count("<svg") == sum(len(picture.plots) for picture in pictures)
    for picture in pictures:
        assert picture.title in page
        assert READINGS[picture.name] in text_of(page)
    assert "Farthest apart: Niger, mean score" in page
    assert "Least over the strongest reference: instability " in page
    defined = re.findall(r'\bid="([^"]+)"', page)
    assert len(defined) == len(set(defined))
    for href, url in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page):
        assert (href or url) in defined


def test_pictures_take_the_colours_of_the_page(page: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    for svg in pictures:
        root = ET.fromstring(svg)
        assert root.attrib["viewBox"]
        assert root.attrib["aria-label"]
        assert "currentColor" in svg
        assert "#0072b2" not in svg
    for reference in REFERENCES:
        assert f"var(--{reference})" in pictures[0]


def test_every_reference_has_a_colour_a_marker_and_an_explanation_of_its_own(page: str) -> None:
    assert len({colour_of(name) for name in (*REFERENCES, OTHER)}) == len(REFERENCES) + 1
    assert len({marker_of(name) for name in (*REFERENCES, OTHER)}) == len(REFERENCES) + 1
    for reference in REFERENCES:
        assert f"{reference} (" in text_of(page)


def test_every_table_is_folded_on_the_page_with_its_figures(
    page: str, judgement: Judgement
) -> None:
    text = text_of(page)
    assert page.count("<details>") == page.count("<table>") == 10
    gains = judgement.verification.gains
    for value in (*gains["gain"], *judgement.skill.overall["brier"].dropna()):
        assert f"{value:.4f}" in text
    assert "nan" not in text.lower().split()
    assert "Agadez" not in text  # regions are on the map, countries in the tables
    for name in ("Mali", "Niger", "2023-12"):
        assert name in text


def test_simulated_events_are_said_to_be_and_what_a_configuration_says_is_no_markup(
    page: str, judgement: Judgement, small_settings: dict[str, Any]
) -> None:
    assert "SIMULATED" not in page
    settings = small_settings | {"description": "<b>bold</b>", "learners": ["logistic"]}
    vintage: Any = SimpleNamespace(releases=(), simulated=True)
    other = replace(
        judgement.training,
        vintage=vintage,
        configuration=Configuration.model_validate(settings),
    )
    simulated = report_page(replace(judgement, training=other))
    start = "SIMULATED - admin1 regions backtest: logistic SIMULATED events: invented"
    assert text_of(simulated).startswith(start)
    assert "<b>bold</b>" not in simulated


def test_the_same_backtest_makes_the_same_page(page: str, judgement: Judgement) -> None:
    assert report_page(judgement) == page


def test_a_backtest_without_intervals_cases_or_high_scores_has_a_page(
    small_settings: dict[str, Any],
) -> None:
    backtest = backtest_of(offs=OFFS, months=3, learner_off=0.5)
    backtest.probabilities["outcome"] = 0.0
    for table in (backtest.crps, backtest.means, backtest.below, backtest.upto):
        table["outcome"] = 0.0
    text = text_of(report_page(judgement_of(backtest, small_settings)))
    assert "Not better than climatology at 1 month. Ahead of the references otherwise." in text
    assert "No score was above 0.5" in text
    assert "Nobody died in the months that were forecast." in text


def test_regions_whose_names_a_source_alone_knows_have_no_map(judgement: Judgement) -> None:
    regions = judgement.training.regions
    own = replace(regions, table=regions.table.assign(id=["MLI-x-here", "NER-x-there"]))
    placeless = replace(judgement, training=replace(judgement.training, regions=own))
    names = [picture.name for picture in pictures_of(placeless, "logistic")]
    assert names == [name for name in READINGS if name != "skill_map"]
    assert "Skill by region" not in report_page(placeless)


def test_a_picture_is_a_row_in_mlflow(judgement: Judgement) -> None:
    for picture in pictures_of(judgement, "logistic"):
        assert isinstance(picture, Picture)
        figure = picture.as_figure("SIMULATED - admin1: logistic")
        assert figure.get_suptitle() == f"SIMULATED - admin1: logistic\n{picture.title}"
        shown = [axes.get_title(loc="left") for axes in figure.axes]
        assert [title for title in shown if title] == [plot.title for plot in picture.plots]


def test_titles_say_how_many_forecasts_and_axes_have_units(judgement: Judgement) -> None:
    pictures = {picture.name: picture for picture in pictures_of(judgement, "logistic")}
    assert [p.title for p in pictures["skill_by_horizon"].plots] == [
        "instability (n = 192)", "fatalities (n = 192)",
    ]  # fmt: skip
    assert pictures["reliability"].plots[0].title == "instability (n = 192)"
    assert pictures["pit"].plots[0].title == "all forecasts (n = 192)"
    figure = pictures["skill_by_horizon"].as_figure("")
    labels = [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]
    assert labels == [
        ("horizon [months]", "Brier score saved [%]"), ("horizon [months]", "CRPS saved [%]"),
    ]  # fmt: skip


def test_points_of_the_skill_picture_are_the_gains(judgement: Judgement) -> None:
    figure = pictures_of(judgement, "logistic")[0].as_figure("")
    gains = judgement.verification.gains.query("target == 'instability'").set_index("reference")
    lines = [np.asarray(line.get_ydata()) for line in figure.axes[0].lines]
    drawn = [points for points in lines if len(points) == 2]
    for reference in OFFS:
        expected = 100 * gains["gain"].to_numpy()[gains.index == reference]
        assert any(np.allclose(points, expected) for points in drawn), reference


def test_a_region_with_an_unknown_country_keeps_its_code() -> None:
    regions = load_regions("admin1").only(["MLI-kidal", "NER-agadez"])
    table = regions.table.assign(country=["MLI", "XXX"])
    assert country_names(replace(regions, table=table)) == ["Mali", "XXX"]
