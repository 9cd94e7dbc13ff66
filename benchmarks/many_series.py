"""A lakehouse of thousands of made-up hourly series in twenty groups.

Every series has a daily and a weekly rhythm, follows the wind of its group's place, and is
published at noon for the next day. Their models: `benchmarks.many_models`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.arrow import ArrowTables, schema
from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.catalogue.reading import checked
from lakehouse.tables import TABLES, Table
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import HOUR
from models.backtest.days import Daily, samples_at
from models.backtest.history import History
from models.samples import CALENDAR, PAST_DAYS, PAST_HOURS, Floats, Samples, Times

GROUPS = 20
START = datetime(2024, 4, 1, 22, tzinfo=UTC)  # a local midnight; no clock changes until October
ZONE = "Europe/Copenhagen"
TRAIN_DAYS, LATER_DAYS = 30, 4
DAYS = PAST_DAYS + TRAIN_DAYS + LATER_DAYS
_WEEK = 7 * 24


@dataclass(frozen=True)
class World:
    """So many series, evenly in twenty groups, hourly from `START` on; alike in every process."""

    n_series: int

    @cached_property
    def names(self) -> list[str]:
        """The series, group after group."""
        return [f"s{i:05}" for i in range(self.n_series)]

    def members(self, group: int) -> slice:
        """The positions of a group's series."""
        edges = np.linspace(0, self.n_series, GROUPS + 1).astype(int)
        return slice(edges[group], edges[group + 1])

    @cached_property
    def hours(self) -> Times:
        """The starts of all hours, UTC."""
        start = np.datetime64(START.replace(tzinfo=None), "us")
        return np.asarray(start + np.arange(DAYS * 24) * np.timedelta64(1, "h"))

    @cached_property
    def weather(self) -> Floats:
        """(groups, hours, variables) in the units of the catalogue."""
        random = np.random.default_rng(1)
        phase = np.arange(DAYS * 24)[None, :, None] / 24.0 * 2.0 * np.pi
        middle, width = np.array([10.0, 0.5, 50.0, 6.0]), np.array([8.0, 0.5, 40.0, 4.0])
        noise = random.normal(size=(GROUPS, DAYS * 24, len(middle)))
        return np.asarray(middle + width * (0.7 * np.sin(phase) + 0.3 * noise))

    @cached_property
    def values(self) -> Floats:
        """(series, hours)."""
        random = np.random.default_rng(0)
        hour = np.arange(DAYS * 24)
        level, swing = random.uniform(20.0, 200.0, (2, self.n_series, 1))
        made = level + swing * np.sin((hour / 24.0 + random.random((self.n_series, 1))) * 2 * np.pi)
        made += 0.3 * swing * (hour // 24 % 7 >= 5) + random.normal(0.0, 5.0, made.shape)
        for group in range(GROUPS):
            made[self.members(group)] -= self.weather[group, :, WEATHER_VARIABLES.index(
                "wind_speed_10m")]  # fmt: skip
        return np.asarray(made)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Twenty places with a group of series each."""
        late = {"rule": "after_interval", "delay_hours": 120, "basis": "simulated"}
        auction = {"rule": "day_before", "at": "12:45", "timezone": ZONE, "basis": "simulated"}
        raw: dict[str, Any] = {
            "history_start": START,
            "groups": {
                f"g{i:02}": {"kind": "price", "origin": "09:30", "timezone": ZONE}
                for i in range(GROUPS)
            },
            "data_sets": {
                "MadeUp": {
                    "time_column": "HourUTC", "value_column": "v", "key_columns": ["k"],
                    "unit": "EUR/MWh", "lookback_days": 3, "publication": auction,
                }
            },
            "locations": {
                f"p{i:02}": {"name": "Made up", "latitude": 56, "longitude": 10}
                for i in range(GROUPS)
            },
            "weather": {"weather_model": "w", "issue_basis": "simulated", "actual": late},
            "series": {
                name: {
                    "series_group": f"g{i:02}", "data_set": "MadeUp", "source_key": [name],
                    "unit": "EUR/MWh", "location_id": f"p{i:02}", "description": "made up",
                }
                for i in range(GROUPS)
                for name in self.names[self.members(i)]
            },
        }  # fmt: skip
        return checked(raw, "made up")

    def samples(self, group: int) -> Samples:
        """The samples with truth of a group's training days."""
        mine = self.values[self.members(group)]
        start = self.hours[0]
        names = np.array(self.names[self.members(group)], dtype=object)
        history = History(names, start, 60, mine, np.empty((*mine.shape, 0)), (), ZONE)
        days = [(START + HOUR * 24 * (PAST_DAYS + i) + 2 * HOUR).date() for i in range(TRAIN_DAYS)]
        samples = samples_at(history, days, Daily())
        first = ((samples.past_start - start) / np.timedelta64(1, "h")).astype(np.int64)
        ahead = first[:, None] + PAST_HOURS + np.arange(samples.target_mask.shape[1])
        known = samples.known.copy()
        known[:, :, len(CALENDAR) :] = self.weather[group][ahead]
        known[~samples.target_mask] = np.nan
        past = self.weather[group][first[:, None] + np.arange(PAST_HOURS)]
        return replace(samples, past_weather=past, known=known)


def settle(world: World, folder: Path) -> None:
    """Write the silver tables, a week of observations a file, as if they had come week by week."""
    arrow = ArrowTables(folder)
    arrow.create_missing(TABLES)
    [publication] = world.catalogue.data_sets["MadeUp"].publication
    known_at = [publication.available_at(START + i * HOUR, 60) for i in range(len(world.hours))]
    available = np.array([instant.replace(tzinfo=None) for instant in known_at], "datetime64[us]")
    hours = world.hours
    names = np.array(world.names, dtype=object)
    for first in range(0, len(hours), _WEEK):
        week = slice(first, first + _WEEK)
        count = len(hours[week])
        columns = {
            "series_id": np.tile(names, count),
            "event_time": np.repeat(hours[week], len(names)),
            "available_at": np.repeat(available[week], len(names)),
            "value": world.values[:, week].T.ravel(),
            "unit": "EUR/MWh",
            "resolution_minutes": 60,
        }
        _keep(arrow, OBSERVATIONS, f"week-{first:05}", columns)
    _keep(arrow, WEATHER_OBSERVATIONS, "all", _weather_seen(world))
    _keep(arrow, WEATHER_FORECASTS, "newest", _weather_ahead(world))


def _weather_seen(world: World) -> dict[str, Any]:
    places, hours, variables = (axis.ravel() for axis in np.indices(world.weather.shape))
    times = world.hours[hours]
    return {
        "location_id": np.array(sorted(world.catalogue.locations), dtype=object)[places],
        "variable": np.array(WEATHER_VARIABLES, dtype=object)[variables],
        "event_time": times,
        "available_at": times + np.timedelta64(5, "D"),
        "value": world.weather.ravel(),
    }


def _weather_ahead(world: World) -> dict[str, Any]:
    """Runs of the last days, every six hours, for sixty hours each: the weather as it came."""
    ends = len(world.hours)
    runs = np.arange(ends - (LATER_DAYS + 2) * 24 + 2, ends - 60, 6)
    shape = (GROUPS, len(runs), 60, len(WEATHER_VARIABLES))
    places, run, lead, variables = (axis.ravel() for axis in np.indices(shape))
    about = runs[run] + lead
    return {
        "location_id": np.array(sorted(world.catalogue.locations), dtype=object)[places],
        "weather_model": "w",
        "variable": np.array(WEATHER_VARIABLES, dtype=object)[variables],
        "issue_time": world.hours[runs[run]],
        "valid_time": world.hours[about],
        "available_at": world.hours[runs[run]] + np.timedelta64(6, "h"),
        "value": world.weather[places, about, variables],
    }


def _keep(arrow: ArrowTables, table: Table, name: str, columns: Mapping[str, Any]) -> None:
    """Add a file with these columns to a table; the others hold what is typical."""
    count = len(columns["value"])
    whole = {
        field.name: pa.array(columns[field.name], type=field.type)
        if isinstance(columns.get(field.name), np.ndarray)
        else pa.repeat(pa.scalar(columns.get(field.name, typical), type=field.type), count)
        for field, typical in zip(schema(table), table.row().values(), strict=True)
    }
    file = arrow.path(table) / f"{name}.parquet"
    pq.write_table(pa.table(whole, schema=schema(table)), file)
    arrow.adopt(table, [file])


def long_rows(world: World, first: int, end: int) -> pd.DataFrame:
    """Values and weather of the hours at positions `first` to `end`, for those who read frames:
    series_id, time (UTC, naive), value and the weather of its place."""
    hours = end - first
    place = np.repeat(
        np.arange(GROUPS), [len(world.names[world.members(g)]) for g in range(GROUPS)]
    )
    times = pd.date_range(START.replace(tzinfo=None) + first * HOUR, periods=hours, freq="h")
    rows: dict[str, npt.NDArray[Any]] = {
        "series_id": np.repeat(np.array(world.names, dtype=object), hours),
        "time": np.tile(times.to_numpy(), len(world.names)),
        "value": world.values[:, first:end].ravel(),
    }
    for number, name in enumerate(WEATHER_VARIABLES):
        rows[name] = world.weather[place, first:end, number].ravel()
    return pd.DataFrame(rows)
