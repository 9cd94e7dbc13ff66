"""Samples of a history hold what was known at each origin, and no more."""

from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.backtest.days import Daily, FileReplay, days_of, samples_at
from models.backtest.history import History, read
from models.local_days import at_target, by_local_day
from tests.models.backtest.conftest import COLUMNS

DAY = date(2024, 4, 10)


def at(history: History, place: int) -> pd.Timestamp:
    return history.times[place]


@pytest.mark.parametrize("delay_hours", [0, 0.5, 5, 24, 216])
@pytest.mark.parametrize("origin_hour", [0, 9])
def test_nothing_that_became_known_after_the_origin_is_seen(
    history: History, delay_hours: float, origin_hour: int
) -> None:
    daily = Daily(origin_hour, delay=timedelta(hours=delay_hours))
    seen = samples_at(history, [DAY], daily)
    origin = pd.Timestamp(DAY, tz="UTC") + pd.Timedelta(hours=origin_hour)
    assert pd.Timestamp(seen.forecast_origin[0], tz="UTC") == origin
    known_at = history.times + pd.Timedelta(hours=1 + delay_hours)
    future = history.values.copy()
    future[:, known_at > origin] += 1000.0
    announced = history.known.copy()
    announced[:, history.times >= origin + pd.Timedelta(days=1)] += 1000.0
    other = samples_at(replace(history, values=future, known=announced), [DAY], daily)
    for field in fields(seen):
        a, b = getattr(seen, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray) and field.name != "target":
            assert np.array_equal(a, b, equal_nan=a.dtype.kind in "fM"), field.name
    assert not np.array_equal(seen.target, other.target, equal_nan=True)
    newest = history.values[0, known_at <= origin][-1]
    known = seen.past_value[0][~np.isnan(seen.past_value[0])]
    assert known[-1] == newest


def test_the_target_begins_at_the_origin_and_ends_with_the_horizon(history: History) -> None:
    samples = samples_at(history, [DAY], Daily(9, 6))
    start = np.datetime64("2024-04-10T09:00")
    assert samples.target_time[0, 0] == start and samples.target_mask.sum() == 6
    place = int((start - history.start) / np.timedelta64(1, "h"))
    assert np.array_equal(samples.target[0, :6], history.values[0, place : place + 6])
    assert np.isnan(samples.target[0, 6:]).all()


@pytest.mark.parametrize("origin_hour", [0, 9, 23])
def test_a_day_before_is_24_hours_before_wherever_days_begin(
    history: History, origin_hour: int
) -> None:
    samples = samples_at(history, [DAY], Daily(origin_hour))
    before = at_target(samples, by_local_day(samples, samples.past_value))
    place = int((samples.target_time[0, 0] - history.start) / np.timedelta64(1, "h"))
    for days in (1, 7):
        expected = history.values[0, place - 24 * days : place - 24 * days + 24]
        assert np.array_equal(before[0, days - 1, :24], expected)


def test_local_days_have_their_23_24_or_25_hours(history: History) -> None:
    local = replace(history, timezone="Europe/Copenhagen")
    days = [date(2024, 3, 30), date(2024, 3, 31), date(2024, 4, 1)]
    samples = samples_at(local, days, Daily())
    assert samples.target_mask.sum(axis=1).tolist() == [24, 23, 24]
    assert samples.known[1, :4, 0].tolist() == [0.0, 1.0, 3.0, 4.0]
    easter = samples.known_columns("is_holiday")[2, 0, 0]
    assert easter == 1.0


def test_the_days_are_those_that_the_history_holds_whole(history: History) -> None:
    days = days_of(history, Daily(9))
    assert (days[0], days[-1]) == (date(2024, 1, 1), date(2024, 5, 28))


def test_a_column_that_is_not_named_as_known_is_never_read(frame, tmp_path: Path) -> None:
    """Not even one that tells tomorrow's value."""
    told = frame.assign(tomorrow=frame["load"].shift(-24))
    marks = set()
    for number, rows in enumerate((frame, told)):
        rows.to_csv(tmp_path / f"{number}.csv", index=False)
        replay = FileReplay("load.csv", read(tmp_path / f"{number}.csv", COLUMNS), Daily())
        marks.add(replay.mark)
    named = replace(COLUMNS, known=("wind", "tomorrow"))
    other = FileReplay("load.csv", read(tmp_path / "1.csv", named), Daily())
    assert len(marks) == 1 and other.mark not in marks
