"""Weather at a place: as forecast and known at a moment, or as it was."""

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.newest import preferred
from lakehouse.tables import Table
from lakehouse.tables.preference import NEWEST_RUN, NEWEST_VINTAGE
from lakehouse.tables.silver import WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import HOUR
from serving.api.parameters import WeatherQuestion, check_reach
from serving.api.problems import Problem
from serving.api.snapshots import Snapshot

COLUMNS = tuple(name for name in WEATHER_FORECASTS.column_names if name != "landing_id")
SPAN = timedelta(days=7)
#: Weather models reach about two weeks ahead.
_REACH = timedelta(days=17)
_KEY = ("location_id", "weather_model", "variable", "valid_time")


def weather(snapshot: Snapshot, question: WeatherQuestion) -> pa.Table:
    """Values in the columns above, sorted by place, variable and hour.

    Of observed weather `weather_model` and `issue_time` are null. Raises Problem for an unknown
    place and for a question that reads too much.
    """
    forecast = question.source == "forecast"
    table = WEATHER_FORECASTS if forecast else WEATHER_OBSERVATIONS
    time = "valid_time" if forecast else "event_time"
    about = _condition(snapshot, question, table, time)
    names = [name for name in COLUMNS if name in table.column_names]
    if forecast:
        rows = snapshot.state(table).read(names, about)
        return preferred(rows, _KEY, NEWEST_RUN).select(list(COLUMNS))
    rows = snapshot.state(table).read([*names, time, "available_basis"], about)
    rows = preferred(rows, ("location_id", "variable", time), NEWEST_VINTAGE)
    return _as_forecasts(rows)


def _condition(snapshot: Snapshot, question: WeatherQuestion, table: Table, time: str) -> Any:
    """Which rows to read; the bounds on times are what spares the reading of files."""
    places = _places(snapshot, question.location_id)
    as_of = question.instant("as_of")
    first, last = question.span
    newest = snapshot.state(table).newest(time)
    about = pc.field("location_id").isin(pa.array(places, pa.string()))
    if question.variable:
        about &= pc.field("variable").isin(question.variable)
    if as_of:
        about &= pc.field("available_at") <= as_of
    if newest is not None:
        last = min(last or newest + HOUR, newest + HOUR)
        first = first or _default_start(last, as_of)
        check_reach(first, max(last, first), len(places))
        about &= (pc.field(time) >= first) & (pc.field(time) < last)
        if time == "valid_time":
            about &= pc.field("issue_time") >= min(first, as_of or first) - _REACH
    return about


def _default_start(last: datetime, as_of: datetime | None) -> datetime:
    return min(last, as_of or last) - SPAN


def _places(snapshot: Snapshot, asked: list[str]) -> list[str]:
    """The places asked for, or those of all series. Raises Problem for an unknown one."""
    known = sorted({name for name in snapshot.series["location_id"].to_pylist() if name})
    for name in asked:
        if name not in known:
            told = f"No series uses the weather of a place '{name}'."
            raise Problem(404, "Unknown place", told, "location_id", name, known)
    return sorted(set(asked)) or known


def _as_forecasts(rows: pa.Table) -> pa.Table:
    """Observed weather in the columns of a forecast."""
    nothing = {
        "weather_model": pa.nulls(rows.num_rows, pa.string()),
        "issue_time": pa.nulls(rows.num_rows, pa.timestamp("us", tz="UTC")),
    }
    given = {"valid_time": rows["event_time"], "issue_basis": rows["available_basis"]}
    columns = nothing | given
    return pa.table({name: columns.get(name, _column(rows, name)) for name in COLUMNS})


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray | None:
    return rows[name] if name in rows.column_names else None
