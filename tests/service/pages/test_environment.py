import re
from pathlib import Path

import pytest

from features.language import LANGUAGES, Language
from service import pages
from service.pages.environment import environment_for

TEMPLATES = sorted(Path(pages.__path__[0], "templates").rglob("*.html"))
NAMES = {"Tocsin", "CSV", "GeoJSON", "PNG", "Parquet", "SVG"}
OF_THE_API = "banner.html"  # it stands over FastAPI's own page, which is English


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_is_a_message(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", " ", text, flags=re.DOTALL)
    attributes = re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    text = " ".join([*attributes, re.sub(r"<[^>]*>|&\w+;", " ", text)])
    words = set(re.findall(r"[A-Za-z]{2,}", text))
    assert path.name == OF_THE_API or words <= NAMES


def test_a_template_speaks_the_language_of_its_environment() -> None:
    template = "{{ _('Observed to') }}{{ colon }}{{ '2025-01' | month }}, {{ 0.5 | percent }}"
    written = {
        code: environment_for(language).from_string(template).render()
        for code, language in LANGUAGES.items()
    }
    assert written["en"] == "Observed to: January 2025, 50\u00a0%"
    assert written["fr"].replace("\u00a0", " ") == "Observ\u00e9 jusqu\u2019en : janvier 2025, 50 %"
    assert environment_for(Language("fr")) is environment_for(LANGUAGES["fr"])
