"""Whom scores are owed to: title, address, licence and citation of each source."""

from dataclasses import dataclass

from features.sources import acled, ucdp
from features.sources.simulation import world
from features.sources.states.cline import CLINE
from features.sources.states.powell_thyne import POWELL_THYNE


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
    POWELL_THYNE.history: Credit(
        "Coups d'etat since 1950, by Powell and Thyne",
        "https://www.uky.edu/~clthyn2/coup_data/home.htm",
        citation="Powell & Thyne (2011), Global instances of coups from 1950 to 2010: a new "
        "dataset, Journal of Peace Research 48(2)",
    ),
    CLINE.history: Credit(
        "Coup d'Etat Project, Cline Center for Advanced Social Research",
        "https://clinecenter.illinois.edu",
        "CC BY 4.0",
        "Peyton et al., Cline Center Coup d'Etat Project Dataset, University of Illinois "
        "Urbana-Champaign",
    ),
    world.SOURCE: Credit("Invented events, made by Tocsin", licence="Apache-2.0"),
}


def credit_of(source: str) -> Credit:
    """Return what must be said of a source; of an unknown one only its name."""
    return _CREDITS.get(source, Credit(source))
