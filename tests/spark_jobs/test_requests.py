"""What is asked: each source as it wants to be asked, nothing twice, and no hole forgotten."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.landing import LandingZone, Request
from lakehouse.time import DAY, HOUR
from spark_jobs.requests import missing, past
from tests.small_lakehouse import utc
from tests.spark_jobs.answering import answering
from tests.spark_jobs.world import town_catalogue

NOW = utc("2024-10-18 07:15")
TARIFFS = ("E-1R-AGILE-24-10-01-A", "E-1R-AGILE-24-10-01-C")


def with_tariffs(weather: dict[str, Any] | None = None) -> Catalogue:
    """The town, two British tariffs, a data set that comes as a file, and a place nobody needs."""
    given = town_catalogue().model_dump()
    price = given["data_sets"]["Price"]
    agile = {"source": "octopus", "product": "AGILE-24-10-01", "lookahead_days": 2, "name": "Agile"}
    given["data_sets"]["Agile"] = price | agile | {"resolution_minutes": 30}
    given["data_sets"]["Own"] = price | {"source": "file", "name": "Own"}
    series = given["series"]["town.price"]
    for name, data_set, key in (
        ("own", "Own", "k"),
        *((tariff, "Agile", tariff) for tariff in TARIFFS),
    ):
        more = {"series_id": name, "data_set": data_set, "source_key": (key,), "location_id": None}
        given["series"][name] = series | more
    place = given["locations"]["town"]
    given["locations"]["moor"] = place | {"location_id": "moor", "latitude": 1.0}
    given["weather"] |= weather or {}
    return Catalogue.model_validate(given)


def landed(requests: list[Request], fetched_at: datetime, **more: Any) -> list[dict[str, Any]]:
    """The manifest of requests that were answered."""
    return [
        {
            "data_set": r.data_set, "request": r.url, "asked": list(r.asked), "status": 200,
            "window_start": r.window_start, "window_end": r.window_end, "fetched_at": fetched_at,
            "empty": False,
        } | more
        for r in requests
    ]  # fmt: skip


def windows(requests: list[Request], data_set: str) -> list[tuple[datetime, datetime]]:
    return [(r.window_start, r.window_end) for r in requests if r.data_set == data_set]


def test_each_source_is_asked_as_it_wants_to_be_asked() -> None:
    catalogue = with_tariffs()
    requests = missing(catalogue, [], NOW)
    counts = Counter(request.data_set for request in requests)
    assert counts["Load"] == counts["Price"] == counts["archive"] == counts["forecast"] == 1
    assert counts["single_runs"] == 48  # a run for each day from 1 September on
    assert "Own" not in counts
    assert "previous_runs" not in counts
    agile = [request for request in requests if request.data_set == "Agile"]
    assert {request.asked for request in agile} == {(tariff,) for tariff in TARIFFS}
    assert windows(agile, "Agile")[:2] == [
        (utc("2024-09-01 00:00"), utc("2024-10-01 00:00")),
        (utc("2024-10-01 00:00"), utc("2024-10-20 08:00")),
    ]


def test_only_places_that_a_series_uses_are_asked_for() -> None:
    places = {r.asked for r in missing(with_tariffs(), [], NOW) if r.source == "open_meteo"}
    assert places == {("town",)}


def test_days_before_the_first_single_run_get_what_was_predicted_days_ahead() -> None:
    begins = {
        "previous_runs_since": utc("2024-08-15 00:00"),
        "single_runs_since": utc("2024-10-10 03:00"),
    }
    requests = missing(with_tariffs(begins), [], NOW)
    assert windows(requests, "previous_runs") == [
        (utc("2024-09-01 00:00"), utc("2024-10-01 00:00")),
        (utc("2024-10-01 00:00"), utc("2024-10-11 03:00")),
    ]
    assert windows(requests, "single_runs")[0][0] == utc("2024-10-11 00:00")
    again = missing(with_tariffs(begins), landed(requests, NOW), NOW + DAY)
    assert windows(again, "previous_runs") == []


def test_a_series_that_is_new_in_the_catalogue_gets_its_history() -> None:
    manifest = landed(missing(town_catalogue(), [], NOW), NOW)
    given = town_catalogue().model_dump()
    more = given["series"]["town.price"] | {"series_id": "new", "source_key": ("k2",)}
    given["series"]["new"] = more
    requests = missing(Catalogue.model_validate(given), manifest, NOW + DAY)
    assert windows(requests, "Price")[0][0] == town_catalogue().history_start
    assert windows(requests, "Load")[0][0] > NOW - 4 * DAY


def test_a_hole_in_the_middle_is_asked_for() -> None:
    """A backfill of October alone does not hide from an ingest that September was never asked."""
    catalogue = town_catalogue()
    october = past(catalogue, [], utc("2024-10-01 00:00"), NOW, NOW)
    requests = missing(
        catalogue, landed([r for rs in october.values() for r in rs], NOW), NOW + DAY
    )
    assert windows(requests, "Load")[0][0] == catalogue.history_start + 0 * DAY


def test_a_silent_source_is_asked_for_all_that_it_owes() -> None:
    """Ten days of empty answers: the look-back counts from the last answer with a record."""
    catalogue = town_catalogue()
    manifest = landed(missing(catalogue, [], NOW), NOW)
    for day in range(1, 11):
        manifest += landed(
            missing(catalogue, manifest, NOW + day * DAY), NOW + day * DAY, empty=True
        )
    requests = missing(catalogue, manifest, NOW + 11 * DAY)
    assert windows(requests, "Load")[0][0] == utc("2024-10-18 08:00") - 3 * DAY


def test_a_file_answers_for_no_source() -> None:
    catalogue = town_catalogue()
    manifest = landed(missing(catalogue, [], NOW), NOW, request="/file/prices.csv")
    assert windows(missing(catalogue, manifest, NOW + DAY), "Load")[0][0] == catalogue.history_start


FIRST, LAST = utc("2023-02-10 00:00"), utc("2024-10-18 07:00")


def every(plan: dict[str, list[Request]]) -> list[Request]:
    return [request for requests in plan.values() for request in requests]


def test_a_past_time_is_cut_at_the_calendar() -> None:
    plan = past(with_tariffs(), [], FIRST, LAST, NOW)
    quarters = windows(plan["Load"], "Load")
    assert quarters[0] == (utc("2023-01-01 00:00"), utc("2023-04-01 00:00"))
    assert quarters[-1] == (utc("2024-10-01 00:00"), utc("2024-10-18 08:00"))
    assert len(quarters) == 8
    assert windows(plan["Agile"], "Agile")[0] == (utc("2023-02-01 00:00"), utc("2023-03-01 00:00"))
    assert len(plan["Agile"]) == 2 * 21
    assert plan["single_runs"][0].window_start == utc("2023-02-09 00:00")


def test_only_what_was_chosen_is_asked() -> None:
    catalogue = with_tariffs()
    by_source = past(catalogue, [], FIRST, LAST, NOW, sources=["octopus"])
    by_data_set = past(catalogue, [], FIRST, LAST, NOW, data_sets=["archive", "Price"])
    assert (list(by_source), list(by_data_set)) == (["Agile"], ["Price", "archive"])


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (
            {"sources": ["moon"]},
            "Unknown source 'moon': .* energi_data_service, octopus, open_meteo",
        ),
        ({"data_sets": ["Own"]}, "Unknown data set 'Own': .*Load, Price, archive, single_runs"),
    ],
)
def test_a_name_that_nothing_answers_to_is_refused(chosen: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        past(with_tariffs(), [], FIRST, LAST, NOW, **chosen)


moments = st.integers(0, 24 * 500).map(
    lambda hours: datetime(2023, 6, 1, tzinfo=UTC) + hours * HOUR
)


@given(st.lists(st.tuples(moments, moments), min_size=1, max_size=4), st.randoms())
def test_backfills_in_any_order_ask_the_same_in_all_and_nothing_twice(
    spans: list[tuple[datetime, datetime]], random: Any
) -> None:
    def asked(order: list[tuple[datetime, datetime]]) -> list[Request]:
        manifest: list[dict[str, Any]] = []
        made: list[Request] = []
        for one, other in order:
            first, last = min(one, other), max(one, other) + HOUR
            requests = every(past(catalogue, manifest, first, min(last, NOW), NOW))
            random.shuffle(requests)
            kept = requests[: random.randint(0, len(requests))]  # the backfill is killed here
            manifest += landed(kept, NOW)
            rest = every(past(catalogue, manifest, first, min(last, NOW), NOW))
            assert Counter(rest) == Counter(requests) - Counter(kept)
            manifest += landed(rest, NOW)
            made += [*kept, *rest]
        return made

    catalogue = with_tariffs()
    counts = Counter(asked(spans))
    assert max(counts.values(), default=1) == 1
    assert Counter(asked(spans[::-1])) == counts


def test_pages_are_followed_to_the_last_and_land_together(tmp_path: Path) -> None:
    catalogue = with_tariffs()
    [first, *_] = past(catalogue, [], NOW - DAY, NOW, NOW)["Agile"]

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        there = str(request.url.copy_set_param("page", page + 1)) if page < 3 else None
        return httpx.Response(200, json={"next": there, "results": [{"page": page}]})

    zone = LandingZone(tmp_path)
    with answering(zone, answer=answer) as (door, asked):
        rows = door.land(first, NOW, "run")
    assert [request.url.params.get("page") for request in asked] == [None, "2", "3"]
    assert [row["landing_id"] for row in zone.manifest()] == sorted(r["landing_id"] for r in rows)
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert {(row["window_start"], row["window_end"]) for row in rows} == {
        (first.window_start, first.window_end)
    }


def test_where_a_page_fails_the_manifest_knows_none(tmp_path: Path) -> None:
    from lakehouse.errors import SourceError

    [first, *_] = past(with_tariffs(), [], NOW - DAY, NOW, NOW)["Agile"]

    def answer(request: httpx.Request) -> httpx.Response:
        if "page" in request.url.params:
            return httpx.Response(404)
        return httpx.Response(200, json={"next": str(request.url.copy_set_param("page", 2))})

    zone = LandingZone(tmp_path)
    with answering(zone, answer=answer) as (door, _), pytest.raises(SourceError, match="got 404"):
        door.land(first, NOW, "run")
    assert zone.manifest() == []
