"""Which days of observations are broken, by gold.quality and what was known at a moment."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.tables.watched import QUALITY
from models.broken_days import Broken

FAULTS = frozenset({"range", "flat", "unit", "shifted"})
"""Faults of values that are there, but are not the truth."""


def broken_days(
    arrow: ArrowTables, issued: Iterable[tuple[str, datetime]], since: date | None = None
) -> Broken:
    """Series and local days, from `since` on, that had such a fault: of each (group, moment) pair
    those of the group, by the newest values known at the moment, whenever they were judged."""
    found: set[tuple[str, date]] = set()
    for group, moment in issued:
        newest: dict[tuple[str, date], dict[str, Any]] = {}
        for row in sorted(_judged(arrow, group, since), key=lambda row: (row[0], row[1]["as_of"])):
            if row[0] <= moment:
                newest[row[1]["owner"], row[1]["day"]] = row[1]
        found |= {day for day, row in newest.items() if FAULTS & set(row["faults"])}
    return frozenset(found)


def _judged(
    arrow: ArrowTables, group: str, since: date | None
) -> list[tuple[datetime, dict[str, Any]]]:
    """Verdicts, each with when the newest value that it is about became known."""
    names = ["owner", "day", "faults", "as_of", "known_at"]
    filters: list[tuple[str, str, Any]] = [
        ("data_set", "=", "observations"),
        ("series_group", "=", group),
    ]
    if since:
        filters.append(("day", ">=", since))
    return [(row["known_at"] or row["as_of"], row) for row in arrow.rows(QUALITY, names, filters)]
