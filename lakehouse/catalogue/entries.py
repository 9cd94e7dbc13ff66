"""What all catalogue entries share, and the entries that name places, groups and tariffs."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from lakehouse.time import (
    DAY,
    at_local,
    day_start,
    last_origin,
    local_day,
    next_origin,
    uneven_since,
)

#: Before anything was fetched, and after all of it.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
UNITS = (
    "Wh", "kWh", "MWh", "GWh", "W", "kW", "MW", "GW",
    "EUR/MWh", "DKK/MWh", "SEK/MWh", "NOK/MWh", "GBP/MWh", "USD/MWh",
    "EUR/kWh", "DKK/kWh", "SEK/kWh", "NOK/kWh", "GBP/kWh", "USD/kWh", "p/kWh", "ct/kWh",
)  # fmt: skip
_OFFSET = re.compile(r"[+-]\d\d:\d\d")
WEATHER_VARIABLES = ("temperature_2m", "precipitation", "cloud_cover", "wind_speed_10m")
Resolution = Literal[15, 30, 60]
Basis = Literal["observed", "assumed", "simulated"]
IssueBasis = Literal["run", "derived", "fetched", "simulated"]


class Entry(BaseModel):
    """What all catalogue entries share: frozen, and no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def with_offset(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} needs an offset, such as {instant.isoformat()}Z")
    return instant


def known_unit(name: str) -> str:
    if name not in UNITS:
        raise ValueError(f"unknown unit '{name}'; known are {', '.join(UNITS)}")
    return name


def known_zone_or_offset(name: str) -> str:
    return name if _OFFSET.fullmatch(name) else known_zone(name)


def known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(
            f"unknown time zone '{name}'; write an IANA name such as Europe/Copenhagen"
        )
    return name


class Publication(Entry):
    """When a data set's values usually become known. Used forward only.

    `after_interval`: `delay_hours` after the interval's end. `day_before`: at local `at` on the
    day before the interval's local day. A figure that changes is a new version, which holds for
    what is fetched from `since` on: what was said of the past stays as it was. What has not come
    `grace_hours` after its usual time is late.
    """

    rule: Literal["after_interval", "day_before"]
    basis: Basis
    delay_hours: int = 0
    at: time | None = None
    timezone: str = "UTC"
    since: datetime = BEGINNING
    grace_hours: int = 24

    @property
    def told(self) -> str:
        """The rule in words."""
        if self.rule == "after_interval":
            return f"{self.delay_hours} h after the interval"
        return f"{self.at or time(0):%H:%M} {self.timezone} on the day before"

    _zone = field_validator("timezone")(known_zone)
    _instant = field_validator("since")(with_offset)

    def available_at(self, event_time: datetime, resolution_minutes: int) -> datetime:
        """The usual publication time of the value of one interval (its start given, UTC)."""
        if self.rule == "after_interval":
            return event_time + timedelta(minutes=resolution_minutes, hours=self.delay_hours)
        zone = ZoneInfo(self.timezone)
        return at_local(local_day(event_time, zone) - DAY, self.at or time(0), zone)

    def known_until(self, moment: datetime) -> datetime:
        """The end of the intervals whose values usually are known at a moment (UTC)."""
        if self.rule == "after_interval":
            return moment - timedelta(hours=self.delay_hours)
        zone = ZoneInfo(self.timezone)
        return day_start(
            local_day(last_origin(moment, self.at or time(0), zone), zone) + 2 * DAY, zone
        )


class Location(Entry):
    """A place whose weather is asked for, and the series that use it name it."""

    location_id: str = ""
    name: str
    latitude: float
    longitude: float


