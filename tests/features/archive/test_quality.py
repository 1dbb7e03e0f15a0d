from datetime import date
from pathlib import Path

import pytest

from features.archive.quality import Bounds, DataQuality, Names, data_quality
from features.archive.releases import Archive
from features.archive.vintage import open_vintage, vintage_of
from features.errors import ArchiveError
from features.sources.simulation.world import World, deliver
from tests.features.archive.deliveries import JANUARY, Event, a_delivery

BOUNDS = Bounds(lost=0.01, dropped=0.1, revised=0.1, fresh=(0.2, 4.0), vanished=0)
YEAR = [("MLI", JANUARY, JANUARY + 11), ("NER", JANUARY, JANUARY + 11)]
MONTHLY: dict[str, Event] = {f"m{n}": ("MLI", JANUARY + n, 1, 10) for n in range(12)}
FIRST, SECOND = date(2021, 1, 5), date(2021, 2, 5)


def quality(
    home: Path,
    events: dict[str, Event],
    spans: list[tuple[str, int, int]],
    bounds: Bounds = BOUNDS,
) -> DataQuality:
    """The quality of a second release beside a first one of twelve events in Mali."""
    archive = Archive(home)
    archive.add(a_delivery("1", MONTHLY, YEAR, available_on=FIRST))
    archive.add(a_delivery("2", events, spans, available_on=SECOND))
    before, after = (open_vintage(archive, day) for day in (FIRST, SECOND))
    return data_quality(before, after, bounds)


def longer(last: int) -> list[tuple[str, int, int]]:
    return [(country, first, last) for country, first, _ in YEAR]


def test_without_a_vintage_before_it_says_what_there_is(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery("1", MONTHLY, YEAR, available_on=FIRST))
    alone = data_quality(None, open_vintage(archive, FIRST), BOUNDS)
    assert (alone.events, alone.deaths, alone.newest, alone.faults) == (12, 120, "2020-12", ())
    assert list(alone.lines()) == [
        "12 events and 120 deaths to 2020-12 in 1 releases, as known on 2021-01-05",
        "no vintage before it to compare with",
    ]


def test_a_month_more_is_no_fault(tmp_path: Path) -> None:
    month: Event = ("MLI", JANUARY + 12, 1, 10)
    after = quality(tmp_path, MONTHLY | {"m12": month}, longer(JANUARY + 12))
    assert after.faults == ()
    assert (after.before, after.new_releases) == ("2021-01-05", ("ucdp-ged 2",))
    assert after.changes[0] == "country-months: 24 observed by both, 2 gained, 0 lost"


def test_actors_and_countries_that_appear_are_named(tmp_path: Path) -> None:
    spans = [*YEAR, ("BFA", JANUARY, JANUARY + 11)]
    after = quality(tmp_path, MONTHLY, spans)
    assert after.countries == Names(appeared=("BFA",))
    assert after.actors == Names()
    assert "countries that appeared: BFA" in after.lines()


@pytest.mark.parametrize(
    ("events", "spans", "fault"),
    [
        (  # two of twelve are gone: 17 %, and so are their deaths
            {name: MONTHLY[name] for name in list(MONTHLY)[2:]},
            YEAR,
            "16.7% of events are gone (10.0%)",
        ),
        (  # two died more than twice: 26 of 120
            MONTHLY | {"m0": ("MLI", JANUARY, 1, 36)},
            YEAR,
            "deaths of shared months changed by +21.7% (10.0%)",
        ),
        (  # one death a month after ten
            MONTHLY | {"m12": ("MLI", JANUARY + 12, 1, 1)},
            longer(JANUARY + 12),
            "new months have 1 deaths a month, 0.10 times those of the year before (0.2 to 4)",
        ),
        (  # nobody died, and a file that was cut looks the same
            MONTHLY,
            longer(JANUARY + 12),
            "new months have 0 deaths a month, 0.00 times those of the year before (0.2 to 4)",
        ),
        (
            MONTHLY | {"m12": ("MLI", JANUARY + 12, 1, 41)},
            longer(JANUARY + 12),
            "new months have 41 deaths a month, 4.10 times those of the year before (0.2 to 4)",
        ),
    ],
)
def test_what_is_beyond_a_bound_is_said(
    tmp_path: Path, events: dict[str, Event], spans: list[tuple[str, int, int]], fault: str
) -> None:
    after = quality(tmp_path, events, spans)
    assert fault in after.faults
    assert f"beyond a bound: {fault}" in after.lines()
    wide = Bounds(lost=1, dropped=1, revised=1, fresh=(0, 99), vanished=9)
    again = Archive(tmp_path)
    before, now = (open_vintage(again, day) for day in (FIRST, SECOND))
    assert data_quality(before, now, wide).faults == ()


def test_countries_that_are_no_longer_observed_are_beyond_a_bound(tmp_path: Path) -> None:
    """A new release takes no month away, but an archive that lost one does."""
    archive = Archive(tmp_path)
    archive.add(a_delivery("1", MONTHLY, YEAR, available_on=FIRST))
    archive.add(a_delivery("2", MONTHLY, YEAR[:1], available_on=SECOND))
    both = open_vintage(archive, SECOND)
    after = data_quality(both, vintage_of(both.releases[-1:], SECOND), BOUNDS)
    assert after.countries == Names(vanished=("NER",))
    assert "50.0% of country-months are no longer observed (1.0%)" in after.faults
    assert "no longer observed: NER (0)" in after.faults


def test_two_histories_are_not_compared(tmp_path: Path, world: World) -> None:
    real, simulated = Archive(tmp_path / "real"), Archive(tmp_path / "simulated")
    real.add(a_delivery("1", MONTHLY, YEAR, available_on=FIRST))
    simulated.add(deliver(world, SECOND))
    vintages = open_vintage(real, FIRST), open_vintage(simulated, SECOND)
    with pytest.raises(ArchiveError, match="two histories"):
        data_quality(*vintages, BOUNDS)
