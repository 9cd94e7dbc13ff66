"""The series of the catalogue, and which of them a question is about."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from serving.api.parameters import SeriesQuestion
from serving.api.problems import Problem, wrong_parameter
from serving.api.snapshots import Snapshot


def series(snapshot: Snapshot, question: SeriesQuestion) -> pa.Table:
    """Rows of silver.series, sorted. Raises Problem for an unknown group."""
    rows = _of_group(snapshot.series, question.group)
    return rows.filter(pc.field("kind") == question.kind) if question.kind else rows


def one_series(snapshot: Snapshot, series_id: str) -> pa.Table:
    """One row of silver.series. Raises Problem for an unknown one."""
    asked_series(snapshot, [series_id], None)
    return snapshot.series.filter(pc.field("series_id") == series_id)


def asked_series(
    snapshot: Snapshot, series_ids: Sequence[str], group: str | None
) -> tuple[str, ...]:
    """The ids of the series asked for: those named, of the group, or all; sorted.

    Raises Problem for an unknown one.
    """
    known = snapshot.series_ids
    if group is not None:
        known = tuple(_of_group(snapshot.series, group)["series_id"].to_pylist())
    if not series_ids:
        return known
    missing = [name for name in series_ids if name not in known]
    if missing:
        within = f" in group {group}" if group else ""
        raise Problem(
            404,
            "Unknown series",
            f"There is no series '{missing[0]}'{within}. All are listed by /v1/series.",
            "series_id",
            missing[0],
            get_close_matches(missing[0], known, 5, 0.4) or known[:5],
        )
    return tuple(sorted(set(series_ids)))


def among(ids: Collection[str]) -> pc.Expression:
    """The condition that a row is about one of these series."""
    return pc.field("series_id").isin(pa.array(ids, pa.string()))


def _of_group(rows: pa.Table, group: str | None) -> pa.Table:
    if group is None:
        return rows
    found = rows.filter(pc.field("series_group") == group)
    if not found.num_rows:
        known = sorted(set(rows["series_group"].to_pylist()))
        raise wrong_parameter("group", group, f"There is no group '{group}'.", known)
    return found
