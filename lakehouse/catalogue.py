"""The series catalogue: which series exist, how they are grouped, and when they become known.

One readable TOML file per profile (deployments/catalogues). It is checked when it is read:
unknown keys, groups, data sets, locations and time zones are named in the error.
"""

import tomllib
from datetime import datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from lakehouse.errors import BadInput, ConfigError
from lakehouse.time import DAY, at_local, last_origin, local_day, next_origin

WEATHER_VARIABLES = ("temperature_2m", "precipitation", "cloud_cover", "wind_speed_10m")
Basis = Literal["observed", "assumed", "simulated"]
IssueBasis = Literal["run", "derived", "fetched", "simulated"]


class Entry(BaseModel):
    """What all catalogue entries share: frozen, and no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(
            f"unknown time zone '{name}'; write an IANA name such as Europe/Copenhagen"
        )
    return name


class Publication(Entry):
    """When a data set's values usually become known. Used forward only.

    `after_interval`: `delay_hours` after the interval's end. `day_before`: at local `at` on the
    day before the interval's local day.
    """

    rule: Literal["after_interval", "day_before"]
    basis: Basis
    delay_hours: int = 0
    at: time | None = None
    timezone: str = "UTC"

    _zone = field_validator("timezone")(_known_zone)

    def available_at(self, event_time: datetime, resolution_minutes: int) -> datetime:
        """The usual publication time of the value of one interval (its start given, UTC)."""
        if self.rule == "after_interval":
            return event_time + timedelta(minutes=resolution_minutes, hours=self.delay_hours)
        zone = ZoneInfo(self.timezone)
        return at_local(local_day(event_time, zone) - DAY, self.at or time(0), zone)


class DataSet(Entry):
    """One data set of Energi Data Service and how its records are read."""

    name: str = ""
    time_column: str
    value_column: str
    key_columns: tuple[str, ...]
    unit: str
    resolution_minutes: int = 60
    lookback_days: int
    lookahead_days: int = 0
    publication: Publication


class Location(Entry):
    """A place whose weather is asked for, and the series that use it name it."""

    location_id: str = ""
    name: str
    latitude: float
    longitude: float


class Weather(Entry):
    """Where weather comes from, and how its vintages are told apart."""

    weather_model: str
    issue_basis: IssueBasis
    run_hours: tuple[int, ...] = (0, 6, 12, 18)
    run_delay_hours: int = 6
    backfill_run_hour: int = 0
    forecast_days: int = 3
    actual_lookback_days: int = 7
    actual: Publication


class SeriesGroup(Entry):
    """Series that share one model, one scheduled origin and one target resolution."""

    group_id: str = ""
    kind: Literal["energy", "price"]
    origin: time
    timezone: str

    _zone = field_validator("timezone")(_known_zone)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def last_origin(self, as_of: datetime) -> datetime:
        """The newest scheduled origin not after `as_of`."""
        return last_origin(as_of, self.origin, self.zone)

    def next_origin(self, after: datetime) -> datetime:
        """The first scheduled origin after an instant."""
        return next_origin(after, self.origin, self.zone)


class Series(Entry):
    """One time series: where its records come from and which group forecasts it."""

    series_id: str = ""
    series_group: str
    data_set: str
    source_key: tuple[str, ...]
    unit: str
    location_id: str
    description: str


class Catalogue(Entry):
    """All series, groups, data sets and locations of a profile."""

    history_start: datetime
    groups: dict[str, SeriesGroup]
    data_sets: dict[str, DataSet]
    locations: dict[str, Location]
    weather: Weather
    series: dict[str, Series]

    @model_validator(mode="after")
    def _references_exist(self) -> "Catalogue":
        for series in self.series.values():
            for kind, name, known in (
                ("group", series.series_group, self.groups),
                ("data set", series.data_set, self.data_sets),
                ("location", series.location_id, self.locations),
            ):
                if name not in known:
                    raise ValueError(
                        f"series '{series.series_id}' names the unknown {kind} '{name}'; "
                        f"known are {sorted(known)}"
                    )
        if self.history_start.tzinfo is None:
            raise ValueError("history_start needs an offset, such as 2023-01-01T00:00:00Z")
        return self

    def members(self, group_id: str) -> list[Series]:
        """The series of one group. Raises BadInput for an unknown group."""
        if group_id not in self.groups:
            raise BadInput(f"Unknown series group '{group_id}'. Known: {sorted(self.groups)}.")
        return [s for s in self.series.values() if s.series_group == group_id]

    def series_of(self, data_set: str) -> list[Series]:
        """The series that come from one data set."""
        return [s for s in self.series.values() if s.data_set == data_set]

    @cached_property
    def schedule(self) -> SeriesGroup:
        """The group whose origin paces `daily`: the earliest of the day."""
        return min(self.groups.values(), key=lambda g: (g.origin, g.timezone))


_ID_FIELDS = {
    "groups": "group_id",
    "data_sets": "name",
    "locations": "location_id",
    "series": "series_id",
}


def read_catalogue(file: Path) -> Catalogue:
    """Read and check a catalogue. Raises ConfigError naming the file, the key and the fault."""
    try:
        raw = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise ConfigError(f"Expected a series catalogue at {file}; there is none.") from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{file} is not valid TOML: {fault}.") from None
    for section, id_field in _ID_FIELDS.items():
        for name, entry in raw.get(section, {}).items():
            entry.setdefault(id_field, name)
    try:
        return Catalogue.model_validate(raw)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {where or 'catalogue'}: {first['msg']}.") from None
