"""Days whose values are there, but are not the truth: nothing may look at them.

Which days those are is judged elsewhere (`monitoring.quality`); here they become gaps.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lakehouse.time import DAY, day_start
from models.samples import Mask, Samples, Times

Broken = frozenset[tuple[str, date]]
"""Series and their local days."""
Rows = npt.NDArray[np.int64]

TRUST_DAYS = 7
"""With a broken day among so many newest known ones a model lacks what it weighs most."""


def without(samples: Samples, broken: Broken) -> Samples:
    """The samples with gaps, in their past and in their truth, on the broken days of each series.

    An interval belongs to the day in which it begins.
    """
    past = samples.past_value.copy()
    target = None if samples.target is None else samples.target.copy()
    cells = np.arange(past.shape[1]) * _interval(samples)
    for rows, day, zone in _days(samples, broken):
        first, end = _start(day, zone), _start(day + DAY, zone)
        begin = samples.past_start[rows, None]
        past[rows] = np.where((cells >= first - begin) & (cells < end - begin), np.nan, past[rows])
        if target is not None:
            times = samples.target_time[rows]
            target[rows] = np.where((times >= first) & (times < end), np.nan, target[rows])
    return replace(samples, past_value=past, target=target)


def untrusted(samples: Samples, broken: Broken) -> Mask:
    """(n,) Which samples have a broken day among the TRUST_DAYS newest days that were known.

    samples: as they came, with the broken values in them.
    """
    known = ~np.isnan(samples.past_value)
    newest = known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    times: Times = samples.past_start + newest * _interval(samples)
    found = np.zeros(len(samples), dtype=np.bool_)
    for rows, day, zone in _days(samples, broken):
        near = times[rows] < _start(day + TRUST_DAYS * DAY, zone)
        found[rows] |= known[rows].any(axis=1) & near & (times[rows] >= _start(day, zone))
    return found


def _days(samples: Samples, broken: Broken) -> Iterator[tuple[Rows, date, ZoneInfo]]:
    """Each broken day, the samples of its series, and the zone whose day it is."""
    for series_id, day in sorted(broken):
        rows = np.flatnonzero(samples.series_id == series_id)
        if len(rows):
            yield rows, day, ZoneInfo(samples.timezone[rows[0]])


def _interval(samples: Samples) -> np.timedelta64:
    return np.timedelta64(60 // samples.steps, "m")


def _start(day: date, zone: ZoneInfo) -> np.datetime64:
    return np.datetime64(day_start(day, zone).replace(tzinfo=None), "us")
