from pathlib import Path

import numpy as np
import pandas as pd
from early_signs import quiet_regions, summary

from features.months import parse_month
from features.panel.panel import Panel
from features.places.regions import load_regions
from service.store.bulletins import BulletinStore
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, REGIONS, rows_of


def test_signs_and_scores_are_held_against_what_came() -> None:
    regions = pd.DataFrame(
        {"signs": [3, 0, 2, 0], "score": [0.1, 0.2, 0.9, 0.3], "came": [1, 0, 1, 0]}
    )
    told = summary(regions)
    assert (told["quiet"], told["came"], told["of the 20 by signs"]) == (4, 2, 2)
    assert (told["AUC of signs"], told["AUC of score"]) == (1.0, 0.5)


def test_only_quiet_regions_that_are_observed_ahead_count(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, rows_of(REGIONS[2:]))
    world = load_regions("admin1")
    names = world.table["id"].tolist()[:4]
    ids = [region[0] for region in REGIONS[2:]]
    regions = world.only(names)
    regions = type(regions)("admin1", regions.table.assign(id=ids), regions.neighbours)
    months = np.arange(parse_month(ORIGIN) - 23, parse_month(ORIGIN) + 25)
    deaths = np.zeros((4, len(months), 4))
    deaths[0, 30, 0], deaths[0, 20, 1], deaths[0, 40, 2] = 5, 5, np.nan
    shape = deaths.shape[1:]
    panel = Panel(regions, months, np.ones(shape, bool), deaths, deaths, np.zeros(4))
    rows = quiet_regions(BulletinStore(tmp_path).get("latest"), panel)
    assert rows[["signs", "came"]].to_numpy().tolist() == [[2, 1], [2, 0]]
