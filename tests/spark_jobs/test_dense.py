"""Grids of any resolution from lists of known intervals; all rules: test_resolution."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.catalogue import WEATHER_VARIABLES
from models.samples import PAST_HOURS
from spark_jobs.dense import dense_rows


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.integers(-24, PAST_HOURS - 1), st.floats(-1e6, 1e6) | st.just(np.nan), max_size=30
    ),
    st.sampled_from([60, 30, 15]),
    st.sampled_from(["price", "energy", "power"]),
    st.sampled_from([None, "hours", "slow"]),
)
def test_grids_hold_each_known_interval_at_its_place(
    known: dict[int, float], size: int, kind: str, how: str | None
) -> None:
    """Hours in a grid of hours or finer; `slow` gives an interval that is not on the grid, too."""
    steps = 60 // size
    minutes, lengths, values = [60 * h for h in known], [60] * len(known), list(known.values())
    if how == "slow":
        minutes, lengths, values = [*minutes, -3000], [*lengths, 10], [*values, 1.0]
    lists = (minutes, lengths, values) if how else (None, None, None)
    frame = pd.DataFrame(
        [
            {
                "series_id": "a",
                "kind": kind,
                "resolution_minutes": size,
                "forecast_origin": pd.Timestamp("2024-01-01"),
                "target_time": [pd.Timestamp("2024-01-01")] * 24 * steps,
                **dict(zip(("past_minutes", "past_length", "past_value"), lists, strict=True)),
                "covariates": [],
                "weather_minutes": None,
                **{f"past_{name}": None for name in WEATHER_VARIABLES},
                **dict.fromkeys(WEATHER_VARIABLES),
            }
        ]
    )
    row = dense_rows(frame).iloc[0]
    share = steps if kind == "energy" else 1
    expected = [known.get(k // steps, np.nan) / share for k in range(PAST_HOURS * steps)]
    np.testing.assert_allclose(row["past_value"], expected if how else np.nan, rtol=1e-12)
    assert len(row["past_value"]) == PAST_HOURS * steps
    for name in WEATHER_VARIABLES:
        assert np.isnan(row[name]).all() and len(row[name]) == 24 * steps
        assert np.isnan(row[f"past_{name}"]).all() and len(row[f"past_{name}"]) == PAST_HOURS
    assert "past_covariates" not in row
