"""Of several rows about the same thing the one to use, without Spark.

The rules are those of lakehouse/tables/preference.py, from which the views of Spark SQL are made.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.tables.preference import ANSWERING_SOURCES, FORECAST_TO_USE, Preference

FORECAST_KEY = ("series_id", "valid_time")


def preferred(rows: pa.Table, key: Sequence[str], preferences: Sequence[Preference]) -> pa.Table:
    """One row per key, the first by the preferences, in the order of the key.

    The columns of key and preferences hold no nulls.
    """
    if rows.num_rows == 0:
        return rows
    order = {name: (rows[name], "ascending") for name in key}
    order |= {f"{place}": _ranked(rows, step) for place, step in enumerate(preferences)}
    sortable = pa.table({name: column for name, (column, _) in order.items()})
    keys = [(name, direction) for name, (_, direction) in order.items()]
    places = pc.sort_indices(sortable, sort_keys=keys)
    chosen = sortable.select(list(key)).take(places)
    begins = np.zeros(len(places), dtype=bool)
    begins[0] = True
    for column in chosen.columns:
        differs = pc.not_equal(column[1:], column[:-1])
        begins[1:] |= np.asarray(differs.combine_chunks().to_numpy(zero_copy_only=False))
    return rows.take(places.filter(pa.array(begins)))


def _ranked(rows: pa.Table, step: Preference) -> tuple[pa.ChunkedArray, str]:
    column = rows[step.column]
    if step.first:
        return pc.equal(column, step.first), "descending"
    if step.last:
        return pc.equal(column, step.last), "ascending"
    return column, "descending"


def forecasts_to_use(forecasts: pa.Table) -> pa.Table:
    """What gold.forecast_latest chooses among rows of gold.forecasts of one run kind: per series
    and interval one forecast of champion or fallback, sorted by series and interval."""
    answering = pc.is_in(forecasts["forecast_source"], pa.array(ANSWERING_SOURCES))
    return preferred(forecasts.filter(answering), FORECAST_KEY, FORECAST_TO_USE)
