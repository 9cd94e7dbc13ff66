"""Forecast origins of a series group and the local day that each one forecasts."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from lakehouse.catalogue import Catalogue, SeriesGroup
from lakehouse.time import DAY, at_local, day_start, intervals_of, target_day
from models.holidays import is_holiday
from models.samples import PAST_HOURS

SCHEMA = (
    "series_id string, series_group string, unit string, kind string, timezone string, "
    "location_id string, resolution_minutes int, forecast_origin timestamp, "
    "past_start timestamp, target_start timestamp, target_end timestamp, "
    "target_time array<timestamp>, local_hour array<double>, weekday array<int>, "
    "day_of_year array<int>, is_holiday array<int>, covariates array<string>"
)


def origins_between(group: SeriesGroup, first: date, last: date, as_of: datetime) -> list[datetime]:
    """The origins whose target days lie from `first` to `last`, none of them after `as_of`."""
    days = ((last - first).days + 1) if last >= first else 0
    due = (at_local(first + (i - 1) * DAY, group.origin, group.zone) for i in range(days))
    return [origin for origin in due if origin <= as_of]


def origin_rows(
    catalogue: Catalogue, issued: Iterable[tuple[str, datetime]]
) -> list[dict[str, Any]]:
    """One row per series and origin of (group, origin) pairs: its grids and its calendar."""
    return [row for group, origin in issued for row in _rows(catalogue, group, origin)]


def _rows(catalogue: Catalogue, group_id: str, origin: datetime) -> Iterator[dict[str, Any]]:
    group = catalogue.groups[group_id]
    day = target_day(origin, group.zone)
    start = day_start(day, group.zone)
    times = intervals_of(day, group.zone, group.resolution_minutes)
    local = [instant.astimezone(group.zone) for instant in times]
    shared = {
        "series_group": group_id,
        "kind": group.kind,
        "timezone": group.timezone,
        "resolution_minutes": group.resolution_minutes,
        "covariates": list(group.covariates),
        "forecast_origin": origin,
        "past_start": start - timedelta(hours=PAST_HOURS),
        "target_start": start,
        "target_end": times[-1] + timedelta(minutes=group.resolution_minutes),
        "target_time": times,
        "local_hour": [clock.hour + clock.minute / 60 for clock in local],
        "weekday": [day.weekday()] * len(times),
        "day_of_year": [day.timetuple().tm_yday] * len(times),
        "is_holiday": [int(is_holiday(day, group.timezone))] * len(times),
    }
    for series in catalogue.members(group_id):
        yield shared | {
            "series_id": series.series_id,
            "unit": series.unit,
            "location_id": series.location_id,
        }
