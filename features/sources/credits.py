"""Whom scores are owed to: title, address, licence and citation of each source."""

from dataclasses import dataclass

from features.sources import acled, ucdp
from features.sources.simulation import world


@dataclass(frozen=True)
class Credit:
    """What must be said of a source; None is what is not known."""

    title: str
    url: str | None = None
    licence: str | None = None
    citation: str | None = None


_UCDP = "https://ucdp.uu.se/downloads/"

_CREDITS = {
    ucdp.GED: Credit(
        "UCDP Georeferenced Event Dataset",
        _UCDP,
        "CC BY 4.0",
        "Sundberg & Melander (2013), Introducing the UCDP Georeferenced Event Dataset, Journal of "
        "Peace Research 50(4)",
    ),
    ucdp.CANDIDATE: Credit(
        "UCDP Candidate Events Dataset",
        _UCDP,
        "CC BY 4.0",
        "Hegre, Croicu, Eck & Högbladh (2020), Introducing the UCDP Candidate Events Dataset, "
        "Research & Politics 7(3)",
    ),
    acled.SOURCE: Credit(
        "Armed Conflict Location & Event Data (ACLED)",
        "https://acleddata.com",
        "ACLED terms of use",
        "Raleigh, Kishi & Linke (2023), Political instability patterns are obscured by conflict "
        "dataset scope conditions, sources, and coding choices, Humanities and Social Sciences "
        "Communications 10",
    ),
    world.SOURCE: Credit("Invented events, made by Tocsin", licence="Apache-2.0"),
}


def credit_of(source: str) -> Credit:
    """Return what must be said of a source; of an unknown one only its name."""
    return _CREDITS.get(source, Credit(source))
