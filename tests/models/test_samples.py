from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from models.samples import PAST_HOURS, TARGET_HOURS, Samples, from_rows

Row = Callable[..., dict[str, object]]


def test_days_of_23_24_and_25_hours_are_padded_at_their_end(row: Row, shape) -> None:
    rows = [row(day, shape) for day in ("2024-03-31", "2024-04-01", "2024-10-27")]
    samples = from_rows(pd.DataFrame(rows))
    assert samples.target_mask.sum(axis=1).tolist() == [23, 24, 25]
    assert np.array_equal(np.isnat(samples.target_time), ~samples.target_mask)
    assert np.array_equal(np.isnan(samples.known).all(axis=2), ~samples.target_mask)


@pytest.mark.parametrize(("minutes", "steps"), [(60, 1), (30, 2), (15, 4)])
def test_intervals_of_an_hour_are_told_from_the_target_times(
    row: Row, shape, minutes: int, steps: int
) -> None:
    days = ("2024-03-31", "2024-04-01", "2024-10-27")
    samples = from_rows(pd.DataFrame([row(day, shape, minutes=minutes) for day in days]))
    assert samples.steps == steps
    assert samples.target_mask.sum(axis=1).tolist() == [23 * steps, 24 * steps, 25 * steps]
    assert samples.past_value.shape == (3, PAST_HOURS * steps)
    assert samples.known.shape == (3, TARGET_HOURS * steps, 8)
    assert samples.past_weather.shape == (3, PAST_HOURS, 4)


def test_covariates_lie_beside_the_values_in_the_order_of_their_names(row: Row, shape) -> None:
    known = {"b": lambda t: np.asarray(t.hour, float), "a": lambda t: np.asarray(t.day, float)}
    rows = [row(day, shape, minutes=30, covariates=known) for day in ("2024-03-31", "2024-05-02")]
    samples = from_rows(pd.DataFrame(rows))
    assert samples.covariates == ("b", "a")
    assert samples.past_covariates.shape == (2, 2 * PAST_HOURS, 2)
    spring, other = samples.target_covariates
    assert spring[:46, 0].tolist() == [0, 0, 1, 1, *(k // 2 for k in range(6, 48))]
    assert (spring[:46, 1] == 31).all() and np.isnan(spring[46:]).all()
    assert (other[:48, 1] == 2).all()
    picked = samples.select(np.array([1]))
    assert np.array_equal(picked.target_covariates[0], other, equal_nan=True)
    assert (picked.covariates, picked.steps) == (("b", "a"), 2)


def test_rows_of_different_groups_are_not_mixed(row: Row, shape) -> None:
    hours, halves = row("2024-05-01", shape), row("2024-05-01", shape, minutes=30)
    with pytest.raises(BadInput, match=r"the same in all rows; found \[30, 60\] minutes"):
        from_rows(pd.DataFrame([hours, halves]))
    one = row("2024-05-01", shape, covariates={"wind": shape})
    other = row("2024-05-01", shape, covariates={"sun": shape})
    with pytest.raises(BadInput, match=r"found \[\('sun',\), \('wind',\)\]"):
        from_rows(pd.DataFrame([one, other]))
    one["past_covariates"] = one["past_covariates"][1:]
    with pytest.raises(BadInput, match="past_covariates has 1007 values"):
        from_rows(pd.DataFrame([one]))


def test_times_with_and_without_a_zone_and_none_and_nan_mean_the_same(row: Row, shape) -> None:
    zoned = row("2024-05-01", shape, delay_hours=216)
    plain = dict(zoned)
    for name in ("forecast_origin", "past_start"):
        plain[name] = zoned[name].tz_localize(None)
    plain["target_time"] = np.array(
        [t.tz_localize(None).to_datetime64() for t in zoned["target_time"]]
    )
    plain["past_value"] = [None if np.isnan(v) else v for v in zoned["past_value"]]
    a, b = (from_rows(pd.DataFrame([r])) for r in (zoned, plain))
    for name in ("forecast_origin", "past_start", "target_time"):
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True)
    assert np.array_equal(a.past_value, b.past_value, equal_nan=True)
    assert a.forecast_origin.dtype == "datetime64[us]"


def test_the_target_column_may_be_absent(frame: pd.DataFrame) -> None:
    assert from_rows(frame.drop(columns="target")).target is None


def test_select_keeps_the_order_asked_for(samples: Samples) -> None:
    picked = samples.select(np.array([5, 2]))
    assert len(picked) == 2
    assert picked.forecast_origin.tolist() == samples.forecast_origin[[5, 2]].tolist()
    assert picked.target is not None and picked.target.shape == (2, TARGET_HOURS)


BROKEN = {
    "a column is missing": (lambda r: r.pop("weekday"), r"lack columns \['weekday'\]"),
    "the past is short": (lambda r: r.update(past_value=[1.0] * 7), "past_value has 7 values"),
    "lists differ": (lambda r: r.update(is_holiday=[0] * 3), "is_holiday has 3 values"),
    "a day of 20 hours": (lambda r: r.update(target_time=r["target_time"][:20]), "has 20 hours"),
    "infinite": (lambda r: r.update(past_value=[np.inf] * PAST_HOURS), "1008 infinite"),
    "grids apart": (
        lambda r: r.update(past_start=r["past_start"] - pd.Timedelta(hours=1)),
        "past grid of dk1.test",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_refused_with_what_was_expected(name: str, row: Row, shape) -> None:
    breaks, message = BROKEN[name]
    broken = row("2024-05-01", shape)
    breaks(broken)
    with pytest.raises(BadInput, match=message):
        from_rows(pd.DataFrame([broken]))


def test_no_rows_at_all_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(BadInput, match="at least one sample row"):
        from_rows(frame.iloc[:0])
