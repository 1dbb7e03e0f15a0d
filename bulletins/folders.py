"""Which bulletins lie in a home, good or damaged."""

import re
from pathlib import Path

from features.errors import BulletinError
from features.files import entries

ID = r"\d{4}-\d{2}-[0-9a-f]{12}"
"""What the id of a bulletin, and so the name of its folder, looks like."""


def bulletin_folders(home: Path) -> list[Path]:
    """Return the folders of a home's bulletins, good and damaged, by name.

    A link counts as a folder, wherever it leads, and so does a file that is named as a bulletin.
    Raises BulletinError when they cannot be listed.
    """
    try:
        found = entries(home / "bulletins")
        return [p for p in found if p.is_symlink() or not p.is_file() or re.fullmatch(ID, p.name)]
    except OSError as error:
        raise BulletinError(
            f"the bulletins cannot be listed ({error.strerror}): see to the folder 'bulletins' of "
            "the home and its permissions"
        ) from error
