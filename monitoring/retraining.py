"""When a group is to be trained before its schedule: the data drift *and* the forecasts suffer.

Drift alone may not matter, and a poor fortnight alone may be chance. Broken data are no reason to
train: what would be learnt is the fault. The thresholds are settings (`retrain_...`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lakehouse.time import DAY

Verdict = Literal["asked", "blocked", "waits", "over_budget"]
BUDGET_DAYS = 7


@dataclass(frozen=True)
class Rule:
    """drift_days: in a row that a feature was beyond its threshold. error_ratio: MAE of the model
    as a share of seasonal naive's, above which it is poor. per_week: trainings that may be asked
    for in any seven days; 0 switches the rule off."""

    drift_days: int
    error_ratio: float
    per_week: int


@dataclass(frozen=True)
class Evidence:
    """What is known of one group.

    drifting: features that drifted lately, and for how many days in a row. model, mae_ratio,
    n_days: the model that is, or was last, in charge beside seasonal naive on its newest live days;
    naive: that one's name. broken: series whose newest day has a fault. awaiting: a trained model
    that is to take over. asked: when trainings were asked for before.
    """

    drifting: Mapping[str, int]
    model: str
    naive: str
    mae_ratio: float
    n_days: int
    broken: Sequence[str] = ()
    awaiting: str | None = None
    asked: Sequence[datetime] = ()


@dataclass(frozen=True)
class Decision:
    """What becomes of a group for which the rule speaks, and why."""

    verdict: Verdict
    reason: str


def decide(found: Evidence, at: datetime, rule: Rule) -> Decision | None:
    """Whether a group is to be trained anew at a moment; None where the rule does not speak."""
    lasting = {name: n for name, n in found.drifting.items() if n >= rule.drift_days}
    if not (lasting and found.mae_ratio > rule.error_ratio):
        return None
    drifts = ", ".join(f"{name} was in drift for {n} days" for name, n in sorted(lasting.items()))
    why = (
        f"{drifts}, and over its newest {found.n_days} live days {found.model} has "
        f"{found.mae_ratio:.2f} times the MAE of {found.naive}"
    )
    if found.broken:
        return Decision(
            "blocked",
            f"{why}; but the newest day of {', '.join(found.broken)} is broken: somebody must look "
            "at the data first.",
        )
    if found.awaiting:
        return Decision("waits", f"{why}; {found.awaiting} is trained and has its live days.")
    recent = [moment for moment in found.asked if at - BUDGET_DAYS * DAY < moment <= at]
    if len(recent) >= rule.per_week:
        told = f"{len(recent)} of {rule.per_week} trainings of these {BUDGET_DAYS} days are used"
        return Decision("over_budget", f"{why}; {told}.")
    return Decision("asked", f"{why}: it is to be trained anew.")
