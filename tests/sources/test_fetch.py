"""Fetching: what is retried, how long, and the sentence when it ends."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from lakehouse.errors import SourceError
from lakehouse.landing import Request, Response
from sources.http import Patience, fetch, retry_after

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

Answer = tuple[int, dict[str, str], bytes]


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


Play = Callable[[list[Answer]], Source]


@pytest.fixture
def play() -> Iterator[Play]:
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(source(answers))


def get(address: str, patience: Patience = QUICK) -> Response:
    with httpx.Client(timeout=5) as client:
        return fetch(ASKED, address, NOW, client, patience)


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


def test_a_rate_limit_is_waited_out(play: Play) -> None:
    served = play([(429, {"Retry-After": "1"}, LIMITED), (200, {}, b"fine")])
    assert get(served.address).body == b"fine"
    assert served.seen[1][0] - served.seen[0][0] >= 1.0


def test_a_rate_limit_without_a_time_is_backed_off(play: Play) -> None:
    served = play([(429, {}, LIMITED), (200, {}, b"fine")])
    assert get(served.address).body == b"fine"


def test_a_longer_wait_than_allowed_ends_at_once(play: Play) -> None:
    served = play([(429, {"Retry-After": "292"}, LIMITED)])
    patience = Patience(attempts=3, retry_after_limit_seconds=60)
    with pytest.raises(SourceError, match=r"429 .*292 seconds.*asked 1 times.*wait 292 s"):
        get(served.address, patience)
    assert len(served.seen) == 1


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


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("292", 292.0),
        ("Fri, 18 Oct 2024 07:31:00 GMT", 60.0),
        ("Fri, 18 Oct 2024 07:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_read_as_a_number_or_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header, NOW) == seconds
