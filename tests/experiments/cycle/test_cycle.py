"""The order of a cycle's steps, on a home whose model learned a year ago."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alerts.letter import Letter, Result
from alerts.rules import Rule, Rules, Webhook
from bulletins.reading import read_manifests
from experiments.cycle.cycle import due_days, plan, run_cycle
from experiments.cycle.journal import FOLDER, Journal
from experiments.cycle.settings import FILE, cycle_settings
from experiments.cycle.steps import (
    AlertsOutcome,
    Bell,
    BulletinOutcome,
    Decision,
    RecordOutcome,
    TrainingOutcome,
    Workshop,
    decide,
)
from experiments.judging.judge import Work
from experiments.tracking.registry import champion, versions_of
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.errors import ArchiveError, ConfigurationError
from features.sources.fetching.transport import Transport
from features.sources.simulation.world import World, deliver
from tests.command import as_toml
from tests.targets import FEW_AHEAD
from tests.training import plainly, without_pictures

NOW = datetime(2025, 2, 1, 6, tzinfo=UTC)
RARELY = "[retraining]\nmonths = 99\n"
DAYS = [date(2024, month, 1) for month in (9, 10, 11)]
"""Days on which August, September and October of 2024 became known."""
FIRST = date(2024, 9, 20)
"""The day of the first cycle."""


class KilledError(BaseException):
    """Stands for a kill: nothing catches it."""


def silently(line: str) -> None:
    """Show nothing."""


def shop_of(home: Path, say: Callable[[str], None] = silently) -> Workshop:
    """What a cycle of a home works with."""
    settings = cycle_settings(home)
    return Workshop(
        home=home,
        archive=Archive(home),
        store=open_store(home, None),
        settings=settings,
        configuration=settings.configuration(home),
        work=Work("1.2.3+abc", 1, plainly),
        client=Transport(user_agent="tocsin/0"),
        clock=lambda: NOW,
        say=say,
    )


@pytest.fixture(scope="module")
def fresh(
    trained: Path,
    world: World,
    small_settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A home whose events end in August, as known on DAYS[0]; nothing is published."""
    home = Path(shutil.copytree(trained, tmp_path_factory.mktemp("cycle") / "fresh"))
    shutil.rmtree(home / "events")
    Archive(home).add(deliver(world, DAYS[0]))
    few = {"learners": ["logistic"], "targets": FEW_AHEAD}
    few |= {"backtest": {"years": 2, "refit_months": 24}}
    (home / "small.toml").write_text(as_toml(small_settings | few))
    (home / FILE).write_text(f'experiment = "small.toml"\n{RARELY}')
    return home


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """What the cycle of `august` says."""
    return []


@pytest.fixture(scope="module")
def august(fresh: Path, lines: list[str]) -> Path:
    """The same after a cycle; not to be changed."""
    home = Path(shutil.copytree(fresh, fresh.with_name("august")))
    run_cycle(shop_of(home, lines.append), FIRST)
    return home


@pytest.fixture
def home(fresh: Path, tmp_path: Path) -> Path:
    """A copy of the first, which a test may change."""
    return Path(shutil.copytree(fresh, tmp_path / "home"))


@pytest.fixture
def cycled(august: Path, tmp_path: Path) -> Path:
    """A copy of the second, which a test may change."""
    return Path(shutil.copytree(august, tmp_path / "cycled"))


def issued(home: Path) -> list[tuple[str, date]]:
    """Origin and day of every bulletin, the newest first."""
    return [(m.origin, m.vintage.as_of) for m in read_manifests(home)[0]]


def test_the_first_cycle_issues_the_newest_month(august: Path) -> None:
    (entry,) = Journal(august).entries()
    assert (entry.state, entry.closed_at, entry.accepted) == ("complete", NOW, None)
    assert issued(august) == [("2024-08", FIRST)]
    bulletin = entry.outcome("bulletin", BulletinOutcome)
    assert bulletin is not None
    assert bulletin.bulletin == read_manifests(august)[0][0].id
    decision = entry.outcome("decision", Decision)
    assert decision is not None
    assert (decision.origin, decision.due, decision.drift["admin1"].is_drifted) == (
        "2024-08", {}, False,
    )  # fmt: skip
    figures = {figure.name for figure in decision.drift["admin1"].figures}
    assert {"deaths_decay_6", "instability"} <= {name.partition(" ")[0] for name in figures}
    store = open_store(august, None)
    (run,) = store.client().search_runs([store.cycles(simulated=True)])
    assert (run.info.status, run.data.tags["entry"]) == ("FINISHED", entry.sha256)
    assert run.data.tags["mlflow.runName"] == "cycle as of 2024-09-20"
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith("# SIMULATED: Cycle as of 2024-09-20: complete")
    assert f"* {bulletin.bulletin}: {bulletin.rows:,} scores at origin 2024-08" in note


