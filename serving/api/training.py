"""What was trained, and who was put in charge on what evidence."""

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.tables import Table
from lakehouse.tables.gold import PROMOTIONS, TRAINING_RUNS
from serving.api.parameters import GroupQuestion, TrainingQuestion
from serving.api.series import asked_series
from serving.api.snapshots import Snapshot

RUN_COLUMNS = tuple(n for n in TRAINING_RUNS.column_names if n not in ("run_id", "table_versions"))
PROMOTION_COLUMNS = tuple(name for name in PROMOTIONS.column_names if name != "run_id")


def training_runs(snapshot: Snapshot, question: TrainingQuestion) -> pa.Table:
    """Rows of gold.training_runs, sorted by when. Raises Problem for an unknown group."""
    rows = _of(snapshot, question, TRAINING_RUNS, "as_of", RUN_COLUMNS)
    for column in ("model_name", "status"):
        wanted = getattr(question, column)
        if wanted:
            rows = rows.filter(pc.field(column) == wanted)
    return rows.sort_by([(n, "ascending") for n in ("as_of", *TRAINING_RUNS.key)])


def promotions(snapshot: Snapshot, question: GroupQuestion) -> pa.Table:
    """Rows of gold.promotions, sorted by when. Raises Problem for an unknown group."""
    rows = _of(snapshot, question, PROMOTIONS, "decided_at", PROMOTION_COLUMNS)
    return rows.sort_by([(name, "ascending") for name in ("decided_at", "series_group", "turn")])


def _of(
    snapshot: Snapshot,
    question: GroupQuestion,
    table: Table,
    time: str,
    columns: tuple[str, ...],
) -> pa.Table:
    about = pc.scalar(True)
    first, last = question.span
    if first:
        about &= pc.field(time) >= first
    if last:
        about &= pc.field(time) < last
    if question.group:
        asked_series(snapshot, [], question.group)
        about &= pc.field("series_group") == question.group
    return snapshot.state(table).read(columns, about)
