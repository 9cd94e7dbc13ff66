"""What a model may see at one forecast origin, as arrays.

Spark hands over one pandas row per (series_id, forecast_origin); `from_rows` checks the rows and
stacks them. Nothing here looks anything up: what is not in the row was not known at the origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.errors import BadInput

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
Strings = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]

PAST_DAYS = 42
PAST_HOURS = PAST_DAYS * 24
TARGET_HOURS = 25
"""A local day has 23, 24 or 25 hours; shorter days are padded at their end."""

WEATHER = ("temperature_2m", "precipitation", "cloud_cover", "wind_speed_10m")
"""Degrees Celsius, mm, per cent, m/s."""
CALENDAR = ("local_hour", "weekday", "day_of_year", "is_holiday")
KNOWN = (*CALENDAR, *WEATHER)

_SCALARS = ("series_id", "timezone", "forecast_origin", "past_start")
_PAST = ("past_value", *(f"past_{name}" for name in WEATHER))
COLUMNS = (*_SCALARS, *_PAST, "target_time", *KNOWN)
"""The columns `from_rows` asks for; `target` comes beside them when the truth is known."""


@dataclass(frozen=True)
class Samples:
    """n samples, each one series at one forecast origin. Times are UTC, NaN is not known.

    past_value[i, k] is about the hour past_start[i] + k hours; the grid ends right before
    target_time[i, 0], the first hour of the target's local day.
    """

    series_id: Strings  # (n,)
    timezone: Strings  # (n,) IANA names
    forecast_origin: Times  # (n,)
    past_start: Times  # (n,)
    past_value: Floats  # (n, PAST_HOURS), unit of the series
    past_weather: Floats  # (n, PAST_HOURS, len(WEATHER))
    target_time: Times  # (n, TARGET_HOURS), NaT in the padding
    known: Floats  # (n, TARGET_HOURS, len(KNOWN)), NaN in the padding
    target_mask: Mask  # (n, TARGET_HOURS), False in the padding
    target: Floats | None  # (n, TARGET_HOURS), unit of the series

    def __len__(self) -> int:
        return len(self.series_id)

    def select(self, index: npt.NDArray[Any] | slice) -> "Samples":
        """The samples at `index` (positions, a boolean mask or a slice), in its order."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        picked: dict[str, Any] = {k: v if v is None else v[index] for k, v in values.items()}
        return Samples(**picked)

    def known_columns(self, *names: str) -> Floats:
        """(n, TARGET_HOURS, len(names)) of the named `KNOWN` columns."""
        return self.known[:, :, [KNOWN.index(name) for name in names]]


def from_rows(frame: pd.DataFrame) -> Samples:
    """Stack the rows of `frame` (see `COLUMNS`; `target` is optional) into `Samples`.

    Lists may be lists or arrays; missing values None or NaN; times UTC, with or without the zone.
    Raises BadInput when a column is missing, a list has another length, or the grids do not meet.
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
    lengths = _target_lengths(frame)
    mask = np.arange(TARGET_HOURS)[None, :] < lengths[:, None]
    target_time = np.full(mask.shape, np.datetime64("NaT"), dtype="datetime64[us]")
    target_time[mask] = _times([t for row in frame["target_time"] for t in row])
    samples = Samples(
        series_id=frame["series_id"].to_numpy(dtype=object),
        timezone=frame["timezone"].to_numpy(dtype=object),
        forecast_origin=_times(frame["forecast_origin"]),
        past_start=_times(frame["past_start"]),
        past_value=_past(frame, "past_value"),
        past_weather=np.stack([_past(frame, name) for name in _PAST[1:]], axis=-1),
        target_time=target_time,
        known=np.stack([_padded(frame, name, mask) for name in KNOWN], axis=-1),
        target_mask=mask,
        target=_padded(frame, "target", mask) if "target" in frame.columns else None,
    )
    _check_grids_meet(samples)
    return samples


def _target_lengths(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    lengths = np.array([len(row) for row in frame["target_time"]], dtype=np.int64)
    wrong = np.flatnonzero((lengths < 23) | (lengths > TARGET_HOURS))
    if len(wrong):
        raise BadInput(
            f"target_time has {lengths[wrong[0]]} hours for {_row_name(frame, wrong[0])}; "
            "a local day has 23, 24 or 25. Check the series' timezone in the catalogue."
        )
    return lengths


def _past(frame: pd.DataFrame, column: str) -> Floats:
    rows = [_floats(row) for row in frame[column]]
    for position, row in enumerate(rows):
        if len(row) != PAST_HOURS:
            raise BadInput(
                f"{column} has {len(row)} hours for {_row_name(frame, position)}; "
                f"expected {PAST_HOURS}. Fill what is not known with null, keep the grid whole."
            )
    return _finite(np.stack(rows), column)


def _padded(frame: pd.DataFrame, column: str, mask: Mask) -> Floats:
    rows = [_floats(row) for row in frame[column]]
    expected = mask.sum(axis=1)
    for position, row in enumerate(rows):
        if len(row) != expected[position]:
            raise BadInput(
                f"{column} has {len(row)} values for {_row_name(frame, position)}, but "
                f"target_time has {expected[position]}. The lists of one row must be parallel."
            )
    padded = np.full(mask.shape, np.nan)
    padded[mask] = np.concatenate(rows)
    return _finite(padded, column)


def _floats(row: Sequence[float | None] | npt.NDArray[Any]) -> Floats:
    return np.asarray(row, dtype=np.float64)


def _finite(values: Floats, column: str) -> Floats:
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise BadInput(
            f"{column} holds {infinite} infinite values; expected numbers or null. "
            "Add a row rule to the table they came from, so that they are quarantined."
        )
    return values


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
            f"at {past_end[i]}; expected the first target hour, {samples.target_time[i, 0]}. "
            f"past_start must be {PAST_HOURS} hours before it."
        )


def _row_name(frame: pd.DataFrame, position: Any) -> str:
    row = frame.iloc[int(position)]
    return f"{row['series_id']} at origin {row['forecast_origin']}"
