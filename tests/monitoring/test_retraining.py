"""A training is asked for where drift and error both last, within its budget, and never of broken
data."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitoring.retraining import Evidence, Rule, decide
from tests.small_lakehouse import utc

NOW = utc("2024-11-20 08:30")
RULE = Rule(drift_days=5, error_ratio=1.0, per_week=1)
POOR = Evidence(
    drifting={"value": 6, "value_residual": 4},
    model="lstm 1",
    naive="seasonal_naive 1",
    mae_ratio=1.2,
    n_days=14,
)


def test_drift_and_error_that_last_ask_for_a_training() -> None:
    decision = decide(POOR, NOW, RULE)
    assert decision is not None
    assert decision.verdict == "asked"
    assert decision.reason == (
        "value was in drift for 6 days, and over its newest 14 live days lstm 1 has 1.20 times "
        "the MAE of seasonal_naive 1: it is to be trained anew."
    )


@pytest.mark.parametrize(
    "unlike",
    [
        {"drifting": {}},
        {"drifting": {"value": 4}},
        {"mae_ratio": 1.0},
        {"mae_ratio": float("nan")},
    ],
)
def test_one_of_both_alone_asks_for_nothing(unlike: dict[str, Any]) -> None:
    assert decide(replace(POOR, **unlike), NOW, RULE) is None


def test_broken_data_ask_for_a_person_and_not_for_a_training() -> None:
    decision = decide(replace(POOR, broken=["a", "b"], awaiting="lstm 2"), NOW, RULE)
    assert decision is not None
    assert decision.verdict == "blocked"
    assert "the newest day of a, b is broken: somebody must look" in decision.reason


def test_what_is_trained_and_waits_for_its_live_days_is_not_trained_again() -> None:
    decision = decide(replace(POOR, awaiting="lstm 2"), NOW, RULE)
    assert decision is not None
    assert decision.verdict == "waits"


@pytest.mark.parametrize(
    ("days_ago", "per_week", "verdict"),
    [
        ([6], 1, "over_budget"),
        ([7], 1, "asked"),
        ([1], 2, "asked"),
        ([1, 3], 2, "over_budget"),
        ([], 0, "over_budget"),
    ],
)
def test_the_budget_counts_what_was_asked_for_in_seven_days(
    days_ago: list[int], per_week: int, verdict: str
) -> None:
    asked = [NOW - timedelta(days=days) for days in days_ago]
    decision = decide(replace(POOR, asked=asked), NOW, replace(RULE, per_week=per_week))
    assert decision is not None
    assert decision.verdict == verdict
