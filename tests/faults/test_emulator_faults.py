"""Every fault that the emulator can play, over real HTTP, and what the clients make of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from lakehouse.errors import SourceError
from lakehouse.landing import Request, Response
from lakehouse.settings import Settings, load_settings
from lakehouse.time import DAY, HOUR, iso, parse_utc
from sources import energi_data_service, octopus, open_meteo
from sources.addresses import Addresses, address_of
from sources.emulator.own_clock import OwnClock
from sources.emulator.server import running
from sources.http import Pace, Patience, fetch, new_client

NOW = parse_utc("2024-10-25T00:00Z")
START = parse_utc("2024-10-18T00:00Z")
TARIFF = "E-1R-AGILE-24-10-01-C"
QUICK = Patience(attempts=3, first_wait_seconds=0.01, longest_wait_seconds=0.02)


@dataclass
class Played:
    """An emulator with faults, its clock, and what a client slept."""

    settings: Settings
    addresses: Addresses
    clock: OwnClock
    client: httpx.Client
    told: list[str]
    slept: list[float] = field(default_factory=list)

    def fetch(self, request: Request, patience: Patience = QUICK) -> Response:
        pace = Pace(sleep=self.slept.append, monotonic=lambda: sum(self.slept))
        address = address_of(self.addresses, request)
        return fetch(request, address, self.clock.now(), self.client, patience, pace)

    def json(self, request: Request) -> Any:
        return json.loads(self.fetch(request).body)

    def prices(self, start: datetime = START) -> Request:
        data_set = self.settings.read_catalogue().data_sets["Elspotprices"]
        return energi_data_service.request(data_set, [("DK1",), ("DK2",)], start, start + DAY)

    def consumption(self) -> Request:
        data_set = self.settings.read_catalogue().data_sets["ConsumptionIndustry"]
        start = START - 10 * DAY
        return energi_data_service.request(data_set, [("851", "Privat")], start, start + DAY)

    def weather(self) -> Request:
        catalogue = self.settings.read_catalogue()
        return open_meteo.archive_request(list(catalogue.locations.values()), START, START + DAY)

    def rates(self) -> Request:
        data_set = load_settings("live").read_catalogue().data_sets["Agile"]
        return octopus.request(data_set, [TARIFF], START, START + DAY)


Play = Callable[..., Played]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with new_client() as shared:
        yield shared


@pytest.fixture
def hasty() -> Iterator[httpx.Client]:
    """Waits half a second: not long enough for the emulator's first reading of its files."""
    with new_client(timeout_seconds=0.5) as client:
        yield client


@pytest.fixture
def play(settings: Settings, client: httpx.Client) -> Iterator[Play]:
    """Starts an emulator that breaks these rules."""
    with ExitStack() as stack:

        def start(*faults: str, data: Path | None = None) -> Played:
            told: list[str] = []
            clock = OwnClock(NOW)
            mine = settings.model_copy(update={"sample_data": data}) if data else settings
            addresses = stack.enter_context(running(mine, clock, faults, tell=told.append))
            return Played(mine, addresses, clock, client, told)

        yield start


def good(play: Play, request: Request) -> Any:
    """What the emulator says without faults."""
    return play().json(request)


def test_a_rate_limit_with_a_time_is_waited_out(play: Play) -> None:
    played = play("429:data_set=Elspotprices,first=2,retry_after=60")
    assert played.json(played.prices())["total"] > 0
    assert played.slept == [60, 60]
    assert [line.split()[0] for line in played.told] == ["429", "429", "200"]


def test_a_rate_limit_without_a_time_is_backed_off(play: Play) -> None:
    played = play("429:first=2")
    assert played.json(played.prices())["total"] > 0
    assert played.slept == []


def test_a_rate_limit_that_goes_on_is_a_sentence(play: Play) -> None:
    played = play("429:retry_after=292")
    with pytest.raises(SourceError, match=r"got 429 \(.*Try again in 292 seconds.*asked 3 times"):
        played.fetch(played.prices())
    assert played.slept == [292, 292]


def test_a_longer_rate_limit_is_not_slept_through(play: Play) -> None:
    played = play("429:retry_after=3600")
    with pytest.raises(SourceError, match=r"asked 1 times. It asks to wait 3600 s"):
        played.fetch(played.prices())
    assert played.slept == []


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_is_asked_again_and_then_told(play: Play, status: int) -> None:
    once = play(f"500:first=2,status={status}")
    assert once.json(once.prices())["total"] > 0
    always = play(f"500:status={status}")
    with pytest.raises(
        SourceError, match=rf"got {status} \(Internal Server Error\), asked 3 times"
    ):
        always.fetch(always.prices())


