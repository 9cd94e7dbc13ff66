"""Samples as Spark holds them -> the rows that models read, inside a Python worker.

Spark collects known intervals only, as they came; a model wants whole grids of one resolution
with gaps as NaN. Filling a grid is an array job, so it happens where the arrays are.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.catalogue import WEATHER_VARIABLES
from models.samples import PAST_HOURS

Floats = npt.NDArray[np.float64]

_PAST_MINUTES = PAST_HOURS * 60
_LISTS = ("past_minutes", "past_length", "weather_minutes")
_TRUTH_LISTS = tuple(f"truth_{part}" for part in ("minutes", "length", "value", "known_at"))
_COVARIATE_LISTS = tuple(f"covariate_{part}" for part in ("place", "minutes", "length", "value"))


def dense_rows(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples of spark_jobs.features -> rows in the form of `models.samples`.

    A missing list (nothing was known at all) becomes a grid of NaN.
    """
    counts = [len(times) for times in samples["target_time"]]
    rows = samples.drop(columns=[name for name in _LISTS if name in samples]).copy()
    lists = (samples[name] for name in ("past_minutes", "past_length", "past_value"))
    about = zip(samples["resolution_minutes"], samples["kind"], strict=True)
    rows["past_value"] = _column(
        samples,
        [
            _grid(minutes, length, value, size, _PAST_MINUTES // size, kind)
            for minutes, length, value, (size, kind) in zip(*lists, about, strict=True)
        ],
    )
    for name in WEATHER_VARIABLES:
        weather = zip(samples["weather_minutes"], samples[f"past_{name}"], strict=True)
        rows[f"past_{name}"] = _column(
            samples, [_grid(m, None, v, 60, PAST_HOURS, "") for m, v in weather]
        )
        rows[name] = _whole(samples[name], counts)
    if "target" in rows:
        rows["target"] = _whole(samples["target"], counts)
    if set(_TRUTH_LISTS) <= set(rows):
        rows = _with_truth(rows, counts)
    rows = _with_covariates(rows, counts)
    return rows.sort_values(["series_id", "forecast_origin"], ignore_index=True)


def at_resolution(
    begin: npt.NDArray[np.int64],
    length: npt.NDArray[np.int64],
    value: Floats,
    size: int,
    count: int,
    kind: str,
) -> Floats:
    """Intervals as they came -> (count,) values of intervals of `size` from 0 on; NaN in gaps.

    begin, length: (n,) in the unit of `size`. The twin of `spark_jobs.resolution.at_resolution`,
    by the same rules.
    """
    order = np.argsort(begin, kind="stable")
    begin, length, value = begin[order], length[order], value[order]
    end = np.minimum(begin + length, np.append(begin[1:], np.iinfo(np.int64).max))
    first = begin // size
    pieces = np.where(end > begin, (end - 1) // size - first + 1, 0)
    source = np.repeat(np.arange(len(begin)), pieces)
    slot = first[source] + np.arange(len(source)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    inside = (slot >= 0) & (slot < count)
    source, slot = source[inside], slot[inside]
    lasts = np.minimum(end[source], (slot + 1) * size) - np.maximum(begin[source], slot * size)
    part = value[source] * (lasts / (length[source] if kind == "energy" else size))
    covered = np.bincount(slot, lasts, count)
    return np.where(covered == size, np.bincount(slot, part, count), np.nan)


def _grid(minutes: Any, length: Any, known: Any, size: int, count: int, kind: str) -> Floats:
    """(count,) from lists of known intervals; no `length`: all have the grid's."""
    if minutes is None or known is None:
        return np.full(count, np.nan)
    value = np.asarray(known, dtype=float)
    there = ~np.isnan(value)
    value, begin = value[there], np.asarray(minutes, dtype=np.int64)[there]
    if length is not None:
        lasts = np.asarray(length, dtype=np.int64)[there]
        if (lasts != size).any() or (begin % size).any():
            return at_resolution(begin, lasts, value, size, count, kind)
    slot = begin // size
    inside = slot >= 0
    grid = np.full(count, np.nan)
    grid[slot[inside]] = value[inside]
    return grid


def _with_covariates(rows: pd.DataFrame, counts: list[int]) -> pd.DataFrame:
    """Adds past_covariates and target_covariates: one name's grid after the other's.

    Rows of a group without covariates have no such columns.
    """
    if not rows["covariates"].map(len).any():
        return rows.drop(columns=["covariates", *(n for n in _COVARIATE_LISTS if n in rows)])
    past, ahead = [], []
    columns = (rows[name] for name in ("covariates", "resolution_minutes", *_COVARIATE_LISTS))
    for count, names, size, *lists in zip(counts, *columns, strict=True):
        split = _PAST_MINUTES // size
        grids = [
            _grid(*_of_place(place, lists), size, split + count, "price")
            for place in range(1, len(names) + 1)
        ]
        past.append(np.concatenate([np.empty(0), *(grid[:split] for grid in grids)]))
        ahead.append(np.concatenate([np.empty(0), *(grid[split:] for grid in grids)]))
    made = {"past_covariates": past, "target_covariates": ahead}
    return rows.drop(columns=list(_COVARIATE_LISTS)).assign(
        **{name: _column(rows, grids) for name, grids in made.items()}
    )


def _with_truth(rows: pd.DataFrame, counts: list[int]) -> pd.DataFrame:
    """Vintages of intervals as they came -> those of the target's intervals, three parallel lists:
    truth_place (in the target), truth_known_at (microseconds since 1970) and truth_value, NaN where
    a value was taken back."""
    columns = (rows[name] for name in ("resolution_minutes", "kind", *_TRUTH_LISTS))
    made = [
        _vintages(count, size, kind, *([] if one is None else one for one in lists))
        for count, size, kind, *lists in zip(counts, *columns, strict=True)
    ]
    place, known_at, value = zip(*made, strict=True) if made else ((), (), ())
    parts = {
        "truth_place": pd.Series(place, index=rows.index, dtype=object),
        "truth_known_at": pd.Series(known_at, index=rows.index, dtype=object),
        "truth_value": _column(rows, list(value)),
    }
    return rows.drop(columns=list(_TRUTH_LISTS)).assign(**parts)


def _vintages(
    count: int, size: int, kind: str, begin: Any, length: Any, value: Any, known_at: Any
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """(place, known_at, value), each (m,), of a target of `count` intervals of `size` minutes."""
    begin, length, known_at = (np.asarray(one, dtype=np.int64) for one in (begin, length, known_at))
    value, split = np.asarray(value, dtype=float), _PAST_MINUTES // size
    if (length == size).all() and not (begin % size).any():
        place = begin // size - split
        inside = (place >= 0) & (place < count)
        return place[inside], known_at[inside], value[inside]
    before, found = np.full(count, np.nan), []
    order = np.argsort(known_at, kind="stable")
    for moment in np.unique(known_at):
        known = order[known_at[order] <= moment]
        _, newest = np.unique(begin[known][::-1], return_index=True)
        held = known[::-1][newest]
        grid = at_resolution(begin[held], length[held], value[held], size, split + count, kind)
        new = grid[split:]
        changed = np.flatnonzero((new != before) & ~(np.isnan(new) & np.isnan(before)))
        found.append((changed, np.full(len(changed), moment), new[changed]))
        before = new
    place, moments, values = (np.concatenate(part) for part in zip(*found, strict=True))
    return place, moments, values


def _of_place(place: int, lists: list[Any]) -> tuple[Any, Any, Any]:
    """Minutes, length and value of the covariate whose place in the group's list is given."""
    places, *others = lists
    if places is None:
        return None, None, None
    mine = np.asarray(places) == place
    minutes, length, value = (np.asarray(other)[mine] for other in others)
    return minutes, length, value


def _column(samples: pd.DataFrame, grids: list[Floats]) -> "pd.Series[Any]":
    return pd.Series(grids, index=samples.index, dtype=object)


def _whole(lists: "pd.Series[Any]", counts: list[int]) -> "pd.Series[Any]":
    whole = [
        np.full(count, np.nan) if values is None else np.asarray(values, dtype=float)
        for values, count in zip(lists, counts, strict=True)
    ]
    return pd.Series(whole, index=lists.index, dtype=object)
