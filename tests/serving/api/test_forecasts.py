"""Forecasts over the wire: the latest, as they stood, of one origin; by which model."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from lakehouse.time import DAY, HOUR, iso
from tests.serving.api.world import DK1, DK2, FIRST_ORIGIN, LAST, LOAD, ORIGINS, REPLAYED, STALE


def rows(api: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = api.get("/v1/forecasts", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def told(found: list[dict[str, Any]], name: str = "forecast_origin") -> list[Any]:
    """The distinct values of a column, in their order."""
    return list(dict.fromkeys(row[name] for row in found))


def target(origin: datetime) -> list[str]:
    return [iso(origin.replace(hour=22, minute=0) + i * HOUR) for i in range(24)]


def test_the_latest_are_the_rest_of_the_newest_origin_s_day_and_the_next(
    api: httpx.Client,
) -> None:
    found = rows(api, series_id=DK1)
    rest = [time for time in target(LAST - DAY) if time >= iso(LAST)]
    assert [row["valid_time"] for row in found] == rest + target(LAST)
    assert [row["forecast_origin"] for row in found] == [iso(LAST - DAY)] * len(rest) + [
        iso(LAST)
    ] * 24
    assert {row["forecast_source"] for row in found} == {"champion"}


def test_who_stands_in_for_a_champion_answers(api: httpx.Client) -> None:
    newest = [row for row in rows(api, series_id=DK2) if row["forecast_origin"] == iso(LAST)]
    assert {(row["model_name"], row["forecast_source"]) for row in newest} == {
        ("seasonal_naive", "fallback")
    }


def test_memory_and_files_give_the_same_latest(api: httpx.Client) -> None:
    """Asked as of the newest origin the files are read; without a time memory answers."""
    for asked in ({}, {"series_id": [DK1, LOAD]}, {"group": "price"}, {"to": iso(LAST + DAY)}):
        assert rows(api, **asked) == rows(api, as_of=iso(LAST), **asked), asked


def test_a_time_that_memory_holds_only_in_part_is_read_from_files(api: httpx.Client) -> None:
    span = {"from": iso(LAST - 3 * DAY), "to": iso(LAST + DAY)}
    found = rows(api, series_id=DK1, **span)
    assert [row["valid_time"] for row in found] == [
        iso(LAST - 3 * DAY + i * HOUR + HOUR / 2) for i in range(96)
    ]
    assert told(found) == [iso(LAST + i * DAY) for i in (-4, -3, -2, -1, 0)]


@pytest.mark.parametrize("back", [0, 1, 5])
def test_as_of_gives_what_was_latest_then(api: httpx.Client, back: int) -> None:
    origin = LAST - back * DAY
    for moment in (origin, origin + 5 * HOUR):
        found = rows(api, series_id=DK1, as_of=iso(moment))
        assert told(found) == [iso(origin - DAY), iso(origin)]
        assert [row["valid_time"] for row in found][-24:] == target(origin)


def test_before_the_first_origin_nothing_was_known(api: httpx.Client) -> None:
    assert rows(api, as_of=iso(FIRST_ORIGIN - HOUR)) == []


def test_by_origin_gives_that_one_by_the_model_asked_for(api: httpx.Client) -> None:
    asked = {"series_id": DK1, "origin": iso(ORIGINS[3])}
    for model in ("champion", "lstm", "linear"):
        found = rows(api, model=model, **asked)
        assert [row["valid_time"] for row in found] == target(ORIGINS[3])
        assert told(found, "model_name") == ["linear" if model == "linear" else "lstm"]
    assert sorted(told(rows(api, model="all", **asked), "model_name")) == ["linear", "lstm"]


def test_a_named_model_s_latest_are_its_own(api: httpx.Client) -> None:
    found = rows(api, series_id=DK2, model="linear")
    assert told(found) == [iso(LAST - DAY), iso(LAST)]
    assert told(found, "model_name") == ["linear"]


def test_a_series_without_recent_forecasts_is_told_of_alone(api: httpx.Client) -> None:
    assert told(rows(api, series_id=STALE)) == [iso(ORIGINS[1]), iso(ORIGINS[2])]
    assert STALE not in told(rows(api), "series_id")
    assert told(rows(api, series_id=STALE, model="lstm")) == [iso(ORIGINS[1]), iso(ORIGINS[2])]


def test_replays_are_told_apart(api: httpx.Client) -> None:
    found = rows(api, run_kind="replay", as_of=iso(REPLAYED))
    assert told(found) == [iso(REPLAYED)]
    assert told(found, "run_kind") == ["replay"]


def test_a_point_is_the_median(api: httpx.Client) -> None:
    quantiles, points = rows(api, series_id=DK1), rows(api, series_id=DK1, values="point")
    assert [row["value"] for row in points] == [row["q50"] for row in quantiles]
    assert not any(name.startswith("q") for name in points[0])


def test_a_day_without_a_time_is_a_local_one(api: httpx.Client) -> None:
    """2024-10-27 has 25 hours in Denmark; the forecasts of the world end with the 26th."""
    span = {"from": "2024-10-26", "to": "2024-10-27", "tz": "Europe/Copenhagen"}
    found = rows(api, series_id=DK1, **span)
    assert [row["valid_time"] for row in found] == [
        f"2024-10-26T{hour:02}:00:00+02:00" for hour in range(24)
    ]


def test_the_origins_that_there_are_are_listed(api: httpx.Client) -> None:
    found = api.get("/v1/origins", params={"series_id": DK2}).json()["data"]
    assert told(found) == [iso(origin) for origin in ORIGINS]
    assert {row["n"] for row in found} == {24}
    assert [row["model_name"] for row in found][-2:] == ["linear", "seasonal_naive"]
