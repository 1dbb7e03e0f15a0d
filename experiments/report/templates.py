"""The templates of reports and model cards."""

from pathlib import Path

import jinja2

_FOLDER = Path(__file__).parent


def fill(template: str, **contents: object) -> str:
    """Return a template of this folder, filled; what goes into a page in HTML is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=".html" in template,  # noqa: S701, Markdown is not escaped
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**contents)
