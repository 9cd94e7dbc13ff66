"""Requests to Energi Data Service (Energinet, Denmark): energy records, no key needed.

https://www.energidataservice.dk/guides/api-guides
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lakehouse.catalogue import DataSet
from lakehouse.errors import BadInput
from lakehouse.landing import Request
from lakehouse.time import iso

SOURCE = "energi_data_service"
#: Where an answer keeps its records.
RECORDS = "records"
ZONE = ZoneInfo("Europe/Copenhagen")

# `start` and `end` are wall-clock texts that the service reads as Danish local time. A wall clock
# cannot say which of the two hours after summer time it means, and whether the text is compared
# with the local column, with the UTC column, or is converted first, differs from reading to
# reading: by at most two hours before and one after. Three hours on each side lose none of the
# window under any of them; what lies outside it is a harmless repeat.
PADDING = timedelta(hours=3)


def request(
    data_set: DataSet, source_keys: Sequence[tuple[str, ...]], start: datetime, end: datetime
) -> Request:
    """ONE request for all keys of a data set over [start, end), UTC.

    The service allows about one request per data set and minute, so the whole window is asked for
    at once (`limit=0`: all rows). The filter names every value per key column, so with two key
    columns it also answers their other combinations, which are no series of ours. The answer
    holds the window and up to some hours around it; `window_start` and `window_end` stay as asked.
    Raises BadInput for an empty or naive window and for keys that do not fit the key columns.
    """
    _check(data_set, source_keys, start, end)
    chosen = {
        column: sorted({key[i] for key in source_keys})
        for i, column in enumerate(data_set.key_columns)
    }
    return Request(
        source=SOURCE,
        data_set=data_set.name,
        path=f"/dataset/{data_set.name}",
        params=(
            ("start", _wall_clock(start - PADDING)),
            ("end", _wall_clock(end + PADDING)),
            ("filter", json.dumps(chosen, ensure_ascii=False, separators=(",", ":"))),
            ("sort", f"{data_set.time_column} asc"),
            ("limit", "0"),
        ),
        window_start=start,
        window_end=end,
        asked=tuple("|".join(key) for key in source_keys),
    )


def _wall_clock(instant: datetime) -> str:
    return f"{instant.astimezone(ZONE):%Y-%m-%dT%H:%M}"


def _check(
    data_set: DataSet, source_keys: Sequence[tuple[str, ...]], start: datetime, end: datetime
) -> None:
    if start.tzinfo is None or end.tzinfo is None:
        raise BadInput(f"{data_set.name}: expected a window in UTC, got {start} to {end}.")
    if start >= end:
        raise BadInput(
            f"{data_set.name}: expected a window that ends after it starts, got "
            f"{iso(start)} to {iso(end)}."
        )
    wrong = [key for key in source_keys if len(key) != len(data_set.key_columns)]
    if wrong or not source_keys:
        raise BadInput(
            f"{data_set.name}: expected keys of the columns {list(data_set.key_columns)}, got "
            f"{wrong or 'none'}. Correct source_key in the catalogue."
        )
