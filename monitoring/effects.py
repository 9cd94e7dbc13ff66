"""How far a week lies from the weeks of its reference, in units that those weeks give.

A p-value on hourly energy data mostly answers how many rows there are: an hour is like the hour
before it, and a week is one kind of weather. What counts is how different whole weeks of the
reference are from each other; every effect here is measured in that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.columns import Column, together

Floats = npt.NDArray[np.float64]

_TENTHS_APART = 2.563  # a normal's 10 % and 90 % quantiles, in standard deviations
#: Least unit of a shift of location, as a share of the spread within a week: where all reference
#: weeks are alike (a dry month), the next shower is no drift.
_LEAST_OF_WITHIN = 0.15
#: Least unit of a change of spread, on the log scale: a tenth.
_LEAST_LOG = 0.1
#: Least week-to-week distance; less is the noise of 168 values in ten bins.
_LEAST_DISTANCE = 0.1


@dataclass(frozen=True)
class Effects:
    """distance: Hellinger, 0 (equal) to 1 (nothing in common), between the week and all weeks of
    the reference together; relative_distance: that, over the distance which nine in ten reference
    weeks keep from the others; location_shift, spread_shift: in units of the reference's
    between-week spread, infinite where a constant was left."""

    distance: float
    relative_distance: float
    location_shift: float
    spread_shift: float


def effects(week: Column, reference: Sequence[Column], bins: int) -> Effects:
    """Compare a week with reference weeks, all with values; at least two weeks."""
    edges = _edges(together(reference).sketch, bins)
    counts = np.array([np.array(r.sketch.get_pmf(edges)) * r.values for r in reference])
    total = counts.sum(axis=0)
    own = np.array(week.sketch.get_pmf(edges))
    distance = float(hellinger(own, total))
    between = hellinger(counts, total - counts)
    usual = max(float(np.quantile(between, 0.9)), _LEAST_DISTANCE)
    return Effects(distance, distance / usual, _location(week, reference), _spread(week, reference))


def hellinger(p: Floats, q: Floats) -> Floats:
    """Distance of counts or shares per bin (last axis), 0 to 1: sqrt(1 - sum(sqrt(p q))).

    Source: the form for discrete distributions, https://en.wikipedia.org/wiki/Hellinger_distance.
    """
    shares = (p / p.sum(axis=-1, keepdims=True)) * (q / q.sum(axis=-1, keepdims=True))
    return np.asarray(np.sqrt(np.maximum(0.0, 1.0 - np.sqrt(shares).sum(axis=-1))))


def _location(week: Column, reference: Sequence[Column]) -> float:
    locations = np.array([r.location for r in reference])
    within = max(float(np.median([r.spread for r in reference])), week.spread)
    unit = max(_between(locations), _LEAST_OF_WITHIN * within)
    return _in_units(week.location - float(np.median(locations)), unit)


def _spread(week: Column, reference: Sequence[Column]) -> float:
    spreads = np.array([r.spread for r in reference])
    # Half a mean spread is added, or a week without a drop of rain would be infinitely calm.
    least = float(spreads.mean()) / 2
    if least == 0:
        return _in_units(week.spread, 0.0)
    logs = np.log(spreads + least)
    moved = float(np.log(week.spread + least)) - float(np.median(logs))
    return _in_units(moved, max(_between(logs), _LEAST_LOG))


def _between(values: Floats) -> float:
    """Spread of weekly figures as a standard deviation, from their 10 % and 90 % quantiles: one
    holiday in a dozen weeks does not widen it, and several do."""
    low, high = np.quantile(values, [0.1, 0.9])
    return float(high - low) / _TENTHS_APART


def _in_units(moved: float, unit: float) -> float:
    if unit > 0:
        return moved / unit
    return 0.0 if moved == 0 else float(np.copysign(np.inf, moved))


def _edges(reference: Any, bins: int) -> list[float]:
    """Inner edges of bins with equal shares of a sketch; a bin is [edge, next edge).

    A value that fills a whole share (a dry hour, a flag, a constant) gets a bin of its own,
    closed by the next float above it.
    """
    shares = list(np.linspace(0, 1, bins + 1)[1:-1])
    low, high = reference.get_min_value(), reference.get_max_value()
    quantiles = np.array([*reference.get_quantiles(shares), *([low] if low == high else [])])
    edges, times = np.unique(quantiles, return_counts=True)
    atoms = edges[times > 1]
    return [float(edge) for edge in np.union1d(edges, np.nextafter(atoms, np.inf))]
