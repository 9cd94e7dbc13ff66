"""Requests to Open-Meteo: forecasts, single and previous runs, actual weather (CC BY 4.0, no key).

All locations go into one request, and everything that has a default is said: units, time zone.
https://open-meteo.com/en/docs
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lakehouse.catalogue import WEATHER_VARIABLES, Location, Weather
from lakehouse.errors import BadInput
from lakehouse.landing import Request
from lakehouse.time import DAY, iso

SOURCE = "open_meteo"
FORECAST = "forecast"
SINGLE_RUNS = "single_runs"
PREVIOUS_RUNS = "previous_runs"
ARCHIVE = "archive"

Params = tuple[tuple[str, str], ...]


def forecast_request(locations: Sequence[Location], weather: Weather, now: datetime) -> Request:
    """The newest forecast for whole UTC days, from today's 00:00 on.

    The answer does not name its run; hours of today that lie before it come from earlier runs.
    """
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    params = (("models", weather.weather_model), ("forecast_days", str(weather.forecast_days)))
    return _request(
        FORECAST, locations, params, start, start + weather.forecast_days * DAY, "/v1/forecast"
    )


def single_run_request(locations: Sequence[Location], weather: Weather, run: datetime) -> Request:
    """One whole model run, named by its initialisation time (UTC), from that hour on.

    Raises BadInput for an hour at which the catalogue's model does not run.
    """
    run = run.astimezone(UTC)
    if run.hour not in weather.run_hours or run.replace(minute=0, second=0, microsecond=0) != run:
        raise BadInput(
            f"{weather.weather_model} runs at {list(weather.run_hours)} UTC; there is no run at "
            f"{iso(run)}."
        )
    params = (
        ("models", weather.weather_model),
        ("run", f"{run:%Y-%m-%dT%H:%M}"),
        ("forecast_days", str(weather.forecast_days)),
    )
    return _request(
        SINGLE_RUNS, locations, params, run, run + weather.forecast_days * DAY, "/v1/forecast"
    )


def archive_request(locations: Sequence[Location], start: datetime, end: datetime) -> Request:
    """Actual weather over [start, end), UTC; the answer holds the whole days that it touches.

    Hours that are not known yet are null in it.
    """
    return _request(ARCHIVE, locations, _dates(start, end), start, end, "/v1/archive")


def previous_runs_request(
    locations: Sequence[Location], weather: Weather, start: datetime, end: datetime
) -> Request:
    """What was predicted N x 24 h before, for valid times in [start, end), UTC.

    N takes the catalogue's `previous_run_days`; a variable of the answer is called
    `temperature_2m_previous_day1`. The answer holds the whole days that the window touches.
    """
    hourly = [
        f"{variable}_previous_day{days}"
        for days in weather.previous_run_days
        for variable in WEATHER_VARIABLES
    ]
    params = (("models", weather.weather_model), *_dates(start, end))
    return _request(PREVIOUS_RUNS, locations, params, start, end, "/v1/forecast", hourly)


def _dates(start: datetime, end: datetime) -> Params:
    """The whole UTC days that a window touches; both are inclusive."""
    last_day = (end - timedelta(microseconds=1)).astimezone(UTC)
    return (
        ("start_date", f"{start.astimezone(UTC):%Y-%m-%d}"),
        ("end_date", f"{last_day:%Y-%m-%d}"),
    )


def _request(
    data_set: str,
    locations: Sequence[Location],
    params: Params,
    start: datetime,
    end: datetime,
    path: str,
    hourly: Sequence[str] = WEATHER_VARIABLES,
) -> Request:
    if start.tzinfo is None or end.tzinfo is None or start >= end or not locations:
        raise BadInput(
            f"open_meteo {data_set}: expected locations and a window in UTC that ends after it "
            f"starts, got {len(locations)} locations, {start} to {end}."
        )
    return Request(
        source=SOURCE,
        data_set=data_set,
        path=path,
        params=(
            ("latitude", ",".join(str(location.latitude) for location in locations)),
            ("longitude", ",".join(str(location.longitude) for location in locations)),
            ("hourly", ",".join(hourly)),
            *params,
            ("wind_speed_unit", "ms"),
            ("timezone", "GMT"),
        ),
        window_start=start,
        window_end=end,
        asked=tuple(location.location_id for location in locations),
    )
