"""The cheapest hours over the wire."""

import httpx

from lakehouse.time import iso
from tests.serving.api.world import DK1, DK2, LAST, LOAD, ORIGINS


def test_rank_one_is_the_cheapest_of_its_local_day(api: httpx.Client) -> None:
    """Medians rise with the hour, so the day's first hours are the cheapest."""
    asked = {"series_id": DK1, "origin": iso(LAST), "rank": 3}
    found = api.get("/v1/cheapest_hours", params=asked).json()["data"]
    told = [(row["local_day"], row["local_time"], row["rank"]) for row in found]
    assert told == [("2024-10-26", f"0{i}:00", i + 1) for i in range(3)]
    assert [row["q50"] for row in found] == [2500.0, 2501.0, 2502.0]


def test_ranks_begin_anew_with_each_day_and_series(api: httpx.Client) -> None:
    found = api.get("/v1/cheapest_hours", params={"as_of": iso(ORIGINS[5])}).json()["data"]
    days = {(row["series_id"], row["local_day"]) for row in found}
    assert len(days) == 4
    for day in days:
        of_day = [row for row in found if (row["series_id"], row["local_day"]) == day]
        assert [row["rank"] for row in of_day] == list(range(1, len(of_day) + 1))
        medians = [row["q50"] for row in of_day]
        assert medians == sorted(medians)
    assert {row["series_id"] for row in found} == {DK1, DK2}


def test_what_has_no_price_has_no_cheapest_hour(api: httpx.Client) -> None:
    problem = api.get("/v1/cheapest_hours", params={"series_id": LOAD}).json()
    assert problem["status"] == 422
    assert problem["allowed"] == [DK1, DK2]
    assert api.get("/v1/cheapest_hours", params={"group": "load"}).json()["total"] == 0
