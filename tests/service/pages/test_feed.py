import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import httpx
import pytest

from alerts.raising import raise_alerts
from bulletins.reading import read_manifests
from service.access.keys import KeyRing
from service.settings import Settings
from tests.alerts.conftest import rules_of, two_months
from tests.bulletins.example import EXAMPLE_ID, NOW, publish_bulletin
from tests.service.conftest import serve_home, serving_with, wait_until
from tests.service.forms.test_atom import ATOM, check_feed

__all__ = ["two_months"]


@pytest.fixture(scope="module")
def rung_home(two_months: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which two rules rang for both bulletins; not to be changed."""
    home = Path(shutil.copytree(two_months, tmp_path_factory.mktemp("rung") / "home"))
    rules = rules_of("threshold = 0.5", "first = 'high'\nlanguage = 'fr'")
    for manifest in reversed(read_manifests(home)[0]):
        raise_alerts(home, rules, manifest, NOW)
    return home


@pytest.fixture(scope="module")
def rung(rung_home: Path) -> Iterator[httpx.Client]:
    with serve_home(rung_home) as client:
        yield client


def entries_of(response: httpx.Response, kind: str | None = None) -> list[ET.Element]:
    assert response.status_code == 200, response.text
    entries = check_feed(response.content).findall(f"{ATOM}entry")
    return [one for one in entries if kind in (None, category(one))]


def category(entry: ET.Element, place: int = 0) -> str | None:
    return entry.findall(f"{ATOM}category")[place].get("term")


def titles(entries: list[ET.Element]) -> list[str]:
    return [str(entry.findtext(f"{ATOM}title")).replace("\u00a0", " ") for entry in entries]


def link(entry: ET.Element) -> str:
    return str(entry.find(f"{ATOM}link").get("href"))  # type: ignore[union-attr]


def test_the_feed_has_the_alerts_of_all_served_bulletins_newest_first(rung: httpx.Client) -> None:
    response = rung.get("/v1/feed")
    assert response.headers["content-type"] == "application/atom+xml"
    assert response.headers["tocsin-simulated"] == "true"
    assert titles(entries_of(response, "alert")) == [
        "SIMULATED / SIMULATION: Gao, Mali : Instabilité, janvier 2025 : 75 % (élevé)",
        "SIMULATED: Mopti, Mali: Instability, January 2025: 50 % (elevated)",
        "SIMULATED: Gao, Mali: Instability, January 2025: 75 % (high)",
        "SIMULATED: Mopti, Mali: Instability, December 2024: 50 % (elevated)",
        "SIMULATED: Gao, Mali: Instability, December 2024: 50 % (elevated)",
    ]


def test_the_feed_has_what_changed_most_with_the_reason(rung: httpx.Client) -> None:
    changes = entries_of(rung.get("/v1/feed?target=instability&level=admin1&limit=2"), "change")
    movers = rung.get("/v1/movers?target=instability&level=admin1&horizon=1&limit=2").json()
    assert [entry.findtext(f"{ATOM}content") for entry in changes] == [
        mover["sentence"] for mover in movers["items"]
    ]
    first = movers["items"][0]
    assert titles(changes)[0].startswith(f"SIMULATED: {first['name']}, ")
    assert " → " in titles(changes)[0]


@pytest.mark.parametrize("title", [0, 1])
def test_everything_simulated_says_so_first(rung: httpx.Client, title: int) -> None:
    response = rung.get(("/v1/feed", "/v1/feed?lang=fr")[title])
    root = check_feed(response.content)
    assert all(one.startswith("SIMULATED") for one in titles([root, *entries_of(response)]))


def test_a_link_leads_to_the_page_of_the_score(rung: httpx.Client) -> None:
    entry = entries_of(rung.get("/v1/feed"), "alert")[1]
    address = link(entry)
    assert address == (
        f"../?level=admin1&target=instability&horizon=1&bulletin={EXAMPLE_ID}"
        "&region=MLI-mopti&lang=en"
    )
    page = rung.get(urljoin(f"{rung.base_url}/v1/feed", address))
    assert page.status_code == 200
    assert "Mopti" in page.text


def test_links_lead_to_the_public_address_where_it_is_known(rung_home: Path) -> None:
    settings = Settings(public_url="https://risk.example.org/")
    with serving_with(rung_home, settings) as client:
        response = client.get("/v1/feed?level=admin1")
    root = check_feed(response.content)
    assert root.findtext(f"{ATOM}id") == "https://risk.example.org/v1/feed?level=admin1"
    assert all(link(one).startswith("https://risk.example.org/?") for one in entries_of(response))


def test_no_answer_says_what_another_reader_called_the_host(rung: httpx.Client) -> None:
    one, other = (
        rung.get("/v1/feed?limit=1", headers={"Host": host}) for host in ("localhost", "127.0.0.1")
    )
    assert one.content == other.content
    assert b"localhost" not in one.content


def test_an_odd_address_makes_a_feed_with_an_id(rung_home: Path) -> None:
    settings = Settings(public_url="https://risk.example.org")
    with serving_with(rung_home, settings) as client:
        root = check_feed(client.get("/v1/feed?country=N%C3%ADger").content)
    assert root.findtext(f"{ATOM}id") == "https://risk.example.org/v1/feed?country=N%C3%ADger"


def test_filters_hold_for_alerts_and_changes(rung: httpx.Client) -> None:
    assert entries_of(rung.get("/v1/feed?country=NER&limit=0")) == []
    niger = entries_of(rung.get("/v1/feed?country=Niger"))
    assert {category(entry, 1) for entry in niger} == {"NER"}
    onset = entries_of(rung.get("/v1/feed?target=onset"))
    assert {category(entry, 2) for entry in onset} == {"onset"}
    assert entries_of(rung.get("/v1/feed?horizon=3&limit=0")) == []
    assert len(entries_of(rung.get("/v1/feed?limit=0"))) == 5
    assert entries_of(rung.get("/v1/feed?level=country&limit=0")) == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/v1/feed?limit=101", 422),
        ("/v1/feed?lang=xx", 422),
        ("/v1/feed?level=admin2", 422),
        ("/v1/feed?region=MLI", 422),
        ("/v1/feed?country=XXX", 404),
        ("/v1/feed?level=priogrid", 404),
    ],
)
def test_what_cannot_be_asked_is_a_problem(rung: httpx.Client, address: str, status: int) -> None:
    response = rung.get(address)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_feed_that_is_known_is_not_sent_again(rung: httpx.Client) -> None:
    first = rung.get("/v1/feed")
    again = rung.get("/v1/feed", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = rung.head("/v1/feed")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == first.headers.get("content-length") or "gzip" in str(
        first.headers
    )


def test_a_new_alert_is_in_the_feed_without_a_restart(two_months: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(two_months, tmp_path / "home"))
    with serve_home(home) as client:
        before = client.get("/v1/feed?limit=0")
        raise_alerts(home, rules_of("threshold = 0.5"), read_manifests(home)[0][0], NOW)
        wait_until(lambda: len(entries_of(client.get("/v1/feed?limit=0"))) == 2)
        assert client.get("/v1/feed?limit=0").headers["etag"] != before.headers["etag"]


def test_entries_keep_their_ids(rung_home: Path, rung: httpx.Client) -> None:
    def ids(client: httpx.Client) -> list[str | None]:
        return [entry.findtext(f"{ATOM}id") for entry in entries_of(client.get("/v1/feed"))]

    with serve_home(rung_home) as other:
        assert ids(other) == ids(rung)


def test_the_feed_is_as_new_as_its_newest_entry(rung: httpx.Client) -> None:
    updated = check_feed(rung.get("/v1/feed").content).findtext(f"{ATOM}updated")
    assert datetime.fromisoformat(str(updated)) == NOW


def test_an_older_bulletin_without_reasons_has_a_feed(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, parts={}, indicators=None)
    with serve_home(tmp_path) as client:
        assert entries_of(client.get("/v1/feed")) == []


def test_with_keys_the_feed_needs_one_as_all_else_does(rung_home: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(rung_home, tmp_path / "home"))
    key = KeyRing(home).add("desk", NOW.date())
    with serving_with(home, needs_key=True) as client:
        assert client.get("/v1/feed").status_code == 401
        answer = client.get("/v1/feed", headers={"X-API-Key": key})
        assert len(entries_of(answer, "alert")) == 5


def test_the_page_names_the_feed(rung: httpx.Client) -> None:
    for path, address in (("/", "./v1/feed?lang=en"), ("/regions/MLI-gao", "../v1/feed?lang=en")):
        page = rung.get(path).text
        assert 'rel="alternate" type="application/atom+xml"' in page
        assert f'href="{address}"' in page
