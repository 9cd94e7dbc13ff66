"""One GET of one request: paced, retried with back-off, and kept to the byte whatever came.

A 2xx answer is returned as it is, also with a wrong content type or a malformed body: bronze
quarantines it, and the bytes that were refused are there to be looked at.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from lakehouse.errors import SourceError
from lakehouse.landing import Request, Response
from lakehouse.time import iso
from sources.waiting import asked_wait

RATE_LIMITED = 429
FIRST_SERVER_ERROR = 500
LATER = "Run it again later: what has landed is kept."
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long to go on asking. `retry_after_limit_seconds` bounds what a source may ask us to
    wait: a longer wait is not slept through and not ignored, the fetch ends with its sentence.
    `whole_answer_seconds` bounds one answer from the request to its last byte.
    """

    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0
    retry_after_limit_seconds: float = 300.0
    whole_answer_seconds: float = 300.0


class Pace:
    """Keeps the least time between two requests of one data set, and what a source asked to wait.

    `seconds_between` is by source, as the profile says; a source that is not in it is not held
    back. One object serves all fetches of a run, also from several threads.
    """

    def __init__(
        self,
        seconds_between: Mapping[str, float] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds_between = dict(seconds_between or {})
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at: dict[tuple[str, str], float] = {}
        self._held_until: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def turn(self, request: Request) -> None:
        """Sleep until this request's data set may be asked; the next one waits from then on."""
        key = (request.source, request.data_set)
        with self._lock:
            now = self._monotonic()
            turn = max(now, self._free_at.get(key, now), self._held_until.get(key, now))
            self._free_at[key] = turn + self._seconds_between.get(request.source, 0.0)
        if turn > now:
            self._sleep(turn - now)

    def hold(self, request: Request, seconds: float) -> None:
        """Its source asked for a wait: no request of this data set goes out before it is over."""
        key = (request.source, request.data_set)
        with self._lock:
            until = self._monotonic() + seconds
            self._held_until[key] = max(until, self._held_until.get(key, until))

    def held_seconds(self, request: Request) -> float:
        """How much is left of the wait that this request's source asked for."""
        with self._lock:
            until = self._held_until.get((request.source, request.data_set))
            return 0.0 if until is None else max(0.0, until - self._monotonic())


class _RefusedError(Exception):
    """An answer that is not 2xx, on its way to becoming a SourceError."""

    def __init__(self, request: Request, answer: httpx.Response) -> None:
        super().__init__(f"{_asked(request)}: got {answer.status_code}")
        self.answer = answer
        self.asked_seconds = (
            asked_wait(answer.headers.get("retry-after"), answer.text, datetime.now(UTC))
            if answer.status_code == RATE_LIMITED
            else None
        )


class _TooSlowError(Exception):
    """An answer that went on for longer than patience."""

    def __init__(self, received_bytes: int) -> None:
        super().__init__(f"only {received_bytes:,} bytes had come by then")


class _Within(httpx.SyncByteStream):
    """A body's bytes as they come. Raises _TooSlowError at the first that comes after `deadline`.

    The client's own time-outs bound the wait for each part, not for all of them: a source that
    trickles would be listened to for ever.
    """

    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for part in self._stream:
            received += len(part)
            if time.monotonic() > self._deadline:
                raise _TooSlowError(received)
            yield part

    def close(self) -> None:
        self._stream.close()


def _log_retry(details: RetryDetails) -> None:
    asked = getattr(details.caused_by, "asked_seconds", None) or 0.0
    LOGGER.warning("%s. Asking again in %.1f s.", details.caused_by, max(asked, details.wait_for))


# stamina's own hook logs no reason.
set_on_retry_hooks([_log_retry])


def new_client(timeout_seconds: float = 60.0) -> httpx.Client:
    """A client for many fetches: its connections stay open between them."""
    return httpx.Client(timeout=timeout_seconds, headers={"User-Agent": "gridcast"})


def fetch(
    request: Request,
    base_address: str,
    fetched_at: datetime,
    client: httpx.Client,
    patience: Patience = Patience(),
    pace: Pace | None = None,
) -> Response:
    """GET `request` from `base_address`; the body is returned as it was received.

    `fetched_at` (UTC) is the profile's clock, not the machine's. Every try takes its turn in
    `pace`. Connection errors, 429 and 5xx are retried, 429 after the wait that it asks for. Raises
    SourceError, naming the request and the status, for any other answer that is not 2xx, for one
    that does not come to its end, and when patience ends.
    """
    pace = pace or Pace()
    tries = 0
    try:
        for attempt in _attempts(request, patience, pace):
            with attempt:
                held = pace.held_seconds(request)
                if held > patience.retry_after_limit_seconds:
                    raise SourceError(_held(request, held))
                pace.turn(request)
                tries = attempt.num
                address = base_address.rstrip("/") + request.url
                answer = _get(client, address, patience.whole_answer_seconds)
                if not answer.is_success:
                    raise _RefusedError(request, answer)
    except _RefusedError as refusal:
        raise SourceError(_refused(request, refusal, tries)) from None
    except _TooSlowError as slow:
        raise SourceError(_too_slow(request, slow, patience)) from None
    except (httpx.RequestError, httpx.InvalidURL) as fault:
        raise SourceError(_unreachable(request, fault, tries)) from None
    content_type = answer.headers.get("content-type", "")
    return Response(request, fetched_at, answer.status_code, content_type, answer.content)


def _attempts(request: Request, patience: Patience, pace: Pace) -> Iterator[stamina.Attempt]:
    """The tries that patience allows, with back-off between them."""
    return iter(
        stamina.retry_context(
            on=lambda fault: _wait(fault, request, patience, pace),
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first_wait_seconds,
            wait_max=patience.longest_wait_seconds,
            wait_jitter=patience.first_wait_seconds,
        )
    )


def _get(client: httpx.Client, address: str, seconds: float) -> httpx.Response:
    """The whole answer, read to its end within so many seconds."""
    deadline = time.monotonic() + seconds
    with client.stream("GET", address) as answer:
        assert isinstance(answer.stream, httpx.SyncByteStream)
        answer.stream = _Within(answer.stream, deadline)
        answer.read()
    return answer


def _wait(fault: Exception, request: Request, patience: Patience, pace: Pace) -> bool | float:
    """Whether to ask again: no, yes with back-off, or as soon as `pace` allows."""
    if isinstance(fault, httpx.RequestError):
        return not isinstance(fault, httpx.UnsupportedProtocol)
    if not isinstance(fault, _RefusedError):
        return False
    status = fault.answer.status_code
    if status != RATE_LIMITED:
        return status >= FIRST_SERVER_ERROR
    if fault.asked_seconds is None:
        return True
    pace.hold(request, fault.asked_seconds)
    return 0.0 if fault.asked_seconds <= patience.retry_after_limit_seconds else False


def _asked(request: Request) -> str:
    """The request in words. Its parameters are left out: keys must not reach a log."""
    return (
        f"{request.source} {request.data_set} for {', '.join(request.asked)}, "
        f"{iso(request.window_start)} to {iso(request.window_end)}"
    )


def _refused(request: Request, refusal: _RefusedError, tries: int) -> str:
    answer = refusal.answer
    status = answer.status_code
    said = " ".join(answer.text.split())[:200] or "nothing"
    if status == RATE_LIMITED:
        wait = refusal.asked_seconds
        advice = LATER if wait is None else f"It asks to wait {wait:.0f} s. {LATER}"
    elif status >= FIRST_SERVER_ERROR:
        advice = LATER
    else:
        advice = "Asking again will not help: check the catalogue's names and the address."
    return f"{_asked(request)}: expected 200, got {status} ({said}), asked {tries} times. {advice}"


def _held(request: Request, seconds: float) -> str:
    return (
        f"{_asked(request)}: not asked, because {request.source} asked for a wait of which "
        f"{seconds:.0f} s are left. {LATER}"
    )


def _too_slow(request: Request, slow: _TooSlowError, patience: Patience) -> str:
    return (
        f"{_asked(request)}: expected a whole answer within {patience.whole_answer_seconds:g} s; "
        f"{slow}. {LATER}"
    )


def _unreachable(request: Request, fault: Exception, tries: int) -> str:
    return (
        f"{_asked(request)}: no answer, asked {tries} times ({type(fault).__name__}: {fault}). "
        f"Check the network and the address of {request.source} in the profile, then run it "
        "again: what has landed is kept."
    )
