"""What a model's forecasts rest on: the loss when one input is exchanged between days.

Source: Breiman 2001, Machine Learning 45(1), section 10; here of whole days, within each series.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.metrics import pinball_by_series
from models.samples import CALENDAR, KNOWN, WEATHER, Floats, Samples

PAST, DATE = "past_values", "calendar"
"""Names of inputs beside those of weather variables and covariates."""
_Order = npt.NDArray[np.intp]


def importance(
    predict: Callable[[Samples], Floats], samples: Samples, seed: int
) -> dict[str, float]:
    """By input, by how much the pinball loss rises without what it tells of the day, as a share.

    0.1 is a loss 10 % higher; about 0, or below, where the model makes no use of it. Series count
    alike. Inputs that are nowhere known are left out. samples: with truth, of days that the model
    did not learn from; (n, T, 7) = predict(samples). The same seed exchanges the same days.
    """
    order = _exchanged(samples, seed)
    before = predict(samples)
    return {
        name: _rise(samples, before, predict(other))
        for name, other in _without(samples, order).items()
    }


def _rise(samples: Samples, before: Floats, after: Floats) -> float:
    assert samples.target is not None
    pairs = pinball_by_series(samples.target, after, before, samples.series_id)
    shares = [late / early - 1.0 if early else 0.0 for late, early in pairs]
    return float(np.mean(shares)) if shares else float("nan")


def _exchanged(samples: Samples, seed: int) -> _Order:
    """(n,) for each sample another one of its series, whose day is as long."""
    draw = np.random.default_rng(seed)
    order = np.arange(len(samples))
    length = samples.target_mask.sum(axis=1)
    for series_id in sorted(set(samples.series_id)):
        for count in np.unique(length):
            rows = np.flatnonzero((samples.series_id == series_id) & (length == count))
            order[rows] = draw.permutation(rows)
    return order


def _without(samples: Samples, order: _Order) -> dict[str, Samples]:
    """By input, the samples with that of another day."""
    others = {PAST: replace(samples, past_value=samples.past_value[order])}
    dates = [KNOWN.index(name) for name in CALENDAR]
    others[DATE] = replace(samples, known=_exchange(samples.known, dates, order))
    for place, name in enumerate(WEATHER):
        ahead = KNOWN.index(name)
        if not np.isnan(samples.known[..., ahead]).all():
            others[name] = replace(
                samples,
                known=_exchange(samples.known, [ahead], order),
                past_weather=_exchange(samples.past_weather, [place], order),
            )
    if samples.past_covariates is not None and samples.target_covariates is not None:
        for place, name in enumerate(samples.covariates):
            others[name] = replace(
                samples,
                past_covariates=_exchange(samples.past_covariates, [place], order),
                target_covariates=_exchange(samples.target_covariates, [place], order),
            )
    return others


def _exchange(values: Floats, places: list[int], order: _Order) -> Floats:
    """values (n, k, c) with columns of other rows."""
    mixed = values.copy()
    mixed[..., places] = values[order][..., places]
    return mixed
