"""How good forecasts were: gold.performance for a window, as of a time, without Spark."""

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.newest import preferred
from lakehouse.tables.gold import FORECAST_BLOCK, FORECAST_ERRORS
from lakehouse.tables.preference import NEWEST_TRUTH
from lakehouse.time import local_day
from serving.api.parameters import PerformanceQuestion, check_reach, moment
from serving.api.problems import wrong_parameter
from serving.api.series import among, asked_series
from serving.api.snapshots import Snapshot

SPAN = timedelta(days=90)
_BESIDE = ("series_id", "run_kind", "target_day", "horizon_band")
_TOLD = ("series_id", "series_group", "unit", "model_name", "run_kind", "forecast_source")
_SUMS = (
    "n",
    "sum_abs",
    "sum_error",
    "sum_squared",
    "sum_pinball",
    "n_in_80",
    "n_in_90",
    "sum_width_80",
    "naive_abs",
    "naive_pinball",
)
FIGURES = (
    "days",
    "n",
    "mae",
    "rmse",
    "bias",
    "pinball",
    "coverage_80",
    "coverage_90",
    "width_80",
    "naive_mae",
    "naive_pinball",
    "skill",
)


def columns(by: str) -> list[str]:
    """The columns of an answer."""
    return [*_TOLD, *([] if by == "total" else [by]), *FIGURES]


def performance(snapshot: Snapshot, question: PerformanceQuestion) -> pa.Table:
    """The columns of `columns`, a row per series, model and run kind (and day or block of hours).

    `days`, `from` and `to` are local target days. Raises Problem for an unknown series or model.
    """
    state = snapshot.state(FORECAST_ERRORS)
    ids = asked_series(snapshot, question.series_id, question.group)
    about = (pc.field("run_kind") == question.run_kind) & among(ids)
    newest = state.newest("target_day")
    if newest is not None:
        first, last = _days(question, newest)
        check_reach(moment(f"{first}", "UTC"), moment(f"{last}", "UTC"), len(ids))
        about &= (pc.field("target_day") >= first) & (pc.field("target_day") < last)
    as_of = question.instant("as_of")
    if as_of:
        about &= pc.field("truth_as_of") <= as_of
    scores = state.read(FORECAST_ERRORS.column_names, about)
    models = pc.unique(scores["model_name"]).to_pylist()
    if question.model and scores.num_rows and question.model not in models:
        told = f"No scores of a model '{question.model}' were found."
        raise wrong_parameter("model", question.model, told, sorted(models))
    rows = accuracy(scores, question.by)
    return rows.filter(pc.field("model_name") == question.model) if question.model else rows


def _days(question: PerformanceQuestion, newest: date) -> tuple[date, date]:
    """The target days asked for, the last one not included."""
    day = timedelta(days=1)
    first, last = (t and local_day(t, question.zone) for t in question.span)
    until = min(last or newest + day, newest + day)
    return first or until - SPAN, until


def accuracy(errors: pa.Table, by: str) -> pa.Table:
    """Rows of gold.forecast_errors -> accuracy by the newest truth, beside seasonal naive's of the
    same blocks, in the columns of `columns`. With by=total as the view gold.performance. Pure."""
    scores = preferred(errors, FORECAST_BLOCK, NEWEST_TRUTH)
    naive = scores.filter(pc.field("model_name") == "seasonal_naive")
    beside = naive.select([*_BESIDE, "sum_abs", "sum_pinball"]).rename_columns(
        [*_BESIDE, "naive_abs", "naive_pinball"]
    )
    whole = scores.join(beside, keys=list(_BESIDE), join_type="inner")
    keys = [*_TOLD, *([] if by == "total" else [by])]
    sums = whole.group_by(keys).aggregate(
        [("target_day", "count_distinct"), *((name, "sum") for name in _SUMS)]
    )
    n = sums["n_sum"].cast(pa.float64())
    naive_abs = sums["naive_abs_sum"]
    ratio = pc.divide(sums["sum_abs_sum"], pc.if_else(pc.equal(naive_abs, 0), None, naive_abs))
    figures = {
        "days": sums["target_day_count_distinct"],
        "n": sums["n_sum"],
        "mae": pc.divide(sums["sum_abs_sum"], n),
        "rmse": pc.sqrt(pc.divide(sums["sum_squared_sum"], n)),
        "bias": pc.divide(sums["sum_error_sum"], n),
        "pinball": pc.divide(sums["sum_pinball_sum"], n),
        "coverage_80": pc.divide(sums["n_in_80_sum"], n),
        "coverage_90": pc.divide(sums["n_in_90_sum"], n),
        "width_80": pc.divide(sums["sum_width_80_sum"], n),
        "naive_mae": pc.divide(naive_abs, n),
        "naive_pinball": pc.divide(sums["naive_pinball_sum"], n),
        "skill": pc.subtract(1.0, ratio),
    }
    told = {name: sums[name] for name in keys}
    return pa.table(told | figures).sort_by([(name, "ascending") for name in keys])
