"""The rule that puts a model in charge, as a pure function of the evidence (stage A)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class SeriesEvidence:
    """Held-out scores of one series, model and seasonal naive on the same hours, unit of series."""

    mae: float
    pinball: float
    naive_mae: float
    naive_pinball: float


@dataclass(frozen=True)
class Evidence:
    """What is known about one trained model. Held-out days are local target days, inclusive."""

    series_group: str
    model_name: str
    model_version: str
    n_days: int
    held_out_from: date
    held_out_to: date
    series: Mapping[str, SeriesEvidence]


@dataclass(frozen=True)
class Decision:
    """reason is a sentence with figures, for gold.promotions and the report."""

    promote: bool
    reason: str


def decide(evidence: Evidence, *, min_days: int = 28, margin: float = 0.05) -> Decision:
    """Promote a model that beats seasonal naive on held-out days.

    Three conditions: at least `min_days` of them; the group means of MAE and of pinball loss, each
    series' scaled by its naive's, both under 1; no series worse than its naive by more than
    `margin` (a share) on either.
    """
    span = f"{evidence.n_days} held-out days ({evidence.held_out_from} to {evidence.held_out_to})"
    name = f"{evidence.model_name} {evidence.model_version} of {evidence.series_group}"
    if evidence.n_days < min_days:
        return Decision(False, f"{name} has {span}, {min_days} are needed.")
    ratios = {s: (_ratio(e.mae, e.naive_mae), _ratio(e.pinball, e.naive_pinball))
              for s, e in evidence.series.items()}  # fmt: skip
    if not ratios or not all(math.isfinite(r) for pair in ratios.values() for r in pair):
        unscored = [s for s, pair in ratios.items() if not all(map(math.isfinite, pair))]
        return Decision(False, f"{name} could not be scored on {span}: {unscored or 'no series'}.")
    mae, pinball = (sum(pair[k] for pair in ratios.values()) / len(ratios) for k in (0, 1))
    figures = f"{_than_naive(mae)} in MAE and {_than_naive(pinball)} in pinball loss"
    if mae >= 1.0 or pinball >= 1.0:
        return Decision(False, f"{name} is {figures} over {span}; both must be better.")
    worst = max(ratios, key=lambda s: max(ratios[s]))
    if max(ratios[worst]) > 1.0 + margin:
        each = f"{_than_naive(ratios[worst][0])} in MAE, {_than_naive(ratios[worst][1])} in pinball"
        return Decision(
            False,
            f"{name} is {figures} over {span}, but {worst} is {each}; "
            f"{margin:.0%} worse is allowed.",
        )
    return Decision(True, f"{name} is {figures} over {span}; the weakest series is {worst}.")


def _ratio(value: float, naive: float) -> float:
    """A perfect naive cannot be beaten: equal is 1, anything worse infinite."""
    if naive == 0.0:
        return 1.0 if value == 0.0 else math.inf
    return value / naive


def _than_naive(ratio: float) -> str:
    return f"{abs(1.0 - ratio):.1%} {'better' if ratio < 1.0 else 'worse'} than seasonal naive"
