"""The files that pages load. Their version is in the address, so that browsers keep them for good.

A file of `static/` is served under its name: put it there, and write `{{ assets }}/name` in a
template.
"""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from service.api.routing import QueryRoute
from service.errors import UnknownError

FOR_GOOD = "public, max-age=31536000, immutable"

_STATIC = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


@router.get("/assets/{version}/{name}")
def show_asset(version: str, name: str) -> FileResponse:
    """Return a file that pages load. Raises UnknownError for any other name."""
    path = _files().get(name)
    if path is None:
        raise UnknownError(f"the page has no file '{name}'")
    caching = FOR_GOOD if version == assets_version() else "no-cache"
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": caching})


@cache
def assets_version() -> str:
    """Return a hash of all files."""
    content = hashlib.sha256()
    for name, path in sorted(_files().items()):
        content.update(name.encode() + path.read_bytes())
    return content.hexdigest()[:16]


def asset_text(name: str) -> str:
    """Return a file as text, to be written into another."""
    return _files()[name].read_text(encoding="utf-8")


@cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in _STATIC.iterdir() if path.suffix in _TYPES}
