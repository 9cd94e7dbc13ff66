"""Forecasts: the latest, as they stood at a time, of one origin."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.newest import FORECAST_KEY, forecasts_to_use, preferred
from lakehouse.tables.gold import FORECASTS, QUANTILES
from lakehouse.tables.preference import ANSWERING_SOURCES, FORECAST_TO_USE
from lakehouse.time import iso
from serving.api.latest import COLUMNS, REACH, RECENT, from_newest_origin
from serving.api.parameters import ForecastQuestion, OriginQuestion, check_reach
from serving.api.problems import Problem, wrong_parameter
from serving.api.series import among, asked_series
from serving.api.snapshots import Snapshot

ORIGINS_SPAN = timedelta(days=28)
_BY_ORIGIN = ("forecast_origin", "series_id", *FORECASTS.key[3:], "forecast_source")
ORIGIN_COLUMNS = (*_BY_ORIGIN, "first_valid_time", "last_valid_time", "n")


def in_memory(snapshot: Snapshot, question: ForecastQuestion) -> bool:
    """Whether the kept latest forecasts can answer: no file is read, so it takes milliseconds."""
    first, _ = question.span
    newest = snapshot.latest.newest_origin
    return (
        question.as_of is None
        and question.origin is None
        and (question.model, question.run_kind) == ("champion", "live")
        and (first is None or (newest is not None and first >= newest))
        and all(name in snapshot.latest.places for name in question.series_id)
    )


def forecasts(snapshot: Snapshot, question: ForecastQuestion) -> pa.Table:
    """Forecasts in the columns of `columns`, sorted by series and interval.

    Raises Problem for an unknown series, model or origin, and for a question that reads too much.
    """
    if question.as_of is not None and question.origin is not None:
        told = "Expected 'as_of' or 'origin', not both."
        raise wrong_parameter("origin", question.origin, told)
    if question.model == "all" and question.origin is None:
        told = "Expected 'origin' with model=all: of one moment, every model."
        raise wrong_parameter("model", "all", told, sorted({"champion", *snapshot.latest.models}))
    ids = asked_series(snapshot, question.series_id, question.group)
    if in_memory(snapshot, question):
        rows = _within(snapshot.latest.of(ids), *question.span)
    else:
        rows = _from_files(snapshot, question, ids)
    return _shaped(rows, question.values == "point")


def columns(point: bool) -> list[str]:
    """The columns of an answer."""
    if not point:
        return list(COLUMNS)
    first = COLUMNS.index(QUANTILES[0])
    return [*COLUMNS[:first], "value", *COLUMNS[first + len(QUANTILES) :]]


def _shaped(rows: pa.Table, point: bool) -> pa.Table:
    if point:
        rows = rows.append_column("value", rows["q50"])
    return rows.select(columns(point))


def _within(rows: pa.Table, first: datetime | None, last: datetime | None) -> pa.Table:
    if first:
        rows = rows.filter(pc.field("valid_time") >= first)
    return rows.filter(pc.field("valid_time") < last) if last else rows


def _from_files(snapshot: Snapshot, question: ForecastQuestion, ids: Sequence[str]) -> pa.Table:
    state = snapshot.state(FORECASTS)
    newest = state.newest("forecast_origin")
    if newest is None:
        return snapshot.latest.rows
    asked = _condition(snapshot, question, ids, newest)
    bounded = question.origin or question.start
    as_of = question.instant("as_of")
    recent = pc.field("forecast_origin") >= (as_of or newest) - RECENT
    issued = state.read(COLUMNS, asked if bounded else asked & recent)
    if not issued.num_rows and not bounded and as_of is None and len(ids) == 1:
        issued = state.read(COLUMNS, asked)  # its newest origin, however old
    if not issued.num_rows:
        _explain_nothing(snapshot, question, ids)
    if question.model == "all":
        return issued.sort_by([(name, "ascending") for name in FORECASTS.key])
    if question.model == "champion":
        rows = forecasts_to_use(issued)
    else:
        rows = preferred(issued, FORECAST_KEY, FORECAST_TO_USE)
    if question.start is None and question.origin is None:
        rows = from_newest_origin(rows)
    return rows


def _condition(
    snapshot: Snapshot, question: ForecastQuestion, ids: Sequence[str], newest: datetime
) -> Any:
    """Which rows to read; the bounds on the origin are what spares the reading of files."""
    as_of, origin = question.instant("as_of"), question.instant("origin")
    first, last = question.span
    about = pc.field("run_kind") == question.run_kind
    if len(ids) < snapshot.series.num_rows:
        about &= among(ids)
    if question.model not in ("champion", "all"):
        about &= pc.field("model_name") == question.model
    elif question.model == "champion":
        about &= pc.field("forecast_source").isin(list(ANSWERING_SOURCES))
    if first:
        about &= (pc.field("valid_time") >= first) & (pc.field("forecast_origin") >= first - REACH)
    if last:
        about &= (pc.field("valid_time") < last) & (pc.field("forecast_origin") < last)
    if origin:
        return about & (pc.field("forecast_origin") == origin)
    until = min(as_of or newest, newest)
    if as_of:
        about &= pc.field("forecast_origin") <= as_of
    if first:
        check_reach(first, min(last or until + REACH, until + REACH), len(ids))
    return about


def _explain_nothing(snapshot: Snapshot, question: ForecastQuestion, ids: Collection[str]) -> None:
    """Raises Problem where nothing was found since there is no such model or origin."""
    known = {"champion", "all", *snapshot.latest.models}
    if question.model not in known:
        told = f"No forecast of a model '{question.model}' was found."
        raise wrong_parameter("model", question.model, told, sorted(known))
    origin = question.instant("origin")
    if origin:
        about = among(ids) & (pc.field("run_kind") == question.run_kind)
        near = (pc.field("forecast_origin") >= origin - REACH) & (
            pc.field("forecast_origin") <= origin + REACH
        )
        found = snapshot.state(FORECASTS).read(["forecast_origin"], about & near)
        told = f"No {question.run_kind} forecast has the origin {iso(origin)}."
        nearest = sorted(set(found["forecast_origin"].to_pylist()))
        raise Problem(404, "No such origin", told, "origin", iso(origin), map(iso, nearest))


def origins(snapshot: Snapshot, question: OriginQuestion) -> pa.Table:
    """The forecasts issued, by origin, series and model, in ORIGIN_COLUMNS."""
    state = snapshot.state(FORECASTS)
    ids = asked_series(snapshot, question.series_id, question.group)
    told = list(_BY_ORIGIN)
    newest = state.newest("forecast_origin")
    first, last = question.span
    if newest is None:
        rows = snapshot.latest.rows.select([*told, "valid_time"])
    else:
        last = min(last or newest + REACH, newest + REACH)
        first = first or last - ORIGINS_SPAN
        check_reach(first, last, len(ids))
        about = among(ids) & (pc.field("run_kind") == question.run_kind)
        issued = pc.field("forecast_origin")
        rows = state.read([*told, "valid_time"], about & (issued >= first) & (issued < last))
    found = rows.group_by(told).aggregate(
        [("valid_time", "min"), ("valid_time", "max"), ("valid_time", "count")]
    )
    named = found.rename_columns(list(ORIGIN_COLUMNS))
    return named.sort_by([(name, "ascending") for name in told])
