"""Scenarios of real champions, against the bulletins of the months that they suppose."""

import csv
import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bulletins.scenarios import (
    SCENARIO_FILE,
    SCHEMAS,
    read_scenario_manifest,
    read_scenario_table,
    scenario_folders,
)
from experiments.publishing.contents import forecast_level
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.scores import scores_of
from experiments.scenarios.comparison import (
    Comparison,
    family_rows,
    score_rows,
    support_rows,
    violence_rows,
)
from experiments.scenarios.run import ScenarioRun, compared, run_scenario
from experiments.tracking.registry import ModelVersion, champion, load_forecaster
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.archive.vintage import Vintage
from features.errors import BulletinError, ConfigurationError
from features.months import parse_month
from features.panel.panel import Panel
from features.scenarios.statements import Scenario
from models.explanation import log_odds
from models.forecaster import Forecaster
from tests.command import tocsin
from tests.experiments.publishing.test_publish import home_with

ORIGIN = parse_month("2023-12")
MONTHS = 3
KEY = ["region", "target", "horizon"]


@pytest.fixture(scope="module")
def scenario_home(
    trained: Path, vintage: Vintage, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A trained home with the bulletin of December 2023."""
    return home_with(trained, vintage, tmp_path_factory, "2023-12")


@pytest.fixture(scope="module")
def champion_model(trained: Path) -> tuple[ModelVersion, Forecaster]:
    store = open_store(trained, None)
    model = champion(store, "admin1")
    assert model is not None
    return model, load_forecaster(store, model)


@pytest.fixture(scope="module")
def past(panel: Panel) -> Panel:
    return panel.until(ORIGIN)


@pytest.fixture(scope="module")
def violent(past: Panel) -> str:
    """The region with most deaths in the months that come again."""
    return str(past.regions.ids[past.counts[-MONTHS:].sum(axis=0).argmax()])


@pytest.fixture(scope="module")
def times_five(violent: str) -> dict[str, Any]:
    """Five times as much violence in that region."""
    return {"regions": [violent], "times": 5}


def supposed(**statements: Any) -> Scenario:
    return Scenario.model_validate({"name": "test", "months": MONTHS, **statements})


@pytest.fixture(scope="module")
def much_more(
    champion_model: tuple[ModelVersion, Forecaster], past: Panel, times_five: dict[str, Any]
) -> Comparison:
    return compared(*champion_model, past, supposed(violence=[times_five]))


def run(home: Path, **statements: Any) -> ScenarioRun:
    scenario = supposed(**statements)
    return run_scenario(Archive(home), open_store(home, None), home, scenario, code="1.2.3+abc")


def rows_of(comparison: Comparison, home: Path) -> pd.DataFrame:
    return score_rows(comparison, read_bulletin(home, None)[1])


def test_an_empty_scenario_changes_no_bit(
    champion_model: tuple[ModelVersion, Forecaster], past: Panel, scenario_home: Path
) -> None:
    nothing = compared(*champion_model, past, supposed())
    rows = rows_of(nothing, scenario_home)
    assert len(rows) > 100
    assert rows["probability"].equals(rows["continuation"])
    assert rows["mean"].equals(rows["continuation_mean"])
    assert not rows["beyond"].any()
    for table in (family_rows(nothing), violence_rows(nothing), support_rows(nothing)):
        assert len(table) == 0


def test_a_scenario_says_which_scores_move_and_through_which_family(
    much_more: Comparison, scenario_home: Path, violent: str
) -> None:
    rows = rows_of(much_more, scenario_home)
    assert rows[KEY].equals(rows[KEY].sort_values(KEY, ignore_index=True))
    moved = rows[(rows["change"] != 0) & rows["change"].notna()]
    assert violent in set(moved["region"])
    assert (moved["target_month"] > "2024-03").all()
    changes = family_rows(much_more).groupby(KEY)["change"].sum()
    shared = rows[(rows["target"] != "fatalities") & rows["change"].notna()].set_index(KEY)
    odds = log_odds(shared["probability"].to_numpy()) - log_odds(shared["continuation"].to_numpy())
    np.testing.assert_allclose(changes.reindex(shared.index).fillna(0), odds, atol=1e-6)
    violence = violence_rows(much_more)
    assert set(violence["region"]) == {violent}
    assert violence["deaths"].equals(5 * violence["continuation_deaths"])


def test_beside_a_score_stands_what_the_bulletin_says_of_its_month(
    champion_model: tuple[ModelVersion, Forecaster], past: Panel, scenario_home: Path
) -> None:
    next_month = Scenario(name="a month on", months=1)
    rows = rows_of(compared(*champion_model, past, next_month), scenario_home)
    issued = read_bulletin(scenario_home, None)[1]
    named = rows[rows["bulletin_probability"].notna()]
    assert set(named["target"]) == {"fatalities", "instability"}
    same = named.merge(issued, on=[*KEY[:2], "target_month"], suffixes=("", "_issued"))
    assert len(same) == len(named) > 20
    assert same["bulletin_probability"].equals(same["probability_issued"])
    assert (same["horizon_issued"] == same["horizon"] + 1).all()


def test_what_happened_supposed_in_full_gives_the_scores_of_those_months(
    champion_model: tuple[ModelVersion, Forecaster], panel: Panel, past: Panel
) -> None:
    """All events of t+1 to t+3, and nothing else: bit for bit the forecast of t+3.

    The simulated events are of one day each and lie in a region, so that nothing is lost on the way
    and the arrays are the same whole numbers.
    """
    rows = np.arange(ORIGIN + 1, ORIGIN + MONTHS + 1) - panel.months[0]
    types = ("state-based", "non-state", "one-sided")
    events = []
    for kind, row, region in zip(*np.nonzero(panel.events[:3][:, rows]), strict=True):
        place = kind, rows[row], region
        number, deaths = int(panel.events[place]), int(panel.deaths[place])
        shared = {"region": str(panel.regions.ids[region]), "month": int(row) + 1}
        shared["violence"] = types[kind]
        events.append(shared | {"deaths": deaths})
        if number > 1:
            events.append(shared | {"deaths": 0, "count": number - 1})
    everywhere = {"countries": ["MLI", "BFA", "NER"], "times": 0}
    told = compared(*champion_model, past, supposed(violence=[everywhere], events=events))
    truth = scores_of(forecast_level(*champion_model, panel, ORIGIN + MONTHS))
    pd.testing.assert_frame_equal(scores_of(told.scenario), truth, check_exact=True)
    # The continuation knows nothing of it.
    assert not scores_of(told.continuation)["probability"].equals(truth["probability"])


def test_twice_as_many_deaths_hardly_ever_lower_a_regions_own_instability(
    champion_model: tuple[ModelVersion, Forecaster], past: Panel
) -> None:
    """Learned models are not monotone: trees fall by a point here and there, as docs say."""
    changes = []
    deaths = past.counts[-MONTHS:].sum(axis=0)
    for region in np.argsort(-deaths, kind="stable")[:5]:
        twice = {"regions": [str(past.regions.ids[region])], "times": 2}
        doubled = compared(*champion_model, past, supposed(violence=[twice]))
        assert (
            doubled.scenario.panel.counts[-MONTHS:, region]
            == 2 * doubled.continuation.panel.counts[-MONTHS:, region]
        ).all()
        place = np.flatnonzero(doubled.scenario.scored).tolist().index(region)
        changes += [
            cell.probability[place] - doubled.continuation.cells[name].probability[place]
            for name, cell in doubled.scenario.cells.items()
            if name[0] == "instability"
        ]
    assert min(changes) > -0.02
    assert np.mean(np.array(changes) < -1e-12) < 0.1
    assert np.mean(changes) > 0.01


def test_nothing_after_the_origin_is_read(
    champion_model: tuple[ModelVersion, Forecaster],
    panel: Panel,
    much_more: Comparison,
    times_five: dict[str, Any],
) -> None:
    deaths = panel.deaths.copy()
    deaths[:, panel.row(ORIGIN) + 1 :] = 99
    scrambled = replace(panel, deaths=deaths).until(ORIGIN)
    again = compared(*champion_model, scrambled, supposed(violence=[times_five]))
    assert scores_of(again.scenario).equals(scores_of(much_more.scenario))
    assert scores_of(again.continuation).equals(scores_of(much_more.continuation))


def test_a_region_beyond_all_that_was_seen_is_marked_with_the_indicators(
    champion_model: tuple[ModelVersion, Forecaster], past: Panel, scenario_home: Path, violent: str
) -> None:
    event = {"region": violent, "month": 3, "deaths": 50_000}
    huge = compared(*champion_model, past, supposed(events=[event]))
    support = support_rows(huge)
    assert violent in set(support["region"])
    assert ((support["value"] > support["highest"]) | (support["value"] < support["lowest"])).all()
    own = support[support["region"] == violent].set_index("indicator")
    assert own["value"].to_dict()["deaths"] >= 50_000
    rows = rows_of(huge, scenario_home)
    assert set(rows[rows["beyond"]]["region"]) == set(support["region"])
    assert len(set(rows["region"])) > len(set(support["region"]))


def test_a_scenario_is_written_whole_beside_the_bulletins(
    scenario_home: Path, times_five: dict[str, Any]
) -> None:
    before = sorted(path.name for path in (scenario_home / "bulletins").iterdir())
    first = run(scenario_home, violence=[times_five])
    assert first.is_new
    assert not run(scenario_home, violence=[times_five]).is_new
    folder = scenario_home / "scenarios" / first.manifest.id
    assert folder in scenario_folders(scenario_home)
    manifest = read_scenario_manifest(folder)
    assert manifest == first.manifest
    assert (manifest.hypothetical, manifest.last_month) == (True, "2024-03")
    assert manifest.bulletin == before[0]
    assert "HYPOTHETICAL" in manifest.caution
    assert "last 3 months to 2023-12" in manifest.assumption
    for name, schema in SCHEMAS.items():
        table = read_scenario_table(folder, manifest, name).table
        assert table.schema.equals(schema)
        stored = first.tables[name].reset_index(drop=True)
        pd.testing.assert_frame_equal(table.to_pandas(), stored, check_dtype=False)
    moved = first.moved()
    sizes = [abs(float(str(row["change"]))) for row in moved]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0
    assert all(row["hypothetical"] is True for row in moved)
    assert sorted(path.name for path in (scenario_home / "bulletins").iterdir()) == before


@pytest.mark.parametrize("name", [*SCHEMAS, SCENARIO_FILE])
def test_a_damaged_scenario_is_not_read(
    scenario_home: Path, tmp_path: Path, name: str, times_five: dict[str, Any]
) -> None:
    written = run(scenario_home, violence=[times_five]).manifest
    source = scenario_home / "scenarios" / written.id
    folder = Path(shutil.copytree(source, tmp_path / written.id))
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content.replace(b'"test"', b'"toast"') + b" ")
    with pytest.raises(BulletinError, match="cannot be used"):
        read_all(folder)


def read_all(folder: Path) -> None:
    manifest = read_scenario_manifest(folder)
    for table in SCHEMAS:
        read_scenario_table(folder, manifest, table)


def test_the_command_says_hypothetical_and_a_mistake_is_one_line(
    scenario_home: Path, tmp_path: Path, violent: str
) -> None:
    file = tmp_path / "scenario.toml"
    text = f'name = "More"\nmonths = 3\n[[violence]]\nregions = ["{violent}"]\ntimes = 4\n'
    file.write_text(text)
    done = tocsin(scenario_home, "scenario", str(file))
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["hypothetical"] for row in rows} == {"true"}
    assert "HYPOTHETICAL hypothetical-" in done.stderr
    assert "not what would happen" in done.stderr
    table = tocsin(scenario_home, "scenario", str(file), "--format", "table").stdout
    assert "SIMULATED HYPOTHETICAL: More" in table
    assert "it was already there and stays as it is" in table
    for wrong, reason in (("times", "violence.0.time"), (violent, "violence 1: no admin1 region")):
        file.write_text(text.replace(wrong, wrong[:-1]))
        refused = tocsin(scenario_home, "scenario", str(file))
        assert refused.returncode == 1
        (line,) = refused.stderr.strip().splitlines()
        assert reason in line


def test_what_the_bulletin_does_not_have_is_refused(scenario_home: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no scores of 'priogrid'"):
        run(scenario_home, level="priogrid")
    with pytest.raises(BulletinError, match="no bulletin 2023-12-000000000000"):
        run(scenario_home, bulletin="2023-12-000000000000")
