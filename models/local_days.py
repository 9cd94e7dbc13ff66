"""The past grid seen as local days: which past interval is "the same one, b days back".

The one place that knows clock changes. Intervals are matched by their local name: one that the
source day skipped takes the one an hour before it; where the source day has it twice, the second
(standard-time) one counts; both namesakes of a 25-hour target day get that one.
"""

from datetime import datetime
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.samples import KNOWN, PAST_DAYS, PAST_HOURS, Floats, Samples, Times

_HOUR = np.timedelta64(1, "h")


def by_local_day(samples: Samples, values: Floats) -> Floats:
    """Arrange a past grid by local day and clock; a day begins where the target does.

    values: (n, P), on the grid of `samples`.
    Returns (n, PAST_DAYS, 24 * steps): [i, b - 1, k] is about the k-th interval of the clock, b
    local days before the target day; NaN where not known or before the grid.
    """
    index = _grid_index(samples)
    flat = np.take_along_axis(values, np.maximum(index, 0).reshape(len(values), -1), axis=1)
    return np.where(index >= 0, flat.reshape(index.shape), np.nan)


def at_target(samples: Samples, by_clock: Floats) -> Floats:
    """Look up each target interval by its local clock.

    by_clock: (n, ..., 24 * steps). Returns (n, ..., T), NaN in the padding.
    """
    clock = np.nan_to_num(samples.known[:, :, KNOWN.index("local_hour")]) * samples.steps
    place = np.rint(clock).astype(np.int64)
    middle = (1,) * (by_clock.ndim - 2)
    picked = np.take_along_axis(by_clock, place.reshape(len(place), *middle, -1), axis=-1)
    mask = samples.target_mask.reshape(len(place), *middle, -1)
    return np.where(mask, picked, np.nan)


def newest(days: Floats, count: int) -> Floats:
    """The `count` newest known values of each time: (n, d, k) -> (n, count, k), NaN if fewer."""
    unknown = np.isnan(days)
    order = np.argsort(unknown, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(days, order, axis=1)


def target_by_clock(samples: Samples, values: Floats) -> Floats:
    """Arrange target intervals by their local clock; of a time shown twice the second counts.

    values: (n, T). Returns (n, 24 * steps), NaN where the day has no such time. The inverse of
    `at_target`, but for days of 23 and 25 hours.
    """
    by_clock = np.full((len(values), 24 * samples.steps), np.nan)
    row, place = np.nonzero(samples.target_mask)
    clock = np.rint(samples.known[row, place, KNOWN.index("local_hour")] * samples.steps)
    by_clock[row, clock.astype(np.int64)] = values[row, place]
    return by_clock


def _grid_index(samples: Samples) -> npt.NDArray[np.int64]:
    """(n, PAST_DAYS, 24 * steps) positions in the past grid, -1 before its start."""
    index = np.empty((len(samples), PAST_DAYS, 24 * samples.steps), dtype=np.int64)
    for zone in set(samples.timezone):
        rows = samples.timezone == zone
        starts, inverse = np.unique(samples.target_time[rows, 0], return_inverse=True)
        index[rows] = _zone_index(tuple(starts.tolist()), str(zone), samples.steps)[inverse]
    return index


@lru_cache(maxsize=4)
def _zone_index(when: tuple[datetime, ...], zone: str, steps: int) -> npt.NDArray[np.int64]:
    """when: (d,) UTC starts of local days. Returns (d, PAST_DAYS, 24 * steps) positions.

    Remembered, because all series and models of a day ask for the same.
    """
    starts = np.array(when, dtype="datetime64[us]")
    local = _local(starts, zone)
    interval = _HOUR.astype("timedelta64[m]") // steps
    clock = np.arange(24 * steps) * interval
    first = local - local.astype("datetime64[D]")
    # A target that begins in the middle of a local day ends on the next: so do the days before it.
    next_day = (clock < first[:, None]).astype("timedelta64[D]")
    days = local.astype("datetime64[D]")[:, None] - np.arange(1, PAST_DAYS + 1)
    wall = (days[:, :, None] + next_day[:, None, :]).astype("datetime64[us]") + clock
    back = (starts[:, None, None] - _utc(wall.ravel(), zone).reshape(wall.shape)) // interval
    index = PAST_HOURS * steps - back
    return cast(npt.NDArray[np.int64], np.where(index >= 0, index, -1))


def _local(times: Times, zone: str) -> Times:
    stamps = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return cast(Times, stamps.to_numpy())


def _utc(wall: Times, zone: str) -> Times:
    standard = np.zeros(len(wall), dtype=bool)
    hour_before = pd.Timedelta(hours=-1)
    stamps = pd.DatetimeIndex(wall).tz_localize(zone, ambiguous=standard, nonexistent=hour_before)
    return cast(Times, stamps.tz_convert("UTC").tz_localize(None).to_numpy())
