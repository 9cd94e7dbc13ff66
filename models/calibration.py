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
STEP = 0.05
"""How fast live days count: see `adapted`."""
_FURTHEST = float(np.log(3.0))
_LEAST_FACTOR = 0.1
_NARROWEST = 0.25
"""Share of its day's mean width that a half-width counts as at least."""
_NOTHING = 1e-12


def calibrated(forecast: Floats, truth: Floats, lag_days: int) -> Floats:
    """Stretch the quantiles of consecutive days by what earlier days missed.

    forecast: (d, k, 7) of one series; truth: (d, k), NaN where not known. lag_days: the truth of a
    day is known at the origin of the day so many days later, 1 or more. Returns (d, k, 7), sorted;
    the median stays. Days with fewer than MIN_DAYS before them stay as they are.
    """
    misses = _misses(forecast, truth)
    return np.stack(
        [
            stretched(day, _factors(misses[: max(place - lag_days + 1, 0)][-WINDOW_DAYS:]))
            for place, day in enumerate(forecast)
        ]
    )


def factors(forecast: Floats, truth: Floats) -> Floats:
    """By how much to stretch each pair of quantiles, outermost first, so that these days would
    have been covered: (3,) of (d, k, 7) and (d, k). 1 with fewer than MIN_DAYS days."""
    return _factors(_misses(forecast, truth)[-WINDOW_DAYS:])


def adapted(shares: Floats, days: Floats) -> Floats:
    """By how much to stretch further what live days have shown to be too narrow or too wide.

    shares: (..., 3) of the truths of a model's live days that lay within each pair of quantiles,
    outermost first; days: (...) how many days those are. Returns (..., 3).

    Each day moves the logarithm of a factor by STEP times what its share missed, so all days
    together by the sum of that. Source: Gibbs and Candes 2021, NeurIPS 34, eq. 2; here on the scale
    of a factor, and with the share of a day for the hit or miss of one value.
    """
    promised = np.array([_level(pair) for pair in range(MEDIAN)])
    moved = STEP * np.asarray(days)[..., None] * (promised - shares)
    return np.asarray(np.exp(np.clip(moved, -_FURTHEST, _FURTHEST)))


def stretched(forecast: Floats, by: Floats) -> Floats:
    """Quantiles of days (..., k, 7), each pair at `by` (..., 3) times its distance from the median,
    sorted. 1 leaves a pair as it is; for how near a quantile may lie else see `_half_widths`."""
    parts = forecast.copy()
    for pair in range(MEDIAN):
        factor = by[..., pair, None]
        below, above = _half_widths(forecast, pair)
        for place, apart in ((pair, -below), (len(QUANTILES) - 1 - pair, above)):
            moved = forecast[..., MEDIAN] + factor * apart
            parts[..., place] = np.where(factor == 1.0, forecast[..., place], moved)
    return non_crossing(parts)


def _misses(forecast: Floats, truth: Floats) -> Floats:
    """Errors in half-widths of their own side, by pair of quantiles: (d, k, 3)."""
    error = truth - forecast[..., MEDIAN]
    pairs = []
    for pair in range(MEDIAN):
        below, above = _half_widths(forecast, pair)
        pairs.append(np.abs(error) / np.maximum(np.where(error > 0.0, above, below), _NOTHING))
    return np.stack(pairs, axis=-1)


def _half_widths(forecast: Floats, pair: int) -> tuple[Floats, Floats]:
    """What lies between a pair of quantiles and the median, below and above: each (..., k).

    At least `_NARROWEST` of the day's mean width: where past errors had one sign, a side of no
    width would miss by any factor, and stretch the other one for nothing.
    """
    low, centre, high = (forecast[..., i] for i in (pair, MEDIAN, len(QUANTILES) - 1 - pair))
    least = _NARROWEST * mean_known(high - low, axis=-1)[..., None]
    return np.maximum(centre - low, least), np.maximum(high - centre, least)


def _factors(misses: Floats) -> Floats:
    known = misses[~np.isnan(misses).all(axis=(1, 2))]
    if len(known) < MIN_DAYS:
        return np.ones(MEDIAN)
    covered = [np.nanquantile(known[..., i], _level(i)) for i in range(MEDIAN)]
    return np.maximum(covered, _LEAST_FACTOR)


def _level(pair: int) -> float:
    """The share that a pair of quantiles covers; 0 is the outermost."""
    return QUANTILES[-1 - pair] - QUANTILES[pair]
