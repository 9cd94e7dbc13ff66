"""The verdicts on drift, in whatever columns their contract has."""

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.tables.watched import DRIFT
from lakehouse.time import local_day
from serving.api.parameters import GroupQuestion
from serving.api.problems import wrong_parameter
from serving.api.snapshots import Snapshot


def drift(snapshot: Snapshot, question: GroupQuestion) -> pa.Table:
    """Rows of gold.drift, sorted by their key. Raises Problem for a group without any."""
    state = snapshot.state(DRIFT)
    first, last = (t and local_day(t, question.zone) for t in question.span)
    about = pc.scalar(True)
    if first:
        about &= pc.field("day") >= first
    if last:
        about &= pc.field("day") < last
    rows = state.read(DRIFT.column_names, about)
    if question.group:
        known = sorted(set(rows["series_group"].to_pylist()))
        if known and question.group not in known:
            told = f"Nothing was judged of a group '{question.group}'."
            raise wrong_parameter("group", question.group, told, known)
        rows = rows.filter(pc.field("series_group") == question.group)
    return rows.sort_by([(name, "ascending") for name in DRIFT.key])
