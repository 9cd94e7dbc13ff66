import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.metrics import known_together, losses, score
from models.naive import seasonal_naive_quantiles
from models.quantiles import (
    QUANTILE_COLUMNS,
    QUANTILES,
    around,
    known_quantiles,
    non_crossing,
    pinball_loss,
    to_rows,
)
from models.samples import Samples

NUMBERS = st.floats(-1e6, 1e6)
FORECASTS = hnp.arrays(np.float64, (5, len(QUANTILES)), elements=NUMBERS)


def test_the_columns_name_the_quantiles() -> None:
    assert QUANTILE_COLUMNS == ("q05", "q10", "q25", "q50", "q75", "q90", "q95")


@given(FORECASTS, hnp.arrays(np.float64, 5, elements=NUMBERS))
def test_sorting_gives_ascending_quantiles_and_never_raises_the_pinball_loss(forecast, truth):
    ordered = non_crossing(forecast)
    assert (np.diff(ordered, axis=-1) >= 0).all()
    slack = 1e-9 * (1 + np.abs(forecast).max() + np.abs(truth).max())
    assert (pinball_loss(truth, ordered) <= pinball_loss(truth, forecast) + slack).all()


@given(FORECASTS, hnp.arrays(np.float64, 5, elements=NUMBERS))
def test_quantiles_around_a_point_hold_it_as_their_median(errors, point) -> None:
    quantiles = around(point, np.sort(errors, axis=-1))
    assert np.array_equal(quantiles[:, 3], point)
    assert (np.diff(quantiles, axis=-1) >= 0).all()


@given(hnp.arrays(np.float64, (4, 9), elements=NUMBERS | st.just(np.nan)))
@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_quantiles_of_known_values_are_numpys_to_the_bit(values) -> None:
    plain = np.moveaxis(np.nanquantile(values, QUANTILES, axis=-1), 0, -1)
    assert np.array_equal(known_quantiles(values), plain, equal_nan=True)


def test_the_pinball_loss_of_the_median_is_half_the_absolute_error() -> None:
    flat = np.full((1, 7), 10.0)
    # all seven equal: the mean level is 0.5, so is the mean loss per unit of error, either way
    assert pinball_loss(np.array([14.0]), flat)[0] == pytest.approx(2.0)
    assert pinball_loss(np.array([6.0]), flat)[0] == pytest.approx(2.0)


def test_scores_by_hand() -> None:
    truth = np.array([10.0, 20.0, 30.0, np.nan])
    forecast = np.array([12.0, 17.0, 30.0, 5.0])[:, None] + np.array([-3, -2, -1, 0, 1, 2, 3.0])
    scores = score(truth, forecast)
    assert (scores.n, scores.n_missing) == (3, 1)
    assert scores.mae == pytest.approx(5 / 3)
    assert scores.rmse == pytest.approx(np.sqrt(13 / 3))
    assert scores.bias == pytest.approx(-1 / 3)
    assert scores.coverage_80 == pytest.approx(2 / 3)
    assert scores.coverage_90 == pytest.approx(1.0)


def test_nothing_to_score_is_not_a_number_and_counted() -> None:
    scores = score(np.full(3, np.nan), np.zeros((3, 7)))
    assert (scores.n, scores.n_missing) == (0, 3)
    assert np.isnan(scores.mae) and np.isnan(scores.coverage_80)


def test_forecasts_are_compared_on_the_intervals_that_all_of_them_have() -> None:
    one, other = np.zeros((3, 7)), np.zeros((3, 7))
    one[0] = np.nan
    other[2, 1] = np.nan
    assert known_together(np.zeros(3), one, other).tolist() == [False, True, False]


def test_padding_is_neither_scored_nor_missed(samples: Samples) -> None:
    assert samples.target is not None
    asked = samples.target_mask
    scores = score(samples.target, seasonal_naive_quantiles(samples), asked)
    assert (scores.n, scores.n_missing) == (2 * (60 * 24 - 1), 0)


def test_losses_of_each_interval_sum_up_to_the_scores(samples: Samples) -> None:
    assert samples.target is not None
    forecast = seasonal_naive_quantiles(samples)
    scores = score(samples.target, forecast)
    sums = {name: np.nansum(values) for name, values in losses(samples.target, forecast).items()}
    assert sums["sum_abs"] == pytest.approx(scores.mae * scores.n)
    assert sums["sum_pinball"] == pytest.approx(scores.pinball * scores.n)
    assert sums["n_in_80"] == pytest.approx(scores.coverage_80 * scores.n)
    assert sums["n_in_90"] == pytest.approx(scores.coverage_90 * scores.n)


def test_forecast_rows_are_one_per_target_hour(samples: Samples) -> None:
    rows = to_rows(samples, seasonal_naive_quantiles(samples))
    assert list(rows.columns) == ["series_id", "forecast_origin", "valid_time", *QUANTILE_COLUMNS]
    assert len(rows) == samples.target_mask.sum()
    assert not rows.duplicated(["series_id", "valid_time"]).any()
    assert str(rows["valid_time"].dt.tz) == "UTC"
