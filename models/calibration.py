"""Intervals that hold what they promise: a rolling conformal correction of the quantiles.

Each pair of quantiles around the median is stretched by one factor so that it would have covered
its share of the errors of the last days known at the origin. Source of the idea, conformalised
quantile regression: Romano, Patterson and Candes 2019, NeurIPS 32; here relative to the forecast's
own half-width, by side, and rolling.
"""

import numpy as np

from models.quantiles import MEDIAN, QUANTILES, non_crossing
from models.samples import Floats
from models.windows import mean_known

WINDOW_DAYS = 91
MIN_DAYS = 14
_LEAST_FACTOR = 0.1
_NARROWEST = 1e-3
"""Share of its day's mean width that a half-width counts as at least."""


def calibrated(forecast: Floats, truth: Floats, lag_days: int) -> Floats:
    """Stretch the quantiles of consecutive days by what earlier days missed.

    forecast: (d, k, 7) of one series; truth: (d, k), NaN where not known. lag_days: the truth of a
    day is known at the origin of the day so many days later, 1 or more. Returns (d, k, 7), sorted;
    the median stays. Days with fewer than MIN_DAYS before them stay as they are.
    """
    corrected = forecast.copy()
    for low in range(MEDIAN):
        high = len(QUANTILES) - 1 - low
        level = QUANTILES[high] - QUANTILES[low]
        misses = _misses(forecast, truth, low, high)
        for day in range(len(forecast)):
            factor = _factor(misses[: max(day - lag_days + 1, 0)][-WINDOW_DAYS:], level)
            for place in (low, high):
                apart = forecast[day, :, place] - forecast[day, :, MEDIAN]
                corrected[day, :, place] = forecast[day, :, MEDIAN] + factor * apart
    return non_crossing(corrected)


def _misses(forecast: Floats, truth: Floats, low: int, high: int) -> Floats:
    """Errors in half-widths of their own side: (d, k)."""
    centre = forecast[..., MEDIAN]
    error = truth - centre
    half = np.where(error > 0.0, forecast[..., high] - centre, centre - forecast[..., low])
    day = mean_known(forecast[..., high] - forecast[..., low], axis=1)[:, None]
    return np.asarray(np.abs(error) / np.maximum(half, np.maximum(_NARROWEST * day, 1e-12)))


def _factor(misses: Floats, level: float) -> float:
    known = misses[~np.isnan(misses).all(axis=1)] if len(misses) else misses
    if len(known) < MIN_DAYS:
        return 1.0
    return max(float(np.nanquantile(known, level)), _LEAST_FACTOR)
