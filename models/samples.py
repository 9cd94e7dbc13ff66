"""What a model may see at one forecast origin, as arrays.

Spark hands over one pandas row per (series_id, forecast_origin); `from_rows` checks the rows and
stacks them. Nothing here looks anything up: what is not in the row was not known at the origin.

An hour has one, two or four intervals, `steps`. In shapes P is PAST_HOURS * steps, the past grid,
and T is TARGET_HOURS * steps, the target day. Weather stays hourly.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.errors import BadInput
from lakehouse.tables import lineage

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
Strings = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]

PAST_DAYS = lineage.PAST_DAYS
PAST_HOURS = PAST_DAYS * 24
TARGET_HOURS = 25
"""A local day has 23, 24 or 25 hours; shorter days are padded at their end."""
_SHORTEST_DAY = 23

WEATHER = ("temperature_2m", "precipitation", "cloud_cover", "wind_speed_10m")
"""Degrees Celsius, mm, per cent, m/s."""
CALENDAR = ("local_hour", "weekday", "day_of_year", "is_holiday")
KNOWN = (*CALENDAR, *WEATHER)

_SCALARS = ("series_id", "timezone", "forecast_origin", "past_start")
_PAST = ("past_value", *(f"past_{name}" for name in WEATHER))
COLUMNS = (*_SCALARS, *_PAST, "target_time", *KNOWN)
"""The columns `from_rows` asks for; `target` comes beside them when the truth is known."""
COVARIATES = ("covariates", "past_covariates", "target_covariates")
"""Optional columns: names, and under them the values of one name after the other, all in a list."""


@dataclass(frozen=True)
class Samples:
    """n samples, each one series at one forecast origin. Times are UTC, NaN is not known.

    past_value[i, k] is about the interval that starts k intervals after past_start[i]; the grid
    ends right before target_time[i, 0], where the target's local day begins.
    """

    series_id: Strings  # (n,)
    timezone: Strings  # (n,) IANA names
    forecast_origin: Times  # (n,)
    past_start: Times  # (n,)
    past_value: Floats  # (n, P), unit of the series
    past_weather: Floats  # (n, PAST_HOURS, len(WEATHER))
    target_time: Times  # (n, T), NaT in the padding
    known: Floats  # (n, T, len(KNOWN)), NaN in the padding; weather is that of the hour
    target_mask: Mask  # (n, T), False in the padding
    target: Floats | None  # (n, T), unit of the series
    steps: int = 1  # intervals of an hour
    covariates: tuple[str, ...] = ()  # c names of what else is known in advance
    past_covariates: Floats | None = None  # (n, P, c); None without covariates
    target_covariates: Floats | None = None  # (n, T, c), NaN in the padding

    def __len__(self) -> int:
        return len(self.series_id)

    def select(self, index: npt.NDArray[Any] | slice) -> "Samples":
        """The samples at `index` (positions, a boolean mask or a slice), in its order."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        picked: dict[str, Any] = {
            k: v[index] if isinstance(v, np.ndarray) else v for k, v in values.items()
        }
        return Samples(**picked)

    @property
    def has_weather(self) -> bool:
        """Whether any forecast weather is known."""
        return not bool(np.isnan(self.known_columns(*WEATHER)).all())

    @property
    def is_fresh(self) -> bool:
        """Whether most know their series up to the target day."""
        return bool(np.isfinite(self.past_value[:, -1]).mean() > 0.5)

    def check_series(self, known: Iterable[str]) -> None:
        """Raises BadInput where a series is none of those that a model knows."""
        unknown = sorted(set(self.series_id) - set(known))
        if unknown:
            raise BadInput(
                f"the model knows the series {list(known)}; asked for {unknown}. "
                "Train the group again with them, or forecast them with seasonal naive."
            )

    def known_columns(self, *names: str) -> Floats:
        """(n, T, len(names)) of the named `KNOWN` columns."""
        return self.known[:, :, [KNOWN.index(name) for name in names]]


