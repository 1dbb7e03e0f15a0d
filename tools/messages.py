"""Bring the catalogues of messages up to date with the code: `make messages`.

Messages are what stands in `_("...")`, `gettext("...")` and `message("...")` in the code and the
templates, and the vocabulary: names of targets and risk levels, and what indicators mean.
A new language is `python -m tools.messages es`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from bulletins.manifest import BOUNDARIES
from bulletins.phrases import FAMILY_CLAUSES, INDICATOR_CLAUSES, PLACE_CLAUSES
from features.indicators.catalogue import LISTED
from features.language import LOCALES
from features.words import RISK_LEVELS, SPECS, UNSCORED

ROOMS = ("features", "bulletins", "alerts", "service")
_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
_KEYWORDS = {**DEFAULT_KEYWORDS, "message": None}
_WIDTH = 100


def messages() -> Catalog:
    """Return all messages of the product, without translations."""
    found = Catalog(fuzzy=False)
    root = Path(__file__).parents[1]
    options = {"**.html": {"newstyle_gettext": "true", "silent": "false", "trimmed": "true"}}
    for room in ROOMS:
        for _, _, text, comments, context in extract_from_dir(
            root / room,
            _METHODS,
            options,
            keywords=_KEYWORDS,
            comment_tags=["Translators:"],
            directory_filter=lambda folder: Path(folder).name != "access",  # ASGI has `message` too
        ):
            found.add(text, auto_comments=comments, context=context)
    for text in _vocabulary():
        found.add(text)
    return found


def update(path: Path, template: Catalog) -> None:
    """Write a catalogue with the messages of a template: none that is obsolete or guessed."""
    catalogue = Catalog(locale=path.stem)
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=_WIDTH, no_location=True, sort_output=True)


def _vocabulary() -> Iterator[str]:
    yield from (*RISK_LEVELS, *UNSCORED.values(), BOUNDARIES)
    for spec in SPECS.values():
        yield from (spec.title, spec.meaning, spec.reached, spec.question)
    for indicator in LISTED:
        yield from (indicator.meaning, indicator.unit)
    yield from FAMILY_CLAUSES.values()
    for pair in (*(pair for _, pair in INDICATOR_CLAUSES), *PLACE_CLAUSES.values()):
        yield from pair


def main() -> None:
    """Update every catalogue, and those of new languages that are named."""
    template = messages()
    new = [LOCALES / f"{code}.po" for code in sys.argv[1:]]
    for path in sorted({*LOCALES.glob("*.po"), *new}):
        update(path, template)


if __name__ == "__main__":
    main()
