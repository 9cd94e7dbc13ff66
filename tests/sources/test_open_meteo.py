"""Open-Meteo: what we ask, what the emulator answers, and what nobody may see yet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue, Location
from lakehouse.errors import BadInput, SourceError
from lakehouse.landing import Request
from lakehouse.time import DAY, HOUR, parse_utc
from sources import open_meteo
from sources.addresses import Addresses
from sources.http import fetch

Ask = Callable[[Request], Any]
SetClock = Callable[[str], datetime]


@pytest.fixture
def places(catalogue: Catalogue) -> list[Location]:
    return list(catalogue.locations.values())


def run_of(catalogue: Catalogue, run: str) -> Request:
    return open_meteo.single_run_request(
        list(catalogue.locations.values()), catalogue.weather, parse_utc(run)
    )


def test_one_request_asks_for_all_locations(catalogue: Catalogue, places: list[Location]) -> None:
    now = parse_utc("2024-10-18T07:15Z")
    asked = open_meteo.forecast_request(places, catalogue.weather, now)
    assert (asked.source, asked.data_set, asked.path) == ("open_meteo", "forecast", "/v1/forecast")
    assert dict(asked.params) == {
        "latitude": "56.13,55.57",
        "longitude": "10.19,12.94",
        "hourly": "temperature_2m,precipitation,cloud_cover,wind_speed_10m",
        "models": "sample",
        "forecast_days": "2",
        "wind_speed_unit": "ms",
        "timezone": "GMT",
    }
    assert asked.asked == ("aarhus", "malmo")
    assert (asked.window_start, asked.window_end) == (
        datetime(2024, 10, 18, tzinfo=UTC),
        datetime(2024, 10, 20, tzinfo=UTC),
    )


def test_a_run_is_named_by_its_initialisation_time(catalogue: Catalogue) -> None:
    asked = run_of(catalogue, "2024-10-18T06:00Z")
    params = dict(asked.params)
    assert asked.data_set == "single_runs"
    assert (params["run"], params["models"]) == ("2024-10-18T06:00", "sample")
    assert (asked.window_start, asked.window_end - asked.window_start) == (
        datetime(2024, 10, 18, 6, tzinfo=UTC),
        2 * DAY,
    )


def test_the_archive_is_asked_for_the_days_that_a_window_touches(places: list[Location]) -> None:
    for start, end, first, last in (
        ("2024-10-01T00:00Z", "2024-10-02T00:00Z", "2024-10-01", "2024-10-01"),
        ("2024-10-01T23:00Z", "2024-10-02T01:00Z", "2024-10-01", "2024-10-02"),
        ("2024-10-02T00:00+02:00", "2024-10-02T01:00+02:00", "2024-10-01", "2024-10-01"),
    ):
        asked = open_meteo.archive_request(places, parse_utc(start), parse_utc(end))
        params = dict(asked.params)
        assert (asked.data_set, asked.path) == ("archive", "/v1/archive")
        assert (params["start_date"], params["end_date"]) == (first, last)


def test_a_run_that_the_model_has_not_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(BadInput, match=r"runs at \[0, 6, 12, 18\] UTC"):
        run_of(catalogue, "2024-10-18T05:00Z")
    with pytest.raises(BadInput, match="expected locations"):
        open_meteo.archive_request([], parse_utc("2024-10-01T00Z"), parse_utc("2024-10-02T00Z"))


def test_an_answer_has_the_service_shape(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock
) -> None:
    set_clock("2024-11-01T00:00Z")
    body = ask(run_of(catalogue, "2024-10-18T06:00Z"))
    assert [place["latitude"] for place in body] == [56.133568, 55.571175]
    for place in body:
        assert list(place) == [
            "latitude",
            "longitude",
            "generationtime_ms",
            "utc_offset_seconds",
            "timezone",
            "timezone_abbreviation",
            "elevation",
            "hourly_units",
            "hourly",
        ]
        assert (place["utc_offset_seconds"], place["timezone"]) == (0, "GMT")
        assert place["hourly_units"] == {
            "time": "iso8601",
            "temperature_2m": "°C",
            "precipitation": "mm",
            "cloud_cover": "%",
            "wind_speed_10m": "m/s",
        }
        hourly = place["hourly"]
        assert list(hourly) == ["time", *WEATHER_VARIABLES]
        assert {len(column) for column in hourly.values()} == {48}
        assert (hourly["time"][0], hourly["time"][-1]) == ("2024-10-18T06:00", "2024-10-20T05:00")
        assert all(type(value) is int for value in hourly["cloud_cover"])
        assert min(hourly["precipitation"] + hourly["wind_speed_10m"]) >= 0


def test_a_single_location_is_an_object_and_the_default_wind_is_in_kmh(
    ask: Ask, played: Addresses, client: httpx.Client, set_clock: SetClock, places: list[Location]
) -> None:
    set_clock("2024-11-01T00:00Z")
    params = {
        "latitude": "56.1",
        "longitude": "10.2",
        "hourly": "wind_speed_10m",
        "start_date": "2024-01-01",
        "end_date": "2024-01-01",
    }
    body = client.get(played.open_meteo_archive + "/v1/archive", params=params).json()
    assert body["hourly_units"]["wind_speed_10m"] == "km/h"
    # The recording says 15.1 km/h at 2024-01-01T01:00 of a fixed UTC+1.
    assert body["hourly"]["wind_speed_10m"][0] == 15.1


def test_a_run_is_public_six_hours_after_its_start(
    ask: Ask, played: Addresses, client: httpx.Client, catalogue: Catalogue, set_clock: SetClock
) -> None:
    asked = run_of(catalogue, "2024-10-18T00:00Z")
    now = set_clock("2024-10-18T05:59Z")
    with pytest.raises(SourceError, match=r"400 .*Run 2024-10-18T00:00 is not available yet"):
        fetch(asked, played.open_meteo_single_runs, now, client)
    set_clock("2024-10-18T06:00Z")
    assert len(ask(asked)) == 2


def test_actual_weather_is_null_until_five_days_later(
    ask: Ask, set_clock: SetClock, places: list[Location]
) -> None:
    asked = open_meteo.archive_request(
        places, parse_utc("2024-10-13T00:00Z"), parse_utc("2024-10-14T00:00Z")
    )
    for moment, known in (("2024-10-18T06:59Z", 6), ("2024-10-18T07:00Z", 7)):
        set_clock(moment)
        for place in ask(asked):
            assert len(place["hourly"]["time"]) == 24
            for variable in WEATHER_VARIABLES:
                values = place["hourly"][variable]
                assert [value is not None for value in values] == [i < known for i in range(24)]


def test_what_was_not_recorded_is_null_and_not_invented(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    set_clock("2024-11-01T00:00Z")
    start = parse_utc("2023-06-01T00:00Z")
    for asked in (
        run_of(catalogue, "2023-06-01T00:00Z"),
        open_meteo.archive_request(places, start, start + DAY),
    ):
        aarhus, malmo = ask(asked)
        for variable in WEATHER_VARIABLES:
            assert set(aarhus["hourly"][variable]) == {None}
            assert None not in malmo["hourly"][variable]


def test_the_forecast_is_the_newest_public_run_and_its_predecessors(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    now = set_clock("2024-10-18T13:00Z")  # the 06 run is public, the 12 run is not
    body = ask(open_meteo.forecast_request(places, catalogue.weather, now))
    old, new = (ask(run_of(catalogue, f"2024-10-18T{hour}:00Z")) for hour in ("00", "06"))
    for place in range(2):
        hourly = body[place]["hourly"]
        assert (hourly["time"][0], len(hourly["time"])) == ("2024-10-18T00:00", 48)
        for variable in WEATHER_VARIABLES:
            assert hourly[variable][:6] == old[place]["hourly"][variable][:6]
            assert hourly[variable][6:] == new[place]["hourly"][variable][: 48 - 6]


def test_the_forecast_does_not_change_between_runs(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    bodies = []
    for moment in ("2024-10-18T12:00Z", "2024-10-18T17:59Z", "2024-10-18T18:00Z"):
        now = set_clock(moment)
        bodies.append(ask(open_meteo.forecast_request(places, catalogue.weather, now)))
    assert bodies[0] == bodies[1] != bodies[2]


@pytest.mark.parametrize(
    ("path", "changed", "reason"),
    [
        ("single_runs", {"run": "2024-10-18T03:00"}, "Run 2024-10-18T03:00 does not exist"),
        ("single_runs", {"run": "soon"}, "Invalid date format"),
        ("single_runs", {"hourly": "warmth"}, "invalid String value warmth"),
        ("single_runs", {"models": "icon"}, "invalid String value icon"),
        ("single_runs", {"wind_speed_unit": "bft"}, "invalid String value bft"),
        ("single_runs", {"latitude": "56.13"}, "same number of elements"),
        ("single_runs", {"latitude": "1,2"}, "No data is available for this location"),
        ("single_runs", {"latitude": "north,south"}, "'latitude' is required"),
        ("single_runs", {"forecast_days": "17"}, "out of allowed range from 0 to 16"),
        ("archive", {"start_date": "2024-10-02"}, "End-date must be larger"),
    ],
)
def test_errors_are_400_with_a_reason(
    played: Addresses,
    client: httpx.Client,
    catalogue: Catalogue,
    set_clock: SetClock,
    path: str,
    changed: dict[str, str],
    reason: str,
) -> None:
    set_clock("2024-11-01T00:00Z")
    params = dict(run_of(catalogue, "2024-10-18T00:00Z").params)
    params |= {"start_date": "2024-10-01", "end_date": "2024-10-01"} | changed
    address = {
        "single_runs": played.open_meteo_single_runs + "/v1/forecast",
        "archive": played.open_meteo_archive + "/v1/archive",
    }[path]
    answer = client.get(address, params=params)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
    assert reason in answer.json()["reason"]


def test_a_run_asked_twice_in_any_order_is_the_same_to_the_byte(
    played: Addresses, client: httpx.Client, catalogue: Catalogue, set_clock: SetClock
) -> None:
    runs = [run_of(catalogue, f"2024-09-{day:02d}T00:00Z") for day in (1, 2, 3)]

    def bodies(asked: list[Request], now: datetime) -> dict[str, bytes]:
        return {
            run.url: fetch(run, played.open_meteo_single_runs, now, client).body for run in asked
        }

    first = bodies(runs, set_clock("2024-11-01T00:00Z"))
    assert bodies(runs[::-1], set_clock("2024-11-20T12:00Z")) == first


def test_newer_runs_are_closer_on_average(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    set_clock("2024-11-25T00:00Z")
    start = parse_utc("2024-08-01T00:00Z")
    truth = ask(open_meteo.archive_request(places, start, start + 64 * DAY))
    errors: dict[tuple[str, int], list[NDArray[np.float64]]] = {}
    for day in range(60):
        body = ask(run_of(catalogue, f"{start + timedelta(days=day):%Y-%m-%dT%H:%MZ}"))
        for place, actual in zip(body, truth, strict=True):
            for variable in WEATHER_VARIABLES:
                known = np.array(actual["hourly"][variable][24 * day : 24 * day + 48], float)
                off = np.abs(np.array(place["hourly"][variable], float) - known)
                for lead_day in range(2):
                    part = off[24 * lead_day : 24 * lead_day + 24]
                    errors.setdefault((variable, lead_day), []).append(part)
    for variable in WEATHER_VARIABLES:
        first, second = (np.mean(errors[variable, lead_day]) for lead_day in range(2))
        assert 0 < first < second, variable


def test_before_the_first_run_of_a_day_is_public_yesterdays_serves(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    now = set_clock("2024-10-18T03:00Z")  # newest public: yesterday's 18 run
    body = ask(open_meteo.forecast_request(places, catalogue.weather, now))
    run = ask(run_of(catalogue, "2024-10-17T18:00Z"))
    shared = body[0]["hourly"]["temperature_2m"][: 48 - 6]
    assert shared == run[0]["hourly"]["temperature_2m"][6:]
    assert body[0]["hourly"]["time"][0] == f"{now - 3 * HOUR:%Y-%m-%dT%H:%M}"
