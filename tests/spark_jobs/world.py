"""A small world of silver rows: two hourly groups in one town, sixty days, every vintage known."""

import math
from datetime import datetime, timedelta
from typing import Any

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.tables import Table
from lakehouse.tables.silver import OBSERVATIONS, SERIES, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import DAY, HOUR
from spark_jobs import silver
from tests.small_lakehouse import SmallLakehouse, utc

LOAD, PRICE = "town.load", "town.price"
START, END = utc("2024-09-01 00:00"), utc("2024-10-31 00:00")
SILVER = (OBSERVATIONS, WEATHER_OBSERVATIONS, WEATHER_FORECASTS)

Rows = dict[Table, list[dict[str, Any]]]


def town_catalogue(minutes: int = 60) -> Catalogue:
    """A load series known 9 days late and a price known the day before, in one town."""
    zone = "Europe/Copenhagen"
    late = {"rule": "after_interval", "delay_hours": 216, "basis": "simulated"}
    auction = {"rule": "day_before", "at": "12:45", "timezone": zone, "basis": "simulated"}
    read = {"time_column": "HourUTC", "value_column": "v", "key_columns": ["k"], "lookback_days": 3}
    read["resolution_minutes"] = minutes
    place = {"location_id": "town", "unit": "x", "description": "x"}
    return Catalogue.model_validate(
        {
            "history_start": START,
            "groups": {
                name: {"group_id": name, "kind": kind, "origin": "09:30", "timezone": zone}
                for name, kind in (("load", "energy"), ("price", "price"))
            },
            "data_sets": {
                "Load": read | {"name": "Load", "unit": "kWh", "publication": late},
                "Price": read | {"name": "Price", "unit": "EUR/MWh", "publication": auction},
            },
            "locations": {
                "town": {"location_id": "town", "name": "Town", "latitude": 56, "longitude": 10}
            },
            "weather": {"weather_model": "w", "issue_basis": "simulated", "actual": late},
            "series": {
                name: place
                | {"series_id": name, "series_group": group, "data_set": data_set}
                | {"source_key": ["k"]}
                for name, group, data_set in ((LOAD, "load", "Load"), (PRICE, "price", "Price"))
            },
        }
    )


def town_rows(catalogue: Catalogue) -> Rows:
    """Every row of the three silver tables; each has the time at which it became known."""
    hours = [START + i * HOUR for i in range(round((END - START) / HOUR))]
    observations = []
    for series in catalogue.series.values():
        publication = catalogue.data_sets[series.data_set].publication
        for number, hour in enumerate(hours):
            row = OBSERVATIONS.row(
                series_id=series.series_id,
                event_time=hour,
                available_at=publication.available_at(hour, 60),
                value=100 + 10 * math.sin(number / 24 * 2 * math.pi) + number % 7,
            )
            observations.append(row)
            if number % 11 == 0:  # a later correction
                later = row["available_at"] + (1 + number % 5) * DAY
                observations.append(row | {"available_at": later, "value": row["value"] + 5})
    place = {"location_id": "town", "unit": "u"}
    weather = [
        WEATHER_OBSERVATIONS.row(
            **place, variable=name, event_time=hour,
            available_at=hour + 5 * DAY, value=offset + number % 13,
        )
        for number, hour in enumerate(hours)
        for offset, name in enumerate(WEATHER_VARIABLES)
    ]  # fmt: skip
    forecasts = [
        WEATHER_FORECASTS.row(
            **place, weather_model="w", variable=name, issue_time=run, valid_time=run + lead * HOUR,
            available_at=run + 6 * HOUR, value=offset + (run.day * 7 + run.hour + lead) % 17,
        )
        for run in runs(START + 40 * DAY, END)
        for lead in range(60)
        for offset, name in enumerate(WEATHER_VARIABLES)
    ]  # fmt: skip
    return {OBSERVATIONS: observations, WEATHER_OBSERVATIONS: weather, WEATHER_FORECASTS: forecasts}


def runs(first: datetime, last: datetime) -> list[datetime]:
    """Weather runs at 00 and 12 UTC."""
    return [first + i * timedelta(hours=12) for i in range(round((last - first) / HOUR) // 12)]


def settle(small: SmallLakehouse, catalogue: Catalogue, rows: Rows) -> None:
    """Write the world; tables that tests only read are written without Spark."""
    small.arrow.append(SERIES, silver.series_rows(catalogue))
    for table, content in rows.items():
        if content:
            small.arrow.append(table, content)


def with_another_future(rows: Rows, origin: datetime) -> Rows:
    """The world in which everything that became known after `origin` is different, and more."""

    def other(row: dict[str, Any]) -> dict[str, Any]:
        if row["available_at"] <= origin:
            return row
        return row | {"value": row["value"] * 1000 + 7}

    changed = {table: [other(row) for row in content] for table, content in rows.items()}
    known = {
        table: [row for row in content if row["available_at"] <= origin]
        for table, content in rows.items()
    }
    for table in (OBSERVATIONS, WEATHER_OBSERVATIONS):
        # Corrections of what was known, a second after the origin.
        soon = {"available_at": origin + timedelta(seconds=1), "value": -9e5}
        newest = {tuple(row[k] for k in table.key[:-1]): row for row in known[table]}
        changed[table] += [row | soon for row in newest.values()]
    # A newer weather run, about the same hours.
    soon = {"available_at": origin + timedelta(seconds=1), "issue_time": origin - HOUR}
    about = {(row["variable"], row["valid_time"]): row for row in known[WEATHER_FORECASTS]}
    changed[WEATHER_FORECASTS] += [row | soon | {"value": -9e5} for row in about.values()]
    return changed
