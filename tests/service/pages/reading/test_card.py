import html
import re

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from service.pages.reading.card import as_html


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
