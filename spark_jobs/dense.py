"""Samples as Spark holds them -> the rows that models read, inside a Python worker.

Spark collects known hours only; a model wants whole grids with gaps as NaN. Filling a grid is
an array job, so it happens where the arrays are.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.catalogue import WEATHER_VARIABLES
from models.samples import PAST_HOURS

Floats = npt.NDArray[np.float64]


def dense_rows(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples of spark_jobs.features -> rows in the form of `models.samples`.

    A missing list (nothing was known at all) becomes a grid of NaN.
    """
    hours = [len(times) for times in samples["target_time"]]
    rows = samples.drop(columns=["past_hours", "weather_hours"]).copy()
    rows["past_value"] = _grids(samples["past_hours"], samples["past_value"])
    for name in WEATHER_VARIABLES:
        rows[f"past_{name}"] = _grids(samples["weather_hours"], samples[f"past_{name}"])
        rows[name] = _whole(samples[name], hours)
    if "target" in rows:
        rows["target"] = _whole(samples["target"], hours)
    return rows.sort_values(["series_id", "forecast_origin"], ignore_index=True)


def _grids(places: "pd.Series[Any]", values: "pd.Series[Any]") -> "pd.Series[Any]":
    grids = [_grid(hours, known) for hours, known in zip(places, values, strict=True)]
    return pd.Series(grids, index=values.index, dtype=object)


def _grid(hours: Any, known: Any) -> Floats:
    """(PAST_HOURS,) with NaN where nothing is known; an hour given twice keeps what is known."""
    grid = np.full(PAST_HOURS, np.nan)
    if hours is not None and known is not None:
        values = np.asarray(known, dtype=float)
        there = ~np.isnan(values)
        grid[np.asarray(hours, dtype=int)[there]] = values[there]
    return grid


def _whole(lists: "pd.Series[Any]", hours: list[int]) -> "pd.Series[Any]":
    whole = [
        np.full(count, np.nan) if values is None else np.asarray(values, dtype=float)
        for values, count in zip(lists, hours, strict=True)
    ]
    return pd.Series(whole, index=lists.index, dtype=object)
