"""The verdicts on drift, in whatever columns their contract has."""

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.tables.watched import DRIFT
from lakehouse.time import local_day
from serving.api.parameters import GroupQuestion
from serving.api.series import asked_series
from serving.api.snapshots import Snapshot


def drift(snapshot: Snapshot, question: GroupQuestion) -> pa.Table:
    """Rows of gold.drift, sorted by their key. Raises Problem for an unknown group."""
    state = snapshot.state(DRIFT)
    first, last = (t and local_day(t, question.zone) for t in question.span)
    about = pc.scalar(True)
    if first:
        about &= pc.field("day") >= first
    if last:
        about &= pc.field("day") < last
    rows = state.read(DRIFT.column_names, about)
    if question.group:
        asked_series(snapshot, [], question.group)
        rows = rows.filter(pc.field("series_group") == question.group)
    return rows.sort_by([(name, "ascending") for name in DRIFT.key])
