from service.pages.reading.glossary import GLOSSARY
from tests.paths import ROOT


def test_pages_and_documents_explain_terms_in_the_same_words() -> None:
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    assert [
        term for term, meaning in GLOSSARY.items() if f"| {term} | {meaning} |" not in rows
    ] == []
