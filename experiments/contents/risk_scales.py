"""The risk levels of a bulletin, from the backtest of the models behind it."""

from experiments.registry import Registered, backtest_forecasts
from experiments.store import Store
from features.targets import TARGETS
from models.bulletin import RISK_LEVELS, RiskLevel, RiskScale
from models.risk import risk_bands


def risk_scales_of(store: Store, model: Registered) -> list[RiskScale]:
    """Return the scales of a model's targets, all horizons together; none without a base rate."""
    forecasts = backtest_forecasts(store, model)
    scales = []
    for target in TARGETS:
        part = forecasts[forecasts["target"] == target]
        bands = risk_bands(part[model.learner].to_numpy(), part["outcome"].to_numpy())
        if bands is None:
            continue
        levels = tuple(
            RiskLevel(name=name, **band._asdict())
            for name, band in zip(RISK_LEVELS, bands, strict=True)
        )
        base_rate = float(part["outcome"].mean())
        scales.append(
            RiskScale(level=model.level, target=target, base_rate=base_rate, levels=levels)
        )
    return scales
