"""What was known at each origin of a series group, kept in a file: a replay without Spark."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.errors import BadInput
from lakehouse.places import whole
from models.backtest.history import History
from models.backtest.replay import Truth, known_days, truth_of
from models.samples import Samples, Times, from_rows

_ABOUT = b"gridcast.replay"
_HOUR_MINUTES = 60


@dataclass(frozen=True)
class About:
    """What was recorded. Days and moments as ISO 8601 writes them."""

    series_group: str
    first_day: str
    last_day: str
    as_of: str  # the truth is that of this moment
    made_from: str  # lakehouse, catalogue entries and feature version: equal ones may be used again


def write(rows: pd.DataFrame, about: About, file: Path) -> None:
    """Keep rows of `models.samples.COLUMNS`, with the vintages of their truth, in one file.

    Vintages are three parallel lists: truth_place, truth_known_at (microseconds since 1970) and
    truth_value.
    """
    table = pa.Table.from_pandas(rows, preserve_index=False)
    table = table.replace_schema_metadata({_ABOUT: json.dumps(asdict(about))})
    with whole(file) as draft:
        pq.write_table(table, draft, compression="zstd")


def read_about(file: Path) -> About:
    """What `write` said of the file. Raises BadInput where it is none of those."""
    try:
        said = (pq.read_schema(file).metadata or {})[_ABOUT]
        return About(**json.loads(said))
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        raise BadInput(
            f"Expected samples of a series group in {file}, as a backtest writes them; it is "
            "something else. Choose another --output, or start over with --fresh."
        ) from None


@dataclass(frozen=True)
class Recorded:
    """The days of a file of `write`, up to the newest with a known truth; see `Replay`."""

    file: Path

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process reads the file itself."""
        return Recorded, (self.file,)

    @cached_property
    def about(self) -> About:
        return read_about(self.file)

    @property
    def name(self) -> str:
        return f"the group {self.about.series_group}"

    @property
    def told(self) -> str:
        origin = pd.Timestamp(self.origins[0], tz="UTC").tz_convert(self.history.timezone)
        before = (self.days[0] - origin.date()).days
        when = "on the day before" if before == 1 else f"{before} days before"
        return (
            f"Each day is forecast at {origin:%H:%M} {self.history.timezone} {when}, with what was "
            f"known then; errors are against the truth as known at {self.about.as_of}."
        )

    @cached_property
    def mark(self) -> str:
        return hashlib.sha256(self.file.read_bytes()).hexdigest()

    @cached_property
    def _rows(self) -> pd.DataFrame:
        rows = pd.read_parquet(self.file)
        return rows.sort_values(["forecast_origin", "series_id"], ignore_index=True)

    @cached_property
    def _samples(self) -> Samples:
        return from_rows(self._rows)

    @cached_property
    def _n_series(self) -> int:
        return len(set(self._samples.series_id))

    @cached_property
    def days(self) -> Sequence[date]:
        samples = self._samples
        assert samples.target is not None
        known = np.flatnonzero(known_days(samples.target, self._n_series))
        starts = samples.target_time[:: self._n_series, 0][
            : int(known[-1]) + 1 if len(known) else 0
        ]
        local = pd.DatetimeIndex(starts).tz_localize("UTC").tz_convert(str(samples.timezone[0]))
        return list(local.date)

    @property
    def origins(self) -> Times:
        return self._samples.forecast_origin[:: self._n_series][: len(self.days)]

    @cached_property
    def truth(self) -> Truth:
        n = len(self.days) * self._n_series
        rows = self._rows.iloc[:n]
        counts = rows["truth_place"].map(len).to_numpy()
        place, known_at = (
            np.concatenate([np.empty(0, dtype=np.int64), *rows[name]])
            for name in ("truth_place", "truth_known_at")
        )
        return truth_of(
            (n, self._samples.target_mask.shape[1]),
            np.repeat(np.arange(n), counts), place, known_at.astype("datetime64[us]"),
            np.concatenate([np.empty(0), *rows["truth_value"]]),
        )  # fmt: skip

    def samples(self, first: int, end: int) -> Samples:
        return self._samples.select(slice(first * self._n_series, end * self._n_series))

    @cached_property
    def history(self) -> History:
        """The newest truth of the days, from the first of them on."""
        samples = self.samples(0, len(self.days))
        assert samples.target is not None
        names = samples.series_id[: self._n_series]
        step = np.timedelta64(_HOUR_MINUTES // samples.steps, "m")
        row, column = np.nonzero(samples.target_mask)
        start = samples.target_time[0, 0]
        place = (samples.target_time[row, column] - start) // step
        values = np.full((len(names), int(place.max()) + 1), np.nan)
        values[row % len(names), place] = samples.target[row, column]
        return History(
            names, start, int(step.astype(int)), values, np.empty((*values.shape, 0)), (),
            str(samples.timezone[0]),
        )  # fmt: skip
