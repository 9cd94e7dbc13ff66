"""What a series usually does at an hour of the week, learnt from the eight weeks before a day.

A residual is what is left of a value when that is taken away, in units of the series' own spread:
households and a whole country, noon and night can then be seen together, and a small change is not
hidden behind the daily rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

#: Whole weeks before the day. Long enough for a median of eight, short enough to follow seasons.
EARLIER_DAYS = 56
#: Days with values without which nothing is usual yet.
LEAST_DAYS = 14
#: Nine tenths of a normal distribution lie so many standard deviations from its middle. A median
#: would be 0 for rain; a standard deviation would be that of a single broken day.
_NINE_TENTHS = 1.645


@dataclass(frozen=True)
class Usual:
    """What is usual on one day: `shape` (slots,) in the series' unit, NaN where nothing is known;
    `spread`, the usual distance from it, in the same unit, NaN where nothing is known."""

    shape: Floats
    spread: float

    def residual(self, values: Floats, slots: npt.NDArray[np.int64]) -> Floats:
        """Values at slots of the day -> distances from the usual, in units of the spread.

        A series that never left its usual values has no spread: 0 where it still does not leave
        them, NaN where it does (what happened then is for the raw values to tell).
        """
        distance = values - self.shape[slots]
        if self.spread > 0:
            return np.asarray(distance / self.spread)
        return np.where(distance == 0, 0.0, np.nan)


def usual(earlier: Floats, weekly: bool = True) -> Usual:
    """The usual day after the days of a window.

    earlier: (EARLIER_DAYS, slots) values of the days before, oldest first, by local clock; NaN in
    gaps. weekly: weekdays differ (consumption, prices); without it all days are alike (weather).
    """
    days, slots = earlier.shape
    if int((~np.isnan(earlier)).any(axis=1).sum()) < LEAST_DAYS:
        return Usual(np.full(slots, np.nan), float("nan"))
    weeks = earlier.reshape(days // 7, 7, slots) if weekly else earlier.reshape(days, 1, slots)
    shapes = median(weeks)
    distances = np.abs(weeks - shapes)
    spread = float(np.quantile(distances[~np.isnan(distances)], 0.9)) / _NINE_TENTHS
    # The first day of each week of the window has the weekday of the day after it.
    return Usual(shapes[0], spread)


def median(values: Floats) -> Floats:
    """Along the first axis, without the NaN; NaN where there is nothing else."""
    ordered = np.sort(values, axis=0)  # NaN come last
    count = (~np.isnan(ordered)).sum(axis=0)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    high = np.take_along_axis(ordered, (count // 2)[None].clip(0, len(ordered) - 1), axis=0)[0]
    return np.where(count > 0, (low + high) / 2, np.nan)


def slots_of(local: pd.DatetimeIndex, minutes: int) -> npt.NDArray[np.int64]:
    """The place of each local time in its day: 13:30 in half-hours is 27."""
    return np.asarray((local.hour * 60 + local.minute) // minutes, dtype=np.int64)


def by_day(local: pd.DatetimeIndex, values: Floats, minutes: int) -> pd.DataFrame:
    """One row per local day, one column per slot; NaN in gaps and in an hour that was skipped.

    Of an hour that the clock shows twice the later one stands there.
    """
    naive = local.tz_localize(None).normalize()
    days = pd.date_range(naive.min(), naive.max(), freq="D")
    matrix = np.full((len(days), 1440 // minutes), np.nan)
    matrix[(naive - days[0]).days, slots_of(local, minutes)] = values
    return pd.DataFrame(matrix, index=days.date)
