"""Drift: does a feature look today as it did in the reference period?

The measure is an effect size, the Hellinger distance between binned distributions, and not a
p-value: on hourly energy data a p-value mostly answers how many rows there are.

The bins hold equal shares of the reference. whylogs' own Hellinger cuts the joint range into up
to 30 bins of equal width: one normal day of 24 values against 28 unchanged days then exceeds
whylogs' drift threshold of 0.4 in 75 % of 200 draws, and with few such bins a skewed feature must
move far to be seen. With five equal shares it is under 1 %, and a shift of two standard deviations
is found in more than 99 % (tests/monitoring/test_drift.py repeats the last two).

Those figures are for independent values. Weather is not: a day is one kind of weather. Of an
unchanged hourly series with a memory of 33 hours, day against four weeks exceeds 0.4 in half of
the draws, week against four weeks in 6 %, against eight weeks in 3 %, and two standard deviations
are still found in 96 %. So compare a week: `merge` the newest seven day profiles into the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from lakehouse.errors import BadInput
from monitoring.profiles import read

Verdict = Literal["ok", "drift", "too_little_data"]
Reason = Literal[
    "same",  # ok: the distance is below the threshold
    "constant",  # ok: one and the same value in both
    "moved",  # drift: the distance reaches the threshold
    "left_constant",  # drift: the reference had one value, the target has others
    "more_missing",  # drift: the share of missing values rose
    "few_values",  # too_little_data: the target has too few rows or values
    "few_reference_values",  # too_little_data: so has the reference
    "absent_from_target",  # too_little_data: the target has no such column
    "absent_from_reference",  # too_little_data: a new column
]


@dataclass(frozen=True)
class DriftSettings:
    """When a difference counts.

    threshold: Hellinger distance, 0 (equal) to 1 (nothing in common), from which it is drift. A
        normal shifted by 1 standard deviation has about 0.35, by 2 about 0.62.
    bins: equal shares of the reference. More bins see more, and need more values to be calm.
    minimum_values: values that the target must have. 20 admits a day of 23 hours.
    minimum_reference_values: values that the reference must have: its own noise adds.
    missing_rise: rise of the share of missing values, 0 to 1, that is drift by itself.
    """

    threshold: float = 0.4
    bins: int = 5
    minimum_values: int = 20
    minimum_reference_values: int = 100
    missing_rise: float = 0.2

    def __post_init__(self) -> None:
        """Raise BadInput for settings that cannot give a verdict."""
        shares = 0 < self.threshold < 1 and 0 < self.missing_rise <= 1
        counts = self.bins >= 2 and min(self.minimum_values, self.minimum_reference_values) >= 1
        if not (shares and counts):
            raise BadInput(
                "Expected threshold in (0, 1), missing_rise in (0, 1], bins of at least 2 and "
                f"minimum counts of at least 1, got {self}. Correct the drift settings."
            )


@dataclass(frozen=True)
class Drift:
    """What was found for one feature.

    distance: Hellinger distance, 0 to 1, NaN where it could not be computed; threshold: from the
    settings; rows and reference_rows: rows profiled, missing ones included; missing_share and
    reference_missing_share: 0 to 1, NaN without rows; reason: one of `Reason`.
    """

    feature: str
    verdict: Verdict
    reason: Reason
    distance: float
    threshold: float
    rows: int
    reference_rows: int
    missing_share: float
    reference_missing_share: float


@dataclass(frozen=True)
class _Column:
    """One column of one profile; sketch is whylogs' KLL sketch, None where there is no column."""

    rows: int
    values: int
    sketch: Any

    @property
    def missing_share(self) -> float:
        return 1 - self.values / self.rows if self.rows else float("nan")

    @property
    def constant(self) -> bool:
        return bool(self.values and self.sketch.get_min_value() == self.sketch.get_max_value())


def compare(target: bytes, reference: bytes, settings: DriftSettings | None = None) -> list[Drift]:
    """One finding per feature that either profile has, in alphabetical order.

    target, reference: payloads of `profile` or `merge`; the target best spans a week (see the
    module's text). Without settings the defaults of DriftSettings hold.
    Raises BadInput for unreadable bytes; a feature that cannot be judged gets a named reason.
    """
    settings = settings or DriftSettings()
    targets, references = _columns(target), _columns(reference)
    none = _Column(0, 0, None)
    return [
        _finding(name, targets.get(name, none), references.get(name, none), settings)
        for name in sorted(targets.keys() | references.keys())
    ]


