"""Open-Meteo as recorded and simulated: archive, forecasts, single and previous runs."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from lakehouse.catalogue import WEATHER_VARIABLES, Weather
from lakehouse.clock import Clock
from lakehouse.time import DAY, HOUR
from sources.emulator.recordings import Recordings
from sources.emulator.vintages import Hours, Values, forecast
from sources.emulator.weather_files import WIND, WeatherPlace, hours_since_1970

UNITS = {"temperature_2m": "°C", "precipitation": "mm", "cloud_cover": "%"}
WIND_UNITS = {"kmh": ("km/h", 3.6, 1), "ms": ("m/s", 1.0, 2)}
NEAR_DEGREES = 0.25
_DAYS_BEFORE = re.compile(r"(?P<variable>.+?)_previous_day(?P<days>[0-7])")

Asked = Mapping[str, str]
Series = Callable[[WeatherPlace, str, Hours], Values]


class ReasonError(HTTPException):
    """An error as this service words it: 400 with a reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, reason)


async def reason(_: Request, error: Exception) -> Response:
    """The handler of ReasonError."""
    assert isinstance(error, ReasonError)
    return JSONResponse({"error": True, "reason": error.detail}, status_code=400)


class OpenMeteo:
    """Answers for the recorded places, in GMT, for the four recorded variables."""

    def __init__(self, recordings: Recordings, weather: Weather, clock: Clock) -> None:
        self._recordings = recordings
        self._weather = weather
        self._clock = clock

    def router(self) -> APIRouter:
        """The services' paths, each below a base address of its own."""
        router = APIRouter()
        router.add_api_route("/archive/v1/archive", self.archive)
        router.add_api_route("/forecast/v1/forecast", self.forecast)
        router.add_api_route("/single-runs/v1/forecast", self.single_run)
        router.add_api_route("/previous-runs/v1/forecast", self.previous_runs)
        return router

    async def archive(self, request: Request) -> Response:
        """Actual weather of whole days; hours that are not public yet are null."""
        asked = request.query_params
        start, hours = _days(asked)
        now = self._clock.now()
        times = [start + i * HOUR for i in range(len(hours))]
        public = np.array([self._weather.actual.available_at(t, 60) <= now for t in times])

        def actual(place: WeatherPlace, variable: str, hours: Hours) -> Values:
            return np.where(public, place.actual(variable, hours), np.nan)

        return self._answer(asked, hours, actual)

    async def forecast(self, request: Request) -> Response:
        """Whole days from today on: the newest public run, and before it the runs of their time."""
        asked = request.query_params
        self._check_model(asked)
        now = self._clock.now()
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        past, ahead = _count(asked, "past_days", 0, 92), _count(asked, "forecast_days", 7, 16)
        hours = _hours(today - past * DAY, today + ahead * DAY)
        newest = self._run_at_or_before(hours_since_1970(now) - self._weather.run_delay_hours)
        runs = np.array([min(newest, self._run_at_or_before(int(hour))) for hour in hours])

        def predicted(place: WeatherPlace, variable: str, hours: Hours) -> Values:
            actual = place.actual(variable, hours)
            return forecast(actual, place.location_id, variable, runs, hours)

        return self._answer(asked, hours, predicted)

    async def single_run(self, request: Request) -> Response:
        """One run by its initialisation time, from that hour on."""
        asked = request.query_params
        self._check_model(asked)
        run = _time(asked, "run", "%Y-%m-%dT%H:%M")
        if run.hour not in self._weather.run_hours or run.minute:
            hours_of_runs = list(self._weather.run_hours)
            raise ReasonError(f"Run {asked['run']} does not exist. Runs start at {hours_of_runs}.")
        if run + self._weather.run_delay_hours * HOUR > self._clock.now():
            raise ReasonError(f"Run {asked['run']} is not available yet.")
        hours = _hours(run, run + _count(asked, "forecast_days", 7, 16) * DAY)
        runs = np.full(len(hours), hours_since_1970(run))

        def predicted(place: WeatherPlace, variable: str, hours: Hours) -> Values:
            actual = place.actual(variable, hours)
            return forecast(actual, place.location_id, variable, runs, hours)

        return self._answer(asked, hours, predicted)

    async def previous_runs(self, request: Request) -> Response:
        """What the newest run of N x 24 h before each valid time said; null until it is public.

        Without a suffix such as `_previous_day1` a variable is the newest run's.
        """
        asked = request.query_params
        self._check_model(asked)
        _, hours = _days(asked)
        newest = self._run_at_or_before(
            hours_since_1970(self._clock.now()) - self._weather.run_delay_hours
        )

        def predicted(place: WeatherPlace, name: str, hours: Hours) -> Values:
            variable, days = _variable_and_days(name)
            runs = np.array([self._run_at_or_before(int(hour) - 24 * days) for hour in hours])
            used = runs if days else np.minimum(runs, newest)
            values = forecast(
                place.actual(variable, hours), place.location_id, variable, used, hours
            )
            return np.where(used <= newest, values, np.nan)

        return self._answer(asked, hours, predicted)

    def _run_at_or_before(self, hour: int) -> int:
        """The newest initialisation hour that is not after an hour (both since 1970)."""
        clock_hour = hour % 24
        earlier = [run for run in self._weather.run_hours if run <= clock_hour]
        midnight = hour - clock_hour
        return midnight + (max(earlier) if earlier else max(self._weather.run_hours) - 24)

    def _check_model(self, asked: Asked) -> None:
        model = asked.get("models", self._weather.weather_model)
        if model != self._weather.weather_model:
            raise ReasonError(f"Cannot initialize models from invalid String value {model}.")

    def _answer(self, asked: Asked, hours: Hours, series: Series) -> Response:
        """One object for one place, a list of them for several."""
        variables = _variables(asked)
        unit = asked.get("wind_speed_unit", "kmh")
        if unit not in WIND_UNITS:
            raise ReasonError(f"Cannot initialize WindspeedUnit from invalid String value {unit}.")
        if asked.get("timezone", "GMT") not in ("GMT", "UTC"):
            raise ReasonError("The emulator answers in GMT only.")
        texts = np.datetime_as_string(hours.astype("datetime64[h]"), unit="m").tolist()
        objects = []
        for place in self._places(asked):
            columns = {name: _rounded(name, series(place, name, hours), unit) for name in variables}
            objects.append(_object(place, texts, columns, WIND_UNITS[unit][0]))
        body = objects[0] if len(objects) == 1 else objects
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return Response(text.encode(), media_type="application/json; charset=utf-8")

    def _places(self, asked: Asked) -> list[WeatherPlace]:
        """The recorded place near each pair of coordinates, in the order asked."""
        latitudes, longitudes = _degrees(asked, "latitude"), _degrees(asked, "longitude")
        if len(latitudes) != len(longitudes):
            raise ReasonError(
                "Parameter 'latitude' and 'longitude' must have the same number of elements"
            )
        return [self._place(*pair) for pair in zip(latitudes, longitudes, strict=True)]

    def _place(self, latitude: float, longitude: float) -> WeatherPlace:
        for place in self._recordings.weather:
            apart = max(abs(place.latitude - latitude), abs(place.longitude - longitude))
            if apart <= NEAR_DEGREES:
                return place
        raise ReasonError(f"No data is available for this location: {latitude}, {longitude}.")


