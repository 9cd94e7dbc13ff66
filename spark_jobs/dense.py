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
    rows = samples.drop(columns=["past_minutes", "weather_minutes"]).copy()
    about = zip(samples["resolution_minutes"], samples["kind"], strict=True)
    past = zip(samples["past_minutes"], samples["past_value"], strict=True)
    rows["past_value"] = _column(
        samples, [_grid(*lists, *told) for lists, told in zip(past, about, strict=True)]
    )
    for name in WEATHER_VARIABLES:
        weather = zip(samples["weather_minutes"], samples[f"past_{name}"], strict=True)
        rows[f"past_{name}"] = _column(samples, [_grid(*lists) for lists in weather])
        rows[name] = _whole(samples[name], hours)
    if "target" in rows:
        rows["target"] = _whole(samples["target"], hours)
    return rows.sort_values(["series_id", "forecast_origin"], ignore_index=True)


def _grid(minutes: Any, known: Any, resolution: int = 60, kind: str = "") -> Floats:
    """(PAST_HOURS,) from intervals: prices averaged, energy summed; NaN where one is not known.

    An interval that is given twice keeps what is known.
    """
    per_hour = 60 // resolution
    grid = np.full(PAST_HOURS * per_hour, np.nan)
    if minutes is not None and known is not None:
        values = np.asarray(known, dtype=float)
        there = ~np.isnan(values)
        grid[np.asarray(minutes, dtype=int)[there] // resolution] = values[there]
    hours = grid.reshape(PAST_HOURS, per_hour)
    whole: Floats = hours.mean(axis=1) if kind == "price" else hours.sum(axis=1)
    return whole


def _column(samples: pd.DataFrame, grids: list[Floats]) -> "pd.Series[Any]":
    return pd.Series(grids, index=samples.index, dtype=object)


def _whole(lists: "pd.Series[Any]", hours: list[int]) -> "pd.Series[Any]":
    whole = [
        np.full(count, np.nan) if values is None else np.asarray(values, dtype=float)
        for values, count in zip(lists, hours, strict=True)
    ]
    return pd.Series(whole, index=lists.index, dtype=object)
