"""Open-Meteo's previous runs: what was predicted N days before, and when it may be seen."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue, Location
from lakehouse.errors import SourceError
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


def whole_run(catalogue: Catalogue, run: datetime) -> Request:
    weather = catalogue.weather.model_copy(update={"forecast_days": 4})
    return open_meteo.single_run_request(list(catalogue.locations.values()), weather, run)


def previous_runs(places: list[Location], catalogue: Catalogue, start: str, end: str) -> Request:
    return open_meteo.previous_runs_request(
        places, catalogue.weather, parse_utc(start), parse_utc(end)
    )


def test_previous_runs_are_asked_by_their_days(
    catalogue: Catalogue, places: list[Location]
) -> None:
    asked = previous_runs(places, catalogue, "2024-10-01T00:00Z", "2024-10-03T00:00Z")
    assert (asked.data_set, asked.path) == ("previous_runs", "/v1/forecast")
    assert dict(asked.params) == {
        "latitude": "56.13,55.57",
        "longitude": "10.19,12.94",
        "hourly": ",".join(f"{name}_previous_day{n}" for n in (1, 2) for name in WEATHER_VARIABLES),
        "models": "sample",
        "start_date": "2024-10-01",
        "end_date": "2024-10-02",
        "wind_speed_unit": "ms",
        "timezone": "GMT",
    }
    assert asked.asked == ("aarhus", "malmo")


def test_a_previous_run_says_what_the_newest_run_of_its_day_said(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    """Every hour is looked up, one by one, in the whole run that was newest N days before."""
    set_clock("2024-11-01T00:00Z")
    body = ask(previous_runs(places, catalogue, "2024-10-20T00:00Z", "2024-10-21T00:00Z"))
    assert [place["latitude"] for place in body] == [56.133568, 55.571175]
    for days in (1, 2):
        for i in range(24):
            valid = parse_utc("2024-10-20T00:00Z") + i * HOUR
            before = valid - days * DAY
            run = before.replace(hour=before.hour // 6 * 6)
            whole = ask(whole_run(catalogue, run))
            lead = int((valid - run) / HOUR)
            for place, other in zip(body, whole, strict=True):
                for name in WEATHER_VARIABLES:
                    found = place["hourly"][f"{name}_previous_day{days}"][i]
                    assert found == other["hourly"][name][lead], (days, valid, name)


def test_a_previous_run_has_units_and_is_known_no_earlier_than_its_run(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    asked = previous_runs(places, catalogue, "2024-10-18T00:00Z", "2024-10-20T00:00Z")
    set_clock("2024-10-18T13:00Z")  # the 06 run is public, the 12 run is not
    body = ask(asked)[0]
    assert body["hourly_units"]["wind_speed_10m_previous_day2"] == "m/s"
    assert body["hourly_units"]["temperature_2m_previous_day1"] == "°C"
    pairs = zip(body["hourly"]["time"], body["hourly"]["cloud_cover_previous_day1"], strict=True)
    known = [time for time, value in pairs if value is not None]
    # Runs until 06 are public, and that of 06 is the newest for valid times until 11 + 24 h.
    assert max(known) == "2024-10-19T11:00"
    assert len(known) == 36
    assert None not in body["hourly"]["cloud_cover_previous_day2"]


def test_what_a_previous_run_said_never_changes(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, places: list[Location]
) -> None:
    asked = previous_runs(places, catalogue, "2024-10-18T00:00Z", "2024-10-20T00:00Z")
    set_clock("2024-10-18T13:00Z")
    early = ask(asked)
    set_clock("2024-11-18T13:00Z")
    for before, after in zip(early, ask(asked), strict=True):
        for name, values in before["hourly"].items():
            pairs = zip(values, after["hourly"][name], strict=True)
            assert all(old == new for old, new in pairs if old is not None), name


def test_a_place_without_recordings_is_refused_as_the_service_does(
    played: Addresses, client: httpx.Client, catalogue: Catalogue, places: list[Location]
) -> None:
    london = places[0].model_copy(
        update={"location_id": "london", "latitude": 51.51, "longitude": -0.13}
    )
    asked = previous_runs([*places, london], catalogue, "2024-10-18T00:00Z", "2024-10-20T00:00Z")
    with pytest.raises(SourceError, match=r"london.* 400 .*No data is available for this loc"):
        fetch(asked, played.open_meteo_previous_runs, asked.window_end, client)