def _object(
    place: WeatherPlace, texts: list[str], columns: dict[str, list[Any]], wind_unit: str
) -> dict[str, Any]:
    units = {name: UNITS.get(_variable_and_days(name)[0], wind_unit) for name in columns}
    return {
        "latitude": place.latitude,
        "longitude": place.longitude,
        # The real service's differs each time; here the same question has the same bytes.
        "generationtime_ms": 0.25,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": place.elevation,
        "hourly_units": {"time": "iso8601", **units},
        "hourly": {"time": texts, **columns},
    }


def _rounded(name: str, values: Values, wind_unit: str) -> list[float | int | None]:
    """Values as the service writes them: whole percents, null where there is nothing."""
    variable = _variable_and_days(name)[0]
    if variable == WIND:
        _, factor, decimals = WIND_UNITS[wind_unit]
        values = np.round(values * factor, decimals)
    listed: list[float] = values.tolist()
    if variable == "cloud_cover":
        return [None if value != value else int(value) for value in listed]
    return [None if value != value else value for value in listed]


def _variables(asked: Asked) -> list[str]:
    names = [name for name in asked.get("hourly", "").split(",") if name]
    for name in names:
        if _variable_and_days(name)[0] not in WEATHER_VARIABLES:
            raise ReasonError(f"Cannot initialize variable from invalid String value {name}.")
    return names


def _variable_and_days(name: str) -> tuple[str, int]:
    """A variable's own name, and how many days before it was predicted."""
    told = _DAYS_BEFORE.fullmatch(name)
    return (told["variable"], int(told["days"])) if told else (name, 0)


def _days(asked: Asked) -> tuple[datetime, Hours]:
    """The first instant and all hours of the days asked for, both inclusive."""
    start, end = _day(asked, "start_date"), _day(asked, "end_date") + DAY
    if end <= start:
        raise ReasonError("End-date must be larger or equals than start-date.")
    return start, _hours(start, end)


def _hours(start: datetime, end: datetime) -> Hours:
    return np.arange(hours_since_1970(start), hours_since_1970(end), dtype=np.int64)


def _day(asked: Asked, name: str) -> datetime:
    return _time(asked, name, "%Y-%m-%d")


def _time(asked: Asked, name: str, form: str) -> datetime:
    try:
        return datetime.strptime(asked.get(name, ""), form).replace(tzinfo=UTC)
    except ValueError:
        raise ReasonError(f"Invalid date format. Parameter '{name}' must be {form}.") from None


def _count(asked: Asked, name: str, default: int, highest: int) -> int:
    text = asked.get(name, str(default))
    if not text.isdigit() or int(text) > highest:
        raise ReasonError(f"Parameter '{name}' is out of allowed range from 0 to {highest}.")
    return int(text)


def _degrees(asked: Asked, name: str) -> list[float]:
    try:
        return [float(text) for text in asked.get(name, "").split(",")]
    except ValueError:
        raise ReasonError(f"Parameter '{name}' is required, as numbers with commas.") from None
