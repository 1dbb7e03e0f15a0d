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
    FAMILIES_FILE,
    SCENARIO_FILE,
    SCHEMAS,
    SCORES_FILE,
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
from experiments.scenarios.run import LevelInputs, ScenarioRun, compared, run_scenario
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.errors import BulletinError, ConfigurationError, InputError
from features.panel.panel import Panel
from features.scenarios.statements import Scenario
from features.words import SPECS, Level
from models.explanation import log_odds
from tests.command import tocsin
from tests.experiments.scenarios.conftest import MONTHS, ORIGIN

KEY = ["region", "target", "horizon"]


@pytest.fixture(scope="module")
def violent(levels: list[LevelInputs]) -> str:
    """The region with most deaths in the months that come again."""
    past = levels[0].past
    return str(past.regions.ids[past.counts[-MONTHS:].sum(axis=0).argmax()])


@pytest.fixture(scope="module")
def times_five(violent: str) -> dict[str, Any]:
    """Five times as much violence in that region."""
    return {"regions": [violent], "times": 5}


def supposed(**statements: Any) -> Scenario:
    return Scenario.model_validate({"name": "test", "months": MONTHS, **statements})


@pytest.fixture(scope="module")
def much_more(levels: list[LevelInputs], times_five: dict[str, Any]) -> list[Comparison]:
    return compared(levels, supposed(violence=[times_five]))


def run(home: Path, **statements: Any) -> ScenarioRun:
    scenario = supposed(**statements)
    return run_scenario(Archive(home), open_store(home, None), home, scenario, code="1.2.3+abc")


def rows_of(comparison: Comparison, home: Path) -> pd.DataFrame:
    return score_rows(comparison, read_bulletin(home, None)[1])


def test_an_empty_scenario_changes_no_bit_at_either_level(scenario_home: Path) -> None:
    nothing = run(scenario_home)
    rows = nothing.tables[SCORES_FILE]
    assert set(rows["level"]) == {"admin1", "country"}
    assert {"coup", "instability"} < set(rows[rows["level"] == "country"]["target"])
    assert rows["probability"].equals(rows["continuation"])
    assert rows["mean"].equals(rows["continuation_mean"])
    assert not rows["beyond"].any()
    assert all(len(nothing.tables[name]) == 0 for name in SCHEMAS if name != SCORES_FILE)
    assert nothing.manifest.coups is None


def test_a_scenario_says_which_scores_move_and_through_which_family(
    much_more: list[Comparison], scenario_home: Path, violent: str
) -> None:
    for comparison, region in zip(much_more, (violent, violent[:3]), strict=True):
        rows = rows_of(comparison, scenario_home)
        assert rows[KEY].equals(rows[KEY].sort_values(KEY, ignore_index=True))
        moved = rows[(rows["change"] != 0) & rows["change"].notna()]
        assert region in set(moved["region"])
        assert (moved["target_month"] > "2024-03").all()
        changes = family_rows(comparison).groupby(KEY)["change"].sum()
        shared = rows[(rows["target"] != "fatalities") & rows["change"].notna()].set_index(KEY)
        now, then = (log_odds(shared[name].to_numpy()) for name in ("probability", "continuation"))
        moves = changes.reindex(shared.index).fillna(0)
        np.testing.assert_allclose(moves, now - then, atol=1e-6)
        assert set(violence_rows(comparison)["region"]) == {region}


def test_a_country_has_what_its_regions_have_more(
    much_more: list[Comparison], violent: str
) -> None:
    regions, countries = map(violence_rows, much_more)
    assert regions["deaths"].equals(5 * regions["continuation_deaths"])
    for name in ("deaths", "events"):
        more = regions[name] - regions[f"continuation_{name}"]
        assert more.sum() > 0
        assert more.equals(countries[name] - countries[f"continuation_{name}"])


