"""Seasonal naive: the newest known value of the same weekday and local clock.

The forecast everything must beat, and the fallback when a champion cannot answer. With prices it
looks 7 days back, with consumption published 9 days late 14. Clock changes: see `local_days`.
"""

import numpy as np
import numpy.typing as npt

from models.local_days import at_target, by_local_day
from models.quantiles import QUANTILES, around, known_quantiles
from models.samples import PAST_DAYS, Floats, Samples

WEEKS = PAST_DAYS // 7
_MIN_ERRORS = 8
"""Fewer past errors than this at one time of the clock: those of the whole day are used."""


def seasonal_naive(samples: Samples) -> Floats:
    """Point forecast, unit of the series. Returns (n, T), NaN where nothing is known."""
    return at_target(samples, _newest_week(by_local_day(samples, samples.past_value))[0])


def seasonal_naive_quantiles(samples: Samples) -> Floats:
    """The point as q50, and around it the quantiles of the naive's own errors in the known past.

    An error is a known value less the one the same number of weeks before it, at the same time
    of the clock; times with too few of them use all. Returns (n, T, 7), ascending; all seven are
    the point where the past holds no pair.
    """
    days = by_local_day(samples, samples.past_value)
    point, weeks = _newest_week(days)
    errors = np.zeros((*point.shape, len(QUANTILES)))
    for lag in range(1, WEEKS):
        uses_lag = weeks == lag
        rows = np.flatnonzero(uses_lag.any(axis=1))
        if len(rows):
            quantiles = _error_quantiles(days[rows, : -7 * lag] - days[rows, 7 * lag :])
            errors[rows] = np.where(uses_lag[rows][:, :, None], quantiles, errors[rows])
    by_clock = np.moveaxis(around(point, errors), -1, 1)
    return np.moveaxis(at_target(samples, by_clock), 1, -1)


def _newest_week(days: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """days: (n, PAST_DAYS, k). Returns value and weeks back, both (n, k); NaN and 0 if none."""
    weekly = days[:, 6::7]
    known = ~np.isnan(weekly)
    newest = known.argmax(axis=1)
    value = np.take_along_axis(weekly, newest[:, None], axis=1)[:, 0]
    return value, np.where(known.any(axis=1), newest + 1, 0)


def _error_quantiles(errors: Floats) -> Floats:
    """errors: (m, days, k). Returns (m, k, 7): of each time of the clock, of all, or zero."""
    count = (~np.isnan(errors)).sum(axis=1)[:, :, None]
    by_clock = known_quantiles(np.moveaxis(errors, 1, -1))
    pooled = known_quantiles(errors.reshape(len(errors), -1))
    chosen = np.where(count >= _MIN_ERRORS, by_clock, pooled[:, None, :])
    return np.nan_to_num(chosen)
