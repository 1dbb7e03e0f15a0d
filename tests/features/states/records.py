"""Archives of a few invented coups, conditions and elections, ingested as files."""

from datetime import date
from pathlib import Path

from features.archive.coverage import Coverage, Span
from features.archive.folders import Records
from features.archive.releases import Archive, Release
from features.months import parse_month
from features.sources.source import FileOptions
from features.sources.states.delivery import read_states

RECEIVED = date(2024, 6, 3)
SPANS = Coverage(
    tuple(Span(code, parse_month("2000-01"), parse_month("2004-12")) for code in ("BFA", "MLI"))
)


def table(header: str, *rows: str) -> str:
    return "\n".join([header, *rows, ""])


def ingest(
    home: Path,
    records: Records,
    content: str,
    *,
    name: str = "table",
    source: str | None = None,
    coverage: Coverage | None = SPANS,
    received: date = RECEIVED,
) -> Release:
    """The release of a file with this content, in the archive of a home."""
    path = home.with_name(f"{home.name}-{name}.csv")
    path.write_text(content, encoding="utf-8")
    options = FileOptions(received_on=received, coverage=coverage, release=name)
    delivery = read_states(path, records, options, source)
    return Archive(home).add(delivery).release
