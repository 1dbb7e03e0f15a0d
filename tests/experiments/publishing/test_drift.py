from dataclasses import replace
from pathlib import Path

import pandas as pd

from experiments.publishing.drift import drift_of, issued_scores
from experiments.publishing.earlier import EarlierBulletin
from experiments.tracking.registry import ModelVersion
from experiments.tracking.store import MlflowStore
from features.archive.vintage import Vintage
from features.months import parse_month
from features.panel.panel import Panel

ORIGIN = parse_month("2023-12")


def test_a_champion_is_held_against_the_newest_month(
    store: MlflowStore, best: ModelVersion, vintage: Vintage, trained: Path
) -> None:
    result = drift_of(store, best, vintage, trained)
    table = result.table.set_index("name")
    assert set(table["kind"]) == {"indicator", "calibration"}
    assert {"deaths_decay_6", "season_sine", "instability", "onset above 0.5"} <= set(table.index)
    indicators = table[table["kind"] == "indicator"]
    assert indicators[["value", "bound"]].notna().all(axis=None)
    # No bulletin was issued, so nothing is known of the calibration.
    assert table.loc[table["kind"] == "calibration", "bound"].isna().all()
    assert "in 2024-12" in result.sentence


def test_only_a_version_s_own_scores_with_known_outcomes_are_judged(
    panel: Panel, best: ModelVersion
) -> None:
    region = str(panel.regions.table["id"].iloc[0])
    rows = [
        (region, "instability", 1, 0.25, best.label),
        (region, "instability", 12, 0.5, best.label),
        (region, "instability", 13, 0.5, best.label),  # not yet known
        (region, "fatalities", 1, 0.25, best.label),  # no probability of its own
        (region, "instability", 1, 0.75, "tocsin-admin1/99"),
    ]
    columns = ["region", "target", "horizon", "probability", "model_version"]
    scores = pd.DataFrame(rows, columns=columns).assign(threshold=5.0)
    bulletin = EarlierBulletin("2023-12-x", ORIGIN, scores, {"admin1": 5.0})
    table = issued_scores(panel, best, [bulletin, replace(bulletin, origin=0)])
    assert table[["horizon", "probability"]].to_numpy().tolist() == [[1, 0.25], [12, 0.5]]
    came = panel.total_deaths[list(panel.months).index(ORIGIN) + 1, 0] >= 5
    assert table["outcome"].iloc[0] == came
    assert set(table["origin"]) == {ORIGIN}
    assert issued_scores(panel, best, []).empty