def test_beside_a_score_stands_what_the_bulletin_says_of_its_month(
    levels: list[LevelInputs], scenario_home: Path
) -> None:
    next_month = Scenario(name="a month on", months=1)
    issued = read_bulletin(scenario_home, None)[1]
    for comparison in compared(levels, next_month):
        rows = rows_of(comparison, scenario_home)
        named = rows[rows["bulletin_probability"].notna()]
        ahead = named["target"].map(lambda target: int(not SPECS[target].is_window))
        named = named.assign(horizon=named["horizon"] + ahead)
        same = named.merge(issued, on=KEY, suffixes=("", "_issued"))
        assert len(same) == len(named)
        assert set(named["target"]) >= {"fatalities", "instability", "escalation"}
        assert same["bulletin_probability"].equals(same["probability_issued"])
        is_month = same["target"].isin(["fatalities", "instability"])
        assert (is_month == (same["target_month"] == same["target_month_issued"])).all()


def test_what_happened_supposed_in_full_gives_the_scores_of_those_months(
    levels: list[LevelInputs], whole: dict[Level, Panel]
) -> None:
    """All events of t+1 to t+3, and nothing else: bit for bit the forecasts of t+3.

    The simulated events are of one day each and lie in a region, so that nothing is lost on the way
    and the arrays are the same whole numbers, of countries too.
    """
    panel = whole["admin1"]
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
    told = compared(levels, supposed(violence=[everywhere], events=events))
    for comparison, (model, forecaster, past) in zip(told, levels, strict=True):
        known = whole[past.regions.level]
        truth = scores_of(forecast_level(model, forecaster, known, ORIGIN + MONTHS))
        pd.testing.assert_frame_equal(scores_of(comparison.scenario), truth, check_exact=True)
        # The continuation knows nothing of it.
        continuation = scores_of(comparison.continuation)
        assert not continuation["probability"].equals(truth["probability"])


def test_twice_as_many_deaths_hardly_ever_lower_a_regions_own_instability(
    levels: list[LevelInputs],
) -> None:
    """Learned models are not monotone: trees fall by a point here and there, as docs say."""
    changes, past = [], levels[0].past
    deaths = past.counts[-MONTHS:].sum(axis=0)
    for region in np.argsort(-deaths, kind="stable")[:5]:
        twice = {"regions": [str(past.regions.ids[region])], "times": 2}
        (doubled,) = compared(levels[:1], supposed(violence=[twice]))
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
    levels: list[LevelInputs], whole: dict[Level, Panel], much_more: list[Comparison], violent: str
) -> None:
    """Neither deaths nor events nor incidents: where they were, who fought, and of what kind."""
    others = [
        one._replace(past=scrambled(whole[one.past.regions.level]).until(ORIGIN)) for one in levels
    ]
    again = compared(others, supposed(violence=[{"regions": [violent], "times": 5}]))
    for now, then in zip(again, much_more, strict=True):
        assert now.scenario.panel.digest() == then.scenario.panel.digest()
        assert scores_of(now.scenario).equals(scores_of(then.scenario))
        assert scores_of(now.continuation).equals(scores_of(then.continuation))


def scrambled(panel: Panel) -> Panel:
    """The same to the origin, and anything at all after it."""
    draw = np.random.default_rng(1)
    deaths, events = panel.deaths.copy(), panel.events.copy()
    deaths[:, panel.row(ORIGIN) + 1 :] = 99
    events[:, panel.row(ORIGIN) + 1 :] = 7
    known = panel.incidents
    is_late = known.month > ORIGIN
    assert is_late.any()
    other = replace(
        known,
        region=np.where(is_late, draw.permutation(known.region), known.region),
        latitude=np.where(is_late, draw.permutation(known.latitude), known.latitude),
        deaths=np.where(is_late, 99.0, known.deaths),
        type_of_violence=np.where(is_late, 3, known.type_of_violence),
        actors=np.where(is_late[:, None], draw.permutation(known.actors), known.actors),
    )
    return replace(panel, deaths=deaths, events=events, incidents=other)


