"""Time axes in the local zone of a series, on which a day of 25 hours is 25 hours wide.

Plotly knows no zones: points are placed by their UTC instants, and ticks are written in local time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lakehouse.time import DAY, HOUR, day_start, local_day


@dataclass(frozen=True)
class TimeAxis:
    """Where an axis begins and ends, its ticks with their words, and its title."""

    first: datetime
    last: datetime
    ticks: list[datetime]
    words: list[str]
    zone: ZoneInfo

    @property
    def title(self) -> str:
        """Whose time it is, with its offset, or both where a clock change lies in it."""
        ends = [offset(time.astimezone(self.zone)) for time in (self.first, self.last)]
        return f"Local time, {self.zone.key} ({', then '.join(dict.fromkeys(ends))})"


def days_axis(first: datetime, last: datetime, zone: ZoneInfo, every: int = 3) -> TimeAxis:
    """An axis over days: ticks at local midnights, words at the last one and each third before."""
    day, ticks, words = local_day(last - HOUR, zone), [], []
    while day_start(day, zone) >= first:
        ticks.append(day_start(day, zone))
        words.append(f"{day:%a}<br>{day.day} {day:%b}" if len(ticks) % every == 1 else "")
        day -= DAY
    return TimeAxis(first, last, ticks[::-1], words[::-1], zone)


def hours_axis(first: datetime, last: datetime, zone: ZoneInfo, every: int = 4) -> TimeAxis:
    """An axis over about a day: ticks at every fourth local hour."""
    ticks, words, tick = [], [], first
    while tick <= last:
        local = tick.astimezone(zone)
        if local.minute == 0 and local.hour % every == 0:
            ticks.append(tick)
            words.append("24:00" if tick == last else f"{local:%H:%M}")
        tick += HOUR / 2
    return TimeAxis(first, last, ticks, words, zone)


def moments(times: Iterable[datetime], zone: ZoneInfo) -> list[str]:
    """Instants in words that tell a repeated hour from its namesake: Sun 27 Oct 02:00 (UTC+1)."""
    return [moment(time, zone) for time in times]


def moment(time: datetime, zone: ZoneInfo) -> str:
    """One instant in words, with the offset of its local time."""
    local = time.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M} ({offset(local)})"


def offset(local: datetime) -> str:
    """UTC+1, UTC-3:30, UTC."""
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def placed(time: datetime) -> datetime:
    """An instant as Plotly wants it: in UTC, without saying so."""
    return time.astimezone(UTC).replace(tzinfo=None)


def hours_of(first: datetime, last: datetime) -> int:
    """Whole hours between two instants: 23, 24 or 25 for a local day."""
    return round((last - first) / HOUR)
