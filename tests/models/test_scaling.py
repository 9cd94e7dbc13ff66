import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lakehouse.errors import BadInput
from models.scaling import Scaling, fit

VALUES = hnp.arrays(
    np.float64, st.integers(1, 60), elements=st.one_of(st.floats(-1e5, 1e5), st.just(np.nan))
)


@given(VALUES.filter(lambda v: not np.isnan(v).all()), st.booleans())
def test_scaling_can_be_undone(values, asinh) -> None:
    scaling = fit(values, asinh=asinh)
    back = scaling.invert(scaling.apply(values))
    assert np.allclose(back, values, rtol=1e-6, atol=1e-6 * scaling.spread, equal_nan=True)


@given(st.floats(-1e6, 1e6), st.booleans())
def test_a_constant_series_has_a_scale(constant, asinh) -> None:
    scaling = fit(np.full(50, constant), asinh=asinh)
    assert scaling.spread > 0
    assert np.array_equal(scaling.apply(np.full(3, constant)), np.zeros(3))


def test_a_series_that_is_mostly_one_value_is_scaled_by_the_rest() -> None:
    scaling = fit(np.array([0.0] * 80 + [100.0] * 20), asinh=False)
    assert scaling.spread == pytest.approx(40.0)


def test_median_and_mad_ignore_a_spike() -> None:
    calm = np.arange(-50.0, 51.0)
    assert fit(np.append(calm, 1e9), asinh=False).spread == pytest.approx(
        fit(calm, asinh=False).spread, rel=0.05
    )


def test_it_survives_json() -> None:
    scaling = fit(np.array([-3.0, 1.0, 7.0]), asinh=True)
    assert Scaling(**json.loads(json.dumps(scaling.to_dict()))) == scaling


def test_no_known_value_is_refused() -> None:
    with pytest.raises(BadInput, match="all 4 are null"):
        fit(np.full(4, np.nan), asinh=True)
