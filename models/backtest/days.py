"""A history at its forecast origins: what was known then, as samples."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.errors import BadInput
from lakehouse.time import DAY, at_local
from models.backtest.history import History
from models.backtest.replay import Positions, Truth, truth_of
from models.holidays import is_holiday
from models.samples import (
    CALENDAR,
    KNOWN,
    PAST_HOURS,
    TARGET_HOURS,
    WEATHER,
    Floats,
    Samples,
    Times,
)
from models.windows import DAY_HOURS


@dataclass(frozen=True)
class Daily:
    """One origin a day: when, how far ahead, and how late a value is published.

    The first target interval starts at the origin. A day that is forecast whole has 23, 24 or 25
    hours; a shorter horizon takes its first hours.
    """

    origin_hour: int = 0
    horizon_hours: int = 24
    delay: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if not 1 <= self.horizon_hours <= 24 or not 0 <= self.origin_hour <= 23:
            raise BadInput(
                f"Expected a horizon of 1 to 24 hours from an origin at 0 to 23, got "
                f"{self.horizon_hours} and {self.origin_hour}."
            )


@dataclass(frozen=True)
class FileReplay:
    """The days that a file holds whole; see `Replay`."""

    name: str
    history: History
    daily: Daily

    def __reduce__(self) -> tuple[Any, ...]:
        """What follows from the fields is made anew in another process."""
        return FileReplay, (self.name, self.history, self.daily)

    @property
    def told(self) -> str:
        late = self.daily.delay.total_seconds() / 3600
        return (
            f"Each day is forecast at {self.daily.origin_hour:02d}:00 with what was known then, a "
            f"value being known {late:g} hours after its interval."
        )

    @cached_property
    def mark(self) -> str:
        held = self.history
        about = (self.daily, held.minutes, held.timezone, held.known_names, str(held.start))
        body = hashlib.sha256(f"{about}{list(held.series_id)}".encode())
        for values in (held.values, held.known):
            body.update(np.ascontiguousarray(values).tobytes())
        return body.hexdigest()

    @cached_property
    def days(self) -> list[date]:
        return days_of(self.history, self.daily)

    @property
    def origins(self) -> Times:
        return self._grid.instants(self._targets[0])

    @cached_property
    def truth(self) -> Truth:
        (first, length), n_series = self._targets, len(self.history.series_id)
        ahead = first[:, None] + np.arange(TARGET_HOURS * self.history.steps)
        target = self._grid.pick(self.history.values[:, :, None], ahead)[..., 0].swapaxes(0, 1)
        asked = np.arange(ahead.shape[1]) < length[:, None]
        day, series, place = np.nonzero(~np.isnan(target) & asked[:, None])
        known_at = self._grid.instants(ahead + 1) + np.timedelta64(self.daily.delay)
        return truth_of(
            (len(first) * n_series, ahead.shape[1]),
            day * n_series + series, place, known_at[day, place], target[day, series, place],
        )  # fmt: skip

    def samples(self, first: int, end: int) -> Samples:
        return samples_at(self.history, self.days[first:end], self.daily)

    @property
    def _grid(self) -> "_Grid":
        return _Grid(self.history, self.daily)

    @cached_property
    def _targets(self) -> tuple[Positions, Positions]:
        return self._grid.targets(self.days)


def samples_at(history: History, days: Sequence[date], daily: Daily) -> Samples:
    """One sample per series and day, days outermost; the target is NaN where nothing is held.

    A value is known at an origin where its interval ended, and the delay passed, by then.
    Known columns are known for the whole target day.
    """
    grid = _Grid(history, daily)
    first, length = grid.targets(days)
    steps, n_series = history.steps, len(history.series_id)
    width = TARGET_HOURS * steps
    mask = np.arange(width)[None, :] < length[:, None]
    ahead = first[:, None] + np.arange(width)
    past = first[:, None] - PAST_HOURS * steps + np.arange(PAST_HOURS * steps)
    late = -(-int(daily.delay.total_seconds()) // (history.minutes * 60))
    values = grid.pick(history.values[:, :, None], past)[..., 0]
    if late:
        values[:, :, max(values.shape[2] - late, 0) :] = np.nan
    target = np.where(mask, grid.pick(history.values[:, :, None], ahead)[..., 0], np.nan)
    calendar = np.where(mask[:, :, None], grid.calendar(ahead), np.nan)
    known = np.full((*mask.shape, len(KNOWN)), np.nan)
    known[:, :, : len(CALENDAR)] = calendar
    starts = grid.instants(first)
    covariates = history.known_names

    def each(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.repeat(values, n_series, axis=0)

    def flat(values: Floats) -> Floats:
        return values.swapaxes(0, 1).reshape(len(days) * n_series, *values.shape[2:])

    target_time = grid.instants(ahead)
    target_time[~mask] = np.datetime64("NaT")
    return Samples(
        series_id=np.tile(history.series_id, len(days)),
        timezone=np.full(len(days) * n_series, history.timezone, dtype=object),
        forecast_origin=each(starts),
        past_start=each(grid.instants(past[:, 0])),
        past_value=flat(values),
        past_weather=_no_weather(len(days) * n_series),
        target_time=each(target_time),
        known=each(known),
        target_mask=each(mask),
        target=flat(target),
        steps=steps,
        covariates=covariates,
        past_covariates=flat(grid.pick(history.known, past)) if covariates else None,
        target_covariates=(
            flat(np.where(mask[:, :, None], grid.pick(history.known, ahead), np.nan))
            if covariates
            else None
        ),
    )


def days_of(history: History, daily: Daily) -> list[date]:
    """The local days whose whole target lies within the history."""
    zone = ZoneInfo(history.timezone)
    first = history.times[0].astimezone(zone).date()
    last = history.times[-1].astimezone(zone).date()
    every = [first + i * DAY for i in range((last - first).days + 1)]
    start, length = _Grid(history, daily).targets(every)
    whole = (start >= 0) & (start + length <= history.values.shape[1])
    return [day for day, inside in zip(every, whole, strict=True) if inside]


@dataclass(frozen=True)
class _Grid:
    """Positions of a history's intervals."""

    history: History
    daily: Daily

    def targets(self, days: Sequence[date]) -> tuple[Positions, Positions]:
        """(position of the first target interval, number of them) of each day."""
        zone, step = ZoneInfo(self.history.timezone), np.timedelta64(self.history.minutes, "m")
        clock = time(self.daily.origin_hour)
        edges = [
            np.datetime64(at_local(day, clock, zone).replace(tzinfo=None), "us")
            for day in [*days, *(day + DAY for day in days)]
        ]
        place = (np.array(edges) - self.history.start) / step
        if (place != np.rint(place)).any():
            raise BadInput(
                f"Expected days that begin with an interval; those of {self.history.timezone} at "
                f"{self.daily.origin_hour}:00 begin between two. Choose another --timezone."
            )
        first, end = np.split(place.astype(np.int64), 2)
        whole_day = self.daily.horizon_hours >= DAY_HOURS
        most = TARGET_HOURS if whole_day else self.daily.horizon_hours
        return first, np.minimum(end - first, most * self.history.steps)

    def pick(self, values: Floats, place: Positions) -> Floats:
        """(s, n, c) at positions (d, k): (s, d, k, c), NaN outside of the history."""
        inside = (place >= 0) & (place < values.shape[1])
        picked: Floats = values[:, np.where(inside, place, 0)]
        picked[:, ~inside] = np.nan
        return picked

    def instants(self, place: Positions) -> Times:
        """The start of the intervals at some positions, UTC."""
        step = np.timedelta64(self.history.minutes, "m")
        return np.asarray(self.history.start.astype("datetime64[us]") + place * step)

    def calendar(self, place: Positions) -> Floats:
        """`CALENDAR` of the intervals at positions (d, k): (d, k, 4)."""
        zone = self.history.timezone
        times = pd.DatetimeIndex(self.instants(place).ravel()).tz_localize("UTC").tz_convert(zone)
        dates, where = np.unique(times.date, return_inverse=True)
        holiday = np.array([is_holiday(day, zone) for day in dates], dtype=np.float64)[where]
        parts = [times.hour + times.minute / 60, times.weekday, times.dayofyear, holiday]
        return np.stack([np.asarray(part, dtype=np.float64) for part in parts], axis=-1).reshape(
            *place.shape, len(parts)
        )


def _no_weather(n: int) -> Floats:
    """Unknown weather that takes no memory."""
    return np.broadcast_to(np.float64(np.nan), (n, PAST_HOURS, len(WEATHER)))
