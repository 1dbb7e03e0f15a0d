"""The files that the pages load: our own scripts and style, and the bundle in Plotly's package.

Their addresses carry a version that changes with any of them, so that browsers may keep them for
good; the scripts import each other by relative addresses and so have the same version.
"""

import hashlib
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from service.errors import UnknownError

PLOTLY = "plotly.min.js"

_STATIC = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_FOR_GOOD = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@router.get("/assets/{version}/{name}")
def show_asset(version: str, name: str) -> FileResponse:
    """Return a file that the page loads. Raises UnknownError for any other name."""
    path = _files().get(name)
    if path is None:
        raise UnknownError(f"the page has no file '{name}'")
    caching = _FOR_GOOD if version == assets_version() else "no-cache"
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": caching})


@cache
def assets_version() -> str:
    """Return a hash of all files."""
    content = hashlib.sha256(metadata.version("plotly").encode())
    for name, path in sorted(_files().items()):
        if name != PLOTLY:
            content.update(name.encode() + path.read_bytes())
    return content.hexdigest()[:16]


@cache
def _files() -> dict[str, Path]:
    own = {path.name: path for path in _STATIC.iterdir() if path.suffix in _TYPES}
    # Found, not imported: importing plotly takes longer than starting the service.
    spec = find_spec("plotly")
    places = [] if spec is None else spec.submodule_search_locations or []
    return own | {PLOTLY: Path(place) / "package_data" / PLOTLY for place in places}  # noqa: B035
