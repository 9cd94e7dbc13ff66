"""Instants are UTC; local days have 23, 24 or 25 hours; origins are local clock times."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import BadInput
from lakehouse.time import (
    DAY,
    at_local,
    day_start,
    intervals_of,
    iso,
    last_origin,
    local_day,
    next_origin,
    parse_utc,
    target_day,
)
from tests.zones import all_zones, local_days, longest

QUARTER = timedelta(minutes=15)
instants = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
clock_times = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(instants)
def test_an_instant_survives_being_written_down(instant: datetime) -> None:
    assert parse_utc(iso(instant)) == instant


@pytest.mark.parametrize("text", ["2024-10-18T07:30", "2024-10-18"])
def test_a_naive_time_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(BadInput, match=f"offset, got '{text}'. Write '{text}Z'"):
        parse_utc(text)


def test_what_is_no_time_is_named() -> None:
    with pytest.raises(BadInput, match=r"ISO 8601 time such as .*, got 'yesterday'"):
        parse_utc("yesterday")


def test_another_offset_is_read_as_the_same_instant() -> None:
    assert iso(parse_utc("2024-10-18T09:30:00+02:00")) == "2024-10-18T07:30:00Z"


@given(local_days())
def test_the_intervals_of_a_day_are_those_that_bear_its_date(place: tuple[date, ZoneInfo]) -> None:
    """Days of 23, 24 and 25 hours, and of 23 and a half; of clocks that change at midnight, too."""
    day, zone = place
    quarters = intervals_of(day, zone, 15)
    assert len(quarters) in (92, 94, 96, 98, 100)
    assert {local_day(quarter, zone) for quarter in quarters} == {day}
    assert local_day(quarters[0] - QUARTER, zone) == day - DAY
    assert quarters[-1] + QUARTER == day_start(day + DAY, zone)
    assert local_day(quarters[-1] + QUARTER, zone) == day + DAY


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2024, 10, 28), 24)],
)
def test_clock_changes_make_short_and_long_days(day: date, count: int) -> None:
    assert len(intervals_of(day, ZoneInfo("Europe/Copenhagen"), 60)) == count


@pytest.mark.parametrize(
    ("day", "halves", "quarters"),
    [(date(2024, 3, 31), 46, 92), (date(2024, 10, 27), 50, 100), (date(2024, 10, 28), 48, 96)],
)
@pytest.mark.parametrize("zone", ["Europe/Copenhagen", "Europe/London"])
def test_local_days_have_46_48_or_50_half_hours(
    day: date, halves: int, quarters: int, zone: str
) -> None:
    assert len(intervals_of(day, ZoneInfo(zone), 30)) == halves
    assert len(intervals_of(day, ZoneInfo(zone), 15)) == quarters


@given(local_days(), st.sampled_from([15, 30, 60]))
def test_the_intervals_of_a_day_divide_longer_ones(
    place: tuple[date, ZoneInfo], minutes: int
) -> None:
    day, zone = place
    whole = longest(zone)
    minutes = min(minutes, whole)
    intervals = intervals_of(day, zone, minutes)
    assert intervals[:: whole // minutes] == intervals_of(day, zone, whole)
    assert intervals[-1] + timedelta(minutes=minutes) == day_start(day + DAY, zone)
    assert {b - a for a, b in pairwise(intervals)} == {timedelta(minutes=minutes)}


def test_a_zone_half_an_hour_apart_has_no_hours_to_forecast() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    assert len(intervals_of(date(2024, 5, 1), kolkata, 30)) == 48
    with pytest.raises(BadInput, match=r"Asia/Kolkata .* multiple of 60 .* 2024-04-30T18:30:00Z"):
        intervals_of(date(2024, 5, 1), kolkata, 60)


def test_of_a_repeated_clock_time_the_first_is_meant() -> None:
    zone = ZoneInfo("Europe/Copenhagen")
    assert iso(at_local(date(2024, 10, 27), time(2, 30), zone)) == "2024-10-27T00:30:00Z"


@given(instants, clock_times, all_zones)
def test_the_last_origin_is_due_and_the_next_one_follows_it(
    moment: datetime, clock_time: time, zone: ZoneInfo
) -> None:
    last, following = (f(moment, clock_time, zone) for f in (last_origin, next_origin))
    assert last <= moment < following
    assert timedelta(hours=22) <= following - last <= timedelta(hours=26)
    assert last_origin(last, clock_time, zone) == last
    assert next_origin(last, clock_time, zone) == following


@given(instants, all_zones)
def test_an_origin_forecasts_the_local_day_after_its_own(origin: datetime, zone: ZoneInfo) -> None:
    assert target_day(origin, zone) == origin.astimezone(zone).date() + DAY
    assert intervals_of(target_day(origin, zone), zone, 15)[0] > origin