class Weather(Entry):
    """Where weather comes from, and how its vintages are told apart. Forecasts are late where none
    of a run has come `grace_hours` after that run usually is public."""

    weather_model: str
    issue_basis: IssueBasis
    single_runs_since: datetime = BEGINNING
    previous_runs_since: datetime = NEVER
    previous_run_days: tuple[int, ...] = (1, 2)
    run_hours: tuple[int, ...] = (0, 6, 12, 18)
    run_delay_hours: int = 6
    backfill_run_hour: int = 0
    forecast_days: int = 3
    actual_lookback_days: int = 7
    actual: Publication
    grace_hours: int = 24

    def newest_run(self, moment: datetime) -> datetime:
        """The run of the weather model that is the newest to be public at a moment, usually."""
        at = moment - timedelta(hours=self.run_delay_hours)
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        runs = [
            midnight - back * DAY + timedelta(hours=h) for back in (0, 1) for h in self.run_hours
        ]
        return max(run for run in runs if run <= at)


class SeriesGroup(Entry):
    """Series that share one model, one scheduled origin and one target resolution.

    Longer intervals are made of shorter ones by `kind`: energy is summed, price and power are
    averaged. `covariates` are the columns known in advance that its series bring.
    """

    group_id: str = ""
    kind: Literal["energy", "price", "power"]
    origin: time
    timezone: str
    resolution_minutes: Resolution = 60
    covariates: tuple[str, ...] = ()

    _zone = field_validator("timezone")(known_zone)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def check_offsets(self, since: datetime) -> None:
        """Raises ValueError where a local day begins amid an interval, from `since` on."""
        uneven = uneven_since(self.zone, self.resolution_minutes, since)
        if uneven:
            even = [
                str(minutes)
                for minutes in sorted(get_args(Resolution), reverse=True)
                if not uneven_since(self.zone, minutes, since)
            ]
            raise ValueError(
                f"group '{self.group_id}' has resolution_minutes = {self.resolution_minutes}; "
                "expected a time zone that is a multiple of that apart from UTC, but in "
                f"{self.timezone} it is {uneven.isoformat(timespec='minutes')}; write "
                f"resolution_minutes = {' or '.join(even)}"
            )

    def last_origin(self, as_of: datetime) -> datetime:
        """The newest scheduled origin not after `as_of`."""
        return last_origin(as_of, self.origin, self.zone)

    def next_origin(self, after: datetime) -> datetime:
        """The first scheduled origin after an instant."""
        return next_origin(after, self.origin, self.zone)


class TariffBand(Entry):
    """What a grid asks for at some local hours of some months, without VAT."""

    months: tuple[int, ...] = tuple(range(1, 13))
    from_hour: int
    to_hour: int
    per_kwh: float


class Tariff(Entry):
    """How a home's price follows from the wholesale price: a documented rule, not a record.

    price per kWh = (spot per MWh * rate / 1000 + grid band + tax_per_kwh) * (1 + vat), in `unit`.
    """

    tariff_id: str = ""
    description: str
    unit: str
    rate: float
    tax_per_kwh: float
    vat: float
    timezone: str
    bands: tuple[TariffBand, ...]

    _unit = field_validator("unit")(known_unit)
    _zone = field_validator("timezone")(known_zone)

    @model_validator(mode="after")
    def _whole_days(self) -> "Tariff":
        for month in range(1, 13):
            for hour in range(24):
                bands = [
                    b for b in self.bands if month in b.months and b.from_hour <= hour < b.to_hour
                ]
                if len(bands) != 1:
                    raise ValueError(
                        f"month {month}, hour {hour} has {len(bands)} bands; expected one"
                    )
        return self


class Feed(Entry):
    """Where records of a series come from: a data set and the series' key in it."""

    data_set: str
    source_key: tuple[str, ...] = ()

    @property
    def key_text(self) -> str:
        """The key as tables write it."""
        return "|".join(self.source_key)


class Series(Entry):
    """One time series: where its records come from and which group forecasts it.

    `earlier` names what it came from before, where a publisher replaced a data set by another.
    A series with a `tariff` is derived: its values follow from the records' by that rule.
    """

    series_id: str = ""
    series_group: str
    data_set: str
    source_key: tuple[str, ...] = ()
    earlier: tuple[Feed, ...] = ()
    unit: str
    tariff: str | None = None
    location_id: str | None = None
    description: str

    _unit = field_validator("unit")(known_unit)

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """All that its records come from, the present one first."""
        return (Feed(data_set=self.data_set, source_key=self.source_key), *self.earlier)
