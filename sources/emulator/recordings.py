"""The recorded sample in memory: energy records as they are served, weather on an hourly grid."""

import csv
import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from lakehouse.catalogue import WEATHER_VARIABLES
from lakehouse.errors import BadInput
from sources.emulator.vintages import Hours, Values

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ENERGY_FILES = {
    "ConsumptionIndustry": "consumption_industry.csv.gz",
    "Elspotprices": "elspotprices.csv.gz",
}
WEATHER_FILES = ("weather.csv.gz", "weather_locations.csv.gz")
NUMBERS = {"ConsumptionkWh", "SpotPriceDKK", "SpotPriceEUR"}


@dataclass(frozen=True)
class EnergyTable:
    """One data set: every record as JSON text, and its columns to choose by.

    Row i of every array and of `records` is the same record; rows are in order of time.
    """

    name: str
    fields: tuple[str, ...]
    columns: dict[str, NDArray[Any]]
    records: list[str]
    event_times: list[datetime]


@dataclass(frozen=True)
class WeatherPlace:
    """Actual weather of one grid cell; `first_hour` counts from 1970-01-01T00Z."""

    location_id: str
    latitude: float
    longitude: float
    elevation: float
    first_hour: int
    variables: dict[str, Values]

    def actual(self, variable: str, hours: Hours) -> Values:
        """Recorded values at these hours: (n,), NaN where nothing was recorded."""
        series = self.variables[variable]
        index = hours - self.first_hour
        inside = (index >= 0) & (index < len(series))
        return np.where(inside, series[np.clip(index, 0, len(series) - 1)], np.nan)


class Recordings:
    """A folder of recorded files, each read once, when it is first asked for.

    Raises BadInput where a file is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._energy: dict[str, EnergyTable] = {}
        missing = [name for name in (*ENERGY_FILES.values(), *WEATHER_FILES) if not self._has(name)]
        if missing:
            raise BadInput(
                f"Expected the recorded sample in {folder}; it lacks {missing}. Restore it from "
                "git, or run 'python sample/make_sample.py --from ../shared/data'."
            )

    def energy(self, data_set: str) -> EnergyTable | None:
        """The records of a data set, or None where it was not recorded."""
        if data_set not in self._energy and data_set in ENERGY_FILES:
            rows = self._read(ENERGY_FILES[data_set])
            self._energy[data_set] = _energy_table(data_set, rows)
        return self._energy.get(data_set)

    @cached_property
    def weather(self) -> tuple[WeatherPlace, ...]:
        """Every place whose weather was recorded."""
        rows, cells = (self._read(name)[1:] for name in WEATHER_FILES)
        return tuple(
            _weather_place(cell, [row for row in rows if row[1] == cell[0]]) for cell in cells
        )

    def _has(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def _read(self, name: str) -> list[list[str]]:
        with gzip.open(self._folder / name, "rt", encoding="utf-8", newline="") as text:
            return list(csv.reader(text))


def _energy_table(name: str, rows: list[list[str]]) -> EnergyTable:
    """The header and rows of a recorded file, with HourDK put back beside HourUTC."""
    recorded = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    utc = recorded.pop("HourUTC")
    hours = {text: datetime.fromisoformat(text).replace(tzinfo=UTC) for text in dict.fromkeys(utc)}
    local = {text: danish_wall_clock(hour) for text, hour in hours.items()}
    columns = {"HourUTC": utc, "HourDK": tuple(local[text] for text in utc), **recorded}
    # A recorded number is the shortest text of its float, which is how JSON writes it too.
    parts = [
        [f'"{field}":{text if field in NUMBERS else json.dumps(text)}' for text in texts]
        for field, texts in columns.items()
    ]
    return EnergyTable(
        name=name,
        fields=tuple(columns),
        columns={
            field: np.array(texts, dtype=np.float64 if field in NUMBERS else np.str_)
            for field, texts in columns.items()
        },
        records=["{" + ",".join(record) + "}" for record in zip(*parts, strict=True)],
        event_times=[hours[text] for text in utc],
    )


def _weather_place(cell: list[str], rows: list[list[str]]) -> WeatherPlace:
    hours = np.array([row[0] for row in rows], dtype="datetime64[h]").astype(np.int64)
    first = int(hours.min())
    variables = {}
    for i, variable in enumerate(WEATHER_VARIABLES, start=2):
        grid = np.full(int(hours.max()) - first + 1, np.nan)
        grid[hours - first] = [float(row[i]) if row[i] else np.nan for row in rows]
        variables[variable] = grid
    latitude, longitude, elevation = (float(text) for text in cell[1:])
    return WeatherPlace(cell[0], latitude, longitude, elevation, first, variables)


def hours_since_1970(instant: datetime) -> int:
    """Whole hours from 1970-01-01T00Z to an instant."""
    return int(instant.timestamp()) // 3600


def danish_wall_clock(instant: datetime) -> str:
    """The local time of an instant as Energi Data Service writes it."""
    return f"{instant.astimezone(COPENHAGEN):%Y-%m-%dT%H:%M:%S}"
