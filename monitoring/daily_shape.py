"""Whether days follow their usual shape some hours early or late: a clock that was set wrongly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Hours looked at to either side; the same hours at both ends of a day are left out.
MOST_HOURS = 3


@dataclass(frozen=True)
class Shift:
    """hours: lag at which the days together fit best, positive where they are late; gain: how many
    times less is then unexplained than without a lag; votes: days that fit best at that lag by
    themselves; days: how many could be looked at."""

    hours: float
    gain: float
    votes: int
    days: int


def shift_of(days: Floats, shapes: Floats) -> Shift | None:
    """The lag of the best correlation of some days with their usual shapes.

    days, shapes: (n, slots), NaN in gaps. Returns None where no day has values and a shape.
    """
    per_hour = days.shape[1] // 24
    lags = range(-MOST_HOURS * per_hour, MOST_HOURS * per_hour + 1)
    usable = [
        (day, shape)
        for day, shape in zip(days, shapes, strict=True)
        if (~np.isnan(day - shape)).sum() > days.shape[1] // 2
    ]
    if not usable:
        return None
    alone = [_fits([pair], lags) for pair in usable]
    fits = _fits(usable, lags)
    best = int(np.argmax(fits))
    unexplained = max(1 - float(fits[best]), 1e-9)
    return Shift(
        hours=lags[best] / per_hour,
        gain=(1 - float(fits[len(fits) // 2])) / unexplained,
        votes=sum(int(np.argmax(fit)) == best for fit in alone),
        days=len(usable),
    )


def _fits(pairs: list[tuple[Floats, Floats]], lags: range) -> Floats:
    """Correlation of days with their shapes at each lag."""
    edge = lags[-1]
    found = []
    for lag in lags:
        day = np.concatenate([d[edge : len(d) - edge] for d, _ in pairs])
        shape = np.concatenate([s[edge - lag : len(s) - edge - lag] for _, s in pairs])
        found.append(_correlation(day, shape))
    return np.array(found)


def _correlation(a: Floats, b: Floats) -> float:
    known = ~np.isnan(a) & ~np.isnan(b)
    if known.sum() < 2:
        return 0.0
    a, b = a[known] - a[known].mean(), b[known] - b[known].mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0
