"""Time zones and local days for tests: those of the catalogues, and those with odd clocks."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from lakehouse.catalogue import read_catalogue
from lakehouse.settings import PROJECT
from lakehouse.time import DAY, uneven_since

FIRST, LAST = date(2015, 1, 1), date(2035, 1, 1)
#: Half and quarter hours apart from UTC; clocks that change at midnight, by half an hour, or twice
#: a year for a month; none of them; both sides of the date line.
ODD = (
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "UTC",
)


@cache
def of_catalogues() -> tuple[str, ...]:
    """Every zone that a catalogue of this project names, for whatever purpose."""
    found: set[str] = set()
    for file in (PROJECT / "deployments" / "catalogues").glob("*.toml"):
        catalogue = read_catalogue(file)
        entries = [*catalogue.groups.values(), *catalogue.tariffs.values()]
        for data_set in catalogue.data_sets.values():
            entries += [data_set, *data_set.publication]
        found |= {entry.timezone for entry in entries}
    assert "Europe/Copenhagen" in found
    return tuple(sorted(found))


@cache
def changes(zone: ZoneInfo) -> tuple[date, ...]:
    """The local days on which a zone's clocks change."""
    days = (FIRST + i * DAY for i in range((LAST - FIRST).days))
    return tuple(day for day in days if _offset(day, zone) != _offset(day + DAY, zone))


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset()


def longest(zone: ZoneInfo) -> int:
    """The longest interval, in minutes, with which every local day of a zone begins."""
    since = datetime(FIRST.year, 1, 1, tzinfo=zone)
    return next(minutes for minutes in (60, 30, 15) if uneven_since(zone, minutes, since) is None)


all_zones = st.sampled_from([*of_catalogues(), *ODD]).map(ZoneInfo)


@st.composite
def local_days(draw: st.DrawFn) -> tuple[date, ZoneInfo]:
    """A zone and a day of it; every other one lies beside a change of its clocks."""
    zone = draw(all_zones)
    anywhere = st.dates(FIRST, LAST)
    if not changes(zone):
        return draw(anywhere), zone
    beside = st.builds(
        lambda day, apart: day + apart * DAY, st.sampled_from(changes(zone)), st.integers(-1, 1)
    )
    return draw(st.one_of(anywhere, beside)), zone
