"""Scores of a forecast against the truth, over the intervals where both are known."""

from dataclasses import dataclass

import numpy as np

from models.quantiles import MEDIAN, QUANTILES, pinball_loss
from models.samples import Floats, Mask, Strings


@dataclass(frozen=True)
class Scores:
    """All but the counts and coverages in the unit of the series; NaN where n is 0."""

    n: int  # intervals scored
    n_missing: int  # intervals asked for without a truth or without a forecast
    mae: float  # of q50
    rmse: float  # of q50
    bias: float  # q50 less truth
    pinball: float  # mean over the seven quantiles
    coverage_80: float  # share of intervals within q10..q90
    coverage_90: float  # share of intervals within q05..q95


def known_together(y_true: Floats, *forecasts: Floats) -> Mask:
    """Intervals where the truth and every forecast are known, so that all are scored on the same.

    y_true: (...); each forecast (..., 7). Returns (...).
    """
    known = ~np.isnan(y_true)
    for y_pred in forecasts:
        known &= ~np.isnan(y_pred).any(axis=-1)
    return known


def score(y_true: Floats, y_pred: Floats, where: Mask | None = None) -> Scores:
    """Score quantile forecasts. y_true: (...); y_pred: (..., 7), same unit.

    where: (...), the intervals asked for (all when None; give `Samples.target_mask` to leave
    padding out of n_missing).
    """
    asked = np.ones(y_true.shape, dtype=bool) if where is None else where
    used = asked & known_together(y_true, y_pred)
    truth, quantiles = y_true[used], y_pred[used]
    error = quantiles[:, MEDIAN] - truth
    return Scores(
        n=int(used.sum()),
        n_missing=int(asked.sum() - used.sum()),
        mae=_mean(np.abs(error)),
        rmse=float(np.sqrt(_mean(np.square(error)))),
        bias=_mean(error),
        pinball=_mean(pinball_loss(truth, quantiles)),
        coverage_80=_mean(_inside(truth, quantiles, 0.10, 0.90)),
        coverage_90=_mean(_inside(truth, quantiles, 0.05, 0.95)),
    )


def pinball_by_series(
    y_true: Floats, y_pred: Floats, reference: Floats, series_id: Strings
) -> list[tuple[float, float]]:
    """Mean pinball loss of a forecast and of another, of each series on the intervals that both and
    the truth have; series without any are left out.

    y_true: (n, T); y_pred, reference: (n, T, 7); series_id: (n,). In the order of the ids.
    """
    known = known_together(y_true, y_pred, reference)
    pairs = []
    for name in sorted(set(series_id)):
        rows = known & (series_id == name)[:, None]
        if rows.any():
            both = (pinball_loss(y_true[rows], part[rows]) for part in (y_pred, reference))
            mine, theirs = (float(part.mean()) for part in both)
            pairs.append((mine, theirs))
    return pairs


def losses(y_true: Floats, y_pred: Floats) -> dict[str, Floats]:
    """What sums up to scores, of each interval: y_true (...) and y_pred (..., 7) -> each (...)."""
    return {
        "sum_abs": np.abs(y_pred[..., MEDIAN] - y_true),
        "sum_pinball": pinball_loss(y_true, y_pred),
        "n_in_80": _inside(y_true, y_pred, 0.10, 0.90),
        "n_in_90": _inside(y_true, y_pred, 0.05, 0.95),
    }


def _inside(truth: Floats, quantiles: Floats, low: float, high: float) -> Floats:
    lower, upper = quantiles[..., QUANTILES.index(low)], quantiles[..., QUANTILES.index(high)]
    return ((truth >= lower) & (truth <= upper)).astype(np.float64)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
