"""Weather over the wire, as a forecast could have known it."""

from typing import Any

import httpx

from lakehouse.time import DAY, HOUR, iso
from tests.serving.api.world import LAST, WEATHER_RUNS


def rows(api: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = api.get("/v1/weather", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_a_run_counts_from_when_it_is_public(api: httpx.Client) -> None:
    """The run of six o'clock is public at twelve: the origin in between has the older one."""
    then = rows(api, as_of=iso(LAST))
    assert {row["issue_time"] for row in then} == {iso(WEATHER_RUNS[0])}
    assert {row["value"] for row in then} == {0.0}
    now = rows(api)
    assert {row["value"] for row in now if row["valid_time"] >= iso(WEATHER_RUNS[1])} == {6.0}
    assert len(now) == 48 + 6
    assert rows(api, as_of=iso(LAST - 5 * DAY)) == []


def test_observed_weather_names_no_run(api: httpx.Client) -> None:
    seen = rows(api, source="observed", location_id="town", variable="temperature_2m")
    assert [row["value"] for row in seen] == [9.5] * 24
    assert {(row["weather_model"], row["issue_time"]) for row in seen} == {(None, None)}
    assert rows(api, source="observed", as_of=iso(LAST)) == []


def test_a_span_is_of_the_hours_that_weather_is_about(api: httpx.Client) -> None:
    first = LAST.replace(minute=0)
    found = rows(api, **{"from": iso(first), "to": iso(first + 3 * HOUR)})
    assert [row["valid_time"] for row in found] == [iso(first + i * HOUR) for i in range(3)]


def test_an_unknown_place_is_answered_with_those_there_are(api: httpx.Client) -> None:
    problem = api.get("/v1/weather", params={"location_id": "atlantis"}).json()
    assert problem["status"] == 404
    assert problem["allowed"] == ["town"]
