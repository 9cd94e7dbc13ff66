"""Sample rows as Spark would hand them over, small and by hand."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from lakehouse.time import intervals_of
from models.samples import PAST_HOURS, WEATHER, Samples, from_rows

Value = Callable[[pd.DatetimeIndex], np.ndarray]
COPENHAGEN = "Europe/Copenhagen"


def sample_row(
    target_day: str,
    value: Value,
    series_id: str = "dk1.test",
    delay_hours: float = 0.0,
    timezone: str = COPENHAGEN,
    minutes: int = 60,
    covariates: dict[str, Value] | None = None,
) -> dict[str, object]:
    """One row for the local `target_day`; value: local times (with their zone) -> the series."""
    day = pd.Timestamp(target_day)
    interval = pd.Timedelta(minutes=minutes)
    times = intervals_of(day.date(), ZoneInfo(timezone), minutes)
    target = pd.DatetimeIndex(times).tz_convert(timezone)
    start = target[0].tz_convert("UTC") - pd.Timedelta(hours=PAST_HOURS)
    past = pd.date_range(start, periods=PAST_HOURS * 60 // minutes, freq=interval)
    origin = (day - pd.Timedelta(hours=14.5)).tz_localize(timezone).tz_convert("UTC")
    past_value = np.array(value(past.tz_convert(timezone)), dtype=float)
    if delay_hours:
        past_value[past + pd.Timedelta(hours=delay_hours) > origin] = np.nan
    row: dict[str, object] = {
        "series_id": series_id,
        "timezone": timezone,
        "forecast_origin": origin,
        "past_start": start,
        "past_value": past_value,
        "target_time": list(target.tz_convert("UTC")),
        "local_hour": list(target.hour + target.minute / 60),
        "weekday": list(target.weekday),
        "day_of_year": list(target.dayofyear),
        "is_holiday": [0] * len(target),
        "target": list(value(target)),
    }
    for number, name in enumerate(WEATHER):
        row[f"past_{name}"] = 5.0 + number + np.sin(np.arange(PAST_HOURS) / 24.0)
        row[name] = [5.0 + number] * len(target)
    if covariates:
        grids = [(known(past.tz_convert(timezone)), known(target)) for known in covariates.values()]
        row["covariates"] = list(covariates)
        row["past_covariates"] = np.concatenate([before for before, _ in grids])
        row["target_covariates"] = np.concatenate([ahead for _, ahead in grids])
    return row


def daily_shape(hours: pd.DatetimeIndex) -> np.ndarray:
    """A daily and weekly rhythm with a slow drift, different every hour; may be negative."""
    days = (hours - pd.Timestamp("2024-01-01", tz="UTC")) / pd.Timedelta(days=1)
    drift = 3.0 * np.sin(np.asarray(days) / 9.0)
    weekend = np.where(np.asarray(hours.weekday) >= 5, -6.0, 0.0)
    return 10.0 * np.sin(np.asarray(hours.hour) * 2 * np.pi / 24) + weekend + drift


@pytest.fixture(scope="session")
def row() -> Callable[..., dict[str, object]]:
    return sample_row


@pytest.fixture(scope="session")
def shape() -> Value:
    return daily_shape


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    """Two series, 60 target days across the change to summer time; one is published late."""
    days = pd.date_range("2024-03-01", periods=60).strftime("%Y-%m-%d")
    rows = [sample_row(day, daily_shape, "dk1.price") for day in days]
    rows += [
        sample_row(day, lambda hours: 500.0 + 20.0 * daily_shape(hours), "dk1.load", 9 * 24)
        for day in days
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def halves() -> pd.DataFrame:
    """One series in half-hours, 60 target days, that follows a wind which is known in advance."""
    days = pd.date_range("2024-03-01", periods=60).strftime("%Y-%m-%d")
    known = {"wind": wind, "calm": lambda times: np.full(len(times), np.nan)}
    return pd.DataFrame(
        [
            sample_row(day, lambda t: daily_shape(t) - 2.0 * wind(t), minutes=30, covariates=known)
            for day in days
        ]
    )


@pytest.fixture(scope="session")
def halved(halves: pd.DataFrame) -> tuple[Samples, Samples]:
    """Fifty days to learn from, and the ten after them."""
    samples = from_rows(halves)
    return samples.select(slice(0, 50)), samples.select(slice(50, None))


def wind(times: pd.DatetimeIndex) -> np.ndarray:
    """Without any rhythm of days."""
    hours = np.asarray(times.tz_convert("UTC").asi8 / 3.6e12)
    return 6.0 + 3.0 * np.sin(hours / 11.0) + np.cos(hours / 3.1)


@pytest.fixture(scope="session")
def samples(frame: pd.DataFrame) -> Samples:
    return from_rows(frame)
