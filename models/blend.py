"""A weighted average of forecasts, quantile by quantile; weights from past errors alone."""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import minimize

from models.quantiles import QUANTILES, non_crossing, pinball_loss
from models.samples import Floats

MIN_INTERVALS = 14 * 24
_TOWARDS_EQUAL = 0.1
"""The share of equal weights that stays: fitted weights lose to them where errors are few.
Source: Smith and Wallis 2009, Oxford Bulletin of Economics and Statistics 71(3)."""


def weights(forecasts: Mapping[str, Floats], truth: Floats) -> dict[str, float]:
    """Weights, at least 0 and of sum 1, with the least pinball loss on the past.

    forecasts: by model (n, 7), and truth: (n,), in one scale; NaN is not known. Equal weights
    where fewer than MIN_INTERVALS intervals are known of all.
    """
    names = list(forecasts)
    equal = np.full(len(names), 1.0 / len(names))
    stacked = np.stack([forecasts[name] for name in names])
    held = ~np.isnan(truth) & ~np.isnan(stacked).any(axis=(0, 2))
    if len(names) == 1 or held.sum() < MIN_INTERVALS:
        return dict(zip(names, equal.tolist(), strict=True))
    y, each = truth[held], stacked[:, held]
    scale = float(np.abs(y[:, None] - each[0]).mean()) or 1.0
    levels = np.asarray(QUANTILES)

    def loss(w: Floats) -> tuple[float, Floats]:
        mixed = np.tensordot(w, each, axes=1)
        slope = np.where(y[:, None] > mixed, -levels, 1.0 - levels)
        gradient = (slope * each).mean(axis=(1, 2))
        return float(pinball_loss(y, mixed).mean()) / scale, gradient / scale

    found = minimize(
        loss, equal, jac=True, method="SLSQP", bounds=[(0.0, 1.0)] * len(names),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": np.ones_like},
    )  # fmt: skip
    fitted = np.clip(found.x, 0.0, None)
    better = loss(fitted / fitted.sum())[0] <= loss(equal)[0]
    chosen = fitted / fitted.sum() if better else equal
    chosen = (1.0 - _TOWARDS_EQUAL) * chosen + _TOWARDS_EQUAL * equal
    return dict(zip(names, chosen.tolist(), strict=True))


def mixed(forecasts: Mapping[str, Floats], shares: Mapping[str, float]) -> Floats:
    """The weighted average of forecasts (..., 7), over those that have an answer; NaN where none.

    The weights of those that have none go to the others.
    """
    stacked = np.stack([forecasts[name] for name in shares])
    share = np.array(list(shares.values())).reshape(-1, *(1,) * (stacked.ndim - 1))
    held = ~np.isnan(stacked)
    total = (share * held).sum(axis=0)
    average = (share * np.nan_to_num(stacked)).sum(axis=0) / np.where(total > 0.0, total, np.nan)
    return non_crossing(average)