def test_silence_is_asked_again_and_then_told(play: Play, hasty: httpx.Client) -> None:
    assert good(play, play().prices())["total"] > 0  # its files are read
    once = replace(play("timeout:first=1"), client=hasty)
    assert once.json(once.prices())["total"] > 0
    always = replace(play("timeout"), client=hasty)
    with pytest.raises(SourceError, match=r"no answer, asked 2 times \(ReadTimeout"):
        always.fetch(always.prices(), replace(QUICK, attempts=2))


def test_a_late_answer_is_whole(play: Play) -> None:
    late = play("timeout:seconds=0.05")
    assert late.json(late.prices()) == good(play, late.prices())


def test_a_slow_drip_ends_in_a_sentence_and_a_quick_one_is_whole(play: Play) -> None:
    slow = play("drip:seconds=0.01,bytes=10")
    brief = replace(QUICK, whole_answer_seconds=0.2)
    with pytest.raises(SourceError, match=r"within 0.2 s; only [\d,]+ bytes had come by then"):
        slow.fetch(slow.prices(), brief)
    quick = play("drip:seconds=0.001,bytes=2000")
    assert quick.json(quick.prices()) == good(play, quick.prices())


def test_torn_json_is_kept_to_the_byte(play: Play) -> None:
    torn = play("truncated:share=0.5")
    answer, whole = torn.fetch(torn.prices()), play().fetch(torn.prices())
    assert answer.status == 200
    assert answer.body == whole.body[: len(whole.body) // 2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_a_page_instead_of_json_is_kept_with_its_type(play: Play) -> None:
    played = play("html")
    for request in (played.prices(), played.weather()):
        answer = played.fetch(request)
        assert (answer.status, answer.content_type) == (200, "text/html; charset=utf-8")
        assert answer.body.startswith(b"<!doctype html>")


def test_wrong_types_are_texts_where_numbers_were(play: Play) -> None:
    played = play("wrong_types")
    record = played.json(played.prices())["records"][0]
    assert (record["SpotPriceDKK"], record["SpotPriceEUR"]) == ("n/a", "n/a")
    assert record["PriceArea"] in ("DK1", "DK2")
    one = play("wrong_types:column=cloud_cover")
    hourly = one.json(one.weather())[0]["hourly"]
    assert set(hourly["cloud_cover"]) == {"n/a"}
    assert hourly["temperature_2m"] == good(play, one.weather())[0]["hourly"]["temperature_2m"]


def test_columns_are_renamed_and_reordered(play: Play) -> None:
    names = ["HourUTC", "HourDK", "PriceArea", "SpotPriceDKK", "SpotPriceEUR"]
    named = play("renamed:column=SpotPriceEUR,to=Price")
    assert list(named.json(named.prices())["records"][0]) == [*names[:-1], "Price"]
    first = play("renamed")
    assert "SpotPriceDKK_new" in first.json(first.prices())["records"][0]
    turned = play("reordered")
    body = turned.json(turned.prices())
    assert list(body["records"][0]) == names[::-1]
    assert body == good(play, turned.prices())  # by name it is the same
    weather = turned.json(turned.weather())
    assert list(weather[0]["hourly"])[-1] == "time"
    assert weather == good(play, turned.weather())


def test_records_are_doubled_and_shuffled(play: Play) -> None:
    whole = good(play, play().prices())
    doubled = play("duplicated")
    body = doubled.json(doubled.prices())
    assert body["total"] == len(body["records"]) == 2 * whole["total"]
    assert body["records"][::2] == body["records"][1::2] == whole["records"]
    shuffled = play("shuffled")
    records = shuffled.json(shuffled.prices())["records"]
    assert records != whole["records"]
    assert sorted(map(json.dumps, records)) == sorted(map(json.dumps, whole["records"]))
    assert shuffled.json(shuffled.prices())["records"] == records  # the same each time


def test_shuffled_hours_keep_their_values(play: Play) -> None:
    played = play("shuffled")

    def by_hour(body: Any) -> list[dict[str, Any]]:
        return [
            dict(zip(p["hourly"]["time"], p["hourly"]["cloud_cover"], strict=True)) for p in body
        ]

    found, whole = played.json(played.weather()), good(play, played.weather())
    assert found[0]["hourly"]["time"] != whole[0]["hourly"]["time"]
    assert by_hour(found) == by_hour(whole)


def test_an_empty_window_is_an_answer(play: Play) -> None:
    played = play("empty")
    body = played.json(played.prices())
    assert (body["total"], body["records"], body["dataset"]) == (0, [], "Elspotprices")
    hourly = played.json(played.weather())[0]["hourly"]
    assert all(column == [] for column in hourly.values())
    assert "cloud_cover" in hourly


HOUR_OF_VALUE = "2024-10-18T05"


def value_at(played: Played, moment: datetime, area: str = "DK1") -> float:
    """The price of one hour as it was said at a moment."""
    played.clock.set(moment)
    [value] = [
        record["SpotPriceEUR"]
        for record in played.json(played.prices())["records"]
        if record["HourUTC"].startswith(HOUR_OF_VALUE) and record["PriceArea"] == area
    ]
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("days=3", 100.0, 0.0),
        ("days=3,differs=from", 0.0, 100.0),
        ("at=2024-10-21T05:00:00Z,differs=from", 0.0, 100.0),
    ],
)
def test_a_correction_comes_so_many_days_later(
    play: Play, rule: str, before: float, after: float
) -> None:
    told = f"correction:data_set=Elspotprices,key=DK1,time={HOUR_OF_VALUE},add=100,{rule}"
    played, true = play(told), value_at(play(), NOW)
    turn = parse_utc(f"{HOUR_OF_VALUE}:00Z") + timedelta(days=3)
    assert value_at(played, turn - timedelta(seconds=1)) == round(true + before, 6)
    assert value_at(played, turn) == round(true + after, 6)
    assert value_at(played, turn, "DK2") == value_at(play(), NOW, "DK2")


