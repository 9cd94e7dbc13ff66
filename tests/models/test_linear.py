"""The linear forecast finds what is linear, and says how sure it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lakehouse.errors import BadInput
from models import linear, metrics
from models.backtest.days import Daily, days_of, samples_at
from models.backtest.history import read
from models.quantiles import MEDIAN
from tests.models.backtest.conftest import COLUMNS, frame_of


def test_a_line_is_found_again_on_later_days(halved) -> None:
    train, later = halved
    predicted = linear.fit(train, (40, 50)).predict(later)
    assert later.target is not None
    assert np.array_equal(np.isnan(predicted[..., MEDIAN]), ~later.target_mask)
    assert (np.diff(predicted[later.target_mask], axis=-1) >= 0.0).all()
    spread = float(np.nanstd(later.target))
    assert metrics.score(later.target, predicted, later.target_mask).mae < 0.15 * spread


def test_what_is_known_ahead_helps(tmp_path: Path) -> None:
    frame_of(120).to_csv(tmp_path / "load.csv", index=False)
    history = read(tmp_path / "load.csv", COLUMNS)
    blind = replace(history, known=history.known[..., :0], known_names=())
    errors = []
    for seen in (history, blind):
        samples = samples_at(seen, days_of(seen, Daily()), Daily())
        later = samples.select(slice(100, None))
        predicted = linear.fit(samples.select(slice(10, 100)), (90,)).predict(later)
        assert later.target is not None
        errors.append(metrics.score(later.target, predicted, later.target_mask).mae)
    assert errors[0] < 0.8 * errors[1]


def test_long_windows_are_kept_where_only_short_ones_are_fitted_anew(halved) -> None:
    train, later = halved
    both = linear.fit(train, (40, 50))
    kept = linear.fit(train.select(slice(10, None)), (40,), linear.fit(train, (50,)))
    medians = [fitted.predict(later)[..., MEDIAN] for fitted in (both, kept)]
    assert np.allclose(*medians, atol=0.5, equal_nan=True)
    assert [w.days for w in kept.series["dk1.test"].windows] == [50, 40]


def test_too_few_days_and_unknown_series_are_named(halved) -> None:
    train, later = halved
    with pytest.raises(BadInput, match="20 of 20 training days have a known value, 28 are needed"):
        linear.fit(train.select(slice(0, 20)), (40,))
    other = replace(later, series_id=np.full(len(later), "dk9.test", dtype=object))
    with pytest.raises(BadInput, match=r"dk9\.test"):
        linear.fit(train, (50,)).predict(other)


def test_a_short_horizon_is_fitted_too(tmp_path: Path) -> None:
    frame_of(80).to_csv(tmp_path / "load.csv", index=False)
    history = read(tmp_path / "load.csv", COLUMNS)
    samples = samples_at(history, days_of(history, Daily(9, 6)), Daily(9, 6))
    predicted = linear.fit(samples.select(slice(0, 70)), (60,)).predict(
        samples.select(slice(75, 76))
    )
    assert not np.isnan(predicted[0, :6]).any() and np.isnan(predicted[0, 6:]).all()
