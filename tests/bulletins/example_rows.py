"""Scores of invented regions, whose numbers agree."""

from typing import Any

from features.months import format_month, parse_month
from features.words import QUANTILES, quantile_column

ORIGIN = "2024-12"
COUPS_ORIGIN = "2024-11"
THRESHOLDS = {"country": 25.0, "admin1": 5.0, "priogrid": 1.0}
WINDOWS = (3, 6, 12)
REGIONS = (
    ("MLI", "Mali", "MLI", "country"),
    ("NER", "Niger", "NER", "country"),
    ("MLI-gao", "Gao", "MLI", "admin1"),
    ("MLI-mopti", "Mopti", "MLI", "admin1"),
    ("NER-agadez", "Agadez", "NER", "admin1"),
    ("NER-tillaberi", "Tillabéri", "NER", "admin1"),
)
UNSCORED = ("BFA", "Burkina Faso", "BFA", "country")
"""A region that is observed to 2019-12 only, at a place that is not known."""
Row = dict[str, Any]
Region = tuple[str, str, str, str]


def score_row(
    region: Region, target: str, horizon: int, probability: float, origin: str = ORIGIN
) -> Row:
    identifier, name, country, level = region
    # Deaths are uniform from 0 to `most`, so that mean, quantiles and probability agree.
    most = THRESHOLDS[level] / (1 - probability) if target == "fatalities" else None
    quantiles = {quantile_column(q): most and round(most * q, 3) for q in QUANTILES}
    return {
        "region": identifier,
        "name": name,
        "country": country,
        "level": level,
        "target": target,
        "horizon": horizon,
        "target_month": format_month(parse_month(origin) + horizon),
        "threshold": 1.0 if target == "onset" else THRESHOLDS[level],
        "probability": probability,
        "mean": most and round(most / 2, 3),
        **quantiles,
        "model_version": f"tocsin-{level}/3",
    }


def rows_of(regions: tuple[Region, ...] = REGIONS, origin: str = ORIGIN) -> list[Row]:
    """All scores of some regions; probabilities are multiples of 1/8, so that many tie."""
    rows = []
    for number, region in enumerate(regions):
        sparse = region[0] == "NER-agadez"
        keys = [
            (t, h) for t in ("fatalities", "instability") for h in range(1, 2 if sparse else 13)
        ]
        keys += [("escalation", h) for h in WINDOWS[: 1 if sparse else 3]]
        keys += [("onset", 3)] if sparse else []
        rows += [
            score_row(region, target, horizon, (number * 5 + horizon * 3) % 7 / 8, origin)
            for target, horizon in keys
        ]
    return in_order(rows)


def in_order(rows: list[Row]) -> list[Row]:
    """Scores in the order of a bulletin."""
    return sorted(
        rows, key=lambda row: (row["level"], row["region"], row["target"], row["horizon"])
    )


def coup_rows(origin: str = ORIGIN) -> list[Row]:
    """Scores of coups in Mali and Niger, in a bulletin that has them."""
    return [
        score_row(region, "coup", horizon, probability, origin) | {"threshold": 1.0}
        for region, chance in zip(REGIONS[:2], (0.02, 0.01), strict=True)
        for horizon, probability in ((1, chance), (6, 5 * chance), (12, 10 * chance))
    ]
