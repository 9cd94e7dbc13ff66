"""Energi Data Service: what we ask, what the emulator answers, and what nobody may see yet."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput, SourceError
from lakehouse.landing import Request
from lakehouse.settings import load_settings
from lakehouse.time import HOUR, parse_utc
from sources import energi_data_service
from sources.addresses import Addresses
from sources.http import fetch

Ask = Callable[[Request], Any]
SetClock = Callable[[str], datetime]
DENMARK = energi_data_service.ZONE


def request(catalogue: Catalogue, name: str, start: str, end: str) -> Request:
    keys = [feed.source_key for feed, _ in catalogue.feeds_of(name)]
    return energi_data_service.request(
        catalogue.data_sets[name], keys, parse_utc(start), parse_utc(end)
    )


def hours(records: list[dict[str, Any]], area: str) -> set[datetime]:
    return {
        datetime.fromisoformat(record["HourUTC"]).replace(tzinfo=UTC)
        for record in records
        if record["PriceArea"] == area
    }


def test_one_request_asks_for_all_keys_of_a_window(catalogue: Catalogue) -> None:
    asked = request(catalogue, "ConsumptionIndustry", "2024-07-01T00:00Z", "2024-07-02T00:00Z")
    assert asked.source == "energi_data_service"
    assert asked.path == "/dataset/ConsumptionIndustry"
    assert dict(asked.params) == {
        "start": "2024-06-30T23:00",
        "end": "2024-07-02T05:00",
        "filter": '{"MunicipalityNo":["329","851"],"Branche":["Erhverv","Privat"]}',
        "sort": "HourUTC asc",
        "limit": "0",
    }
    assert asked.asked == ("851|Privat", "329|Erhverv")
    assert (asked.window_start, asked.window_end) == (
        datetime(2024, 7, 1, tzinfo=UTC),
        datetime(2024, 7, 2, tzinfo=UTC),
    )


def test_the_live_catalogue_is_asked_by_its_own_columns() -> None:
    live = load_settings("live").read_catalogue()
    name = "ConsumptionConsumerCategoryHour"
    asked = request(live, name, "2026-01-01T00:00Z", "2026-01-02T00:00Z")
    filtered = json.loads(dict(asked.params)["filter"])
    assert filtered["ConsumerCategory3"] == ["Erhverv", "Privat"]
    assert "Region Sjælland" in filtered["RegionName"]
    assert "Region+Sj%C3%A6lland" in asked.url
    prices = request(live, "DayAheadPrices", "2026-01-01T00:00Z", "2026-01-02T00:00Z")
    assert dict(prices.params)["sort"] == "TimeUTC asc"


@pytest.mark.parametrize(
    ("start", "end", "keys"),
    [
        (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC), [("DK1",)]),
        (datetime(2024, 1, 1), datetime(2024, 1, 2), [("DK1",)]),
        (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC), [("DK1", "x")]),
        (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC), []),
    ],
    ids=["empty window", "naive time", "wrong key", "no key"],
)
def test_a_request_that_means_nothing_is_refused(
    catalogue: Catalogue, start: datetime, end: datetime, keys: list[tuple[str, ...]]
) -> None:
    with pytest.raises(BadInput, match="Elspotprices: expected"):
        energi_data_service.request(catalogue.data_sets["Elspotprices"], keys, start, end)


def readings(hour: datetime, start: str, end: str) -> list[bool]:
    """Every way in which a service may read two Danish wall clocks over one UTC hour."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    utc = hour.replace(tzinfo=None)
    local = hour.astimezone(DENMARK).replace(tzinfo=None)
    converted = [
        first.replace(tzinfo=DENMARK, fold=a) <= hour < last.replace(tzinfo=DENMARK, fold=b)
        for a in (0, 1)
        for b in (0, 1)
    ]
    return [first <= local < last, first <= utc < last, *converted]


