"""Octopus: what we ask, how pages are followed, and what nobody may see yet."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from lakehouse.catalogue import DataSet
from lakehouse.errors import BadInput, SourceError
from lakehouse.landing import Request
from lakehouse.settings import load_settings
from lakehouse.time import DAY, iso, parse_utc
from sources import octopus
from sources.addresses import Addresses
from sources.emulator.own_clock import OwnClock
from sources.emulator.server import running
from sources.http import fetch

TARIFF = "E-1R-AGILE-24-10-01-C"
FIXED = "E-1R-VAR-22-11-01-C"
HALF_HOUR = timedelta(minutes=30)
FIRST, HALF_HOURS = datetime(2025, 1, 1, tzinfo=UTC), 120 * 48
START, END = parse_utc("2025-01-19T00:00Z"), parse_utc("2025-01-20T00:00Z")


def agile() -> DataSet:
    return load_settings("live").read_catalogue().data_sets["Agile"]


def rate_at(instant: datetime) -> float:
    """A rate that tells its half-hour."""
    return round((instant - FIRST) / HALF_HOUR / 100, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 days of half-hours, and a fixed rate that was replaced once and is open-ended since."""
    folder = tmp_path_factory.mktemp("recorded") / "octopus"
    folder.mkdir()
    lines = ["tariff,valid_from,valid_to,value_exc_vat,value_inc_vat"]
    for i in range(HALF_HOURS):
        begin = FIRST + i * HALF_HOUR
        value = rate_at(begin)
        lines.append(f"{TARIFF},{iso(begin)},{iso(begin + HALF_HOUR)},{value / 1.05:.4f},{value}")
    lines.append(f"{FIXED},2024-12-01T00:00:00Z,2025-01-10T00:00:00Z,20.0,21.0")
    lines.append(f"{FIXED},2025-01-10T00:00:00Z,,24.36,25.578")
    (folder / "agile.csv").write_text("\n".join(lines) + "\n")
    return folder.parent


@pytest.fixture(scope="module")
def clock() -> OwnClock:
    return OwnClock(parse_utc("2025-06-01T00:00Z"))


@pytest.fixture(scope="module")
def played(folder: Path, clock: OwnClock) -> Iterator[Addresses]:
    settings = load_settings("live").model_copy(update={"sample_data": folder})
    with running(settings, clock) as addresses:
        yield addresses


def pages(played: Addresses, client: httpx.Client, first: Request) -> list[dict[str, Any]]:
    """All pages, as the ingest follows them."""
    found = []
    asked: Request | None = first
    while asked is not None:
        body = fetch(asked, played.octopus, END, client).body
        found.append(json.loads(body))
        asked = octopus.next_request(asked, body)
    return found


def answer_with(next_address: Any) -> bytes:
    return json.dumps({"count": 9, "next": next_address, "results": []}).encode()


def test_one_request_asks_for_one_tariff_and_window() -> None:
    asked = octopus.request(agile(), [TARIFF], START, END)
    assert (asked.source, asked.data_set, asked.asked) == ("octopus", "Agile", (TARIFF,))
    assert asked.url == (
        "/v1/products/AGILE-24-10-01/electricity-tariffs/E-1R-AGILE-24-10-01-C/"
        "standard-unit-rates/?period_from=2025-01-19T00%3A00%3A00Z"
        "&period_to=2025-01-20T00%3A00%3A00Z&page_size=1500"
    )
    assert (asked.window_start, asked.window_end) == (START, END)


def test_a_request_that_means_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="Agile: expected a window in UTC"):
        octopus.request(agile(), [TARIFF], END, START)
    with pytest.raises(BadInput, match="Agile: expected a window in UTC"):
        octopus.request(agile(), [TARIFF], datetime(2025, 1, 1), END)
    with pytest.raises(BadInput, match=r"the tariff's code as the only key, got .*'a', 'b'"):
        octopus.request(agile(), ["a", "b"], START, END)
    with pytest.raises(BadInput, match="got product ''"):
        octopus.request(agile().model_copy(update={"product": ""}), [TARIFF], START, END)


