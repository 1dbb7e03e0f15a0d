"""Where tests find the project's files, and the real data that some of them need."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TOCSIN_DATA", ROOT / ".." / "shared" / "data"))