def test_a_region_beyond_all_that_was_seen_is_marked_with_the_indicators(
    levels: list[LevelInputs], scenario_home: Path, violent: str
) -> None:
    event = {"region": violent, "month": 3, "deaths": 50_000}
    (huge,) = compared(levels[:1], supposed(events=[event]))
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


@pytest.fixture(scope="module")
def written(scenario_home: Path, times_five: dict[str, Any]) -> Path:
    """The folder of a scenario."""
    return scenario_home / "scenarios" / run(scenario_home, violence=[times_five]).manifest.id


@pytest.mark.parametrize("name", [*SCHEMAS, SCENARIO_FILE])
def test_a_damaged_scenario_is_not_read(written: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(written, tmp_path / written.name))
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
    assert {row["level"] for row in rows} == {"admin1", "country"}
    assert "HYPOTHETICAL hypothetical-" in done.stderr
    assert "not what would happen" in done.stderr
    table = tocsin(scenario_home, "scenario", str(file), "--format", "table").stdout
    assert "SIMULATED HYPOTHETICAL: More (admin1)" in table
    assert "SIMULATED HYPOTHETICAL: More (country)" in table
    assert "it was already there and stays as it is" in table
    for wrong, reason in (("times", "violence.0.time"), (violent, "violence 1: no admin1 region")):
        file.write_text(text.replace(wrong, wrong[:-1]))
        refused = tocsin(scenario_home, "scenario", str(file))
        assert refused.returncode == 1
        (line,) = refused.stderr.strip().splitlines()
        assert reason in line


def test_a_coup_enters_the_history_of_states_and_moves_its_own_country(
    scenario_home: Path,
) -> None:
    coup = {"country": "Mali", "month": 1, "outcome": "success"}
    done = run(scenario_home, coups=[coup])
    scores = done.tables[SCORES_FILE].set_index(["target", "region", "horizon"])
    coups = scores.loc["coup"]
    assert sorted(set(coups.index.get_level_values("horizon"))) == [1, 6, 12]
    assert (coups.loc["MLI"]["change"] > 0.001).all()
    issued = read_bulletin(scenario_home, None)[1]
    issued = issued[issued["target"] == "coup"].set_index(["region", "horizon"])
    assert coups["bulletin_probability"].equals(issued["probability"].reindex(coups.index))
    # No violence is supposed, and no score of it moves.
    others = done.tables[SCORES_FILE].query("target != 'coup'")
    assert (others["change"].dropna() == 0).all()
    moved = done.tables[FAMILIES_FILE]
    assert set(moved[["target", "family"]].itertuples(index=False, name=None)) == {
        ("coup", "state")
    }
    assert {row["family"] for row in done.moved()} == {"state"}
    assert done.manifest.coups is not None
    assert done.manifest.coups.startswith("The model of coups reads a country's own past")
    assert (set(moved["region"]), done.manifest.coups_elsewhere) == ({"MLI"}, ())
    alone = run(scenario_home, level="country", coups=[coup])
    assert alone.manifest.levels == ("country",)
    assert "MLI" in set(alone.tables[FAMILIES_FILE]["region"])


def test_coups_that_the_bulletin_was_not_issued_from_are_refused(
    scenario_home: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(scenario_home, tmp_path / "home"))
    shutil.rmtree(home / "coups")
    with pytest.raises(BulletinError, match="does not hold as it was: ingest the same file again"):
        run(home)


def test_what_the_bulletin_does_not_have_is_refused(scenario_home: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no scores of 'priogrid'"):
        run(scenario_home, level="priogrid")
    with pytest.raises(InputError, match=r"coups 1: no list .* observes 'Malo'.*did you mean MLI"):
        run(scenario_home, coups=[{"country": "Malo", "month": 1, "outcome": "failed"}])
    with pytest.raises(BulletinError, match="no bulletin 2023-12-000000000000"):
        run(scenario_home, bulletin="2023-12-000000000000")