def from_rows(frame: pd.DataFrame) -> Samples:
    """Stack the rows of `frame` (see `COLUMNS`; `target` and `COVARIATES` are optional).

    Lists may be lists or arrays; missing values None or NaN; times UTC, with or without the zone.
    Raises BadInput when a column is missing, a list has another length, the grids do not meet, or
    rows differ in the length of their intervals or in their covariates.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise BadInput(
            f"sample rows lack columns {missing}; they have {list(frame.columns)}. "
            "Build them with spark_jobs/features.py of this version."
        )
    if frame.empty:
        raise BadInput(
            "expected at least one sample row; there are none. "
            "Check that the series has observations before the forecast origin."
        )
    lengths = np.array([len(row) for row in frame["target_time"]], dtype=np.int64)
    times = _times([t for row in frame["target_time"] for t in row])
    steps = _steps(frame, lengths, times)
    mask = np.arange(TARGET_HOURS * steps)[None, :] < lengths[:, None]
    target_time = np.full(mask.shape, np.datetime64("NaT"), dtype="datetime64[us]")
    target_time[mask] = times
    samples = Samples(
        series_id=frame["series_id"].to_numpy(dtype=object),
        timezone=frame["timezone"].to_numpy(dtype=object),
        forecast_origin=_times(frame["forecast_origin"]),
        past_start=_times(frame["past_start"]),
        past_value=_past(frame, "past_value", steps),
        past_weather=np.stack([_past(frame, name) for name in _PAST[1:]], axis=-1),
        target_time=target_time,
        known=np.stack([_padded(frame, name, mask) for name in KNOWN], axis=-1),
        target_mask=mask,
        target=_padded(frame, "target", mask) if "target" in frame.columns else None,
        steps=steps,
        **_covariates(frame, mask, steps),
    )
    _check_grids_meet(samples)
    return samples


def _steps(frame: pd.DataFrame, lengths: npt.NDArray[np.int64], times: Times) -> int:
    """Intervals of an hour, as the target times tell. All rows must have the same."""
    short = np.flatnonzero(lengths < _SHORTEST_DAY)
    if len(short):
        raise _wrong_day(frame, short[0], lengths[short[0]], "hours")
    first = np.cumsum(lengths) - lengths
    minutes = (times[first + 1] - times[first]) // np.timedelta64(1, "m")
    other = np.flatnonzero(minutes != minutes[0])
    if minutes[0] not in (60, 30, 15) or len(other):
        found = sorted({int(m) for m in minutes})
        raise BadInput(
            f"expected target intervals of 60, 30 or 15 minutes, the same in all rows; found "
            f"{found} minutes. Forecast each series group by itself."
        )
    steps = 60 // int(minutes[0])
    wrong = np.flatnonzero((lengths < _SHORTEST_DAY * steps) | (lengths > TARGET_HOURS * steps))
    if len(wrong):
        raise _wrong_day(frame, wrong[0], lengths[wrong[0]], f"intervals of {minutes[0]} minutes")
    return steps


def _wrong_day(frame: pd.DataFrame, position: Any, count: Any, what: str) -> BadInput:
    return BadInput(
        f"target_time has {count} {what} for {_row_name(frame, position)}; "
        "a local day has 23, 24 or 25 hours. Check the series' timezone in the catalogue."
    )


def _covariates(frame: pd.DataFrame, mask: Mask, steps: int) -> dict[str, Any]:
    """The fields of `Samples` about covariates; none where the rows have no such column."""
    if "covariates" not in frame.columns:
        return {}
    names = {tuple(row) for row in frame["covariates"]}
    if len(names) > 1:
        raise BadInput(
            f"expected the same covariates in all rows; found {sorted(names)}. "
            "Forecast each series group by itself."
        )
    [chosen] = names
    if not chosen:
        return {}
    lengths = mask.sum(axis=1)
    count, past_length = len(chosen), PAST_HOURS * steps
    past = _lists(frame, "past_covariates", np.full(len(frame), count * past_length))
    ahead = _lists(frame, "target_covariates", count * lengths)
    target = np.full((*mask.shape, count), np.nan)
    target[mask] = np.concatenate([row.reshape(count, -1).T for row in ahead])
    return {
        "covariates": chosen,
        "past_covariates": np.stack([row.reshape(count, past_length).T for row in past]),
        "target_covariates": target,
    }


def _past(frame: pd.DataFrame, column: str, steps: int = 1) -> Floats:
    return np.stack(_lists(frame, column, np.full(len(frame), PAST_HOURS * steps)))


def _padded(frame: pd.DataFrame, column: str, mask: Mask) -> Floats:
    padded = np.full(mask.shape, np.nan)
    padded[mask] = np.concatenate(_lists(frame, column, mask.sum(axis=1)))
    return padded


def _lists(frame: pd.DataFrame, column: str, expected: npt.NDArray[np.int64]) -> list[Floats]:
    """The lists of a column, each of the length expected of it, without infinite values."""
    rows = [np.asarray(row, dtype=np.float64) for row in frame[column]]
    for position, (row, length) in enumerate(zip(rows, expected, strict=True)):
        if len(row) != length:
            raise BadInput(
                f"{column} has {len(row)} values for {_row_name(frame, position)}; expected "
                f"{length}. The lists of one row must be parallel: fill what is not known with "
                "null, keep the grid whole."
            )
    infinite = sum(int(np.isinf(row).sum()) for row in rows)
    if infinite:
        raise BadInput(
            f"{column} holds {infinite} infinite values; expected numbers or null. "
            "Add a row rule to the table they came from, so that they are quarantined."
        )
    return rows


def _times(values: Any) -> Times:
    index = pd.DatetimeIndex(pd.to_datetime(values, utc=True)).tz_localize(None)
    return cast(Times, index.to_numpy().astype("datetime64[us]"))


def _check_grids_meet(samples: Samples) -> None:
    past_end = samples.past_start + np.timedelta64(PAST_HOURS, "h")
    wrong = np.flatnonzero(past_end != samples.target_time[:, 0])
    if len(wrong):
        i = wrong[0]
        raise BadInput(
            f"the past grid of {samples.series_id[i]} at origin {samples.forecast_origin[i]} ends "
            f"at {past_end[i]}; expected the first target interval, {samples.target_time[i, 0]}. "
            f"past_start must be {PAST_HOURS} hours before it."
        )


def _row_name(frame: pd.DataFrame, position: Any) -> str:
    row = frame.iloc[int(position)]
    return f"{row['series_id']} at origin {row['forecast_origin']}"
