"""Whatever is forecast, known or lacking, no step on the way to a forecast lets quantiles cross."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.blend import mixed
from models.calibration import MIN_DAYS, adapted, calibrated, factors, stretched
from models.naive import seasonal_naive_quantiles
from models.quantiles import MEDIAN, QUANTILES, around, known_quantiles
from models.samples import Floats, from_rows
from tests.zones import local_days, longest

LEVELS = len(QUANTILES)
NUMBERS = st.floats(-1e9, 1e9)
#: Small whole numbers meet often: quantiles that are equal, intervals of no width.
VALUES = NUMBERS | st.integers(-3, 3).map(float)
GAPS = VALUES | st.just(np.nan)


def ascending(forecast: Floats) -> bool:
    """Where there is an answer it is one of all levels, and they ascend."""
    lacking = np.isnan(forecast)
    whole = (lacking.all(axis=-1) == lacking.any(axis=-1)).all()
    return bool(whole and (np.diff(forecast[~lacking.any(axis=-1)], axis=-1) >= 0.0).all())


def drawn(*shape: int) -> st.SearchStrategy[Floats]:
    """Numbers of any size, rounded so that they meet often or not at all; some of them lack."""

    def made(seed: int, size: float, decimals: int, lacking: float) -> Floats:
        random = np.random.default_rng(seed)
        values = (random.standard_cauchy(shape) * size).round(decimals)
        return np.where(random.random(shape) < lacking, np.nan, values)

    sizes, shares = st.sampled_from([1e-9, 1.0, 1e9]), st.sampled_from([0.0, 0.1, 0.7, 1.0])
    return st.builds(made, st.integers(0, 2**31), sizes, st.integers(0, 12), shares)


def forecasts(days: int, intervals: int) -> st.SearchStrategy[Floats]:
    """(days, intervals, 7), ascending; of some intervals there is none."""
    return drawn(days, intervals, LEVELS).map(
        lambda values: np.where(np.isnan(values[..., :1]), np.nan, np.sort(np.nan_to_num(values)))
    )


@given(hnp.arrays(np.float64, (5, 12), elements=GAPS))
def test_of_known_values(values: Floats) -> None:
    assert ascending(known_quantiles(values))


@given(hnp.arrays(np.float64, (5, 12), elements=GAPS), hnp.arrays(np.float64, 5, elements=VALUES))
def test_around_a_point_by_errors_that_were_known(errors: Floats, point: Floats) -> None:
    assert ascending(around(point, known_quantiles(errors)))


@given(forecasts(20, 24), drawn(20, 3).map(lambda by: np.abs(np.nan_to_num(by))))
def test_stretched_by_any_factors(forecast: Floats, by: Floats) -> None:
    """Each pair by a factor of its own: an inner one may overtake the outer."""
    assert ascending(stretched(forecast, by))


@given(forecasts(MIN_DAYS + 4, 24), drawn(MIN_DAYS + 4, 24), st.integers(1, 3))
@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_calibrated_by_any_truth(forecast: Floats, truth: Floats, lag_days: int) -> None:
    found = calibrated(forecast, truth, lag_days)
    assert ascending(found)
    assert np.array_equal(np.isnan(found), np.isnan(forecast))
    assert (factors(forecast, truth) > 0.0).all()


@given(
    hnp.arrays(np.float64, (4, 3), elements=st.floats(0.0, 1.0)),
    hnp.arrays(np.float64, 4, elements=st.integers(0, 10_000).map(float)),
    forecasts(4, 24),
)
def test_stretched_by_what_live_days_showed(shares: Floats, days: Floats, forecast: Floats) -> None:
    by = adapted(shares, days)
    assert (by > 0.0).all()
    assert ascending(stretched(forecast, by))


@given(
    *[forecasts(20, 24)] * 3,
    st.tuples(*[st.floats(0.0, 1.0)] * 3).filter(lambda shares: sum(shares) > 0.0),
)
def test_blended_by_any_shares(
    one: Floats, two: Floats, three: Floats, shares: tuple[float, ...]
) -> None:
    names = ("one", "two", "three")
    given_ = dict(zip(names, (one, two, three), strict=True))
    found = mixed(given_, dict(zip(names, shares, strict=True)))
    assert ascending(found)


@settings(max_examples=30)
@given(
    place=local_days(),
    seed=st.integers(0, 2**31),
    lacking=st.floats(0.0, 1.0),
    size=st.sampled_from([1.0, 1e-9, 1e12]),
)
def test_of_seasonal_naive_in_any_zone(
    row, place: tuple[date, ZoneInfo], seed: int, lacking: float, size: float
) -> None:
    """With as many gaps as one likes, on days of any length."""
    day, zone = place
    random = np.random.default_rng(seed)

    def noise(times: pd.DatetimeIndex) -> Floats:
        values = random.normal(0.0, size, len(times)).round(random.integers(0, 4))
        return np.where(random.random(len(times)) < lacking, np.nan, values)

    one = row(str(day), noise, timezone=zone.key, minutes=longest(zone))
    samples = from_rows(pd.DataFrame([one]))
    found = seasonal_naive_quantiles(samples)
    assert ascending(found)
    assert np.isnan(found[~samples.target_mask]).all()
    assume(lacking < 0.5)
    assert not np.isnan(found[samples.target_mask][:, MEDIAN]).all()
