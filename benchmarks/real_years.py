"""The real years of ../shared/data as groups of series, and faults that can be planted in them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from lakehouse.time import DAY
from monitoring.columns import Column, columns
from monitoring.kinds import ENERGY, PRICE, WEATHER
from monitoring.profiles import profile
from monitoring.quality import Kind, QualitySettings
from spark_jobs.daily_values import WINDOW_DAYS, Line, OneDay, day_quality, profile_frame

ZONE = ZoneInfo("Europe/Copenhagen")
#: Days that a planted fault is followed.
FOLLOWED = 28
_QUALITY = QualitySettings()
_MALMO = ("temperature", "precipitation", "cloud_cover", "wind_speed_10m")


@dataclass
class Group:
    """The series of one group, its quiet period, and what each local day of them says."""

    name: str
    quiet: tuple[date, date]
    lines: list[Line]

    @cached_property
    def days(self) -> dict[date, dict[str, Column]]:
        """The columns of the profile of each local day."""
        local = self.lines[0].vintages["event_time"].dt.tz_convert(ZONE).dt.date
        return {day: self.profiled(day) for day in sorted(set(local))}

    def between(self, first: date, last: date) -> list[date]:
        """The days of a period, both ends included."""
        return [day for day in self.days if first <= day <= last]

    def profiled(self, day: date) -> dict[str, Column]:
        """One day, as gold.profiles holds it."""
        return columns(profile(profile_frame(self._on(day))))

    def faults(self, day: date) -> set[str]:
        """The quality faults of a day, over all series."""
        pairs = self._on(day)
        owners = {line.owner for line, _ in pairs}
        each = [[pair for pair in pairs if pair[0].owner == owner] for owner in owners]
        return {f for own in each for q in day_quality(own, 0, _QUALITY) for f in q.faults}

    def only(self, feature: str) -> "Group":
        """The group with one of its features alone."""
        return replace(self, lines=[line for line in self.lines if line.feature == feature])

    def _on(self, day: date) -> list[tuple[Line, OneDay]]:
        return [(line, line.on(day)) for line in self.lines]


def consumption(data: Path) -> list[Group]:
    """Households, businesses and a country; quiet since the campaigns to save energy ended."""
    eds, since = data / "eds", date(2023, 4, 1)
    files = (
        ("households", "ConsumptionIndustry_851_Privat", "ConsumptionkWh", date(2024, 11, 30)),
        ("business", "ConsumptionIndustry_329_Erhverv", "ConsumptionkWh", date(2024, 12, 29)),
        ("country", "EnergyReport_DK2_2020_2024", "GrossConsumptionMWhDK2", date(2024, 12, 29)),
    )
    return [
        Group(name, (since, last), [_energy(eds / f"{file}.csv.gz", column)])
        for name, file, column, last in files
    ]


def prices(data: Path) -> Group:
    """Day-ahead prices of DK1 and DK2. Not quiet."""
    file = data / "eds" / "Elspotprices_DK1_DK2_2021_2024.csv.gz"
    read = pd.read_csv(file, sep=";", decimal=",")
    lines = [
        _line(str(area), "value", PRICE, pd.to_datetime(rows["HourUTC"]), rows["SpotPriceEUR"])
        for area, rows in read.groupby("PriceArea")
    ]
    return Group("prices", (date(2022, 1, 1), date(2024, 3, 30)), lines)


def weather(data: Path) -> Group:
    """Malmö 2024, with 2023 as its past year: fixed UTC+1 all year, wind in km/h."""
    read = pd.read_csv(data / "openmeteo" / "archive_malmo_2023_2024.csv.gz", skiprows=3)
    times = pd.to_datetime(read["time"]) - pd.Timedelta(hours=1)
    read["wind_speed_10m"] = (read["wind_speed_10m"] / 3.6).round(2)
    named = zip(WEATHER, _MALMO, strict=True)
    lines = [_line("malmo", name, WEATHER[name], times, read[column]) for name, column in named]
    return Group("weather", (date(2024, 1, 1), date(2024, 12, 31)), lines)


def _energy(file: Path, column: str) -> Line:
    read = pd.read_csv(file, sep=";", decimal=",")
    return _line(file.name, "value", ENERGY, pd.to_datetime(read["HourUTC"]), read[column])


def _line(
    owner: str,
    feature: str,
    kind: Kind,
    times: "pd.Series[pd.Timestamp]",
    values: "pd.Series[float]",
) -> Line:
    """Hourly values that became known in the order of their hours."""
    at = pd.DatetimeIndex(times).tz_localize("UTC")
    rows = pd.DataFrame({"event_time": at, "value": np.asarray(values, dtype=float)})
    rows["available_at"], rows["resolution_minutes"] = rows["event_time"], 60
    return Line(owner, feature, 60, ZONE, "energy", kind, rows.drop_duplicates())


#: A group and the moment of a fault -> its lines with the fault from then on.
Plant = Callable[[Group, pd.Timestamp], list[Line]]
_Change = Callable[["pd.Series[float]", "pd.Series[bool]"], "pd.Series[float]"]


def planted(group: Group, plant: Plant, apart: int) -> Iterator[tuple[date, Group]]:
    """The group with a fault from a day on, every `apart` days of its quiet period."""
    day, last = group.quiet
    while day + FOLLOWED * DAY <= last:
        yield day, replace(group, lines=plant(group, pd.Timestamp(day, tz=ZONE)))
        day += apart * DAY


def level(factor: float) -> Plant:
    """Every value is so many times what it was."""
    return lambda group, since: _changed(
        group, since, lambda values, after: values.where(~after, values * factor)
    )


def frozen(group: Group, since: pd.Timestamp) -> list[Line]:
    """The last value before the moment stays."""
    return _changed(
        group, since, lambda values, after: values.where(~after, values[~after].iloc[-1])
    )


def shifted(hours: int) -> Plant:
    """Every value is told of an hour that is so much later."""
    return lambda group, since: _changed(
        group, since, lambda values, after: values.where(~after, values.shift(hours))
    )


def exchanged(a: str, b: str) -> Plant:
    """Two columns have each other's values."""

    def plant(group: Group, since: pd.Timestamp) -> list[Line]:
        lines = {line.feature: line for line in _changed(group, since, lambda values, _: values)}
        after = lines[a].vintages["event_time"] >= since
        values = {name: lines[name].vintages["value"] for name in (a, b)}
        for name, other in ((a, b), (b, a)):
            mixed = values[name].where(~after, values[other])
            lines[name] = replace(lines[name], vintages=lines[name].vintages.assign(value=mixed))
        return list(lines.values())

    return plant


def _changed(group: Group, since: pd.Timestamp, change: _Change) -> list[Line]:
    """Lines with other values from a moment on, cut to what the days after it look at."""
    first = since - pd.Timedelta(days=WINDOW_DAYS + 9)
    last = since + pd.Timedelta(days=FOLLOWED + 1)
    made = []
    for line in group.lines:
        rows = line.vintages.sort_values("event_time", ignore_index=True)
        rows = rows[rows["event_time"].between(first, last)].reset_index(drop=True)
        value = change(rows["value"], rows["event_time"] >= since)
        made.append(replace(line, vintages=rows.assign(value=value)))
    return made
