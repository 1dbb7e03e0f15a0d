"""Do quiet regions with many early signs turn violent? A table for docs/case-mali.md.

    python docs/case-mali/early_signs.py [--as-of YYYY-MM-DD]

reads the bulletins and the archive under TOCSIN_HOME, and prints a row a bulletin.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from commands.environment import day_of, home
from commands.stores import vintage_of_day
from experiments.judging.judge import frame_markdown
from features.errors import TocsinError
from features.months import parse_month
from features.panel.panel import Panel, read_panel
from models.metrics import auc
from service.store.bulletins import Bulletin, BulletinStore
from service.store.series import signs_of

QUIET, VIOLENT = 5, 5
"""Deaths of the twelve months to the origin below which a region is quiet, and of one month of the
24 after it from which it has turned violent."""

_YEAR, _AHEAD, _HORIZON = 12, 24, 12
_MANY = 20


def quiet_regions(bulletin: Bulletin, panel: Panel) -> pd.DataFrame:
    """Return a row a quiet region whose next 24 months are observed.

    Columns: signs (their number), score (of instability in twelve months), came (0 or 1).
    """
    scores = bulletin.scores
    here = scores.among("target", ["instability"]) & scores.among("horizon", [_HORIZON])
    table = scores.take(scores.rows[here]).to_pandas().set_index("region")["probability"]
    row, ids = panel.row(parse_month(bulletin.manifest.origin)), list(panel.regions.ids)
    rows = []
    for region, score in table.items():
        deaths = panel.total_deaths[:, ids.index(str(region))]
        past, ahead = deaths[row - _YEAR + 1 : row + 1], deaths[row + 1 : row + 1 + _AHEAD]
        if past.sum() < QUIET and len(ahead) == _AHEAD and not np.isnan(ahead).any():
            signs = signs_of(bulletin, str(region)) or []
            rows.append((len(signs), score, float(ahead.max() >= VIOLENT)))
    return pd.DataFrame(rows, columns=["signs", "score", "came"])


def summary(regions: pd.DataFrame) -> dict[str, float]:
    """Return how signs and scores told the quiet regions that turned violent from the others.

    `of the 20` are those with most signs, or the highest score, that turned violent.
    """
    came = regions["came"].to_numpy()
    row: dict[str, float] = {"quiet": len(regions), "came": int(came.sum())}
    for name in ("signs", "score"):
        top = regions.sort_values(name, ascending=False, kind="stable").head(_MANY)
        row[f"AUC of {name}"] = round(auc(came, regions[name].to_numpy(np.float64)), 2)
        row[f"of the {_MANY} by {name}"] = int(top["came"].sum())
    return row


def table_of(place: Path, panel: Panel) -> pd.DataFrame:
    """Return a row a bulletin of a home whose quiet regions were observed for 24 months more."""
    store = BulletinStore(place)
    rows = {}
    for name, manifest in sorted(store.listing.manifests.items()):
        regions = quiet_regions(store.get(name), panel)
        if 0 < regions["came"].sum() < len(regions):
            rows[manifest.origin] = summary(regions)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("origin").reset_index()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Count the early signs of quiet regions.")
    parser.add_argument("--as-of", help="day of the vintage, YYYY-MM-DD; default: today")
    arguments = parser.parse_args()
    try:
        day = None if arguments.as_of is None else day_of(arguments.as_of)
        panel = read_panel(vintage_of_day(day, None), "admin1")
        print(frame_markdown(table_of(home(), panel), 2))
    except TocsinError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