def test_again_without_news_changes_nothing(cycled: Path) -> None:
    (first,) = Journal(cycled).entries()
    files = {path: path.read_bytes() for path in cycled.rglob("*.json")}
    assert run_cycle(shop_of(cycled), date(2024, 9, 27)) == [first]
    assert {path: path.read_bytes() for path in cycled.rglob("*.json")} == files
    assert len(issued(cycled)) == 1


def test_a_bulletin_that_is_gone_is_issued_again(cycled: Path) -> None:
    shutil.rmtree(cycled / "bulletins")
    run_cycle(shop_of(cycled), date(2024, 9, 21))
    assert issued(cycled) == [("2024-08", date(2024, 9, 21))]


def test_months_that_were_missed_are_issued_each_as_of_its_day(cycled: Path, world: World) -> None:
    for day in DAYS[1:]:
        Archive(cycled).add(deliver(world, day))
    shop, today = shop_of(cycled), date(2024, 11, 20)
    assert due_days(shop, today) == [DAYS[1], today]
    entries = run_cycle(shop, today)
    assert [entry.as_of for entry in entries] == [DAYS[1], today]
    assert issued(cycled) == [
        ("2024-10", today),
        ("2024-09", DAYS[1]),
        ("2024-08", FIRST),
    ]
    outcomes = [entry.outcome("record", RecordOutcome) for entry in entries]
    assert [outcome and outcome.edition for outcome in outcomes] == [1, 2]
    assert all(outcome and outcome.first > 0 for outcome in outcomes)
    late = [manifest.is_late for manifest in read_manifests(cycled)[0]]
    assert late == [True, True, True]  # by the clock it is February 2025


def test_only_so_many_months_are_caught_up(cycled: Path, world: World) -> None:
    for day in DAYS[1:]:
        Archive(cycled).add(deliver(world, day))
    with (cycled / FILE).open("a") as file:
        file.write("[bulletins]\nlate = 0\n")
    assert due_days(shop_of(cycled), date(2024, 11, 20)) == [date(2024, 11, 20)]


def test_a_day_before_the_last_cycle_is_refused(cycled: Path) -> None:
    with pytest.raises(ConfigurationError, match="the last cycle was of 2024-09-20"):
        run_cycle(shop_of(cycled), date(2024, 9, 19))


def test_data_beyond_a_bound_are_refused_until_a_person_accepts_them(
    cycled: Path, world: World
) -> None:
    Archive(cycled).add(deliver(world, DAYS[1]))
    with (cycled / FILE).open("a") as file:
        file.write("[quality]\nfresh = [98.0, 99.0]\n")
    entry = run_cycle(shop_of(cycled), DAYS[1])[-1]
    assert entry.state == "refused"
    assert str(entry.refusal).startswith("new months have ")
    assert len(issued(cycled)) == 1
    entry = run_cycle(shop_of(cycled), DAYS[1], "a cease-fire, and it is in the news")[-1]
    assert (entry.state, entry.refusal) == ("complete", None)
    assert entry.accepted == "a cease-fire, and it is in the news"
    assert [one.state for one in Journal(cycled).entries()] == ["complete", "refused", "complete"]
    assert len(issued(cycled)) == 2


def test_a_release_that_the_last_cycle_read_must_be_there(cycled: Path, world: World) -> None:
    shutil.rmtree(cycled / "events")
    Archive(cycled).add(deliver(world, DAYS[1]))
    with pytest.raises(ArchiveError, match="simulation seed-2-2024-08, which the cycle of"):
        run_cycle(shop_of(cycled), DAYS[1])


def test_a_plan_changes_nothing(home: Path) -> None:
    def content() -> dict[Path, bytes]:
        return {p: p.read_bytes() for p in home.rglob("*") if p.is_file()}

    shop = shop_of(home)  # says where the copied home lies now
    before = content()
    lines = list(plan(shop, FIRST))
    assert content() == before
    assert lines[0] == "as of 2024-09-20"
    assert lines[-2:] == [
        "  no level is to be trained at 2024-08",
        "  the bulletin of 2024-08 would be issued",
    ]


