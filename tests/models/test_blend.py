"""Weights follow past errors; a forecast without an answer leaves its weight to the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import blend
from models.quantiles import QUANTILES, pinball_loss

RANDOM = np.random.default_rng(5)
TRUTH = RANDOM.normal(0.0, 3.0, 2000)


def forecast(noise: float, bias: float = 0.0) -> np.ndarray:
    point = TRUTH + RANDOM.normal(bias, noise, len(TRUTH))
    return point[:, None] + noise * (np.array(QUANTILES) - 0.5)


def test_the_better_forecast_weighs_more_and_the_mixture_loses_no_more_than_equal_ones() -> None:
    forecasts = {"good": forecast(1.0), "bad": forecast(3.0), "biased": forecast(1.0, 4.0)}
    shares = blend.weights(forecasts, TRUTH)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["good"] > 0.7 and min(shares.values()) > 0.0
    equal = dict.fromkeys(forecasts, 1 / 3)
    fitted_loss, equal_loss = (
        pinball_loss(TRUTH, blend.mixed(forecasts, s)).mean() for s in (shares, equal)
    )
    assert fitted_loss < equal_loss


def test_equally_good_forecasts_with_errors_of_their_own_share_the_weight() -> None:
    shares = blend.weights({"a": forecast(1.0), "b": forecast(1.0)}, TRUTH)
    assert shares["a"] == pytest.approx(0.5, abs=0.1)


def test_weights_are_inverse_sixth_powers_of_past_losses_in_any_unit() -> None:
    point = np.repeat(TRUTH[:, None], len(QUANTILES), axis=1)
    for unit in (1e-3, 1e6):
        forecasts = {"off by 1": unit * (point + 1.0), "off by 3": unit * (point + 3.0)}
        shares = blend.weights(forecasts, unit * TRUTH)
        assert shares == pytest.approx({"off by 1": 729 / 730, "off by 3": 1 / 730})
    assert blend.weights({"a": point, "b": point + 1.0}, TRUTH) == {"a": 1.0, "b": 0.0}
    assert blend.weights({"a": point, "b": point}, TRUTH) == {"a": 0.5, "b": 0.5}


def test_without_enough_past_all_weigh_the_same() -> None:
    few = {name: forecast(1.0)[:100] for name in ("a", "b")}
    assert blend.weights(few, TRUTH[:100]) == {"a": 0.5, "b": 0.5}
    unknown = np.full(2000, np.nan)
    assert blend.weights({"a": forecast(1.0), "b": forecast(9.0)}, unknown)["a"] == 0.5


@given(st.floats(0.0, 1.0), st.integers(0, 2**31))
def test_what_has_no_answer_leaves_its_weight_to_the_others(share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = (np.sort(random.normal(size=(6, 7)), axis=-1) for _ in range(2))
    a[:2] = np.nan
    b[1:3] = np.nan
    mixed = blend.mixed({"a": a, "b": b}, {"a": 0.01 + share, "b": 1.0 - share + 0.01})
    assert np.allclose(mixed[0], b[0]) and np.allclose(mixed[2], a[2])
    assert np.isnan(mixed[1]).all() and (np.diff(mixed[3:], axis=-1) >= 0.0).all()


def test_the_blend_as_it_was_follows_only_errors_known_by_then() -> None:
    days, hours, lag = 63, 24, 10
    truth = TRUTH[: days * hours].reshape(days, hours)
    parts = {
        name: forecast(noise)[: days * hours].reshape(days, hours, -1)
        for name, noise in (("good", 1.0), ("bad", 3.0))
    }
    day = np.arange(days) + 20_000
    as_it_was = blend.mixed_as_known(parts, truth, day, lag)
    other = truth.copy()
    other[40:] += 100.0  # known at the origins of day 50 and later: from the week of day 56 on
    again = blend.mixed_as_known(parts, other, day, lag)
    np.testing.assert_array_equal(again[:56], as_it_was[:56])
    assert not np.array_equal(again[56:], as_it_was[56:])
    equal = blend.mixed({n: p[:21] for n, p in parts.items()}, {"good": 0.5, "bad": 0.5})
    np.testing.assert_allclose(as_it_was[:21], equal)  # under 14 days are known so far
    late = {n: np.abs(p[28:, :, 3] - truth[28:]).mean() for n, p in parts.items()}
    assert np.abs(as_it_was[28:, :, 3] - truth[28:]).mean() < np.mean(list(late.values()))
