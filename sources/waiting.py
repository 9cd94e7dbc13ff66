"""How long a source asks us to wait: in the Retry-After header, or in the words of its answer."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from lakehouse.time import DAY, HOUR

_SAID = re.compile(
    r"try again.{0,40}?(?:(?P<count>\d+) (?P<unit>second|minute|hour)"
    r"|(?P<span>minute|hour|day|tomorrow|month))",
    re.IGNORECASE | re.DOTALL,
)
MINUTE_SECONDS = 60.0
_SECONDS = {"second": 1.0, "minute": MINUTE_SECONDS, "hour": HOUR.total_seconds()}


def asked_wait(header: str | None, text: str, now: datetime) -> float | None:
    """Seconds that an answer asks to wait, by its header or else by its text; None if neither."""
    seconds = retry_after(header, now)
    return said_wait(text, now) if seconds is None else seconds


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number or an HTTP date; None if neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def said_wait(text: str, now: datetime) -> float | None:
    """Seconds until a service that has no header for it says it will answer again.

    Energi Data Service says "Try again in 292 seconds", Open-Meteo "in the next hour", which ends
    with the hour of the clock (UTC), and "tomorrow". None where the text says nothing of it.
    """
    said = _SAID.search(text)
    if said is None:
        return None
    if said["count"]:
        return float(said["count"]) * _SECONDS[said["unit"].lower()]
    span = said["span"].lower()
    if span == "minute":
        return MINUTE_SECONDS
    hour = now.replace(minute=0, second=0, microsecond=0)
    if span == "hour":
        turn = hour + HOUR
    elif span == "month":
        turn = (hour.replace(day=1, hour=0) + timedelta(days=32)).replace(day=1)
    else:
        turn = hour.replace(hour=0) + DAY
    return (turn - now).total_seconds()
