"""The tables as they stand now, held in memory and renewed when a new version lands."""

import hashlib
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.dataset as ds

from lakehouse.arrow import ArrowTables, schema
from lakehouse.errors import TableError
from lakehouse.places import Place, listing
from lakehouse.tables import Table
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.gold import (
    FORECAST_ERRORS,
    FORECASTS,
    INCIDENTS,
    PROMOTIONS,
    RUNS,
    TRAINING_RUNS,
)
from lakehouse.tables.silver import (
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.tables.watched import DRIFT, QUALITY
from serving.api.latest import Latest

SERVED = (
    *(SERIES, OBSERVATIONS, WEATHER_OBSERVATIONS, WEATHER_FORECASTS),
    *(FORECASTS, FORECAST_ERRORS, TRAINING_RUNS, PROMOTIONS),
    *(QUARANTINE, QUALITY, DRIFT, INCIDENTS, RUNS),
)
_log = logging.getLogger("gridcast.api")

Mark = tuple[str, int]


def log_mark(folder: Place) -> Mark:
    """The newest commit of a Delta table and when it was written: one listing, no reading.

    A table that was deleted and made anew has another mark, too. Without a log it is empty.
    """
    log = listing(folder / "_delta_log")
    return max((entry for entry in log if entry[0].endswith(".json")), default=("", 0))


@dataclass(frozen=True, eq=False)
class TableState:
    """One table at one version."""

    contract: Table
    mark: Mark
    delta: deltalake.DeltaTable

    @property
    def version(self) -> int:
        return int(self.delta.version())

    @cached_property
    def dataset(self) -> ds.Dataset:
        """Its files with their statistics: a filter opens only files that may hold matches."""
        return self.delta.to_pyarrow_dataset()

    @cached_property
    def _statistics(self) -> pa.Table:
        return pa.table(self.delta.get_add_actions(flatten=True))

    def newest(self, column: str) -> Any:
        """The greatest value of a time or date column, from the log alone; None where unknown."""
        name = f"max.{column}"
        if name not in self._statistics.column_names:
            return None
        return max((v for v in self._statistics[name].to_pylist() if v is not None), default=None)

    @property
    def rows(self) -> int:
        """How many rows it holds, from the log alone."""
        return sum(n or 0 for n in self._statistics["num_records"].to_pylist())

    def read(self, columns: Sequence[str] | None = None, where: Any = None) -> pa.Table:
        """The rows that meet a dataset expression. Raises TableError where files are gone."""
        try:
            return self.dataset.to_table(columns=list(columns) if columns else None, filter=where)
        except FileNotFoundError:
            raise TableError(
                f"Expected the files of version {self.version} of {self.contract.name}; some are "
                "gone, since the table was cleaned or made anew. Ask again in five seconds."
            ) from None


@dataclass(frozen=True)
class Snapshot:
    """All served tables at their versions, and what is kept of them in memory."""

    states: Mapping[str, TableState]
    series: pa.Table
    latest: Latest

    @cached_property
    def series_ids(self) -> tuple[str, ...]:
        """All series, sorted."""
        return tuple(self.series["series_id"].to_pylist())

    def state(self, table: Table) -> TableState:
        """Raises TableError where the lakehouse lacks the table."""
        try:
            return self.states[table.name]
        except KeyError:
            raise TableError(
                f"Expected the Delta table {table.name}; there is none. Run 'gridcast demo', or "
                "'gridcast run ingest' and 'gridcast run build'."
            ) from None

    def tag(self, tables: Iterable[Table], *parts: str) -> str:
        """A name for what a question gives from these tables as they stand: another version of
        one of them, or another question, has another name."""
        marks = [(t.name, self.states[t.name].mark) for t in tables if t.name in self.states]
        return hashlib.blake2b(repr((marks, parts)).encode(), digest_size=12).hexdigest()


class Snapshots:
    """The newest snapshot of a lakehouse; a thread looks for new versions every `seconds`."""

    def __init__(self, arrow: ArrowTables, seconds: float | None = None) -> None:
        """seconds: 1 unless told; on S3, where each look costs, 4. Raises TableError where there
        is no lakehouse."""
        arrow.open(SERIES)
        self._arrow = arrow
        self._seconds = seconds or (1.0 if isinstance(arrow.path(SERIES), Path) else 4.0)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.fault = ""
        self.current = Snapshot({}, schema(SERIES).empty_table(), Latest.nothing())
        self.renew()

    def renew(self) -> None:
        """Open what changed since the last look; does nothing where nothing did."""
        held = self.current
        states = dict(held.states)
        changed = set()
        for table in SERVED:
            mark = log_mark(self._arrow.path(table))
            before = states.get(table.name)
            if mark == (before.mark if before else ("", 0)):
                continue
            changed.add(table.name)
            states.pop(table.name, None)
            if mark[0]:
                states[table.name] = TableState(table, mark, self._arrow.open(table))
        if not changed:
            return
        series, latest = held.series, held.latest
        if SERIES.name in changed:
            found = states.get(SERIES.name)
            series = found.read().sort_by("series_id") if found else schema(SERIES).empty_table()
        if FORECASTS.name in changed:
            issued = states.get(FORECASTS.name)
            latest = Latest.among(issued) if issued else Latest.nothing()
        self.current = Snapshot(states, series, latest)
        pa.default_memory_pool().release_unused()  # what reading took, beyond what is kept

    def start(self) -> None:
        """Look for new versions until `stop`."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._watch, name="snapshots", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the looking, and wait for its end."""
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self.renew()
                self.fault = ""
            except Exception as fault:  # the old snapshot still answers; readiness tells of it
                self.fault = f"{type(fault).__name__}: {fault}"
                _log.warning("The tables could not be read anew: %s", self.fault)
