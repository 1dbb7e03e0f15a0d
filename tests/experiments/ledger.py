"""A home of a few deaths, bulletins and outcomes, for the tests of the track record."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from bulletins.form import DISTRIBUTIONS_FILE, DISTRIBUTIONS_SCHEMA
from bulletins.manifest import CoupsUsed, Manifest, ReleaseUsed, VintageUsed
from bulletins.record import Edition
from experiments.record.update import update_record
from features.archive.coverage import Coverage, Span
from features.archive.releases import Archive
from features.months import format_month, parse_month
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import score_row
from tests.bulletins.example_tables import distributions_of
from tests.features.archive.deliveries import JANUARY, a_delivery
from tests.features.states.records import ingest, table

MALI, NIGER = (("MLI", "Mali", "MLI", "country"), ("NER", "Niger", "NER", "country"))
ORIGIN = parse_month("2022-01")
WAR = dict.fromkeys(range(ORIGIN - 11, ORIGIN + 1), 30)
"""Thirty deaths in each of the twelve months to the origin; none before."""


class Ledger:
    """A home in which tests deliver deaths of Mali and Niger, issue bulletins and judge them."""

    def __init__(self, home: Path) -> None:
        self.home, self.archive = home, Archive(home)

    def deliver(
        self, name: str, day: date, months: tuple[int, int], mali: dict[int, int], **more: Any
    ) -> None:
        """Add a release of some months, with Mali's deaths in them."""
        first, last = months
        deaths = [("MLI", m, 1, number) for m, number in mali.items() if first <= m <= last]
        spans = [("MLI", first, last), ("NER", first, last)]
        self.archive.add(a_delivery(name, deaths, spans, available_on=day, **more))

    def list_coups(
        self, day: date, months: tuple[int, int], coups: Sequence[str], source: str = "coups"
    ) -> None:
        """Add a list that observes some months, with failed attempts: country and day each."""
        coverage = Coverage(tuple(Span(country, *months) for country in ("MLI", "NER")))
        rows = [f"{country},{on},failed" for country, on in (one.split() for one in coups)]
        ingest(
            self.home,
            "coups",
            table("country,date,outcome", *rows),
            name=f"list-{day}",
            source=source,
            coverage=coverage,
            received=day,
        )

    def issue(self, rows: list[dict[str, Any]], as_of: date, **changes: Any) -> Manifest:
        """Issue a bulletin of country scores from the releases of a day, on that day."""
        origin = rows[0]["origin"]
        rows = [{name: row[name] for name in row if name != "origin"} for row in rows]
        rows.sort(key=lambda row: (row["region"], row["target"], row["horizon"]))
        releases = tuple(
            ReleaseUsed(**{name: getattr(release, name) for name in ReleaseUsed.model_fields})
            for release in self.archive.releases()
            if release.available_on <= as_of
        )
        vintage = VintageUsed(history="ucdp", as_of=as_of, digest="0" * 64, releases=releases)
        issued_at = datetime(as_of.year, as_of.month, as_of.day, 12, tzinfo=UTC)
        deaths = pa.Table.from_pylist(distributions_of(rows), DISTRIBUTIONS_SCHEMA)
        coups = [row for row in rows if row["target"] == "coup"]
        used = self._lists_used(as_of, len(coups)) if coups else None
        known = {
            "origin": origin,
            "coups": used,
            "vintage": vintage,
            "issued_at": issued_at,
            "simulated": False,
        }
        known |= {"id": f"{origin}-{len(list((self.home / 'bulletins').glob('*'))):012x}"}
        return publish_bulletin(
            self.home, rows, parts={DISTRIBUTIONS_FILE: deaths}, **known | changes
        )

    def _lists_used(self, as_of: date, rows: int) -> CoupsUsed:
        lists = [r for r in self.archive.releases("coups") if r.available_on <= as_of]
        return CoupsUsed(
            name="tocsin-coups",
            version=1,
            run_id="0",
            sha256="0",
            trained_to="2020-01",
            served={1: "model"},
            skill={1: 0.1},
            attempts=40,
            rows=rows,
            releases=tuple(
                ReleaseUsed.model_validate(release, from_attributes=True) for release in lists
            ),
            success_shares={},
            seizures={},
            any_country={},
        )

    def update(self, day: date, **more: Any) -> Edition | None:
        now = datetime(day.year, day.month, day.day, 13, tzinfo=UTC)
        return update_record(
            self.home, self.archive, day, recorded_at=now, code="1.2.3+abc", **more
        )


def score(
    region: tuple[str, str, str, str],
    target: str,
    horizon: int,
    probability: float,
    origin: int = ORIGIN,
    **changes: Any,
) -> dict[str, Any]:
    """A score of a country, with its origin beside it."""
    month = format_month(origin)
    return score_row(region, target, horizon, probability, month) | changes | {"origin": month}


def ledger_in(home: Path) -> Ledger:
    """Return a home that knows Mali and Niger from 2020-01 to 2022-01, as of 2022-02-20."""
    ledger = Ledger(home)
    early = {"kind": "candidate", "source": "ucdp-candidate"}
    ledger.deliver("21.1", date(2022, 2, 1), (JANUARY, ORIGIN - 1), WAR)
    ledger.deliver("22.0.1", date(2022, 2, 20), (ORIGIN, ORIGIN), WAR, **early)
    return ledger
