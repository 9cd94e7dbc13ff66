"""The latest forecasts, held in memory: what nearly everyone asks for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.arrow import schema
from lakehouse.newest import forecasts_to_use
from lakehouse.tables.gold import FORECASTS, QUANTILES

#: What is told of a forecast; gold.forecasts holds its lineage, too.
COLUMNS = (
    "series_id",
    "valid_time",
    "forecast_origin",
    "horizon_hours",
    *QUANTILES,
    "unit",
    "series_group",
    "model_name",
    "model_version",
    "forecast_source",
    "run_kind",
    "produced_at",
)
#: Of which origins forecasts are looked for where no time is given.
RECENT = timedelta(days=7)
#: An origin forecasts the local day after its own: under 49 hours ahead.
REACH = timedelta(days=3)


class Forecasts(Protocol):
    """gold.forecasts at one version."""

    def newest(self, column: str) -> Any: ...

    def read(self, columns: Sequence[str] | None = None, where: Any = None) -> pa.Table: ...


@dataclass(frozen=True)
class Latest:
    """Per series what gold.forecast_latest says from its newest live origin on.

    `rows` has the columns above, sorted by series and interval; `places` says where each series
    begins and how many rows it has. Series without a recent origin are not in it.
    """

    rows: pa.Table
    places: Mapping[str, tuple[int, int]]
    models: frozenset[str]
    newest_origin: datetime | None

    @classmethod
    def nothing(cls) -> "Latest":
        empty = schema(FORECASTS).empty_table().select(list(COLUMNS))
        return cls(empty, {}, frozenset(), None)

    @classmethod
    def among(cls, forecasts: Forecasts) -> "Latest":
        """Read the recent origins of gold.forecasts; files of older ones are not opened."""
        newest = forecasts.newest("forecast_origin")
        if newest is None:
            return cls.nothing()
        recent = pc.field("forecast_origin") >= newest - RECENT
        issued = forecasts.read(COLUMNS, recent & (pc.field("run_kind") == "live"))
        rows = from_newest_origin(forecasts_to_use(issued), newest - RECENT + REACH)
        return cls(
            rows.combine_chunks(),
            _places(rows),
            frozenset(pc.unique(issued["model_name"]).to_pylist()),
            pc.max(issued["forecast_origin"]).as_py(),
        )

    def of(self, series_ids: Collection[str]) -> pa.Table:
        """The rows of some series; those without are left out."""
        if len(series_ids) == 1:
            [only] = series_ids
            begin, length = self.places.get(only, (0, 0))
            return self.rows.slice(begin, length)
        if set(series_ids).issuperset(self.places):
            return self.rows
        return self.rows.filter(pc.is_in(self.rows["series_id"], pa.array(series_ids, pa.string())))


def from_newest_origin(rows: pa.Table, since: datetime | None = None) -> pa.Table:
    """Of rows sorted by series: per series the intervals from its newest origin on.

    A series whose newest origin lies before `since` has none.
    """
    if rows.num_rows == 0:
        return rows
    begins = _begins(rows)
    lengths = np.diff(np.append(begins, rows.num_rows))
    origins = _microseconds(rows["forecast_origin"])
    newest = np.repeat(np.maximum.reduceat(origins, begins), lengths)
    kept = _microseconds(rows["valid_time"]) >= newest
    if since:
        kept &= newest >= round(since.timestamp() * 1e6)
    return rows.filter(pa.array(kept))


def _begins(rows: pa.Table) -> Any:
    """The first place of each series."""
    ids = rows["series_id"]
    differs = pc.not_equal(ids[1:], ids[:-1]).combine_chunks().to_numpy(zero_copy_only=False)
    return np.flatnonzero(np.append(True, differs))


def _places(rows: pa.Table) -> dict[str, tuple[int, int]]:
    if rows.num_rows == 0:
        return {}
    begins = _begins(rows)
    lengths = np.diff(np.append(begins, rows.num_rows))
    ids = rows["series_id"].take(pa.array(begins)).to_pylist()
    return {
        name: (int(begin), int(length))
        for name, begin, length in zip(ids, begins, lengths, strict=True)
    }


def _microseconds(times: pa.ChunkedArray) -> Any:
    return times.cast(pa.int64()).to_numpy()
