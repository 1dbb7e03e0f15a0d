"""A feed by the rules of RFC 4287."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from service.forms.atom import AtomEntry, AtomFeed, atom_of, iri_of

ATOM = "{http://www.w3.org/2005/Atom}"
ONCE = ("id", "title", "updated")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
WHEN = datetime(2025, 1, 21, 7, tzinfo=timezone(timedelta(hours=1)))

ENTRY = AtomEntry(
    id=iri_of("ab" * 16),
    title="SIMULATED: Gao & <Tillabéri>",
    text="one\ntwo",
    updated=WHEN,
    link="https://example.org/?level=admin1&region=MLI-gao",
    language="fr",
    categories=("alert", "MLI"),
)


def feed_of(*entries: AtomEntry, title: str = "Tocsin") -> AtomFeed:
    return AtomFeed(
        id="urn:uuid:00000000-0000-0000-0000-000000000000",
        address="https://example.org/v1/feed?level=admin1&limit=1",
        page="https://example.org/",
        title=title,
        updated=WHEN.astimezone(UTC),
        author="Tocsin",
        rights="CC BY 4.0",
        language="en",
        entries=entries,
    )


def check_feed(content: bytes) -> ET.Element:
    """Refuse what RFC 4287 does not allow, in what is written here; return the feed."""
    root: Any = ET.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for element in (root, *entries):
        for name in ONCE:  # 4.1.1 and 4.1.2: exactly one of each
            assert len(element.findall(f"{ATOM}{name}")) == 1
        iri = element.findtext(f"{ATOM}id")
        assert urlsplit(iri).scheme in {"http", "https", "urn"}  # 4.2.6: an absolute IRI
        assert RFC_3339.fullmatch(element.findtext(f"{ATOM}updated"))  # 3.3
        links = [(link.get("rel"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert len(set(links)) == len(links)  # 4.1.1: no two alternates of one type
        for link in element.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href")).scheme in {"http", "https", ""}
    assert root.find(f"{ATOM}author/{ATOM}name") is not None  # 4.1.1: entries have none
    assert [link.get("rel") for link in root.findall(f"{ATOM}link")] == ["self", "alternate"]
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids)  # 4.1.1
    for entry in entries:
        assert entry.find(f"{ATOM}content") is not None  # or else an alternate link; it has both
        assert [link.get("rel") for link in entry.findall(f"{ATOM}link")] == ["alternate"]
    updated = [element.findtext(f"{ATOM}updated") for element in (root, *entries)]
    assert max(updated) == updated[0]
    feed: ET.Element = root
    return feed


def test_a_feed_is_one() -> None:
    root = check_feed(atom_of(feed_of(ENTRY)))
    (entry,) = root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == "urn:uuid:abababab-abab-abab-abab-abababababab"
    assert entry.findtext(f"{ATOM}title") == ENTRY.title
    assert entry.findtext(f"{ATOM}content") == ENTRY.text
    assert entry.findtext(f"{ATOM}updated") == "2025-01-21T06:00:00Z"
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert [one.get("term") for one in entry.findall(f"{ATOM}category")] == ["alert", "MLI"]


def test_a_feed_may_be_empty() -> None:
    assert check_feed(atom_of(feed_of())).findall(f"{ATOM}entry") == []


@given(st.text())
@example("\uffff\ufffe\x00\x0b\ud800\u2028")
def test_any_name_makes_a_feed(name: str) -> None:
    check_feed(atom_of(feed_of(title=name)))
