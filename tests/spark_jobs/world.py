"""A small world of silver rows: a town of two hourly groups, sixty days, every vintage known.

A third group, of half-hours, can be added: its series changes from hours to quarter-hours within,
it has a covariate, and no location.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue, DataSet, Publication
from lakehouse.tables import Table
from lakehouse.tables.silver import (
    COVARIATES,
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.time import DAY, HOUR
from spark_jobs.catalogue_tables import series_rows
from tests.small_lakehouse import SmallLakehouse, utc

LOAD, PRICE, TARIFF = "town.load", "town.price", "town.tariff"
#: From here on the tariff has quarter-hours.
CHANGE = utc("2024-10-05 10:00")
START, END = utc("2024-09-01 00:00"), utc("2024-10-31 00:00")
Rows = dict[Table, list[dict[str, Any]]]


def town_catalogue(minutes: int = 60) -> Catalogue:
    """A load series known 9 days late and a price known the day before, in one town."""
    zone = "Europe/Copenhagen"
    late = {"rule": "after_interval", "delay_hours": 216, "basis": "simulated"}
    auction = {"rule": "day_before", "at": "12:45", "timezone": zone, "basis": "simulated"}
    read = {"time_column": "HourUTC", "value_column": "v", "key_columns": ["k"], "lookback_days": 3}
    read["resolution_minutes"] = minutes
    place = {"location_id": "town", "description": "x"}
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
                | {"source_key": ["k"], "unit": unit}
                for name, group, data_set, unit in (
                    (LOAD, "load", "Load", "kWh"),
                    (PRICE, "price", "Price", "EUR/MWh"),
                )
            },
        }
    )


def with_home(town: Catalogue) -> Catalogue:
    """The town, and a tariff in half-hours with the wind as a covariate."""
    zone = "Europe/London"
    before = {"rule": "day_before", "timezone": zone, "basis": "simulated"}
    raw = town.model_dump()
    raw["groups"]["home"] = {
        "group_id": "home", "kind": "price", "origin": "08:30", "timezone": zone,
        "resolution_minutes": 30, "covariates": ["wind"],
    }  # fmt: skip
    raw["data_sets"]["Tariff"] = {
        "name": "Tariff", "source": "file", "unit": "p/kWh",
        "time_column": "t", "value_column": "v", "known_columns": ["wind", "unused"],
        "resolution_minutes": 15, "resolution_before": [{"until": CHANGE, "minutes": 60}],
        "publication": before | {"at": "16:00"}, "known_publication": before | {"at": "06:00"},
    }  # fmt: skip
    raw["series"][TARIFF] = {
        "series_id": TARIFF, "series_group": "home", "data_set": "Tariff", "unit": "p/kWh",
        "description": "x",
    }  # fmt: skip
    return Catalogue.model_validate(raw)


def town_rows(catalogue: Catalogue) -> Rows:
    """Every row of the silver tables; each has the time at which it became known.

    One in eleven is corrected later; every third of those returns to what it was. One in 53 lacks.
    """
    hours = [START + i * HOUR for i in range(round((END - START) / HOUR))]
    observations, covariates = [], []
    for series in catalogue.series.values():
        data_set = catalogue.data_sets[series.data_set]
        times = [t for hour in hours for t in _starts(hour, data_set.resolution_at(hour))]
        [publication] = data_set.publication
        rows = [
            OBSERVATIONS.row(series_id=series.series_id, **_first(number, publication, data_set, t))
            for number, t in enumerate(times)
            if number % 53
        ]
        observations += [vintage for row in rows for vintage in _vintages(row)]
        for name in data_set.known_columns:
            assert data_set.known_publication
            known = [
                COVARIATES.row(
                    series_id=series.series_id,
                    name=name,
                    **_first(number, data_set.known_publication, data_set, t),
                )
                for number, t in enumerate(times)
            ]
            covariates += [vintage for row in known for vintage in _vintages(row)]
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
    return {
        OBSERVATIONS: observations,
        COVARIATES: covariates,
        WEATHER_OBSERVATIONS: weather,
        WEATHER_FORECASTS: forecasts,
    }


def _starts(hour: datetime, minutes: int) -> list[datetime]:
    return [hour + timedelta(minutes=m) for m in range(0, 60, minutes)]


def _first(
    number: int, publication: Publication, data_set: DataSet, event_time: datetime
) -> dict[str, Any]:
    """The first value of an interval. Much of it came in a backfill, after all of these days."""
    minutes = data_set.resolution_at(event_time)
    known_at = publication.available_at(event_time, minutes)
    return {
        "event_time": event_time,
        "resolution_minutes": minutes,
        "available_at": known_at,
        "recorded_at": END + 100 * DAY if number % 2 else known_at,
        "value": 100 + 10 * math.sin(number / 24 * 2 * math.pi) + number % 7,
    }


def _vintages(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A value and its corrections."""
    number = round((row["event_time"] - START) / HOUR)
    if number % 11:
        return [row]
    later = row["available_at"] + (1 + number % 5) * DAY
    corrected = row | {"available_at": later, "value": row["value"] + 5}
    returned = row | {"available_at": later + DAY}
    return [row, corrected] if number % 3 else [row, corrected, returned]


def runs(first: datetime, last: datetime) -> list[datetime]:
    """Weather runs at 00 and 12 UTC."""
    return [first + i * timedelta(hours=12) for i in range(round((last - first) / HOUR) // 12)]


def settle(small: SmallLakehouse, catalogue: Catalogue, rows: Rows) -> None:
    """Write the world; tables that tests only read are written without Spark."""
    small.arrow.append(SERIES, series_rows(catalogue))
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
    second = origin + timedelta(seconds=1)
    for table in (OBSERVATIONS, COVARIATES, WEATHER_OBSERVATIONS):
        changed[table] += _corrections(table, known[table], second)
    changed[OBSERVATIONS] += _what_lacked(known[OBSERVATIONS], second)
    # A newer weather run, about the same hours.
    soon = {"available_at": second, "issue_time": origin - HOUR}
    about = {(row["variable"], row["valid_time"]): row for row in known[WEATHER_FORECASTS]}
    changed[WEATHER_FORECASTS] += [row | soon | {"value": -9e5} for row in about.values()]
    return changed


def _corrections(
    table: Table, known: list[dict[str, Any]], moment: datetime
) -> list[dict[str, Any]]:
    """Of all that was known another value; where it had been corrected, the one before again."""
    values: dict[Any, list[dict[str, Any]]] = {}
    for row in sorted(known, key=lambda row: row["available_at"]):
        values.setdefault(tuple(row[k] for k in table.key[:-1]), []).append(row)
    return [
        vintages[-1]
        | {"available_at": moment, "value": vintages[-2]["value"] if vintages[1:] else -9e5}
        for vintages in values.values()
    ]


def _what_lacked(known: list[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
    """Backfilled after all: what followed the intervals known, and the quarters of each hour."""
    held = {(row["series_id"], row["event_time"]): row for row in known}
    late = {"available_at": moment, "value": -9e5}
    found = []
    for (series_id, time), row in held.items():
        length = row["resolution_minutes"]
        following = [(time + timedelta(minutes=length), length)]
        quarters = [(start, 15) for start in _starts(time, 15)[1:] if length == 60]
        found += [
            row | late | {"event_time": start, "resolution_minutes": minutes}
            for start, minutes in following + quarters
            if (series_id, start) not in held
        ]
    return found
