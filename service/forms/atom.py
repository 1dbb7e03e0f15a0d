"""A feed as Atom has it (RFC 4287)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from xml.etree import ElementTree as ET

from features.printable import printable

ATOM_TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_NO_CHARACTERS = {0xFFFE: None, 0xFFFF: None}
"""What XML has not (1.0, 2.2), beside the control characters."""


@dataclass(frozen=True)
class AtomEntry:
    """One thing to read; `id` is an IRI that is always its own."""

    id: str
    title: str
    text: str
    updated: datetime
    link: str
    language: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class AtomFeed:
    """Entries, the newest first; `address` is its own, and `id` an IRI that is always its own.

    Addresses may be relative to that of the feed.
    """

    id: str
    address: str
    page: str
    title: str
    updated: datetime
    author: str
    rights: str
    language: str
    entries: Sequence[AtomEntry]


def iri_of(digits: str) -> str:
    """Return 32 hexadecimal digits as an IRI."""
    return f"urn:uuid:{UUID(digits)}"


def atom_of(feed: AtomFeed) -> bytes:
    """Return a feed as XML."""
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _time(feed.updated))
    _add(ET.SubElement(root, "author"), "name", feed.author)
    _link(root, "self", feed.address, ATOM_TYPE)
    _link(root, "alternate", feed.page, "text/html")
    _add(root, "rights", feed.rights)
    _add(root, "generator", feed.author)
    for entry in feed.entries:
        element = ET.SubElement(root, "entry", {"xml:lang": entry.language})
        _add(element, "id", entry.id)
        _add(element, "title", entry.title)
        _add(element, "updated", _time(entry.updated))
        _link(element, "alternate", entry.link, "text/html")
        for category in entry.categories:
            ET.SubElement(element, "category", {"term": category})
        _add(element, "content", entry.text)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = printable(text).translate(_NO_CHARACTERS)


def _link(parent: ET.Element, relation: str, address: str, kind: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "href": address, "type": kind})


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
