import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from features.language import LOCALES
from tools.messages import messages, update

PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)s|%%")
FILES = sorted(LOCALES.glob("*.po"))


@pytest.fixture(scope="module")
def template() -> Catalog:
    return messages()


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def forms(texts: object) -> list[str]:
    return list(texts) if isinstance(texts, list | tuple) else [str(texts)]


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_message_is_translated_and_none_is_obsolete(path: Path, template: Catalog) -> None:
    catalogue = read(path)
    wanted = {(message.id, message.context) for message in template if message.id}
    translated = {
        (message.id, message.context)
        for message in catalogue
        if message.id and all(forms(message.string)) and not message.fuzzy
    }
    assert wanted - translated == set()
    assert translated - wanted == set()
    assert not catalogue.obsolete


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_translations_have_the_placeholders_of_their_message(path: Path) -> None:
    def matches(message: Message) -> bool:
        wanted = placeholders(forms(message.id)[-1])
        others = [placeholders(form) for form in forms(message.string)]
        # A form for one thing may do without the number.
        return wanted == others[-1] and all(other <= wanted for other in others)

    assert [message.id for message in read(path) if message.id and not matches(message)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_catalogue_is_as_make_messages_writes_it(
    path: Path, template: Catalog, tmp_path: Path
) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    update(copy, template)
    assert copy.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_messages_come_from_code_templates_and_the_vocabulary(template: Catalog) -> None:
    ids = {forms(message.id)[0] for message in template}
    assert {
        "Unchanged at {now}.",
        "because new armed groups appeared next door",
        "Mean monthly deaths over the last 3 months",
        "Escalation",
        "critical",
    } <= ids


def test_a_new_language_begins_with_every_message_and_no_translation(
    template: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "ar.po"
    update(path, template)
    arabic = read(path)
    assert {message.id for message in arabic} == {message.id for message in template}
    assert not any(forms(message.string)[0] for message in arabic if message.id)
    assert arabic.num_plurals == 6
