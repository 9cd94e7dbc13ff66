"""Which days of observations are broken, as gold.quality said at a moment."""

from datetime import date, datetime
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.tables.watched import QUALITY
from models.broken_days import Broken

FAULTS = frozenset({"range", "flat", "unit", "shifted"})
"""Faults of values that are there, but are not the truth."""


def broken_days(arrow: ArrowTables, as_of: datetime, since: date | None = None) -> Broken:
    """Series and local days from `since` on that had such a fault by what was known at `as_of`."""
    names = ["owner", "day", "faults", "as_of"]
    filters: list[tuple[str, str, Any]] = [
        ("data_set", "=", "observations"),
        ("as_of", "<=", as_of),
    ]
    if since:
        filters.append(("day", ">=", since))
    newest: dict[tuple[str, date], dict[str, Any]] = {}
    for row in sorted(arrow.rows(QUALITY, names, filters), key=lambda row: row["as_of"]):
        newest[row["owner"], row["day"]] = row
    return frozenset(day for day, row in newest.items() if FAULTS & set(row["faults"]))
