"""Simulated weather forecasts: what was recorded, plus an error that grows with lead time.

The rule, for one location and variable, with run time r and valid time v in hours:

    z(r, v)  = sqrt(2/K) * sum over k of cos(a_k v + b_k r + c_k)        K = 64 waves
    size     = at_start + (at_72_hours - at_start) * (v - r) / 72
    forecast = actual + size * z        (precipitation: see `_precipitation`)

rounded as the real service rounds and clipped to what is physical. a_k and b_k are normal with
deviations 1/7 and 1/18 per hour and c_k is uniform, all made from SHA-256 of (SEED, location,
variable, k). So z is nearly a Gaussian process of unit variance (random Fourier features: Rahimi
and Recht 2007) whose correlation falls over 7 hours of valid time and 18 hours of run time: an
error lasts along a run, and the next run shares most of it and shrinks it.

The result is a pure function of what is asked: no generator has a state, so neither the order of
requests nor numpy's version matters; rounding absorbs the last bits of the machine's cosine.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SEED = "gridcast-1"
WAVES = 64
VALID_HOURS_SCALE = 7.0
RUN_HOURS_SCALE = 18.0

Hours = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorSize:
    """Standard deviation at lead 0 and at 72 hours, decimals, and the physical range."""

    at_start: float
    at_72_hours: float
    decimals: int
    lowest: float = -math.inf
    highest: float = math.inf


SIZES = {
    "temperature_2m": ErrorSize(0.4, 1.8, 1),
    "precipitation": ErrorSize(0.3, 0.9, 1, lowest=0.0),
    "cloud_cover": ErrorSize(8.0, 30.0, 0, lowest=0.0, highest=100.0),
    "wind_speed_10m": ErrorSize(0.5, 2.0, 2, lowest=0.0),
}


def forecast(
    actual: Values, location_id: str, variable: str, run_hours: Hours, valid_hours: Hours
) -> Values:
    """What each run said about each valid time.

    All arrays: (n,); hours are whole hours since 1970-01-01T00Z, run_hours <= valid_hours.
    Returns (n,) in the unit of `actual`; NaN where the actual value is missing.
    """
    size = SIZES[variable]
    lead = (valid_hours - run_hours) / 72.0
    deviation = size.at_start + (size.at_72_hours - size.at_start) * lead
    z = _waves_sum(location_id, variable, run_hours, valid_hours)
    if variable == "precipitation":
        values = _precipitation(actual, deviation, z)
    else:
        values = actual + deviation * z
    return values.clip(size.lowest, size.highest).round(size.decimals)


def _precipitation(actual: Values, deviation: Values, z: Values) -> Values:
    """Rain that was recorded is scaled (its mean kept), and dry hours get rare false alarms."""
    scaled: Values = actual * np.exp(deviation * z - deviation**2 / 2)
    false_alarm: Values = 0.5 * deviation * np.maximum(0.0, z - 1.3)
    return scaled + false_alarm


def _waves_sum(location_id: str, variable: str, run_hours: Hours, valid_hours: Hours) -> Values:
    per_valid_hour, per_run_hour, phase = _waves(location_id, variable)
    angles = (
        np.outer(valid_hours, per_valid_hour) + np.outer(run_hours, per_run_hour) + phase[None, :]
    )
    total: Values = np.cos(angles).sum(axis=1) * math.sqrt(2 / WAVES)
    return total


@lru_cache(maxsize=256)
def _waves(location_id: str, variable: str) -> tuple[Values, Values, Values]:
    """Frequencies over valid time and run time, and phases: (WAVES,) each."""
    rows = [_wave(f"{SEED}|{location_id}|{variable}|{k}") for k in range(WAVES)]
    table = np.array(rows, dtype=np.float64)
    return table[:, 0], table[:, 1], table[:, 2]


def _wave(name: str) -> tuple[float, float, float]:
    digest = hashlib.sha256(name.encode()).digest()
    u, v, w = ((int.from_bytes(digest[i : i + 6], "big") + 0.5) / 2**48 for i in (0, 6, 12))
    radius = math.sqrt(-2.0 * math.log(u))  # Box and Muller 1958
    return (
        radius * math.cos(2 * math.pi * v) / VALID_HOURS_SCALE,
        radius * math.sin(2 * math.pi * v) / RUN_HOURS_SCALE,
        2 * math.pi * w,
    )
