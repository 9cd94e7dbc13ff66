"""The Diebold-Mariano test against figures made by hand, and its size under dependence."""

import numpy as np
import pytest

from models.comparison import compare, long_run_variance


def test_the_long_run_variance_is_the_weighted_sum_of_autocovariances() -> None:
    values = np.array([1.0, 2.0, 4.0, 3.0, 0.0])
    apart = values - 2.0
    by_hand = apart @ apart / 5 + 2 * (
        (2 / 3) * (apart[1:] @ apart[:-1]) / 5 + (1 / 3) * (apart[2:] @ apart[:-2]) / 5
    )
    assert long_run_variance(values, 2) == pytest.approx(by_hand)


def test_a_clear_difference_is_found_and_its_sign_says_who_is_better() -> None:
    random = np.random.default_rng(1)
    good, bad = random.gamma(4.0, 1.0, 700), random.gamma(4.0, 1.2, 700)
    found = compare(good, bad)
    assert found.mean_difference < 0.0 and found.statistic < -5.0 and found.p_value < 1e-6
    other = compare(bad, good)
    assert other.statistic == pytest.approx(-found.statistic) and found.lag_days >= 7


def test_dependent_days_do_not_make_equal_forecasts_differ() -> None:
    random = np.random.default_rng(2)
    rejected = 0
    for _ in range(200):
        noise = random.normal(size=400)
        difference = np.convolve(noise, np.ones(5) / 5.0, mode="same")
        rejected += compare(difference, np.zeros(400)).p_value < 0.05
    assert rejected <= 24  # of 200; a test that ignores dependence rejects about a third


@pytest.mark.parametrize("days", [5, 100])
def test_nothing_to_compare_is_not_a_number(days: int) -> None:
    losses = np.ones(days)
    assert np.isnan(compare(losses, losses).p_value)
    assert compare(np.full(days, np.nan), losses).n_days == 0
