"""Recorded weather on an hourly grid, from the sample's form and from Open-Meteo's exports.

An export says a time zone with summer time, but all its hours have the fixed offset that it gives
in seconds. Its wind is in km/h unless a heading says otherwise.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from lakehouse.catalogue import WEATHER_VARIABLES
from lakehouse.errors import BadInput
from sources.emulator import files
from sources.emulator.vintages import Hours, Values

SAMPLE_WEATHER, SAMPLE_LOCATIONS = "weather", "weather_locations"
WIND = "wind_speed_10m"
KMH_PER_MS = 3.6
#: Headings beside the variable's own name.
OTHER_HEADINGS = {"temperature_2m": ("temperature",)}
_EXPORT = re.compile(r"archive_(?P<place>.+?)(_\d{4})*")
_HEADING = re.compile(r"(?P<name>[^ (]+)(?: \((?P<unit>.+)\))?")


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


@dataclass(frozen=True)
class _Part:
    """What one file says of one place: hours (n,) and a value per variable (n, variables)."""

    place: str
    cell: tuple[float, float, float]
    hours: Hours
    values: Values


def is_weather(file: Path) -> bool:
    """Whether a recorded file holds weather."""
    stem = files.stem(file)
    return stem in (SAMPLE_WEATHER, SAMPLE_LOCATIONS) or bool(_EXPORT.fullmatch(stem))


def weather_places(recorded: Sequence[Path]) -> tuple[WeatherPlace, ...]:
    """Every place whose weather was recorded. Raises BadInput for a file of another form."""
    exports = [file for file in recorded if _EXPORT.fullmatch(files.stem(file))]
    by_stem = {files.stem(file): file for file in recorded}
    parts = [_export(file) for file in exports]
    if SAMPLE_WEATHER in by_stem and SAMPLE_LOCATIONS in by_stem:
        parts += _sample(by_stem[SAMPLE_WEATHER], by_stem[SAMPLE_LOCATIONS])
    places = dict.fromkeys(part.place for part in parts)
    return tuple(_place([part for part in parts if part.place == name]) for name in places)


def _place(parts: Sequence[_Part]) -> WeatherPlace:
    """One grid over all that was recorded of a place; of an hour told twice the last counts."""
    hours = np.concatenate([part.hours for part in parts])
    values = np.concatenate([part.values for part in parts])
    first = int(hours.min())
    grid = np.full((int(hours.max()) - first + 1, len(WEATHER_VARIABLES)), np.nan)
    grid[hours - first] = values
    variables = {name: grid[:, i] for i, name in enumerate(WEATHER_VARIABLES)}
    return WeatherPlace(parts[0].place, *parts[0].cell, first, variables)


def _sample(weather: Path, locations: Path) -> list[_Part]:
    heading, rows = files.table(weather, files.lines(weather))
    _, cells = files.table(locations, files.lines(locations))
    time, place = heading.index("time"), heading.index("location_id")
    parts = []
    for name, *cell in cells:
        mine = [row for row in rows if row[place] == name]
        hours = np.array([row[time] for row in mine], dtype="datetime64[h]").astype(np.int64)
        columns = [heading.index(variable) for variable in WEATHER_VARIABLES]
        latitude, longitude, elevation = (float(text) for text in cell)
        parts.append(_Part(name, (latitude, longitude, elevation), hours, _values(mine, columns)))
    return parts


def _export(file: Path) -> _Part:
    lines = files.lines(file)
    if len(lines) < 5 or not lines[0].startswith("latitude,"):
        raise BadInput(
            f"{file}: expected three lines about the place, beginning with 'latitude,', then a "
            f"heading and hours; it begins with '{lines[0][:60] if lines else ''}'."
        )
    about = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    heading, rows = files.table(file, lines[3:])
    zone = timezone(timedelta(seconds=int(about["utc_offset_seconds"])))
    hours = np.array(
        [hours_since_1970(datetime.fromisoformat(row[0]).replace(tzinfo=zone)) for row in rows]
    )
    found = [_heading_of(file, heading, variable) for variable in WEATHER_VARIABLES]
    values = _values(rows, [column for column, _ in found])
    wind = WEATHER_VARIABLES.index(WIND)
    if found[wind][1] in ("", "km/h"):
        values[:, wind] = np.round(values[:, wind] / KMH_PER_MS, 2)
    named = _EXPORT.fullmatch(files.stem(file))
    assert named is not None
    cell = (float(about["latitude"]), float(about["longitude"]), float(about["elevation"]))
    return _Part(named["place"], cell, hours, values)


def _heading_of(file: Path, heading: Sequence[str], variable: str) -> tuple[int, str]:
    """The column of a variable, and the unit that its heading says or nothing."""
    for column, text in enumerate(heading):
        told = _HEADING.fullmatch(text)
        if told and told["name"] in (variable, *OTHER_HEADINGS.get(variable, ())):
            return column, told["unit"] or ""
    raise BadInput(f"{file}: expected a column {variable}, got {list(heading)}.")


def _values(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> Values:
    """The figures of these columns: (rows, columns), NaN where there is none."""
    return np.array([[float(row[i] or "nan") for i in columns] for row in rows], dtype=np.float64)


def hours_since_1970(instant: datetime) -> int:
    """Whole hours from 1970-01-01T00Z to an instant."""
    return int(instant.timestamp()) // 3600
