"""The forecast that a person asks about: by series and interval, at a moment, of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.arrow import ArrowTables
from lakehouse.errors import BadInput
from lakehouse.newest import FORECAST_KEY, forecasts_to_use, preferred
from lakehouse.tables.gold import FORECASTS, RUN_KINDS
from lakehouse.tables.preference import FORECAST_TO_USE
from lakehouse.tables.silver import SERIES
from lakehouse.time import iso


@dataclass(frozen=True)
class Asked:
    """Which forecast: of an interval by its start, the newest by `as_of`, and of a kind of model;
    without one, what was to be used."""

    series_id: str
    valid_time: datetime
    as_of: datetime | None = None
    model_name: str | None = None


def chosen(arrow: ArrowTables, asked: Asked) -> dict[str, Any]:
    """The row of gold.forecasts: live where there is one, else of a replay.

    Raises BadInput, saying what there is, where there is none.
    """
    known = sorted(row["series_id"] for row in arrow.rows(SERIES, ["series_id"]))
    if asked.series_id not in known:
        raise BadInput(f"Unknown series '{asked.series_id}'. Known: {known}.")
    filters = [("series_id", "=", asked.series_id), ("valid_time", "=", asked.valid_time)]
    issued = arrow.read(FORECASTS, filters=filters)
    if not issued.num_rows:
        raise BadInput(f"{_none_of(arrow, asked)} Choose the start of an interval among them.")
    for kind in RUN_KINDS:
        rows = _answering(issued.filter(pc.equal(issued["run_kind"], kind)), asked)
        if rows.num_rows:
            found: dict[str, Any] = rows.slice(0, 1).to_pylist()[0]
            return found | {"table_versions": dict(found["table_versions"])}
    raise BadInput(_told(issued, asked))


def _answering(rows: pa.Table, asked: Asked) -> pa.Table:
    if asked.as_of is not None:
        rows = rows.filter(pc.less_equal(rows["forecast_origin"], pa.scalar(asked.as_of)))
    if asked.model_name is None:
        return forecasts_to_use(rows)
    rows = rows.filter(pc.equal(rows["model_name"], asked.model_name))
    return preferred(rows, FORECAST_KEY, FORECAST_TO_USE)


def _none_of(arrow: ArrowTables, asked: Asked) -> str:
    held = arrow.read(FORECASTS, ["valid_time"], [("series_id", "=", asked.series_id)])
    if not held.num_rows:
        return f"{asked.series_id} has no forecast yet; run 'gridcast run daily'."
    ends = pc.min_max(held["valid_time"]).as_py()
    return (
        f"Expected a forecast of {asked.series_id} for {iso(asked.valid_time)}; there are those "
        f"from {iso(ends['min'])} to {iso(ends['max'])}."
    )


def _told(issued: pa.Table, asked: Asked) -> str:
    models: Sequence[str] = sorted(pc.unique(issued["model_name"]).to_pylist())
    first = pc.min(issued["forecast_origin"]).as_py()
    of = f" of the model '{asked.model_name}'" if asked.model_name else ""
    by = f" that was issued by {iso(asked.as_of)}" if asked.as_of else ""
    return (
        f"Expected a forecast{of} for {iso(asked.valid_time)}{by}; the first was issued at "
        f"{iso(first)}, and its models are {models}."
    )