def test_an_answer_has_the_service_shape(played: Addresses, client: httpx.Client) -> None:
    [body] = pages(played, client, octopus.request(agile(), [TARIFF], START, END))
    assert list(body) == ["count", "next", "previous", "results"]
    assert (body["count"], body["next"], body["previous"]) == (48, None, None)
    assert body["results"][-1] == {
        "value_exc_vat": pytest.approx(rate_at(START) / 1.05, abs=1e-4),
        "value_inc_vat": rate_at(START),
        "valid_from": "2025-01-19T00:00:00Z",
        "valid_to": "2025-01-19T00:30:00Z",
        "payment_method": None,
    }
    begins = [rate["valid_from"] for rate in body["results"]]
    assert begins == sorted(begins, reverse=True)


def test_pages_are_followed_to_the_end_and_lose_nothing(
    played: Addresses, client: httpx.Client
) -> None:
    first = octopus.request(agile(), [TARIFF], FIRST, FIRST + 120 * DAY)
    found = pages(played, client, first)
    assert [len(page["results"]) for page in found] == [1500, 1500, 1500, 1260]
    assert {page["count"] for page in found} == {HALF_HOURS}
    links = [(page["previous"], page["next"]) for page in found]
    assert links[0][0] is links[-1][1] is None
    assert "page=2" in links[0][1] and "page=" not in links[1][0] and "page=2" in links[2][0]
    begins = [rate["valid_from"] for page in found for rate in page["results"]]
    assert begins == [iso(FIRST + i * HALF_HOUR) for i in reversed(range(HALF_HOURS))]
    values = {rate["valid_from"]: rate["value_inc_vat"] for p in found for rate in p["results"]}
    assert all(values[iso(at)] == rate_at(at) for at in (FIRST, START, END))


def test_the_next_page_is_the_same_question(played: Addresses, client: httpx.Client) -> None:
    first = octopus.request(agile(), [TARIFF], FIRST, FIRST + 60 * DAY)
    body = fetch(first, played.octopus, END, client).body
    second = octopus.next_request(first, body)
    assert second is not None
    assert replace(second, params=first.params) == first
    assert dict(second.params) == {**dict(first.params), "page": "2"}


def test_the_host_that_an_answer_names_is_never_asked() -> None:
    asked = octopus.request(agile(), [TARIFF], START, END)
    following = octopus.next_request(asked, answer_with(f"https://evil.test{asked.path}?page=2"))
    assert following is not None
    assert following.url == f"{asked.path}?page=2"


@pytest.mark.parametrize(
    "body",
    [b"", b'{"next": "https://a', b"<html>", b"[]", b'{"next":null}', b'{"next":7}', b'{"next":""}',
     b"{}", b"\xff\xfe"],
)  # fmt: skip
def test_an_answer_without_a_next_page_is_the_last(body: bytes) -> None:
    assert octopus.next_request(octopus.request(agile(), [TARIFF], START, END), body) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://api.octopus.energy/v1/accounts/?page=2",
        "https://api.octopus.energy{path}",
        "https://api.octopus.energy{path}?page=1",
        "https://api.octopus.energy{path}?page=two",
        "{path}/../../?page=2",
    ],
)
def test_a_next_page_that_leads_elsewhere_is_a_sentence(address: str) -> None:
    asked = octopus.request(agile(), [TARIFF], START, END)
    with pytest.raises(SourceError, match=r"octopus Agile for E-1R.*expected a page after page 1"):
        octopus.next_request(asked, answer_with(address.format(path=asked.path)))


def test_pages_that_go_round_in_a_circle_end() -> None:
    asked = octopus.request(agile(), [TARIFF], START, END)
    second = octopus.next_request(asked, answer_with(f"https://a{asked.path}?page=2"))
    assert second is not None
    with pytest.raises(SourceError, match="expected a page after page 2"):
        octopus.next_request(second, answer_with(f"https://a{asked.path}?page=2"))


