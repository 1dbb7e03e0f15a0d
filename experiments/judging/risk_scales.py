"""The risk scales of a model: what its backtest scores were worth, level by level."""

import pandas as pd

from bulletins.form import RiskLevel, RiskScale
from features.words import PROBABILITIES, RISK_LEVELS, Level
from models.risk import risk_bands


def risk_scales(level: Level, probabilities: pd.DataFrame, learner: str) -> tuple[RiskScale, ...]:
    """Return the scales of a learner's targets, all horizons together; none without a base rate.

    `probabilities` is the table of a `Backtest` at a level of regions.
    """
    scales = []
    for target in PROBABILITIES:
        part = probabilities[probabilities["target"] == target]
        bands = risk_bands(part[learner].to_numpy(), part["outcome"].to_numpy())
        if bands is not None:
            levels = tuple(
                RiskLevel(name=name, **band._asdict())
                for name, band in zip(RISK_LEVELS, bands, strict=True)
            )
            base_rate = float(part["outcome"].mean())
            scales.append(RiskScale(level=level, target=target, base_rate=base_rate, levels=levels))
    return tuple(scales)
