"""One series day by day, as it was known: what profiles and quality verdicts are made from.

Arrays and frames only: it runs in the driver for the few days of a daily run, and inside Spark's
workers for a history.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.time import DAY, day_start, intervals_of
from monitoring.climatology import EARLIER_DAYS, by_day, slots_of, usual
from monitoring.quality import Day, Kind, Quality, QualitySettings, judge
from monitoring.swapped import swapped
from spark_jobs.dense import at_resolution

Floats = npt.NDArray[np.float64]

#: Ends the name of a column that holds residuals.
RESIDUAL = "_residual"
#: Days up to the judged one whose shape is looked at.
_SHAPE_DAYS = QualitySettings().shift_days
#: What a day may see: the days before the first of those, and they.
WINDOW_DAYS = EARLIER_DAYS + _SHAPE_DAYS - 1


@dataclass(frozen=True)
class OneDay:
    """A series on one local day.

    values: (n,) per interval of the day, NaN in gaps; residuals: likewise, in units of the series'
    own spread; window: (WINDOW_DAYS + 1, slots) by local clock, the day last, all as known when
    the newest of the day's values became known; minutes: longest interval as it came;
    usual_minutes: the most frequent one before.
    """

    values: Floats
    residuals: Floats
    window: Floats
    minutes: int
    usual_minutes: int

    @property
    def held(self) -> int:
        """Intervals with a value."""
        return int((~np.isnan(self.values)).sum())


@dataclass(frozen=True)
class Line:
    """The vintages of one series, or of one weather variable at one place.

    owner: series or location; feature: column of the profile; minutes, zone: of the group's
    intervals and days; adds_up: energy, price or power; kind: what is possible.
    vintages: event_time, available_at (UTC), resolution_minutes, value; any order.
    """

    owner: str
    feature: str
    minutes: int
    zone: ZoneInfo
    adds_up: str
    kind: Kind
    vintages: pd.DataFrame

    def begun(self, day: date) -> bool:
        """Whether the series has a value on that day or before."""
        return self._first is not None and self._first < _edges(day, self.zone)[1]

    def arrived(self, day: date) -> pd.DataFrame:
        """The newest vintages of a local day, in the order of time."""
        return self._newest.iloc[slice(*self._places(day))]

    def whole(self, day: date) -> bool:
        """Whether something arrived for all of a day, be it that there is no value."""
        there = int(self.arrived(day)["resolution_minutes"].sum())
        return there >= self.minutes * len(_intervals(day, self.zone, self.minutes))

    def content(self, day: date) -> bytes:
        """What tells one state of a local day from another: its values, and since when known."""
        first, last = self._places(day)
        return b"".join(part[first:last].tobytes() for part in self._told)

    def _places(self, day: date) -> tuple[int, int]:
        first, last = np.searchsorted(self._told[0], [e.value for e in _edges(day, self.zone)])
        return int(first), int(last)

    @cached_property
    def _told(self) -> tuple[npt.NDArray[Any], ...]:
        """Times and since when known (ns since 1970) and values, in the order of time."""
        times = (
            self._newest[name].astype("datetime64[ns, UTC]").astype("int64").to_numpy()
            for name in ("event_time", "available_at")
        )
        return (*times, self._newest["value"].to_numpy(dtype=float))

    @cached_property
    def _first(self) -> pd.Timestamp | None:
        known = self._newest.dropna(subset="value")["event_time"]
        return known.iloc[0] if len(known) else None

    def on(self, day: date) -> OneDay:
        """A local day, with everything that was known when its newest value became known."""
        starts = _intervals(day, self.zone, self.minutes)
        arrived = self.arrived(day)
        known = arrived.dropna(subset="value")
        window = self._window(day, known["available_at"].max() if len(known) else None)
        values = self._grid.reindex(pd.DatetimeIndex(starts)).to_numpy()
        local = pd.DatetimeIndex(starts).tz_convert(self.zone)
        before = usual(window[-1 - EARLIER_DAYS : -1], self.kind.weekly)
        earlier = self._lengths.loc[day - 14 * DAY : day - DAY]
        return OneDay(
            values=values,
            residuals=before.residual(values, slots_of(local, self.minutes)),
            window=window,
            minutes=int(arrived["resolution_minutes"].max()) if len(arrived) else self.minutes,
            usual_minutes=int(earlier.mode().max()) if len(earlier) else self.minutes,
        )

    @cached_property
    def _newest(self) -> pd.DataFrame:
        return _newest(self.vintages)

    @cached_property
    def _grid(self) -> "pd.Series[float]":
        return _on_grid(self._newest, self.minutes, self.adds_up)

    @cached_property
    def _days(self) -> pd.DataFrame:
        return self._by_day(self._grid)

    @cached_property
    def _known(self) -> "pd.Series[pd.Timestamp]":
        """Per local day when the last of its newest values became known."""
        days = self._newest["event_time"].dt.tz_convert(self.zone).dt.date
        return self._newest.groupby(days)["available_at"].max()

    @cached_property
    def _lengths(self) -> "pd.Series[int]":
        """Per local day the longest interval as it came."""
        days = self._newest["event_time"].dt.tz_convert(self.zone).dt.date
        return self._newest.groupby(days)["resolution_minutes"].max()

    def _window(self, day: date, known_at: pd.Timestamp | None) -> Floats:
        days = [day - back * DAY for back in range(WINDOW_DAYS, -1, -1)]
        within = self._known.loc[days[0] : days[-1]]
        if known_at is None or not (within > known_at).any():
            return self._days.reindex(days).to_numpy()
        # Some day before was corrected later than that: take what it said then.
        begin, end = _edges(days[0], self.zone)[0], _edges(day, self.zone)[1]
        told = self.vintages
        told = told[(told["event_time"] >= begin) & (told["event_time"] < end)]
        then = _newest(told[told["available_at"] <= known_at])
        grid = _on_grid(then, self.minutes, self.adds_up)
        return self._by_day(grid).reindex(days).to_numpy()

    def _by_day(self, grid: "pd.Series[float]") -> pd.DataFrame:
        local = pd.DatetimeIndex(grid.index).tz_convert(self.zone)
        return by_day(local, grid.to_numpy(), self.minutes)


@lru_cache(maxsize=4096)
def _intervals(day: date, zone: ZoneInfo, minutes: int) -> list[datetime]:
    return intervals_of(day, zone, minutes)


@lru_cache(maxsize=4096)
def _edges(day: date, zone: ZoneInfo) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(day_start(day, zone)), pd.Timestamp(day_start(day + DAY, zone))


def _newest(vintages: pd.DataFrame) -> pd.DataFrame:
    ordered = vintages.sort_values(["event_time", "available_at"], kind="stable")
    return ordered.drop_duplicates("event_time", keep="last").reset_index(drop=True)


def _on_grid(newest: pd.DataFrame, minutes: int, adds_up: str) -> "pd.Series[float]":
    """Values by the start of each interval of `minutes`; gaps are left out or NaN."""
    times = pd.DatetimeIndex(newest["event_time"])
    if newest.empty or (newest["resolution_minutes"] == minutes).all():
        return pd.Series(newest["value"].to_numpy(dtype=float), index=times)
    known = newest.dropna(subset="value")
    first = times.min().floor("D")
    begin = np.asarray((known["event_time"] - first) // timedelta(minutes=1), dtype=np.int64)
    length = known["resolution_minutes"].to_numpy(dtype=np.int64)
    count = int((begin + length).max()) // minutes if len(known) else 0
    values = at_resolution(begin, length, known["value"].to_numpy(float), minutes, count, adds_up)
    return pd.Series(values, index=first + pd.to_timedelta(np.arange(count) * minutes, unit="min"))


def profile_frame(lines: Iterable[tuple[Line, OneDay]]) -> pd.DataFrame:
    """The rows of one day that are profiled: per owner and interval each feature as it is, and as
    a residual where that says more."""
    owners: dict[str, dict[str, Floats]] = defaultdict(dict)
    for line, day in lines:
        owners[line.owner][line.feature] = day.values
        if line.kind.restless:
            owners[line.owner][line.feature + RESIDUAL] = day.residuals
    return pd.concat([pd.DataFrame(owners[owner]) for owner in sorted(owners)], ignore_index=True)


def day_quality(
    lines: Sequence[tuple[Line, OneDay]], stale_hours: float, settings: QualitySettings
) -> list[Quality]:
    """The quality of all features of one owner on one day, in their order."""
    now = {line.feature: day.window[-1] for line, day in lines}
    before = {line.feature: day.window[-1 - EARLIER_DAYS : -1] for line, day in lines}
    exchanged = swapped(now, before, settings.swap_evidence)
    return [
        judge(
            Day(
                values=day.window,
                expected=len(day.values),
                held=day.held,
                minutes=day.minutes,
                usual_minutes=day.usual_minutes,
                stale_hours=stale_hours,
                swapped_with=exchanged.get(line.feature),
            ),
            line.kind,
            settings,
        )
        for line, day in lines
    ]
