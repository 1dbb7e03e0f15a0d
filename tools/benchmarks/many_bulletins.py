"""Make a home with many large bulletins from a single one, for `service.py`.

    python -m tools.benchmarks.many_bulletins BULLETIN HOME [--bulletins 60] [--regions 940]

BULLETIN is the folder of a bulletin. Its regions are copied under other ids until there are enough,
and each new bulletin has an origin a month earlier and other probabilities. They are issued in the
order of their origins, each after the one before it.
"""

import argparse
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from bulletins.form import DRIVERS_FILE, INDICATORS_FILE, REGIONS_FILE, SCORES_FILE
from bulletins.manifest import FORMAT, Manifest, blank_id
from bulletins.reading import read_manifest, read_parts
from bulletins.writing import parquet_of, write_bulletin
from features.hashes import sha256_of
from features.months import format_month, parse_month

Tables = dict[str, pd.DataFrame]


def copied(table: pd.DataFrame, copies: int) -> pd.DataFrame:
    """Return the rows of a table for every copy of its regions."""
    if "region" not in table:
        return table
    parts = []
    for copy in range(copies):
        suffix = f"-{copy}" if copy else ""
        part = table.assign(region=table["region"] + suffix)
        if "neighbours" in part:
            part["neighbours"] = [[name + suffix for name in names] for names in part["neighbours"]]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table in the order of a bulletin."""
    key = ("level", "region", "target", "horizon", "month")
    return table.sort_values([column for column in key if column in table], kind="stable")


def bulletins(folder: Path, number: int, regions: int) -> Iterator[tuple[Manifest, Tables]]:
    """Yield the manifests and tables of the new bulletins."""
    manifest = read_manifest(folder)
    tables = {name: part.whole().to_pandas() for name, part in read_parts(folder, manifest).items()}
    copies = -(-regions // len(tables[REGIONS_FILE]))
    tables = {name: copied(table, copies) for name, table in tables.items()}
    scores = tables[SCORES_FILE]
    for age in reversed(range(number)):
        origin = format_month(parse_month(manifest.origin) - age)
        shift = np.random.default_rng(age).normal(0, 0.01, len(scores))
        tables[SCORES_FILE] = scores.assign(
            probability=(scores["probability"] + shift).clip(0, 1) if age else scores["probability"]
        )
        changes = {
            "format": FORMAT,
            "id": blank_id(origin),
            "origin": origin,
            "issued_at": manifest.issued_at - timedelta(days=30 * age),
            "rows": len(scores),
        }
        yield manifest.model_copy(update=changes), tables


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bulletin", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--bulletins", type=int, default=60)
    parser.add_argument("--regions", type=int, default=940)
    options = parser.parse_args()
    sources = read_parts(options.bulletin, read_manifest(options.bulletin))
    content = {INDICATORS_FILE: (options.bulletin / INDICATORS_FILE).read_bytes()}
    for manifest, tables in bulletins(options.bulletin, options.bulletins, options.regions):
        for name, table in tables.items():
            if name == SCORES_FILE or name not in content:
                content[name] = parquet_of(in_order(table), sources[name].schema)
        hashes = {name: sha256_of(data) for name, data in content.items()}
        changes = {
            "scores_sha256": hashes.pop(SCORES_FILE),
            "drivers_sha256": hashes.pop(DRIVERS_FILE, None),
            "files": hashes,
        }
        issued, _ = write_bulletin(options.home, content, manifest.model_copy(update=changes))
        print(issued.id, len(tables[SCORES_FILE]), flush=True)


if __name__ == "__main__":
    main()
