"""Seasonal naive, in tables a domain expert can read, and against a slow plain version."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from lakehouse.time import DAY
from models.naive import seasonal_naive, seasonal_naive_quantiles
from models.quantiles import MEDIAN
from models.samples import PAST_HOURS, Samples, from_rows
from tests.zones import ODD, changes, longest, of_catalogues


def stamp(times: pd.DatetimeIndex) -> np.ndarray:
    """The value says its own UTC time: MMDDHH.MM."""
    utc = times.tz_convert("UTC")
    return np.asarray(utc.month * 10_000 + utc.day * 100 + utc.hour + utc.minute / 100, dtype=float)


# target local day, target hour in its order, hours of delay -> UTC hour whose value it repeats
CLOCK_CHANGES = [
    ("prices repeat last week", "2024-05-15", 8, 0, "2024-05-08 06:00"),
    ("nine days of delay make it 14 days back", "2024-05-15", 8, 216, "2024-05-01 06:00"),
    ("a week with the change to summer time", "2024-04-03", 8, 0, "2024-03-27 07:00"),
    ("02:00, skipped last week, takes 01:00", "2024-04-07", 2, 0, "2024-03-31 00:00"),
    ("03:00 after a skipped hour is 03:00", "2024-04-07", 3, 0, "2024-03-31 01:00"),
    ("the 23-hour day skips 02:00 itself", "2024-03-31", 2, 0, "2024-03-24 02:00"),
    ("02:00, doubled last week, takes the second", "2024-11-03", 2, 0, "2024-10-27 01:00"),
    ("01:00 before the doubled hour is 01:00", "2024-11-03", 1, 0, "2024-10-26 23:00"),
    ("the first 02:00 of a 25-hour day: 02:00", "2024-10-27", 2, 0, "2024-10-20 00:00"),
    ("the second 02:00 of a 25-hour day: 02:00", "2024-10-27", 3, 0, "2024-10-20 00:00"),
    ("the last hour of a 25-hour day: 23:00", "2024-10-27", 24, 0, "2024-10-20 21:00"),
]


@pytest.mark.parametrize(
    ("when", "day", "hour", "delay", "then"), CLOCK_CHANGES, ids=[c[0] for c in CLOCK_CHANGES]
)
def test_clock_changes(when: str, day: str, hour: int, delay: int, then: str, row) -> None:
    samples = from_rows(pd.DataFrame([row(day, stamp, delay_hours=delay)]))
    expected = stamp(pd.DatetimeIndex([then], tz="UTC"))[0]
    assert seasonal_naive(samples)[0, hour] == expected


# target local day in Britain, half-hour in its order -> UTC time whose value it repeats
HALF_HOURS = [
    ("last week's namesake", "2024-05-15", 17, "2024-05-08 07:30"),
    ("the day of 46 skips 01:00 and 01:30", "2024-03-31", 2, "2024-03-24 02:00"),
    ("its last half-hour", "2024-03-31", 45, "2024-03-24 23:30"),
    ("01:00, skipped last week, takes 00:00", "2024-04-07", 2, "2024-03-31 00:00"),
    ("01:30, skipped last week, takes 00:30", "2024-04-07", 3, "2024-03-31 00:30"),
    ("the first 01:30 of a day of 50", "2024-10-27", 3, "2024-10-20 00:30"),
    ("the second 01:00", "2024-10-27", 4, "2024-10-20 00:00"),
    ("the second 01:30", "2024-10-27", 5, "2024-10-20 00:30"),
    ("its last half-hour too", "2024-10-27", 49, "2024-10-20 22:30"),
    ("01:30, doubled last week, takes the second", "2024-11-03", 3, "2024-10-27 01:30"),
]


@pytest.mark.parametrize(
    ("when", "day", "place", "then"), HALF_HOURS, ids=[c[0] for c in HALF_HOURS]
)
def test_half_hours_have_namesakes_too(when: str, day: str, place: int, then: str, row) -> None:
    one = row(day, stamp, timezone="Europe/London", minutes=30)
    expected = stamp(pd.DatetimeIndex([then], tz="UTC"))[0]
    assert seasonal_naive(from_rows(pd.DataFrame([one])))[0, place] == expected


def plain_naive(samples: Samples) -> np.ndarray:
    """The definition, one interval at a time."""
    result = np.full(samples.target_mask.shape, np.nan)
    for i, zone in enumerate(samples.timezone):
        past = _shown(samples, i)
        for j in np.flatnonzero(samples.target_mask[i]):
            local = pd.Timestamp(samples.target_time[i, j], tz="UTC").tz_convert(zone)
            result[i, j] = _of_its_newest_week(past, local.tz_localize(None))
    return result


def _shown(samples: Samples, i: int) -> dict[pd.Timestamp, float]:
    """What a clock on the wall showed -> the value then; of a time shown twice the second."""
    values = samples.past_value[i]
    interval = pd.Timedelta(hours=1) / samples.steps
    times = pd.date_range(samples.past_start[i], periods=len(values), freq=interval, tz="UTC")
    walls = times.tz_convert(samples.timezone[i]).tz_localize(None)
    return dict(zip(walls, values, strict=True))


def _of_its_newest_week(past: dict[pd.Timestamp, float], local: pd.Timestamp) -> float:
    for weeks in range(1, 7):
        wall = local - pd.Timedelta(days=7 * weeks)
        skipped = wall not in past
        value = past.get(wall - pd.Timedelta(hours=1) if skipped else wall, np.nan)
        if not np.isnan(value):
            return value
    return np.nan


@pytest.mark.parametrize("minutes", [60, 30])
def test_it_agrees_with_the_definition_one_interval_at_a_time(row, minutes: int) -> None:
    days = ("2024-03-31", "2024-04-07", "2024-04-14", "2024-10-27", "2024-11-10", "2024-02-29")
    random = np.random.default_rng(3)
    how = {"minutes": minutes}
    rows = [row(day, stamp, delay_hours=delay, **how) for day in days for delay in (0, 216)]
    rows += [
        row("2024-11-05", stamp, timezone=zone, **how)
        for zone in ("America/New_York", "Asia/Tokyo")
    ]
    for one in rows:
        one["past_value"][random.random(PAST_HOURS * 60 // minutes) < 0.4] = np.nan
    samples = from_rows(pd.DataFrame(rows))
    assert np.array_equal(seasonal_naive(samples), plain_naive(samples), equal_nan=True)


def test_it_agrees_with_the_definition_in_every_zone(row) -> None:
    """A week after each zone's last change, which is at midnight in some, of half an hour in one:
    there the day looked back on lacks a time, or shows it twice."""
    by_steps: dict[int, list[dict[str, object]]] = {}
    for zone in map(ZoneInfo, (*of_catalogues(), *ODD)):
        minutes = longest(zone)
        days = [change + 7 * DAY for change in changes(zone)[-2:]] or [date(2024, 5, 15)]
        how = {"timezone": zone.key, "minutes": minutes}
        by_steps.setdefault(minutes, []).extend(row(str(day), stamp, **how) for day in days)
    for rows in by_steps.values():
        samples = from_rows(pd.DataFrame(rows))
        found = seasonal_naive(samples)
        assert np.array_equal(found, plain_naive(samples), equal_nan=True)
        assert not np.isnan(found[samples.target_mask]).any()


def test_nothing_known_gives_nothing(row) -> None:
    samples = from_rows(pd.DataFrame([row("2024-05-01", lambda h: np.full(len(h), np.nan))]))
    assert np.isnan(seasonal_naive(samples)).all()
    assert np.isnan(seasonal_naive_quantiles(samples)).all()


def test_the_quantiles_are_ascending_around_the_point(samples: Samples) -> None:
    quantiles = seasonal_naive_quantiles(samples)
    known = samples.target_mask
    assert (np.diff(quantiles[known], axis=-1) >= 0).all()
    assert np.array_equal(quantiles[..., MEDIAN], seasonal_naive(samples), equal_nan=True)
    assert np.isnan(quantiles[~known]).all()


def test_a_series_that_repeats_itself_every_week_has_no_spread(row) -> None:
    one = row("2024-05-15", lambda h: np.asarray(h.hour + 24 * h.weekday, dtype=float))
    samples = from_rows(pd.DataFrame([one]))
    quantiles = seasonal_naive_quantiles(samples)[samples.target_mask]
    assert np.array_equal(quantiles, np.repeat(samples.target[samples.target_mask][:, None], 7, 1))


def test_the_spread_is_that_of_the_naives_own_errors(row) -> None:
    noise = np.random.default_rng(5).normal(0.0, 4.0, 20_000)

    def noisy(hours: pd.DatetimeIndex) -> np.ndarray:
        return noise[(hours.tz_convert("UTC").asi8 // 3_600_000_000_000) % len(noise)]

    samples = from_rows(pd.DataFrame([row("2024-05-15", noisy)]))
    quantiles = seasonal_naive_quantiles(samples)[samples.target_mask]
    width_90 = (quantiles[:, -1] - quantiles[:, 0]).mean()
    assert width_90 == pytest.approx(2 * 1.645 * 4.0 * np.sqrt(2.0), rel=0.15)