def test_drift_is_a_reason_to_train(home: Path, world: World) -> None:
    """Forty times as many die in the newest half a year, as in no month of the training."""
    delivery = deliver(world, DAYS[2])
    recent = delivery.events["date_end"] >= pd.Timestamp(2024, 5, 1)
    delivery.events.loc[recent, "best"] *= 40
    Archive(home).add(delivery)
    shop, day = shop_of(home), date(2024, 11, 20)
    decision = decide(shop, open_vintage(shop.archive, day))
    assert decision.drift["admin1"].is_drifted
    assert decision.due == {"admin1": decision.drift["admin1"].sentence}
    assert "  admin1 is to be trained to 2024-10: Drift: " in "\n".join(plan(shop, day))
    (home / FILE).write_text(f'experiment = "small.toml"\n{RARELY}on_drift = false\n')
    assert decide(shop_of(home), open_vintage(shop.archive, day)).due == {}


class Desk:
    """Keeps what is sent to it, unless it is closed."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.is_closed = False

    def send(self, letter: Letter) -> Result:
        if self.is_closed:
            return Result("failed", "closed")
        self.letters.append(letter)
        return Result("delivered", "")


def test_alerts_ring_for_the_newest_month_and_what_failed_is_sent_the_next_time(
    home: Path, world: World
) -> None:
    rule = Rule(
        name="all", level="admin1", target="instability", horizon=1, threshold=0.001,
        countries=("MLI",), channels=("desk",),
    )  # fmt: skip
    webhook = Webhook(kind="webhook", url="https://example.org", secret_variable="SECRET")
    desk = Desk()
    bell = Bell(Rules(channels={"desk": webhook}, rules=(rule,)), {"desk": desk}, "")
    for day in DAYS[1:]:
        Archive(home).add(deliver(world, day))
    run_cycle(replace(shop_of(home), bell=bell), DAYS[0])
    first = len(desk.letters)
    assert first > 0
    desk.is_closed = True
    entries = run_cycle(replace(shop_of(home), bell=bell), DAYS[2])
    late, newest = (entry.outcome("alerts", AlertsOutcome) for entry in entries)
    assert late is None
    assert newest is not None
    assert len(newest.titles) > 0
    assert all(title.startswith("SIMULATED") for title in newest.titles)
    assert len(desk.letters) == first
    desk.is_closed = False
    for _ in range(2):  # nothing is new, and nothing is sent twice
        run_cycle(replace(shop_of(home), bell=bell), DAYS[2])
        assert [letter.title for letter in desk.letters[first:]] == list(newest.titles)


def bulletins_and_journal(home: Path) -> dict[str, bytes]:
    """Every file of them by its place, of the track record too."""
    folders = (home / "bulletins", home / "record", home / FOLDER)
    return {
        str(path.relative_to(home)): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def test_a_cycle_that_was_killed_anywhere_ends_as_one_that_was_not(
    home: Path, august: Path, lines: list[str]
) -> None:
    assert len(lines) > 3
    for number in range(len(lines)):
        count: Iterator[int] = iter(range(number))

        def say(line: str, count: Iterator[int] = count) -> None:
            if next(count, None) is None:
                raise KilledError

        with suppress(KilledError):
            run_cycle(shop_of(home, say), FIRST)
    run_cycle(shop_of(home), FIRST)
    assert bulletins_and_journal(home) == bulletins_and_journal(august)


def test_old_models_are_trained_again_and_a_killed_training_is_finished(home: Path) -> None:
    (home / FILE).write_text('experiment = "small.toml"\n[retraining]\nmonths = 8\n')
    before = len(versions_of(open_store(home, None), "admin1"))

    def say(line: str) -> None:
        if "tocsin-admin1/" in line:
            raise KilledError

    with without_pictures(), pytest.raises(KilledError):
        run_cycle(shop_of(home, say), FIRST)
    open_entry = home / FOLDER / "open.json"
    content = json.loads(open_entry.read_text())
    del content["steps"]["training admin1"]  # as if it was killed before it could note that
    open_entry.write_text(json.dumps(content))
    (entry,) = run_cycle(shop_of(home), FIRST)
    decision, trained = (
        entry.outcome("decision", Decision),
        entry.outcome("training admin1", TrainingOutcome),
    )
    assert decision is not None
    assert decision.due == {"admin1": "its newest model learned from months to 2023-12"}
    store = open_store(home, None)
    versions = versions_of(store, "admin1")
    assert len(versions) == before + 1
    newest = max(versions, key=lambda version: version.version)
    assert trained is not None
    assert trained.model == newest.label
    best = champion(store, "admin1")
    assert trained.is_champion == (best is not None and best.version == newest.version)