def persistence(verdicts: Sequence[str]) -> int:
    """Consecutive days in drift up to the newest.

    verdicts: one per day, oldest first. A day of too little data ends the count as `ok` does:
    what was not seen is not counted. Raises BadInput for an unknown verdict.
    """
    unknown = sorted(set(verdicts) - set(get_args(Verdict)))
    if unknown:
        raise BadInput(
            f"Expected verdicts among {list(get_args(Verdict))}, got {unknown}. "
            "Run 'gridcast run monitor' with this version for the days in question."
        )
    days = 0
    for verdict in reversed(verdicts):
        if verdict != "drift":
            break
        days += 1
    return days


def _columns(payload: bytes) -> dict[str, _Column]:
    columns = {}
    for name, view in read(payload).get_columns().items():
        counts, distribution = view.get_metric("counts"), view.get_metric("distribution")
        if counts is None or distribution is None:
            raise BadInput(
                f"Expected counts and a distribution for {name!r}, got {view.get_metric_names()}. "
                "Make the profile with monitoring.profiles.profile."
            )
        sketch = distribution.kll.value
        columns[name] = _Column(int(counts.n.value), int(sketch.get_n()), sketch)
    return columns


def _finding(feature: str, target: _Column, reference: _Column, settings: DriftSettings) -> Drift:
    both = target.values > 0 and reference.values > 0
    distance = hellinger(target.sketch, reference.sketch, settings.bins) if both else float("nan")
    verdict, reason = _judge(target, reference, distance, settings)
    return Drift(
        feature=feature,
        verdict=verdict,
        reason=reason,
        distance=distance,
        threshold=settings.threshold,
        rows=target.rows,
        reference_rows=reference.rows,
        missing_share=target.missing_share,
        reference_missing_share=reference.missing_share,
    )


def _judge(
    target: _Column, reference: _Column, distance: float, settings: DriftSettings
) -> tuple[Verdict, Reason]:
    if target.sketch is None:
        return "too_little_data", "absent_from_target"
    if reference.sketch is None:
        return "too_little_data", "absent_from_reference"
    if target.rows < settings.minimum_values:
        return "too_little_data", "few_values"
    if reference.values < settings.minimum_reference_values:
        return "too_little_data", "few_reference_values"
    if target.missing_share - reference.missing_share >= settings.missing_rise:
        return "drift", "more_missing"
    if target.values < settings.minimum_values:
        return "too_little_data", "few_values"
    if distance >= settings.threshold:
        return "drift", "left_constant" if reference.constant else "moved"
    return "ok", "constant" if reference.constant and target.constant else "same"


def hellinger(target: Any, reference: Any, bins: int) -> float:
    """Hellinger distance between two KLL sketches over equal shares of the reference.

    target, reference: non-empty sketches; bins: number of shares. Returns 0 (equal) to 1.
    With p and q the shares per bin: sqrt(1 - sum(sqrt(p q))). Source: the form for discrete
    distributions in https://en.wikipedia.org/wiki/Hellinger_distance, which whylogs cites too.
    """
    edges = _edges(reference, bins)
    p, q = np.array(target.get_pmf(edges)), np.array(reference.get_pmf(edges))
    return float(np.sqrt(max(0.0, 1.0 - float(np.sum(np.sqrt(p * q))))))


def _edges(reference: Any, bins: int) -> list[float]:
    """Inner bin edges; a bin is [edge, next edge).

    A value that fills a whole share (a dry hour, a flag, a constant) gets a bin of its own,
    closed by the next float above it.
    """
    shares = list(np.linspace(0, 1, bins + 1)[1:-1])
    low, high = reference.get_min_value(), reference.get_max_value()
    quantiles = np.array([*reference.get_quantiles(shares), *([low] if low == high else [])])
    edges, times = np.unique(quantiles, return_counts=True)
    atoms = edges[times > 1]
    return [float(edge) for edge in np.union1d(edges, np.nextafter(atoms, np.inf))]
