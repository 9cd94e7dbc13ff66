"""Broken data: the verdicts on days, what was refused, and what needs a person."""

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.newest import preferred
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.gold import INCIDENTS
from lakehouse.tables.preference import NEWEST_VERDICT
from lakehouse.tables.watched import QUALITY
from lakehouse.time import local_day
from serving.api.parameters import IncidentQuestion, QualityQuestion, SpanQuestion
from serving.api.series import asked_series
from serving.api.snapshots import Snapshot

SPAN = timedelta(days=28)
COLUMNS = tuple(name for name in QUALITY.column_names if name not in ("revision", "run_id"))
_DAY = ("day", "data_set", "series_group", "owner", "feature")
_RULE = ("table", "data_set", "rule")
QUARANTINE_COLUMNS = (*_RULE, "n", "first_fetched_at", "last_fetched_at", "reason")
INCIDENT_COLUMNS = (*("incident_id", "kind", "about", "state", "opened_at", "ended_at", "reason"),)
_INCIDENTS = pa.schema(
    [
        (name, pa.timestamp("us", tz="UTC") if name.endswith("_at") else pa.string())
        for name in INCIDENT_COLUMNS
    ]
)
#: gold.incidents: the event that begins an incident, and what the incident then is.
_BEGINS = {"opened": "open", "told": "told"}


def quality(snapshot: Snapshot, question: QualityQuestion) -> pa.Table:
    """The newest verdict on each day, series or place, and feature, sorted by day.

    Raises Problem for an unknown group.
    """
    state = snapshot.state(QUALITY)
    first, last = (t and local_day(t, question.zone) for t in question.span)
    newest = state.newest("day")
    about = pc.scalar(True)
    if newest is not None:
        about &= pc.field("day") >= (first or min(last or newest, newest) - SPAN)
    if last:
        about &= pc.field("day") < last
    rows = state.read([*COLUMNS, "revision"], about)
    if question.group:
        asked_series(snapshot, [], question.group)
        rows = rows.filter(pc.field("series_group") == question.group)
    rows = preferred(rows, _DAY, NEWEST_VERDICT).select(list(COLUMNS))
    return rows.filter(pc.field("verdict") == question.verdict) if question.verdict else rows


def quarantine(snapshot: Snapshot, question: SpanQuestion) -> pa.Table:
    """How many records broke each rule, when, and the newest one's reason."""
    first, last = question.span
    about = pc.scalar(True)
    if first:
        about &= pc.field("fetched_at") >= first
    if last:
        about &= pc.field("fetched_at") < last
    rows = snapshot.state(QUARANTINE).read([*_RULE, "fetched_at", "reason"], about)
    rows = rows.sort_by([("fetched_at", "descending"), ("reason", "ascending")])
    counted = rows.group_by(list(_RULE), use_threads=False).aggregate(
        [
            ("fetched_at", "count"),
            ("fetched_at", "min"),
            ("fetched_at", "max"),
            ("reason", "first"),
        ]
    )
    told = counted.select(
        [*_RULE, "fetched_at_count", "fetched_at_min", "fetched_at_max", "reason_first"]
    )
    named = told.rename_columns(list(QUARANTINE_COLUMNS))
    return named.sort_by([(name, "ascending") for name in _RULE])


def incidents(snapshot: Snapshot, question: IncidentQuestion) -> pa.Table:
    """One row per incident, sorted by when it began: open, ended, or an event only told."""
    rows = snapshot.state(INCIDENTS).read().sort_by("at").to_pylist()
    ended = {row["incident_id"]: row["at"] for row in rows if row["event"] == "ended"}
    begun = [_incident(row, ended) for row in rows if row["event"] in _BEGINS]
    first, last = question.span
    asked = [
        one
        for one in begun
        if (not question.state or one["state"] == question.state)
        and (not first or one["opened_at"] >= first)
        and (not last or one["opened_at"] < last)
    ]
    return pa.Table.from_pylist(asked, schema=_INCIDENTS)


def _incident(row: dict[str, Any], ended: dict[str, Any]) -> dict[str, Any]:
    name = row["incident_id"]
    state = "ended" if name in ended else _BEGINS[row["event"]]
    kept = {column: row[column] for column in ("incident_id", "kind", "about", "reason")}
    return kept | {"state": state, "opened_at": row["at"], "ended_at": ended.get(name)}
