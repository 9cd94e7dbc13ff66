"""How fresh the data are, and whether there are any."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, Field

from lakehouse.clock import Clock
from lakehouse.tables import Table
from lakehouse.tables.gold import FORECASTS, RUNS
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from lakehouse.time import HOUR
from serving.api.snapshots import Snapshot, Snapshots, TableState

_NEEDED = {
    SERIES: "Run 'gridcast run build'.",
    OBSERVATIONS: "Run 'gridcast run ingest' and 'gridcast run build'.",
    FORECASTS: "Run 'gridcast run forecast', or 'gridcast run daily'.",
}
_RUN_COLUMNS = ("step", "status", "reason", "as_of", "run_kind", "started_at", "seconds")


class GroupFreshness(BaseModel):
    """The newest live forecasts of a group."""

    series_group: str
    series: int = Field(description="Series with a recent forecast")
    newest_forecast_origin: datetime
    newest_valid_time: datetime


class LastRun(BaseModel):
    """The newest run of a step."""

    step: str
    status: str
    reason: str
    as_of: datetime
    run_kind: str
    started_at: datetime
    seconds: float


class Readiness(BaseModel):
    """Whether there are data, and how old they are."""

    ready: bool
    missing: list[str] = Field(description="What is missing and which command brings it")
    clock: datetime = Field(description="Now, by the clock of the profile")
    newest_forecast_origin: datetime | None
    hours_since_newest_origin: float | None
    newest_event_time: datetime | None = Field(description="Of all observed values")
    newest_available_at: datetime | None = Field(description="When the newest became known")
    groups: list[GroupFreshness]
    last_runs: list[LastRun]
    versions: dict[str, int] = Field(description="Versions of the tables served")


def readiness(snapshots: Snapshots, clock: Clock) -> Readiness:
    """What is there, how old it is and what is missing; read from the log and from memory."""
    snapshot, now = snapshots.current, clock.now()
    origin = snapshot.latest.newest_origin
    missing = [
        f"{table.name} is empty. {step}"
        for table, step in _NEEDED.items()
        if _empty(snapshot, table)
    ]
    if snapshots.fault:
        missing.append(f"The newest versions could not be read: {snapshots.fault}")
    observed = snapshot.states.get(OBSERVATIONS.name)
    runs = snapshot.states.get(RUNS.name)
    return Readiness(
        ready=not missing,
        missing=missing,
        clock=now,
        newest_forecast_origin=origin,
        hours_since_newest_origin=None if origin is None else (now - origin) / HOUR,
        newest_event_time=observed.newest("event_time") if observed else None,
        newest_available_at=observed.newest("available_at") if observed else None,
        groups=[GroupFreshness(**row) for row in _groups(snapshot.latest.rows)],
        last_runs=[LastRun(**row) for row in _last_runs(runs)] if runs else [],
        versions={name: state.version for name, state in sorted(snapshot.states.items())},
    )


def _empty(snapshot: Snapshot, table: Table) -> bool:
    state = snapshot.states.get(table.name)
    return state is None or state.rows == 0


def _groups(latest: pa.Table) -> list[dict[str, Any]]:
    told = latest.group_by("series_group").aggregate(
        [
            ("series_id", "count_distinct"),
            ("forecast_origin", "max"),
            ("valid_time", "max"),
        ]
    )
    names = ["series_group", "series", "newest_forecast_origin", "newest_valid_time"]
    rows: list[dict[str, Any]] = told.rename_columns(names).sort_by("series_group").to_pylist()
    return rows


@lru_cache(maxsize=1)
def _last_runs(runs: TableState) -> list[dict[str, Any]]:
    """The newest run of each step; a table of many small files, so it is read once a version."""
    rows = runs.read(_RUN_COLUMNS).sort_by("started_at").to_pylist()
    return list({row["step"]: row for row in rows}.values())
