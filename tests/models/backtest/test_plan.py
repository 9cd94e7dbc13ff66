"""When a network is trained anew in a backtest, and when only on."""

from datetime import date

import pytest

from models.backtest.plan import Piece, Plan, is_trained_anew


@pytest.mark.parametrize(
    ("days_before", "anew"),
    [
        # Each time half as many days again, until there were two years of them.
        (152, [152, 236, 376, 572, 880]),
        (729, [729, 1_121]),
        (730, [730]),
        (1_365, [1_365]),
    ],
)
def test_a_network_is_trained_anew_while_it_has_few_days(days_before: int, anew: list[int]) -> None:
    plan = Plan(date(2024, 1, 1), date(2026, 12, 31))
    firsts = range(0, 1_092, plan.recalibrate_days)
    pieces = [Piece(i, first, first + plan.recalibrate_days) for i, first in enumerate(firsts)]
    found = [days_before + p.first for p in pieces if is_trained_anew(plan, p, days_before)]
    assert found == anew
