"""Fetching: what is retried, how long, at what pace, and the sentence when it ends."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from lakehouse.errors import SourceError
from lakehouse.landing import Request, Response
from sources.http import Pace, Patience, fetch

NOW = datetime(2024, 10, 18, 7, 30, tzinfo=UTC)
ASKED = Request(
    source="open_meteo",
    data_set="forecast",
    path="/v1/forecast",
    params=(("latitude", "56.13,55.57"), ("apikey", "hunter2")),
    window_start=NOW,
    window_end=datetime(2024, 10, 19, tzinfo=UTC),
    asked=("aarhus", "malmo"),
)
QUICK = Patience(attempts=3, first_wait_seconds=0.01, longest_wait_seconds=0.02)
LIMITED = b'{"statusCode":429,"message":"Rate limit is exceeded. Try again in 292 seconds."}'
HOURLY = (
    b'{"error":true,"reason":"Hourly API request limit exceeded. '
    b'Please try again in the next hour."}'
)

Answer = tuple[int, dict[str, str], bytes]


class HandTime:
    """Seconds that pass only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, **seconds_between: float) -> Pace:
        return Pace(seconds_between, self.monotonic, self.sleep)


class Source:
    """A tiny server that gives its answers in turn, then the last one again."""

    def __init__(self, address: str, seen: list[tuple[float, str]]) -> None:
        self.address = address
        self.seen = seen


