"""Local days on an axis: 23 and 25 hours are as wide as they are long."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from lakehouse.time import DAY, HOUR, day_start, parse_utc
from serving.dashboards.local_axis import days_axis, hours_axis, hours_of, moment, placed

COPENHAGEN, KOLKATA = ZoneInfo("Europe/Copenhagen"), ZoneInfo("Asia/Kolkata")


def day(year: int, month: int, number: int, zone: ZoneInfo = COPENHAGEN) -> list[datetime]:
    first = date(year, month, number)
    return [day_start(first, zone), day_start(first + DAY, zone)]


@pytest.mark.parametrize(
    ("number", "month", "hours", "title"),
    [
        (26, 10, 24, "Local time, Europe/Copenhagen (UTC+2)"),
        (27, 10, 25, "Local time, Europe/Copenhagen (UTC+2, then UTC+1)"),
        (31, 3, 23, "Local time, Europe/Copenhagen (UTC+1, then UTC+2)"),
    ],
)
def test_a_day_is_as_wide_as_it_is_long(number: int, month: int, hours: int, title: str) -> None:
    first, last = day(2024, month, number)
    axis = hours_axis(first, last, COPENHAGEN)
    assert hours_of(axis.first, axis.last) == hours
    assert placed(axis.last) - placed(axis.first) == hours * HOUR
    assert axis.words == ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00", "24:00"]
    assert axis.ticks[1] - axis.ticks[0] == (4 + hours - 24) * HOUR
    assert axis.title == title


def test_midnights_stay_midnights_across_a_clock_change() -> None:
    axis = days_axis(parse_utc("2024-10-24T07:30Z"), day(2024, 10, 28)[1], COPENHAGEN)
    local = [tick.astimezone(COPENHAGEN) for tick in axis.ticks]
    assert [(time.day, time.hour) for time in local] == [(25, 0), (26, 0), (27, 0), (28, 0)]
    assert axis.words == ["Fri<br>25 Oct", "", "", "Mon<br>28 Oct"]


def test_a_zone_half_an_hour_off_has_ticks_at_its_own_hours() -> None:
    axis = hours_axis(*day(2024, 6, 1, KOLKATA), KOLKATA)
    assert axis.words[:2] == ["00:00", "04:00"]
    assert axis.title == "Local time, Asia/Kolkata (UTC+5:30)"


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2024-10-27T00:00Z", "Sun 27 Oct 02:00 (UTC+2)"),
        ("2024-10-27T01:00Z", "Sun 27 Oct 02:00 (UTC+1)"),
    ],
)
def test_a_repeated_hour_is_told_from_its_namesake(time: str, words: str) -> None:
    assert moment(parse_utc(time), COPENHAGEN) == words


def test_utc_is_said_plainly() -> None:
    assert moment(parse_utc("2024-01-01T00:00Z"), ZoneInfo("UTC")) == "Mon 1 Jan 00:00 (UTC)"
    assert moment(parse_utc("2024-01-01T00:00Z"), ZoneInfo("America/St_Johns")).endswith(
        "20:30 (UTC-3:30)"
    )