def test_an_open_ended_rate_is_in_every_window_after_it_began(
    played: Addresses, client: httpx.Client
) -> None:
    fixed = agile().model_copy(update={"product": "VAR-22-11-01"})

    def rates(start: str, end: str) -> list[tuple[float, str | None]]:
        asked = octopus.request(fixed, [FIXED], parse_utc(start), parse_utc(end))
        [body] = pages(played, client, asked)
        return [(rate["value_inc_vat"], rate["valid_to"]) for rate in body["results"]]

    assert rates("2025-03-01T00:00Z", "2025-03-02T00:00Z") == [(25.578, None)]
    both = [(25.578, None), (21.0, "2025-01-10T00:00:00Z")]
    assert rates("2025-01-09T00:00Z", "2025-01-11T00:00Z") == both
    # Ends are exclusive: the old rate ends where the new one begins.
    assert rates("2025-01-10T00:00Z", "2025-01-11T00:00Z") == both[:1]
    assert rates("2025-01-09T00:00Z", "2025-01-10T00:00Z") == both[1:]


@pytest.mark.parametrize(
    ("before", "after", "tomorrow", "count"),
    [
        # 16:00 in London, in winter and on the day before the 23-hour day.
        ("2025-01-18T15:59Z", "2025-01-18T16:00Z", "2025-01-19T00:00:00Z", 48),
        ("2025-03-29T15:59Z", "2025-03-29T16:00Z", "2025-03-30T00:00:00Z", 46),
        ("2025-04-09T14:59Z", "2025-04-09T15:00Z", "2025-04-09T23:00:00Z", 48),
    ],
)
def test_rates_of_tomorrow_appear_at_four(
    played: Addresses,
    client: httpx.Client,
    clock: OwnClock,
    before: str,
    after: str,
    tomorrow: str,
    count: int,
) -> None:
    asked = octopus.request(agile(), [TARIFF], parse_utc(tomorrow), parse_utc(tomorrow) + 3 * DAY)
    try:
        for moment, expected in ((before, 0), (after, count)):
            clock.set(parse_utc(moment))
            assert sum(page["count"] for page in pages(played, client, asked)) == expected
    finally:
        clock.set(parse_utc("2025-06-01T00:00Z"))


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"path": "AGILE-23-01-01"}, 404, {"detail": "Not found."}),
        ({"page": "9"}, 404, {"detail": "Invalid page."}),
        ({"page": "none"}, 404, {"detail": "Invalid page."}),
        ({"period_from": "soon"}, 400, {"period_from": ["Enter a valid date/time."]}),
    ],
)
def test_errors_are_json_with_what_is_wrong(
    played: Addresses,
    client: httpx.Client,
    changed: dict[str, str],
    status: int,
    said: dict[str, Any],
) -> None:
    asked = octopus.request(agile(), [TARIFF], START, END)
    product = changed.pop("path", "AGILE-24-10-01")
    path = asked.path.replace("/AGILE-24-10-01/", f"/{product}/")
    answer = client.get(played.octopus + path, params=dict(asked.params) | changed)
    assert (answer.status_code, answer.json()) == (status, said)


def test_pages_are_small_by_default_and_never_too_large(
    played: Addresses, client: httpx.Client
) -> None:
    address = played.octopus + octopus.request(agile(), [TARIFF], START, END).path
    assert len(client.get(address).json()["results"]) == 100
    assert len(client.get(address, params={"page_size": "9999"}).json()["results"]) == 1500


def test_a_recorded_file_of_another_form_is_a_sentence(tmp_path: Path) -> None:
    from sources.emulator.recordings import Recordings

    (tmp_path / "octopus").mkdir()
    file = tmp_path / "octopus" / "agile.csv"
    file.write_text("tariff,valid_from\n")
    with pytest.raises(BadInput, match=r"agile.csv: expected the columns .* lacks \['valid_to'"):
        _ = Recordings(tmp_path).tariffs
    heading = "tariff,valid_from,valid_to,value_exc_vat,value_inc_vat\n"
    file.write_text(f"{heading}{TARIFF},2025-01-01T00:00:00,,1,1\n")
    with pytest.raises(BadInput, match=r"agile.csv, row 2: Expected a time with an offset"):
        _ = Recordings(tmp_path).tariffs
