"""The targets and horizons that tests forecast: those of the default experiment."""

from experiments.configuration import DEFAULT, read_configuration
from features.words import Target
from models.forecaster import CellName, cells_of, fitted_cells

HORIZONS = tuple(range(1, 13))
"""The months ahead of a target that is not of a window."""

TARGETS_AHEAD = read_configuration(DEFAULT).targets
"""The targets of the default experiment and their horizons."""

SOME_AHEAD: dict[Target, tuple[int, ...]] = {
    "fatalities": (1, 2, 6, 12),
    "instability": (1, 2, 6, 12),
    "escalation": (3, 6),
    "onset": (3, 12),
}
"""Every target at its nearest and farthest horizons and between: those of the small experiment."""

FEW_AHEAD: dict[Target, tuple[int, ...]] = {
    "fatalities": (1, 2),
    "instability": (1, 2),
    "escalation": (3,),
    "onset": (3,),
}
"""Every target at its first horizons, for tests to which more of the same say nothing new."""

NEAR_AND_FAR: dict[Target, tuple[int, ...]] = {
    target: (horizons[0], horizons[-1]) for target, horizons in TARGETS_AHEAD.items()
}
"""Every target at its first and last horizon."""

CELLS = cells_of(TARGETS_AHEAD)
FITTED_CELLS = fitted_cells(TARGETS_AHEAD)
SOME_CELLS = fitted_cells(SOME_AHEAD)
"""Those of them that a learner is fitted to, in the small experiment."""

EVERY_TARGET: dict[Target, tuple[int, ...]] = TARGETS_AHEAD | {"surge": HORIZONS}
"""The same, and the target that the default experiment leaves out."""

EVERY_CELL: tuple[CellName, ...] = cells_of(EVERY_TARGET)
