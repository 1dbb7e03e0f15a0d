"""The templates of the pages, in the language of a reader."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.language import Language


@cache
def environment_for(language: Language) -> Environment:
    """Return the environment whose templates speak a language.

    `{{ _("Observed to %(month)s", month=origin | month) }}`, with a per cent sign written twice.
    Texts that do not stand in the template (a target's title) go through the filter `translated`.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.ngettext, newstyle=True
    )
    environment.globals["language"] = language
    environment.filters.update(
        percent=language.percent,
        month=language.month,
        day=language.day,
        number=language.number,
        country=language.country,
        translated=language.gettext,
    )
    return environment
