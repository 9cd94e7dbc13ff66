"""What happened in a week: incidents, decisions, refusals, and what came late or not at all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue, DataSet
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.gold import INCIDENTS, PROMOTIONS
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY
from monitoring.incidents import ENDED
from spark_jobs.champions import FALLBACK, takeovers

Span = tuple[datetime, datetime]
"""After the first moment, up to the second."""


def happened(arrow: ArrowTables, week: Span) -> pd.DataFrame:
    """Incidents that opened, ended or were told in a span, as WeeklyContent wants them."""
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(arrow.rows(INCIDENTS), key=lambda row: row["at"]):
        if not week[0] < row["at"] <= week[1]:
            continue
        told = found.setdefault(
            row["incident_id"],
            {name: row[name] for name in ("kind", "about", "reason")}
            | {"opened_at": None, "ended_at": None},
        )
        told["ended_at" if row["event"] == ENDED else "opened_at"] = row["at"]
    frame = pd.DataFrame(list(found.values()))
    if frame.empty:
        return frame
    instants = ("opened_at", "ended_at")
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in instants})


def decisions(arrow: ArrowTables, week: Span) -> pd.DataFrame:
    """Who was put in charge, or set aside for seasonal naive, in a span."""
    found = []
    for row in takeovers(arrow.rows(PROMOTIONS)):
        if not week[0] < row["decided_at"] <= week[1]:
            continue
        chosen = (row["champion_model"], row["champion_version"])
        told = {name: row[name] for name in ("series_group", "decided_at", "decided_by", "reason")}
        what = "set aside" if chosen[0] == FALLBACK else "put in charge"
        found.append(told | {"in_charge": " ".join(chosen), "what": what})
    frame = pd.DataFrame(found)
    if frame.empty:
        return frame
    return frame.assign(decided_at=pd.to_datetime(frame["decided_at"], utc=True))


def refused(arrow: ArrowTables, week: Span) -> pd.DataFrame:
    """Records refused in a span, by rule, beside as long a span before."""
    since = week[0] - (week[1] - week[0])
    columns = ["rule", "table", "data_set", "reason", "fetched_at"]
    filters = [("fetched_at", ">", since), ("fetched_at", "<=", week[1])]
    rows: pd.DataFrame = arrow.read(QUARANTINE, columns, filters).to_pandas()
    if rows.empty:
        return rows
    now = rows["fetched_at"] > week[0]
    by = ["rule", "table", "data_set"]
    told = rows[now].groupby(by)["reason"].agg(records="size", example_reason="first")
    before = rows[~now].groupby(by).size().rename("before")
    joined: pd.DataFrame = told.join(before, how="left").fillna({"before": 0}).reset_index()
    return joined


def arrivals(arrow: ArrowTables, catalogue: Catalogue, week: Span) -> pd.DataFrame:
    """Per series the values usually known within a span: due, late, and missing at its end.

    Series from files are left out: they come when a person brings them.
    """
    return pd.DataFrame(list(_arrivals(arrow, catalogue, week)))


def _arrivals(arrow: ArrowTables, catalogue: Catalogue, week: Span) -> Iterator[dict[str, Any]]:
    for name, data_set in catalogue.data_sets.items():
        ids = [s.series_id for s in catalogue.series.values() if s.data_set == name]
        if not ids or data_set.source == "file":
            continue
        usual = data_set.publication_at(week[1])
        first, last = (usual.known_until(moment) for moment in week)
        rows: pd.DataFrame = arrow.read(
            OBSERVATIONS,
            ["series_id", "event_time", "available_at", "resolution_minutes", "value"],
            [
                ("series_id", "in", ids),
                ("event_time", ">=", first - DAY),
                ("event_time", "<", last),
                ("available_at", "<=", week[1]),
            ],
        ).to_pandas()
        rows = rows.dropna(subset="value").sort_values("available_at", kind="stable")
        rows = rows.drop_duplicates(["series_id", "event_time"])
        for series_id in ids:
            own = rows[rows["series_id"] == series_id]
            yield {"series_id": series_id} | _came(own, data_set, week[1], (first, last))


def _came(own: pd.DataFrame, data_set: DataSet, moment: datetime, due_in: Span) -> dict[str, Any]:
    """What of one series came. own: the first vintage of each of its values; due_in: where the
    intervals end that were due, of which the second moment's is the last."""
    minutes = data_set.resolution_at(due_in[1])
    if not own.empty:
        minutes = int(own["resolution_minutes"].mode().max())
    length = timedelta(minutes=minutes)
    ends = pd.date_range(*due_in, freq="min", inclusive="right").floor(f"{minutes}min").unique()
    due = ends[ends > pd.Timestamp(due_in[0])] - length
    inside = own[own["event_time"].isin(due)]
    usual = data_set.publication_at(moment)
    hours = [
        (known - usual.available_at(at.to_pydatetime(), minutes)) / timedelta(hours=1)
        for at, known in zip(inside["event_time"], inside["available_at"], strict=True)
    ]
    late = [one for one in hours if one > usual.grace_hours]
    return {
        "due": len(due),
        "late": len(late),
        "missing": len(due) - len(inside),
        "longest_hours": max(late, default=0.0),
    }
