"""Tables as rows by key, for the tests of signs."""

from typing import Any

import pandas as pd

Row = dict[Any, Any]


def rows_by(table: pd.DataFrame, *key: str) -> dict[Any, Row]:
    """Return the rows of a table by one column, or by the tuple of several."""
    rows: list[Row] = table.astype(object).where(table.notna(), None).to_dict("records")
    return {tuple(row[n] for n in key) if len(key) > 1 else row[key[0]]: row for row in rows}
