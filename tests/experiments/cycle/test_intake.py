import csv
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier

import pytest

from experiments.cycle.intake import take_in
from experiments.cycle.settings import EventsSettings, cycle_settings
from experiments.cycle.steps import Workshop
from experiments.judging.judge import Work
from experiments.tracking.store import MlflowStore
from features.archive.folders import RECORDS
from features.archive.releases import Archive
from features.archive.shared import SharedReleases
from features.errors import InputError
from features.sources.fetching.transport import Transport
from features.sources.ucdp import OFFICIAL_COLUMNS
from tests.features.sources.fetching.server import Requests, says, serving
from tests.training import plainly

TODAY = date(2018, 6, 30)  # 18.1 is due, and four or more months
EVENT = {
    "active_year": "True", "code_status": "Clear", "type_of_violence": "3", "side_a": "A",
    "side_b": "Civilians", "where_prec": "1", "latitude": "14.5", "longitude": "-4.25",
    "country": "Mali", "country_id": "432", "event_clarity": "1", "date_prec": "1",
    "deaths_civilians": "3", "best": "3", "high": "3", "low": "3",
}  # fmt: skip


def shop_of(home: Path, shared: SharedReleases | None = None, **events: object) -> Workshop:
    """What a cycle of a home works with; no step but the first one is reached."""
    settings = cycle_settings(home)
    own = EventsSettings.model_validate(settings.events.model_dump() | events)
    return Workshop(
        home=home,
        archive=Archive(home, shared),
        store=MlflowStore("sqlite://", None),
        settings=settings.model_copy(update={"events": own}),
        configuration=settings.configuration(home),
        work=Work("1.2.3+abc", 1, plainly),
        client=Transport(user_agent="tocsin/0", gap=0.0, attempts=1, first_wait=0.0),
        clock=lambda: datetime(2025, 1, 1, tzinfo=UTC),
        say=print,
    )


def table(day: str, deaths: int = 3) -> bytes:
    """A file of UCDP with an event in Mali."""
    text = io.StringIO()
    writer = csv.DictWriter(text, OFFICIAL_COLUMNS)
    writer.writeheader()
    own = {"date_start": day, "date_end": day, "deaths_civilians": deaths}
    figures = dict.fromkeys(("best", "high", "low"), deaths)
    zeros = dict.fromkeys(("deaths_a", "deaths_b", "deaths_unknown"), 0)
    writer.writerow(EVENT | zeros | own | figures | {"id": day.replace("-", "")})
    return text.getvalue().encode()


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def asked_paths(asked: Requests) -> list[str]:
    return [path for path, _ in asked]


def test_of_ucdp_what_is_due_is_fetched_and_added_once(stack: ExitStack, tmp_path: Path) -> None:
    yearly = says(200, zipped("GEDEvent_v18_1.csv", table("2017-05-02")))
    months = [says(200, table(f"2018-0{month}-02")) for month in (1, 2, 3, 4)]
    address, asked = serving(stack, (yearly, *months, says(404)))
    shop = shop_of(tmp_path, source="ucdp", ucdp_files=address)
    lines = list(take_in(shop, TODAY))
    assert asked_paths(asked)[0] == "/ged/ged181-csv.zip"
    names = {release.release for release in shop.archive.releases()}
    assert names == {"18.1", "18.0.1", "18.0.2", "18.0.3", "18.0.4"}
    assert any(line.startswith("18.0.5 is not yet there") for line in lines)
    offline = replace(shop, settings=shop_of(tmp_path, source="archive").settings)
    assert list(take_in(offline, TODAY)) == []


def test_two_machines_that_take_in_the_same_releases_at_once_have_each_once(
    stack: ExitStack, tmp_path: Path
) -> None:
    (tmp_path / "address").mkdir()
    address, together = (tmp_path / "address").as_uri(), Barrier(2)
    yearly = says(200, zipped("GEDEvent_v18_1.csv", table("2017-05-02")))
    months = [says(200, table(f"2018-0{month}-02")) for month in (1, 2, 3, 4)]

    def take_in_at_once(name: str) -> Archive:
        ucdp, _ = serving(stack, (yearly, *months, says(404)))
        shared = SharedReleases(tmp_path / name, address)
        shop = shop_of(tmp_path / name, shared, source="ucdp", ucdp_files=ucdp)
        together.wait()
        list(take_in(shop, TODAY))
        return shop.archive

    with ThreadPoolExecutor(2) as pool:
        archives = list(pool.map(take_in_at_once, "ab"))
    records = [[r.model_dump_json() for r in archive.releases()] for archive in archives]
    assert records[0] == records[1]
    assert len(records[0]) == SharedReleases(tmp_path, address).count() == 5


def test_a_release_that_was_due_before_the_last_one_must_be_there(
    stack: ExitStack, tmp_path: Path
) -> None:
    address, _ = serving(stack, (says(404),))
    with pytest.raises(InputError, match=r"published release 18\.1"):
        list(take_in(shop_of(tmp_path, source="ucdp", ucdp_files=address), TODAY))


def test_of_a_simulated_world_each_month_is_added_when_it_is_over(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, source="simulation", seed=2)
    for today, months in (
        (date(2024, 3, 15), ["2024-02"]),
        (date(2024, 3, 31), []),
        (date(2024, 6, 1), ["2024-03", "2024-04", "2024-05"]),
    ):
        lines = list(take_in(shop, today))
        added = [line.split(":")[0] for line in lines if "rows read" in line]
        assert added == [f"simulation seed-2-{month}" for month in months for _ in RECORDS]
    days = [str(release.available_on) for release in shop.archive.releases()]
    assert days == ["2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01"]
