"""The files of a bulletin: written beside, and moved into their place whole."""

import errno
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from features.errors import BulletinError
from features.indicators.indicator import Indicator
from models.bulletin import (
    INDICATORS_FILE,
    MANIFEST_FILE,
    SCORES_FILE,
    ListedIndicator,
    ListedIndicators,
    Manifest,
)


def write_bulletin(
    place: Path, scores: bytes, manifest: Manifest, indicators: Sequence[Indicator]
) -> bool:
    """Write a bulletin and move it into its place; return False when another took the place.

    `scores` are the content of the scores file, `indicators` the catalogue of the day. Raises
    BulletinError when the disk refuses.
    """
    listed = tuple(map(_listed, indicators))
    content = {
        SCORES_FILE: scores,
        INDICATORS_FILE: ListedIndicators.dump_json(listed, indent=2),
        MANIFEST_FILE: manifest.model_dump_json(indent=2).encode(),
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=place.parent) as folder:
            hidden = Path(folder) / place.name
            hidden.mkdir()
            for name, data in content.items():
                with (hidden / name).open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            hidden.rename(place)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) and place.is_dir():
            return False
        raise BulletinError(
            f"the bulletin cannot be written to {place} ({error.strerror}): see to the disk and "
            "its permissions; nothing was published"
        ) from error
    return True


def _listed(indicator: Indicator) -> ListedIndicator:
    return ListedIndicator(
        name=indicator.name,
        meaning=indicator.meaning,
        unit=indicator.unit,
        family=indicator.family,
        source=indicator.source,
        lowest=_limit(indicator.lowest),
        highest=_limit(indicator.highest),
        needs=tuple(sorted(indicator.needs)),
    )


def _limit(value: float) -> float | None:
    return value if math.isfinite(value) else None