@given(
    st.datetimes(datetime(2023, 1, 1), datetime(2026, 12, 31)),
    st.integers(1, 60 * 60),
    st.sampled_from([None, datetime(2024, 3, 30, 20), datetime(2024, 10, 26, 20)]),
)
def test_no_reading_of_the_window_loses_an_hour(
    catalogue: Catalogue, moment: datetime, minutes: int, near: datetime | None
) -> None:
    offset = timedelta(minutes=moment.minute + 60 * (moment.hour % 12))
    start = ((near + offset) if near else moment).replace(tzinfo=UTC, second=0, microsecond=0)
    end = start + timedelta(minutes=minutes)
    asked = energi_data_service.request(catalogue.data_sets["Elspotprices"], [("DK1",)], start, end)
    params = dict(asked.params)
    hour = start.replace(minute=0) + (HOUR if start.minute else timedelta(0))
    while hour < end:
        assert all(readings(hour, params["start"], params["end"])), hour
        hour += HOUR


@pytest.mark.parametrize("day", ["2024-03-31", "2024-10-27"])
def test_the_clock_change_loses_no_hour(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock, day: str
) -> None:
    set_clock("2024-11-15T00:00Z")
    for offset in range(-3, 27):
        start = parse_utc(f"{day}T00:00Z") + offset * HOUR
        for length in (1, 2, 24):
            wanted = {start + i * HOUR for i in range(length)}
            asked = energi_data_service.request(
                catalogue.data_sets["Elspotprices"],
                [("DK1",), ("DK2",)],
                start,
                start + length * HOUR,
            )
            records = ask(asked)["records"]
            assert wanted <= hours(records, "DK1")
            assert wanted <= hours(records, "DK2")


def test_an_answer_has_the_service_shape(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock
) -> None:
    set_clock("2024-11-15T00:00Z")
    asked = request(catalogue, "Elspotprices", "2024-07-01T00:00Z", "2024-07-01T02:00Z")
    body = ask(asked)
    assert list(body) == ["total", "filters", "sort", "limit", "dataset", "records"]
    assert body["filters"] == '{"PriceArea":["DK1","DK2"]}'
    assert (body["sort"], body["limit"], body["dataset"]) == ("HourUTC asc", 0, "Elspotprices")
    assert body["total"] == len(body["records"])
    record = next(r for r in body["records"] if r["HourUTC"] == "2024-07-01T00:00:00")
    assert list(record) == ["HourUTC", "HourDK", "PriceArea", "SpotPriceDKK", "SpotPriceEUR"]
    assert record["HourDK"] == "2024-07-01T02:00:00"
    assert isinstance(record["SpotPriceEUR"], float)
    assert [r["HourUTC"] for r in body["records"]] == sorted(r["HourUTC"] for r in body["records"])


def test_consumption_has_the_fields_of_its_data_set(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock
) -> None:
    set_clock("2024-11-15T00:00Z")
    asked = request(catalogue, "ConsumptionIndustry", "2024-07-01T00:00Z", "2024-07-01T01:00Z")
    record = ask(asked)["records"][0]
    assert list(record) == ["HourUTC", "HourDK", "MunicipalityNo", "Branche", "ConsumptionkWh"]
    assert record["MunicipalityNo"] == "329"


def served(ask: Ask, catalogue: Catalogue, name: str, start: str, end: str) -> list[str]:
    records = ask(request(catalogue, name, start, end))["records"]
    return [record["HourDK"] for record in records]