def test_a_correction_touches_nothing_else(play: Play) -> None:
    told = f"correction:time={HOUR_OF_VALUE},column=SpotPriceEUR,days=30,key=DK1"
    played = play(told)
    found, whole = played.json(played.prices()), good(play, played.prices())
    differing = [
        (mine, theirs)
        for mine, theirs in zip(found["records"], whole["records"], strict=True)
        if mine != theirs
    ]
    [(mine, theirs)] = differing
    assert mine == theirs | {"SpotPriceEUR": mine["SpotPriceEUR"]}


def test_values_of_some_time_are_at_another_level_until_they_are_corrected(play: Play) -> None:
    time, end = parse_utc(f"{HOUR_OF_VALUE}:00Z"), parse_utc(f"{HOUR_OF_VALUE}:00Z") + 2 * HOUR
    corrected = START + 5 * DAY
    told = f"scaled:key=DK1,column=SpotPriceEUR,factor=10,since={iso(time)},until={iso(end)}"
    played = play(f"{told},corrected={iso(corrected)}")
    whole = good(play, played.prices())["records"]
    played.clock.set(corrected - HOUR)
    found = played.json(played.prices())["records"]
    differing = [(m, t) for m, t in zip(found, whole, strict=True) if m != t]
    assert len(differing) == 2
    for mine, theirs in differing:
        assert mine == theirs | {"SpotPriceEUR": round(10 * theirs["SpotPriceEUR"], 6)}
        assert (theirs["PriceArea"], theirs["HourUTC"][:11]) == ("DK1", HOUR_OF_VALUE[:11])
    played.clock.set(corrected)
    assert played.json(played.prices())["records"] == whole


def test_a_record_disappears(play: Play) -> None:
    played = play(f"disappears:key=DK1,time={HOUR_OF_VALUE},days=3")
    turn = parse_utc(f"{HOUR_OF_VALUE}:00Z") + timedelta(days=3)
    played.clock.set(turn - HOUR)
    there = played.json(played.prices())
    played.clock.set(turn)
    gone = played.json(played.prices())
    [lost] = [record for record in there["records"] if record not in gone["records"]]
    assert (lost["PriceArea"], lost["HourUTC"][:13]) == ("DK1", HOUR_OF_VALUE)
    assert gone["total"] == there["total"] - 1


def test_a_rule_strikes_only_what_it_names(play: Play) -> None:
    played = play("500:data_set=Elspotprices", "500:data_set=archive")
    played.fetch(played.consumption())
    for request in (played.prices(), played.weather()):
        with pytest.raises(SourceError, match="got 500"):
            played.fetch(request)
    service = play("500:service=open_meteo")
    service.fetch(service.prices())
    with pytest.raises(SourceError, match="got 500"):
        service.fetch(service.weather())


def test_a_home_tariff_is_struck_by_either_of_its_names(play: Play, tmp_path: Path) -> None:
    (tmp_path / "octopus").mkdir()
    (tmp_path / "octopus" / "agile.csv").write_text(
        "tariff,valid_from,valid_to,value_exc_vat,value_inc_vat\n"
        f"{TARIFF},2024-10-18T00:00:00Z,2024-10-18T00:30:00Z,10.0,10.5\n"
    )
    for rule in ("wrong_types:service=octopus", "wrong_types:data_set=AGILE-24-10-01"):
        played = play(rule, data=tmp_path)
        body = played.json(played.rates())
        assert (body["count"], body["results"][0]["value_inc_vat"]) == (1, "n/a")
    played = play("empty:service=octopus", data=tmp_path)
    body = played.json(played.rates())
    assert (body["count"], body["results"], body["next"]) == (0, [], None)


def test_several_rules_strike_together_in_their_order(play: Play) -> None:
    played = play("duplicated", "renamed:column=SpotPriceEUR,to=Price", "drip:bytes=5000,seconds=0")
    body = played.json(played.prices())
    assert body["total"] == 2 * good(play, played.prices())["total"]
    assert "Price" in body["records"][0]
