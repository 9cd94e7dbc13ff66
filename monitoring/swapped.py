"""Whether two columns were exchanged: each looks like the other, and unlike itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_BINS = 16


def swapped(
    day: Mapping[str, Floats], earlier: Mapping[str, Floats], threshold: float
) -> dict[str, str]:
    """Columns of a day that seem exchanged, each with the one whose values it has.

    day: (slots,) values by name; earlier: (days, slots) of the days before, by the same names; NaN
    in gaps. threshold: see `evidence`. Columns without values on either side are left out.
    """
    there = [name for name in day if _known(day[name]).size and _known(earlier[name]).size]
    found: dict[str, tuple[float, str]] = {}
    for a, b in combinations(there, 2):
        told = evidence(day[a], day[b], earlier[a], earlier[b])
        if told >= threshold:
            for one, other in ((a, b), (b, a)):
                found[one] = max(found.get(one, (-np.inf, "")), (told, other))
    return {name: other for name, (_, other) in found.items()}


def evidence(a: Floats, b: Floats, earlier_a: Floats, earlier_b: Floats) -> float:
    """Mean log-likelihood ratio per value of 'exchanged' against 'as it should be'.

    Both columns count, by the size of their values and by that of their hourly changes: wind and
    temperature may be of one size in winter, but wind changes faster.
    """
    sizes = _ratio(a, b, earlier_a, earlier_b)
    changes = (np.abs(np.diff(part)) for part in (a, b, earlier_a, earlier_b))
    return sizes + _ratio(*changes)


def _ratio(a: Floats, b: Floats, earlier_a: Floats, earlier_b: Floats) -> float:
    pooled = np.concatenate([_known(earlier_a), _known(earlier_b)])
    if not pooled.size:
        return 0.0
    edges = np.unique(np.quantile(pooled, np.linspace(0, 1, _BINS + 1)[1:-1]))
    usual_a, usual_b = (_counts(part, edges) + 1 for part in (earlier_a, earlier_b))
    ratio = np.log(usual_b / usual_b.sum()) - np.log(usual_a / usual_a.sum())
    now_a, now_b = _counts(a, edges), _counts(b, edges)
    return float(now_a @ ratio / max(now_a.sum(), 1) - now_b @ ratio / max(now_b.sum(), 1))


def _counts(values: Floats, edges: Floats) -> Floats:
    places = np.searchsorted(edges, _known(values), side="right")
    return np.bincount(places, minlength=len(edges) + 1).astype(np.float64)


def _known(values: Floats) -> Floats:
    return np.asarray(values[~np.isnan(values)])
