"""Corrected intervals cover their share, by errors that were known, and leave the median alone."""

import numpy as np
import pytest
from scipy.stats import norm

from models.calibration import MIN_DAYS, adapted, calibrated, stretched
from models.metrics import score
from models.quantiles import MEDIAN

NORMAL = norm.ppf([0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95])


def days(width: float, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """A forecast whose intervals are `width` of what they should be, and its truth."""
    random = np.random.default_rng(3)
    spread = 1.0 + np.arange(24) / 8.0
    centre = random.normal(0.0, 5.0, (count, 24))
    truth = centre + spread * random.normal(size=(count, 24))
    return centre[..., None] + width * spread[:, None] * NORMAL, truth


@pytest.mark.parametrize("width", [0.4, 1.0, 3.0])
def test_intervals_too_narrow_or_too_wide_come_to_cover_their_share(width: float) -> None:
    forecast, truth = days(width)
    corrected = calibrated(forecast, truth, 1)
    before, after = (score(truth[100:], part[100:]) for part in (forecast, corrected))
    assert after.coverage_80 == pytest.approx(0.80, abs=0.02)
    assert after.coverage_90 == pytest.approx(0.90, abs=0.02)
    assert after.pinball <= before.pinball * 1.002
    assert np.array_equal(corrected[..., MEDIAN], forecast[..., MEDIAN])
    assert (np.diff(corrected, axis=-1) >= 0.0).all()


@pytest.mark.parametrize("lag_days", [1, 10])
def test_only_errors_known_at_the_origin_count(lag_days: int) -> None:
    forecast, truth = days(0.5, 60)
    later = truth.copy()
    later[40 - lag_days + 1 :] += 100.0
    whole, changed = (calibrated(forecast, t, lag_days) for t in (truth, later))
    assert np.array_equal(whole[: 40 + 1], changed[: 40 + 1])
    assert not np.array_equal(whole[41], changed[41])


def test_too_few_or_unknown_errors_change_nothing() -> None:
    forecast, truth = days(0.5, MIN_DAYS)
    assert np.array_equal(calibrated(forecast, truth, 1), forecast)
    assert np.array_equal(calibrated(forecast, np.full_like(truth, np.nan), 1), forecast)


def test_a_side_of_no_width_neither_stays_so_nor_stretches_the_other() -> None:
    """As of seasonal naive in spring: all errors it knows have one sign, then they turn."""
    random = np.random.default_rng(4)
    truth = random.normal(size=(200, 24))
    one_sided = np.broadcast_to(np.maximum(NORMAL, 0.0), (200, 24, 7))
    corrected = calibrated(one_sided, truth, 1)[100:]
    after = score(truth[100:], corrected)
    assert after.coverage_80 == pytest.approx(0.80, abs=0.02)
    assert after.pinball <= score(truth[100:], one_sided[100:]).pinball
    assert np.abs(corrected).max() < 10.0


@pytest.mark.parametrize("lag_days", [1, 10])
@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
def test_what_live_days_missed_is_made_up_for(width: float, lag_days: int) -> None:
    forecast, truth = days(width)
    issued, within = np.empty_like(forecast), np.zeros((len(truth), MEDIAN))
    for day, plain in enumerate(forecast):
        known = max(day - lag_days + 1, 0)
        shares = within[:known].mean(axis=0) if known else np.zeros(MEDIAN)
        issued[day] = stretched(plain, adapted(shares, np.array(float(known))))
        for pair in range(MEDIAN):
            low, high = issued[day, :, pair], issued[day, :, -1 - pair]
            within[day, pair] = np.mean((truth[day] >= low) & (truth[day] <= high))
    after = score(truth[200:], issued[200:])
    assert after.coverage_80 == pytest.approx(0.80, abs=0.02)
    assert after.coverage_90 == pytest.approx(0.90, abs=0.02)
    assert np.array_equal(issued[0], forecast[0])


def test_a_few_bad_days_move_the_intervals_little_and_any_number_not_beyond_three_times() -> None:
    nothing = np.zeros(MEDIAN)
    few, many = (adapted(nothing, np.array(n)) for n in (2.0, 500.0))
    assert (few < 1.1).all()
    assert many == pytest.approx([3.0] * MEDIAN)