@contextmanager
def source(answers: list[Answer]) -> Iterator[Source]:
    seen: list[tuple[float, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers[min(len(seen), len(answers) - 1)]
            seen.append((time.monotonic(), self.path))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Source(f"http://127.0.0.1:{server.server_address[1]}", seen)
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def trickling(parts: int = 10_000, before: float = 0.0) -> Iterator[str]:
    """A server that says nothing at first, and then a byte every few milliseconds."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ended.wait(before)
            self.send_response(200)
            self.end_headers()
            for _ in range(parts):
                if ended.wait(0.005):
                    return
                try:
                    self.wfile.write(b".")
                except OSError:  # the client has gone
                    return

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


Play = Callable[[list[Answer]], Source]


@pytest.fixture
def play() -> Iterator[Play]:
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(source(answers))


def get(
    address: str,
    patience: Patience = QUICK,
    pace: Pace | None = None,
    data_set: str = ASKED.data_set,
    timeout: float = 5,
) -> Response:
    asked = replace(ASKED, data_set=data_set)
    with httpx.Client(timeout=timeout) as client:
        return fetch(asked, address, NOW, client, patience, pace)


def test_the_request_is_sent_as_it_is_recorded_and_the_body_is_kept(play: Play) -> None:
    body = b'{"hourly" :  {}}\n'
    served = play([(200, {"Content-Type": "application/json"}, body)])
    answer = get(served.address + "/")
    assert (answer.body, answer.status, answer.content_type) == (body, 200, "application/json")
    assert (answer.request, answer.fetched_at) == (ASKED, NOW)
    assert [path for _, path in served.seen] == [ASKED.url]


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<html>maintenance</html>"), ("application/json", b'{"cut'), ("", b"")],
)
def test_a_wrong_200_is_returned_for_bronze_to_refuse(play: Play, kind: str, body: bytes) -> None:
    answer = get(play([(200, {"Content-Type": kind} if kind else {}, body)]).address)
    assert (answer.status, answer.content_type, answer.body) == (200, kind, body)


def test_a_server_error_is_asked_again(play: Play) -> None:
    served = play([(500, {}, b"oops"), (503, {}, b""), (200, {}, b"fine")])
    assert get(served.address).body == b"fine"
    assert len(served.seen) == 3


def test_every_wait_that_a_rate_limit_asks_for_is_kept(play: Play) -> None:
    limits: list[Answer] = [(429, {"Retry-After": wait}, LIMITED) for wait in ("7", "60", "5")]
    served = play([*limits, (200, {}, b"fine")])
    hand = HandTime()
    assert get(served.address, replace(QUICK, attempts=4), hand.pace()).body == b"fine"
    assert hand.slept == [7, 60, 5]


def test_a_rate_limit_without_a_header_is_kept_by_its_words(play: Play) -> None:
    served = play([(429, {}, LIMITED), (200, {}, b"fine")])
    hand = HandTime()
    assert get(served.address, pace=hand.pace()).body == b"fine"
    assert hand.slept == [292]


def test_a_rate_limit_without_a_time_is_backed_off(play: Play) -> None:
    served = play([(429, {}, b"too many"), (200, {}, b"fine")])
    hand = HandTime()
    assert get(served.address, pace=hand.pace()).body == b"fine"
    assert hand.slept == []


def test_a_limit_of_the_hour_ends_with_its_words_and_is_not_tried_again(play: Play) -> None:
    served = play([(429, {}, HOURLY), (200, {}, b"fine")])
    hand = HandTime()
    pace, brief = hand.pace(), replace(QUICK, retry_after_limit_seconds=0)
    with pytest.raises(SourceError, match=r"Hourly API request limit exceeded.*asked 1 times"):
        get(served.address, brief, pace)
    with pytest.raises(SourceError, match=r"not asked, because open_meteo asked for a wait of"):
        get(served.address, brief, pace)
    assert len(served.seen) == 1
    # Another data set of the service is another address, with a limit of its own.
    assert get(served.address, brief, pace, data_set="archive").body == b"fine"
    hand.now += 3601
    assert get(served.address, brief, pace).body == b"fine"
    assert hand.slept == []


def test_a_longer_wait_than_allowed_ends_at_once(play: Play) -> None:
    served = play([(429, {"Retry-After": "292"}, LIMITED)])
    patience = Patience(attempts=3, retry_after_limit_seconds=60)
    with pytest.raises(SourceError, match=r"429 .*292 seconds.*asked 1 times.*wait 292 s"):
        get(served.address, patience)
    assert len(served.seen) == 1


def test_an_answer_that_trickles_ends_with_a_sentence() -> None:
    with trickling() as address, pytest.raises(SourceError) as caught:
        get(address, replace(QUICK, whole_answer_seconds=0.2))
    assert re.search(
        r"expected a whole answer within 0\.2 s; only \d+ bytes had come by then\. Run it again",
        str(caught.value),
    )


def test_an_answer_that_is_slow_but_whole_in_time_is_kept() -> None:
    with trickling(parts=5) as address:
        assert get(address).body == b"....."


def test_a_silent_source_is_asked_again_and_told() -> None:
    told = r"no answer, asked 2 times \(ReadTimeout"
    with trickling(parts=0, before=1.0) as address, pytest.raises(SourceError, match=told):
        get(address, replace(QUICK, attempts=2), timeout=0.1)


def test_an_answer_cut_off_by_the_network_is_asked_again(play: Play) -> None:
    served = play([(200, {"Content-Length": "100"}, b"cut"), (200, {}, b"whole")])
    assert get(served.address).body == b"whole"


def test_patience_ends_with_a_sentence(play: Play) -> None:
    served = play([(500, {}, b"oops\n  again")])
    with pytest.raises(SourceError) as caught:
        get(served.address)
    assert str(caught.value) == (
        "open_meteo forecast for aarhus, malmo, 2024-10-18T07:30:00Z to 2024-10-19T00:00:00Z: "
        "expected 200, got 500 (oops again), asked 3 times. Run it again later: what has landed "
        "is kept."
    )


def test_a_bad_request_is_not_repeated(play: Play) -> None:
    served = play([(400, {}, b'{"error":true,"reason":"no such variable"}')])
    with pytest.raises(SourceError, match=r"got 400 .*no such variable.*check the catalogue"):
        get(served.address)
    assert len(served.seen) == 1


def test_nobody_there_is_a_sentence() -> None:
    with source([(200, {}, b"")]) as gone:
        address = gone.address
    with pytest.raises(SourceError, match=r"no answer, asked 3 times \(ConnectError.*network"):
        get(address)


@pytest.mark.parametrize("address", ["ftp://somewhere", "http://host:port", "emulator"])
def test_an_address_that_is_none_is_a_sentence(address: str) -> None:
    with pytest.raises(SourceError, match=r"asked 1 times.*address of open_meteo"):
        get(address)


def test_a_broken_compression_is_a_sentence(play: Play) -> None:
    served = play([(200, {"Content-Encoding": "gzip"}, b"not gzip")])
    with pytest.raises(SourceError, match="DecodingError"):
        get(served.address)


def test_keys_reach_no_message(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    served = play([(500, {}, b"")])
    with caplog.at_level("WARNING"), pytest.raises(SourceError) as caught:
        get(served.address)
    assert "got 500. Asking again in" in caplog.text
    assert "hunter2" not in str(caught.value) + caplog.text


def test_requests_of_one_data_set_keep_their_distance(play: Play) -> None:
    served = play([(200, {}, b"fine")])
    hand = HandTime()
    pace = hand.pace(open_meteo=60)
    for data_set in ("forecast", "forecast", "archive", "forecast"):
        get(served.address, pace=pace, data_set=data_set)
    # The second forecast waits a minute; the archive, first of its own, does not.
    assert hand.slept == [60, 60]
    hand.now += 45
    get(served.address, pace=pace)
    assert hand.slept[2:] == [15]


def test_every_try_takes_its_turn(play: Play) -> None:
    served = play([(500, {}, b""), (500, {}, b""), (200, {}, b"fine")])
    hand = HandTime()
    assert get(served.address, pace=hand.pace(open_meteo=60)).body == b"fine"
    assert hand.slept == [60, 60]


def test_a_wait_that_was_asked_for_is_kept_by_the_next_request_too() -> None:
    hand = HandTime()
    pace = hand.pace(open_meteo=10)
    pace.turn(ASKED)
    pace.hold(ASKED, 30)
    pace.hold(ASKED, 20)
    assert pace.held_seconds(ASKED) == 30
    pace.turn(ASKED)
    pace.turn(ASKED)
    assert hand.slept == [30, 10]


def test_threads_share_one_pace() -> None:
    hand = HandTime()
    slept: list[float] = []
    pace = Pace({"open_meteo": 60}, hand.monotonic, slept.append)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pace.turn, [ASKED] * 8))
    assert sorted(slept) == [60.0 * i for i in range(1, 8)]
