"""An input that a forecast follows is told from one that it never reads."""

from dataclasses import replace

import numpy as np
import pandas as pd

from models.importance import DATE, PAST, importance
from models.quantiles import QUANTILES
from models.samples import KNOWN, Floats, Samples, from_rows

WIND = KNOWN.index("wind_speed_10m")


def windy(samples: Samples) -> Samples:
    """Values that are the wind of their day, which differs from day to day."""
    day = np.arange(len(samples), dtype=float)
    known = samples.known.copy()
    known[..., WIND] = np.where(samples.target_mask, day[:, None], np.nan)
    return replace(samples, known=known, target=known[..., WIND].copy())


def follows_the_wind(samples: Samples) -> Floats:
    return samples.known[..., WIND, None] + np.array(QUANTILES)


def test_only_what_the_forecast_follows_matters(samples: Samples) -> None:
    found = importance(follows_the_wind, windy(samples), seed=3)
    assert found.pop("wind_speed_10m") > 5.0
    assert {PAST, DATE, "temperature_2m"} <= set(found)
    assert set(found.values()) == {0.0}


def test_the_same_seed_tells_the_same(samples: Samples) -> None:
    first, again, other = (importance(follows_the_wind, windy(samples), seed) for seed in (3, 3, 4))
    assert first == again != other


def test_what_is_nowhere_known_is_left_out(samples: Samples) -> None:
    known = samples.known.copy()
    known[..., KNOWN.index("precipitation")] = np.nan
    found = importance(follows_the_wind, replace(windy(samples), known=known), seed=3)
    assert "precipitation" not in found


def test_covariates_count_by_name(halves: pd.DataFrame) -> None:
    half_hourly = from_rows(halves)

    def follows_the_wind_ahead(samples: Samples) -> Floats:
        assert samples.target_covariates is not None
        return samples.target_covariates[..., 0, None] + np.array(QUANTILES)

    found = importance(follows_the_wind_ahead, half_hourly, seed=3)
    assert half_hourly.covariates == ("wind", "calm")
    assert found["wind"] != 0.0
    assert found["calm"] == 0.0
