"""The seven quantiles every Gridcast forecast carries, and what is always done with them."""

from typing import Any

import numpy as np
import pandas as pd

from models.samples import Floats, Samples

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
QUANTILE_COLUMNS = tuple(f"q{round(100 * q):02d}" for q in QUANTILES)
MEDIAN = QUANTILES.index(0.50)


def pinball_loss(y_true: Floats, y_pred: Floats) -> Floats:
    """Pinball loss of each interval, averaged over the quantiles.

    y_true: (...); y_pred: (..., 7), ascending, same unit.
    Returns (...), NaN where either is. Source: Koenker and Bassett 1978, eq. 2.
    """
    error = y_true[..., None] - y_pred
    levels = np.asarray(QUANTILES)
    return np.asarray(np.maximum(levels * error, (levels - 1.0) * error).mean(axis=-1))


def non_crossing(y_pred: Floats) -> Floats:
    """Sort the quantiles of each interval. (..., 7) -> (..., 7).

    Sorting never raises the pinball loss. Source: Chernozhukov, Fernandez-Val and Galichon 2010.
    """
    return np.sort(y_pred, axis=-1)


def known_quantiles(values: Floats) -> Floats:
    """Sample quantiles of the known values along the last axis: (..., n) -> (..., 7).

    NaN where nothing is known. Linear between two values, to the bit as `numpy.nanquantile`, which
    takes a row of Python for each row of values.
    """
    ordered = np.sort(values, axis=-1)  # the unknown ones last
    newest = (~np.isnan(values)).sum(axis=-1, keepdims=True) - 1
    place = newest * np.asarray(QUANTILES)
    below = np.maximum(np.floor(place), 0.0).astype(np.int64)
    low, high = (
        np.take_along_axis(ordered, index, axis=-1)
        for index in (below, np.clip(below + 1, 0, np.maximum(newest, 0)))
    )
    share, step = place - below, high - low
    return np.where(share >= 0.5, high - step * (1.0 - share), low + step * share)


def around(point: Floats, errors: Floats) -> Floats:
    """Quantiles from a point forecast and the quantiles of its errors; q50 is the point itself.

    point: (...); errors: (..., 7) ascending. Returns (..., 7), ascending.
    """
    below = np.minimum(errors[..., :MEDIAN], 0.0)
    above = np.maximum(errors[..., MEDIAN + 1 :], 0.0)
    centre = np.zeros((*errors.shape[:-1], 1))
    return np.asarray(point[..., None] + np.concatenate([below, centre, above], axis=-1))


def to_rows(samples: Samples, y_pred: Floats) -> pd.DataFrame:
    """Long rows, one per target interval: series_id, forecast_origin, valid_time, q05..q95.

    Times are UTC. y_pred: (n, T, 7). Intervals without a forecast keep their row, with NaN.
    """
    row, place = np.nonzero(samples.target_mask)
    columns: dict[str, Any] = {
        "series_id": samples.series_id[row],
        "forecast_origin": pd.DatetimeIndex(samples.forecast_origin[row]).tz_localize("UTC"),
        "valid_time": pd.DatetimeIndex(samples.target_time[row, place]).tz_localize("UTC"),
    }
    quantiles = y_pred[row, place]
    columns |= {name: quantiles[:, k] for k, name in enumerate(QUANTILE_COLUMNS)}
    return pd.DataFrame(columns)
