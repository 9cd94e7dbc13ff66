"""Time: UTC instants, local days of 23, 24 and 25 hours, and the scheduled forecast origin.

Every instant in the project is a timezone-aware `datetime` in UTC. Local time exists only to
say which hours make a day and when an origin is due.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from lakehouse.errors import BadInput

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: From then on the rules of every zone repeat.
_RULES_REPEAT = datetime(2038, 1, 1, tzinfo=UTC)


def parse_utc(text: str) -> datetime:
    """An ISO 8601 instant with an offset, as UTC.

    Raises BadInput for a naive time: which hour it means is not ours to guess.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"Expected an ISO 8601 time such as 2024-10-18T07:30Z, got '{text}'."
        ) from None
    if instant.tzinfo is None:
        raise BadInput(
            f"Expected a time with an offset, got '{text}'. Write '{text}Z' if it is UTC."
        )
    return instant.astimezone(UTC)


def as_utc(instant: datetime) -> datetime:
    """A time that Spark handed over: without a zone, it is in the process's own, which is UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def iso(instant: datetime) -> str:
    """An instant as `2024-10-18T07:30:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def at_local(day: date, clock_time: time, zone: ZoneInfo) -> datetime:
    """The instant of a local wall-clock time on a local day; of a repeated time, the first."""
    return datetime.combine(day, clock_time, tzinfo=zone).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The local calendar day that an instant belongs to."""
    return instant.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins."""
    return at_local(day, time(0), zone)


def intervals_of(day: date, zone: ZoneInfo, minutes: int) -> list[datetime]:
    """The starts of all intervals of a local day, UTC: 46, 48 or 50 half-hours, and so on.

    Raises BadInput where the day begins or ends amid an interval: intervals start at multiples of
    their length since midnight UTC, and some zones lie half an hour apart from that.
    """
    length = timedelta(minutes=minutes)
    start, end = day_start(day, zone), day_start(day + DAY, zone)
    for edge in (start, end):
        if edge.timestamp() % length.total_seconds():
            raise BadInput(
                f"Expected local days of {zone.key} to begin at a multiple of {minutes} minutes; "
                f"one begins at {iso(edge)}. Give the group resolution_minutes = 15 or 30."
            )
    return [start + i * length for i in range(round((end - start) / length))]


@cache
def uneven_since(zone: ZoneInfo, minutes: int, since: datetime) -> datetime | None:
    """The first local time from `since` on whose offset is no multiple of `minutes`; none is usual.

    Looks once a week: no offset holds for less.
    """
    length = timedelta(minutes=minutes)
    weeks = range(max(1, (_RULES_REPEAT - since) // (7 * DAY)))
    times = ((since + week * 7 * DAY).astimezone(zone) for week in weeks)
    return next((time for time in times if (time.utcoffset() or length) % length), None)


def last_origin(as_of: datetime, clock_time: time, zone: ZoneInfo) -> datetime:
    """The newest scheduled origin (a local clock time, every day) that is not after `as_of`."""
    today = local_day(as_of, zone)
    origin = at_local(today, clock_time, zone)
    return origin if origin <= as_of else at_local(today - DAY, clock_time, zone)


def next_origin(after: datetime, clock_time: time, zone: ZoneInfo) -> datetime:
    """The first scheduled origin that lies after an instant."""
    today = local_day(after, zone)
    origin = at_local(today, clock_time, zone)
    return origin if origin > after else at_local(today + DAY, clock_time, zone)


def target_day(origin: datetime, zone: ZoneInfo) -> date:
    """The local day that an origin forecasts: the one after its own."""
    return local_day(origin, zone) + DAY
