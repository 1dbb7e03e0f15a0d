import html
import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulletins.manifest import CoupsUsed
from service.pages.reading.card import as_html
from tests.bulletins import example
from tests.service.conftest import serve_home


def test_a_card_is_a_page_below_the_page_s_own_heading(client: httpx.Client) -> None:
    answer = client.get("/models/admin1")
    assert answer.status_code == 200
    assert re.findall(r"<h1>(.*?)</h1>", answer.text) == ["Model card: Regions"]
    assert "<h2>admin1 scores: logistic</h2>" in answer.text
    assert "<h3>Coverage</h3>" in answer.text
    assert '<td class="number">2</td>' in answer.text
    assert "<li>as the only reason of a decision</li>" in answer.text
    assert "SIMULATED" in answer.text


def test_only_the_frame_of_a_card_is_translated(client: httpx.Client) -> None:
    page = client.get("/models/admin1?lang=fr").text
    assert "Fiche du modèle" in page
    assert "La fiche est rédigée en anglais." in page
    assert '<article class="card" lang="en">' in page


def test_a_level_without_a_card_is_not_there(client: httpx.Client) -> None:
    for level in ("country", "priogrid", "nonsense", "<b>"):
        answer = client.get(f"/models/{level}")
        assert answer.status_code == 404
        assert "it has admin1" in answer.text


def test_a_card_is_linked_from_pages_and_from_its_bulletin(client: httpx.Client) -> None:
    for path in ("/", "/accuracy", "/about"):
        (link,) = set(re.findall(r'href="\./(models/[^"]+)"', client.get(path).text))
        assert client.get(f"/{html.unescape(link)}").status_code == 200
    newest = client.get("/v1/bulletins").json()["items"][0]["id"]
    links = client.get(f"/v1/bulletins/{newest}").headers["link"]
    assert links == f'</models/admin1?bulletin={newest}>; rel="related"; title="Model card"'


def test_coups_have_a_card_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"card-coups.md": b"# Coups by country\n", "report-coups.html": b"<title>C</title>"}
    monkeypatch.setattr(example, "DOCUMENTS", example.DOCUMENTS | own)
    used = CoupsUsed(
        name="tocsin-coups",
        version=3,
        run_id="a",
        sha256="0" * 64,
        trained_to="2024-12",
        served={12: "model"},
        skill={12: 0.05},
        attempts=40,
        rows=1,
        releases=(),
        success_shares={},
        seizures={},
        any_country={12: 0.5},
    )
    manifest = example.publish_bulletin(tmp_path, coups=used)
    with serve_home(tmp_path) as client:
        page = client.get("/models/coups").text
        assert re.findall(r"<h1>(.*?)</h1>", page) == ["Model card: Coups"]
        assert "<h2>Coups by country</h2>" in page
        assert "tocsin-coups/3" in page
        assert "/files/report-coups.html" in page
        assert "/accuracy?level" not in page
        assert re.findall(r'<a href="(\w+)"[^>]*>(Regions|Coups)</a>', page) == [
            ("admin1", "Regions"),
            ("coups", "Coups"),
        ]
        assert "/models/coups" not in client.get("/").text
        assert "models/coups" in client.get("/about").text
        links = client.get(f"/v1/bulletins/{manifest.id}").headers["link"]
        assert f"</models/coups?bulletin={manifest.id}>" in links


def test_nothing_in_a_card_becomes_markup() -> None:
    shown = as_html(
        b"# <img src=x>\n\n<script>alert(1)</script>\n\n[go](javascript:alert(1)) "
        b'![seen](https://example.org/a.png)\n\n## "q"\n\n| a |\n|---|\n| <b onclick=x> |\n'
    )
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags == {"h2", "h3", "p", "a", "div", "table", "thead", "tr", "th", "tbody", "td"}
    assert re.findall(r'href="([^"]*)"', shown) == ["https://example.org/a.png"]
    assert 'aria-label="&quot;q&quot;"' in shown
    assert "style=" not in shown


@settings(max_examples=50)
@given(st.text(alphabet=st.sampled_from("#|-<>&\"'`*_[]()!:\n ab\u202e\x00")) | st.binary())
def test_any_content_is_shown_without_script(content: str | bytes) -> None:
    shown = as_html(content.encode() if isinstance(content, str) else content)
    assert not re.search(r"<(script|img|style|iframe)|<[^>]* (on\w+|style)=", shown)
