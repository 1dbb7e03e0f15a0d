"""The report of an ingest: what was read, taken, kept aside and rejected, and what is doubtful."""

from collections.abc import Iterator

from features.archive.delivery import Deaths
from features.archive.releases import Addition
from features.months import format_month
from features.strict import Strict


class Rejection(Strict):
    """A reason for which rows were rejected or kept aside, how many, and the first of them."""

    reason: str
    rows: int
    line: int
    record: str | None


class IngestReport(Strict):
    """What became of a file: numbers of rows, deaths, and `months` observed of countries."""

    release: str
    file_name: str
    is_new: bool
    simulated: bool
    available_on: str
    is_habit: bool
    what: str
    read: int
    taken: int
    aside: int
    rejected: int
    withdrawn: int
    reasons: tuple[Rejection, ...]
    deaths: Deaths | None
    countries: int
    months: int
    first_month: str
    last_month: str
    notes: tuple[str, ...]
    doubts: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the report in plain text."""
        yield (
            f"{self.release}: {self.read:,} rows read, {self.taken:,} {self.what}, "
            f"{self.rejected:,} rejected"
            + (f", {self.aside:,} kept aside" if self.aside else "")
            + (f", {self.withdrawn:,} withdrawn" if self.withdrawn else "")
            + ("" if self.is_new else "; already in the archive, nothing changed")
        )
        countries = f"{self.countries:,} {'country' if self.countries == 1 else 'countries'}"
        yield f"  observed: {countries}, {self.first_month} to {self.last_month}"
        if self.deaths is not None:
            of = self.deaths
            counted = f"{of.taken:,} taken, {of.observed:,} in observed months"
            yield f"  deaths: {of.read:,} read, {counted}"
        for reason in self.reasons:
            rows = f"{reason.rows:,} row{'s' * (reason.rows > 1)}"
            yield f"  not taken: {reason.reason} ({rows}, first in line {reason.line})"
        for note in self.notes:
            yield f"  note: {note}"
        for doubt in self.doubts:
            yield f"  doubtful: {doubt}"


def report_of(addition: Addition) -> IngestReport:
    """Return the report of a release that was added, or was in the archive already."""
    release, is_new = addition
    coverage = release.coverage()
    spans = coverage.spans
    return IngestReport(
        release=release.name,
        file_name=release.file_name,
        is_new=is_new,
        simulated=release.simulated,
        available_on=str(release.available_on),
        is_habit=release.is_habit,
        what=release.records if release.level is None else "rows of counts",
        read=release.rows_read,
        taken=release.rows_accepted,
        aside=release.rows_aside,
        rejected=release.rows_rejected - release.rows_aside,
        withdrawn=release.rows_deleted,
        reasons=tuple(_rejections(addition)),
        deaths=release.deaths,
        countries=len({span.country for span in spans}),
        months=sum(span.last_month - span.first_month + 1 for span in spans),
        first_month=format_month(min(span.first_month for span in spans)),
        last_month=format_month(coverage.last_month),
        notes=release.notes,
        doubts=release.doubts,
    )


def _rejections(addition: Addition) -> Iterator[Rejection]:
    """Yield the reasons of rejected rows, the commonest first."""
    rows = addition.release.rejected().sort_values("line")
    rows = rows.assign(reasons=rows["reasons"].str.split("; ")).explode("reasons")
    found = [(-len(those), str(reason), those.iloc[0]) for reason, those in rows.groupby("reasons")]
    for negative, reason, first in sorted(found, key=lambda one: one[:2]):
        record = first["record"]
        yield Rejection(reason=reason, rows=-negative, line=int(first["line"]), record=record)