@pytest.mark.parametrize(
    ("before", "after", "tomorrow", "count"),
    [
        ("2024-10-18T10:44Z", "2024-10-18T10:45Z", "2024-10-19", 24),
        ("2024-10-26T10:44Z", "2024-10-26T10:45Z", "2024-10-27", 25),
        ("2024-03-30T11:44Z", "2024-03-30T11:45Z", "2024-03-31", 23),
    ],
)
def test_prices_of_tomorrow_appear_at_a_quarter_to_one(
    ask: Ask,
    catalogue: Catalogue,
    set_clock: SetClock,
    before: str,
    after: str,
    tomorrow: str,
    count: int,
) -> None:
    end = f"{parse_utc(after) + timedelta(days=3):%Y-%m-%dT%H:%M}Z"
    for moment, expected in ((before, 0), (after, 2 * count)):
        set_clock(moment)
        local = served(ask, catalogue, "Elspotprices", before, end)
        assert sum(text >= tomorrow for text in local) == expected


def test_consumption_appears_nine_days_after_its_hour(
    ask: Ask, catalogue: Catalogue, set_clock: SetClock
) -> None:
    for moment, newest in (
        ("2024-10-18T06:59Z", "2024-10-09T07:00:00"),
        ("2024-10-18T07:00Z", "2024-10-09T08:00:00"),
    ):
        set_clock(moment)
        local = served(
            ask, catalogue, "ConsumptionIndustry", "2024-10-08T00:00Z", "2024-10-18T07:00Z"
        )
        assert max(local) == newest


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("/dataset/DayAheadPrices", 404, "dataset not found DayAheadPrices"),
        ("/dataset/Elspotprices?columns=HourUTC,Price", 400, "Invalid column Price"),
        ("/dataset/Elspotprices?sort=Price asc", 400, "Invalid column Price"),
        ('/dataset/Elspotprices?filter={"Area":["DK1"]}', 400, "Invalid column Area"),
        ("/dataset/Elspotprices?start=yesterday", 400, "Invalid start yesterday"),
    ],
)
def test_errors_are_plain_text(
    played: Addresses, client: httpx.Client, query: str, status: int, text: str
) -> None:
    answer = client.get(played.energi_data_service + query)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_refused_request_is_one_sentence(
    played: Addresses, client: httpx.Client, catalogue: Catalogue, set_clock: SetClock
) -> None:
    other = catalogue.data_sets["Elspotprices"].model_copy(update={"name": "Spot"})
    asked = energi_data_service.request(
        other, [("DK1",)], parse_utc("2024-01-01T00:00Z"), parse_utc("2024-01-02T00:00Z")
    )
    with pytest.raises(SourceError, match=r"Spot for DK1, 2024-01-01.* 404 .*not found Spot"):
        fetch(asked, played.energi_data_service, set_clock("2024-11-15T00:00Z"), client)


def test_paging_columns_and_order_work_as_documented(
    played: Addresses, client: httpx.Client, set_clock: SetClock
) -> None:
    set_clock("2024-11-15T00:00Z")
    base = played.energi_data_service + "/dataset/Elspotprices"
    plain = client.get(base).json()
    assert (len(plain["records"]), plain["limit"]) == (100, 100)
    assert "filters" not in plain
    newest_first = [record["HourUTC"] for record in plain["records"]]
    assert newest_first == sorted(newest_first, reverse=True)
    params = {"columns": "PriceArea,HourUTC", "sort": "HourUTC,PriceArea desc", "limit": "2"}
    first = client.get(base, params=params).json()["records"]
    second = client.get(base, params={**params, "limit": "1", "offset": "1"}).json()["records"]
    hour = "2023-01-01T00:00:00"
    assert first == [{"PriceArea": area, "HourUTC": hour} for area in ("DK2", "DK1")]
    assert second == first[1:]


def test_relative_times_are_read_on_the_sample_clock(
    played: Addresses, client: httpx.Client, set_clock: SetClock
) -> None:
    set_clock("2024-07-01T08:30Z")
    params = {"start": "StartOfDay-P1D", "end": "now", "filter": '{"PriceArea":"DK1"}'}
    body = client.get(played.energi_data_service + "/dataset/Elspotprices", params=params).json()
    local = [record["HourDK"] for record in body["records"]]
    assert (min(local), max(local)) == ("2024-06-30T00:00:00", "2024-07-01T10:00:00")
