"""Is one forecast better than another? The Diebold-Mariano test on daily mean losses."""

import math
from dataclasses import dataclass

import numpy as np

from models.samples import Floats

LEAST_LAG = 7
MIN_DAYS = 28


@dataclass(frozen=True)
class Comparison:
    """First against second: mean_difference below 0 says that the first loses less."""

    n_days: int
    mean_difference: float  # of daily loss, unit of the loss
    statistic: float
    p_value: float  # two-sided, of equal accuracy
    lag_days: int


def compare(first: Floats, second: Floats) -> Comparison:
    """Test daily mean losses (d,) of the same consecutive days; days unknown to either are left
    out.

    The variance of the mean difference takes the days' dependence into account up to lag_days,
    at least LEAST_LAG, with Bartlett weights. NaN with fewer than MIN_DAYS days or no difference.
    Sources: Diebold and Mariano 1995, JBES 13(3), eq. 6; Newey and West 1987, Econometrica 55(3).
    """
    difference = first - second
    difference = difference[~np.isnan(difference)]
    n = len(difference)
    lag = max(LEAST_LAG, math.floor(4.0 * (n / 100.0) ** (2.0 / 9.0)))
    mean = float(difference.mean()) if n else math.nan
    variance = long_run_variance(difference, lag) if n >= MIN_DAYS else 0.0
    if not variance > 0.0:
        return Comparison(n, mean, math.nan, math.nan, lag)
    statistic = mean / math.sqrt(variance / n)
    return Comparison(n, mean, statistic, math.erfc(abs(statistic) / math.sqrt(2.0)), lag)


def long_run_variance(values: Floats, lag: int) -> float:
    """The variance of a dependent series' mean, times its length: Bartlett-weighted
    autocovariances up to `lag`. Never negative."""
    apart = values - values.mean()
    n = len(values)
    total = float(apart @ apart) / n
    for shift in range(1, min(lag, n - 1) + 1):
        weight = 1.0 - shift / (lag + 1.0)
        total += 2.0 * weight * float(apart[shift:] @ apart[:-shift]) / n
    return max(total, 0.0)
