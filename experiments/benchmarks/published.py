"""What others have published on the benchmarks: figures only, with their sources.

VIEWS Prediction Challenge 2023/24: Hegre et al. (2025), The 2023/24 VIEWS Prediction Challenge,
Journal of Peace Research; means over the windows 2018-2023, country-months, from its leaderboard.
SUB-Forecast v1.0: its tables, restricted to targets up to 2023-12.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.benchmarks.files import need_columns, read_csv
from features.errors import InputError

UnitTarget = Literal["occurrence", "escalation", "onset"]

LEADERBOARD = "leaderboard_views_challenge_cm_old_actuals.csv"
"""The leaderboard that the leaders below come from, where the data folder has it."""

_CONFLICTOLOGY = "VIEWS_bm_conflictology_country12"


@dataclass(frozen=True)
class CountryEntry:
    """An entry of the VIEWS leaderboard: CRPS and MIS [deaths/month], IGN [bits].

    `hindsight` marks ensembles weighted with the windows they are judged on.
    """

    model: str
    crps: float
    ign: float
    mis: float
    hindsight: bool = False


CONFLICTOLOGY = CountryEntry("conflictology", 51.824, 0.652654, 845.725)
LEADERS = (
    CountryEntry("PaCE_ShapeFinder", 45.1008, 0.685186, 812.549),
    CountryEntry("Randahl_Vegelius_markov_omm", 46.29, 0.587043, 874.121),
    CountryEntry("ConflictForecast", 47.886, 0.622934, 774.737),
)
"""The best of each score: CRPS, IGN, MIS."""


def leaderboard(folder: Path) -> tuple[CountryEntry, tuple[CountryEntry, ...]]:
    """Return conflictology and the other entries, best CRPS first; the leaders if there is no file.

    Raises InputError when the file is of another form.
    """
    path = folder / LEADERBOARD
    if not path.exists():
        return CONFLICTOLOGY, LEADERS
    table = read_csv(path)
    columns = ["model", "crps_hist", "ign_hist", "mis_hist"]
    need_columns(table, columns, path)
    try:
        entries = {
            model: CountryEntry(model, float(crps), float(ign), float(mis), "hindsight" in model)
            for model, crps, ign, mis in zip(*(table[name] for name in columns), strict=True)
        }
    except ValueError as error:
        raise InputError(f"'{path}' holds no scores ({error}): get it anew") from error
    if _CONFLICTOLOGY not in entries:
        raise InputError(f"'{path}' lacks {_CONFLICTOLOGY}, which all are compared to: get it anew")
    bar = entries.pop(_CONFLICTOLOGY)
    return bar, tuple(sorted(entries.values(), key=lambda entry: entry.crps))


@dataclass(frozen=True)
class UnitEntry:
    """A published forecast of SUB-Forecast; NaN where a measure was not given."""

    target: UnitTarget
    model: str
    average_precision: float
    auc: float = math.nan
    brier: float = math.nan


UNIT_ROWS: dict[UnitTarget, tuple[int, float]] = {
    "occurrence": (75_544, 0.198),
    "escalation": (75_544, 0.038),
    "onset": (22_816, 0.019),
}
"""Target -> rows and share of positives, targets to 2023-12."""

UNIT_ENTRIES = (
    UnitEntry("occurrence", "forest", 0.800, 0.914, 0.101),
    UnitEntry("occurrence", "forest + news", 0.802, 0.914, 0.095),
    UnitEntry("occurrence", "logistic regression", 0.775),
    UnitEntry("occurrence", "climatology", 0.677),
    UnitEntry("occurrence", "persistence", 0.531),
    UnitEntry("escalation", "forest", 0.179, 0.842, 0.070),
    UnitEntry("escalation", "forest + news", 0.186, 0.851, 0.054),
    UnitEntry("escalation", "logistic regression", 0.155),
    UnitEntry("escalation", "climatology", 0.134),
    UnitEntry("escalation", "persistence", 0.107),
    UnitEntry("onset", "forest", 0.027, 0.567, 0.104),
    UnitEntry("onset", "forest + news", 0.024, 0.572, 0.028),
    UnitEntry("onset", "logistic regression", 0.022),
    UnitEntry("onset", "climatology", 0.021),
    UnitEntry("onset", "persistence", 0.019),
)
