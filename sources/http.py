"""One GET of one request: retried with back-off, and kept to the byte whatever came.

A 2xx answer is returned as it is, also with a wrong content type or a malformed body: bronze
quarantines it, and the bytes that were refused are there to be looked at.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from lakehouse.errors import SourceError
from lakehouse.landing import Request, Response
from lakehouse.time import iso

RATE_LIMITED = 429
FIRST_SERVER_ERROR = 500
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long to go on asking. `retry_after_limit_seconds` bounds what a source may ask us to
    wait: a longer wait is not slept through and not ignored, the fetch ends with its sentence.
    """

    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0
    retry_after_limit_seconds: float = 300.0


class _RefusedError(Exception):
    """An answer that is not 2xx, on its way to becoming a SourceError."""

    def __init__(self, request: Request, answer: httpx.Response) -> None:
        super().__init__(f"{_asked(request)}: got {answer.status_code}")
        self.answer = answer


def _log_retry(details: RetryDetails) -> None:
    LOGGER.warning("%s. Asking again in %.1f s.", details.caused_by, details.wait_for)


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
) -> Response:
    """GET `request` from `base_address`; the body is returned as it was received.

    `fetched_at` (UTC) is the profile's clock, not the machine's. Connection errors, 429 and 5xx
    are retried, 429 after its Retry-After. Raises SourceError, naming the request and the status,
    for any other answer that is not 2xx and when patience ends.
    """
    address = base_address.rstrip("/") + request.url

    def wait(fault: Exception) -> bool | float:
        return _wait(fault, patience)

    attempts = stamina.retry_context(
        on=wait,
        attempts=patience.attempts,
        timeout=None,
        wait_initial=patience.first_wait_seconds,
        wait_max=patience.longest_wait_seconds,
        wait_jitter=patience.first_wait_seconds,
    )
    tries = 0
    try:
        for attempt in attempts:
            with attempt:
                tries = attempt.num
                answer = client.get(address)
                if not answer.is_success:
                    raise _RefusedError(request, answer)
    except _RefusedError as refusal:
        raise SourceError(_refused(request, refusal.answer, tries)) from None
    except (httpx.RequestError, httpx.InvalidURL) as fault:
        raise SourceError(_unreachable(request, fault, tries)) from None
    return Response(
        request=request,
        fetched_at=fetched_at,
        status=answer.status_code,
        content_type=answer.headers.get("content-type", ""),
        body=answer.content,
    )


def _wait(fault: Exception, patience: Patience) -> bool | float:
    """Whether to ask again: no, yes with back-off, or after so many seconds."""
    if isinstance(fault, httpx.RequestError):
        return not isinstance(fault, httpx.UnsupportedProtocol)
    if not isinstance(fault, _RefusedError):
        return False
    status = fault.answer.status_code
    if status != RATE_LIMITED:
        return status >= FIRST_SERVER_ERROR
    seconds = retry_after(fault.answer.headers.get("retry-after"), datetime.now(UTC))
    if seconds is None:
        return True
    return seconds if seconds <= patience.retry_after_limit_seconds else False


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number or an HTTP date; None if neither."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _asked(request: Request) -> str:
    """The request in words. Its parameters are left out: keys must not reach a log."""
    return (
        f"{request.source} {request.data_set} for {', '.join(request.asked)}, "
        f"{iso(request.window_start)} to {iso(request.window_end)}"
    )


def _refused(request: Request, answer: httpx.Response, tries: int) -> str:
    status = answer.status_code
    said = " ".join(answer.text.split())[:200] or "nothing"
    later = "Run it again later: what has landed is kept."
    if status == RATE_LIMITED:
        wait = answer.headers.get("retry-after")
        advice = f"It asks to wait {wait} s. {later}" if wait else later
    elif status >= FIRST_SERVER_ERROR:
        advice = later
    else:
        advice = "Asking again will not help: check the catalogue's names and the address."
    return f"{_asked(request)}: expected 200, got {status} ({said}), asked {tries} times. {advice}"


def _unreachable(request: Request, fault: Exception, tries: int) -> str:
    return (
        f"{_asked(request)}: no answer, asked {tries} times ({type(fault).__name__}: {fault}). "
        f"Check the network and the address of {request.source} in the profile, then run it "
        "again: what has landed is kept."
    )
