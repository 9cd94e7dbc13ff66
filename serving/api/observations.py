"""Observed values as they stood at a time."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.newest import preferred
from lakehouse.tables.preference import NEWEST_VINTAGE
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY
from serving.api.parameters import ObservationQuestion, check_reach
from serving.api.series import among, asked_series
from serving.api.snapshots import Snapshot

COLUMNS = tuple(name for name in OBSERVATIONS.column_names if name != "landing_id")
SPAN = timedelta(days=28)
#: Prices are known up to two local days ahead.
_AHEAD = 3 * DAY


def observations(snapshot: Snapshot, question: ObservationQuestion) -> pa.Table:
    """Values in the columns above, sorted by series, event time and when they became known.

    Raises Problem for an unknown series and for a question that reads too much.
    """
    state = snapshot.state(OBSERVATIONS)
    ids = asked_series(snapshot, question.series_id, question.group)
    as_of, recorded_by = question.instant("as_of"), question.instant("recorded_by")
    first, last = question.span
    newest = state.newest("event_time")
    about = among(ids)
    if newest is not None:
        until = newest + DAY if as_of is None else min(newest + DAY, as_of + _AHEAD)
        last = min(last or until, until)
        first = first or last - SPAN
        check_reach(first, last, len(ids))
        about &= (pc.field("event_time") >= first) & (pc.field("event_time") < last)
    if as_of:
        about &= pc.field("available_at") <= as_of
    if recorded_by:
        about &= pc.field("recorded_at") <= recorded_by
    rows = state.read(COLUMNS, about)
    if question.vintages == "all":
        return rows.sort_by([(name, "ascending") for name in OBSERVATIONS.key])
    return preferred(rows, ("series_id", "event_time"), NEWEST_VINTAGE)
