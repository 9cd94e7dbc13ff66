"""The weekly report: collects a week from the tables, and puts its mails in the outbox once."""

from datetime import date, datetime

import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables.gold import RUNS
from lakehouse.tables.watched import DRIFT
from lakehouse.time import DAY, HOUR, day_start, local_day
from monitoring import weekly, wording
from monitoring.weekly_content import WeeklyContent
from spark_jobs.papers import Delivered, Paper, deliver, is_delivered
from spark_jobs.report import SIMULATED, frame_of, incidents_open, newest_days
from spark_jobs.weekly_events import Span, arrivals, decisions, happened, refused
from spark_jobs.weekly_scores import scores

_DAYS = 7
_BEFORE = 28 * DAY
_LEADS = 16 * DAY
"""No weather forecast reaches further."""


def run(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    as_of: datetime,
    run_id: str,
    asked: bool = False,
) -> Delivered | None:
    """At the first run since a local Monday began: the report of the seven local days before it.
    Where it is asked for, that of the seven days before today.

    There is one for each last day: a second run sends nothing again. Returns None where none is
    due; none is due of a week before the first report.
    """
    zone = catalogue.schedule.zone
    today = local_day(as_of, zone)
    after = today if asked else today - today.weekday() * DAY
    last = after - DAY
    about = f"week to {wording.day(last)}"
    paper = Paper("weekly", last.isoformat(), about, as_of, weekly.build)
    if not asked:
        if is_delivered(arrow, catalogue, settings, paper):
            return None
        if today != after and not _reported_before(arrow, day_start(after, zone)):
            return None
    told = content(tables, arrow, catalogue, settings, as_of, last)
    return deliver(arrow, catalogue, settings, told, paper, run_id)


def _reported_before(arrow: ArrowTables, moment: datetime) -> bool:
    earlier = [("step", "=", "report"), ("run_kind", "=", "live"), ("as_of", "<", moment)]
    return bool(arrow.read(RUNS, ["step"], earlier).num_rows)


def content(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    as_of: datetime,
    last: date,
) -> WeeklyContent:
    """Everything that the weekly report says of the week to a local day, as known at a moment."""
    tables.register()
    zone = catalogue.schedule.zone
    first = last - (_DAYS - 1) * DAY
    week = (day_start(first, zone), day_start(last + DAY, zone))
    found = scores(arrow, last, as_of)
    return WeeklyContent(
        title="Gridcast weekly report",
        profile=settings.profile,
        as_of=as_of,
        timezone=catalogue.schedule.timezone,
        simulated=SIMULATED if settings.emulated else (),
        first_day=first,
        last_day=last,
        accuracy=found.accuracy,
        daily_errors=found.daily_errors,
        intervals=found.intervals,
        answers=_answers(tables, catalogue, first, last),
        incidents=incidents_open(arrow, as_of),
        happened=happened(arrow, week),
        decisions=decisions(arrow, week),
        drift=_drift(arrow, as_of),
        quarantine=refused(arrow, week),
        weather=_weather(tables, week),
        arrivals=arrivals(arrow, catalogue, week),
    )


def _answers(tables: SparkTables, catalogue: Catalogue, first: date, last: date) -> pd.DataFrame:
    """gold.answers of the origins of the week, each group's by its own days."""
    zones = {name: group.zone for name, group in catalogue.groups.items()}
    since = min(day_start(first, zone) for zone in zones.values())
    until = max(day_start(last + DAY, zone) for zone in zones.values())
    rows = frame_of(
        tables,
        "SELECT * FROM gold.answers "
        f"WHERE forecast_origin >= {literal(since)} AND forecast_origin < {literal(until)}",
    )
    found = []
    for group, zone in zones.items():
        days = rows["forecast_origin"].dt.tz_convert(zone).dt.date
        own = rows[(rows["series_group"] == group) & (days >= first) & (days <= last)]
        counts = {name: int(own[name].sum()) for name in ("by_champion", "by_stand_in", "by_naive")}
        about = {"series_group": group, "expected": (last - first).days + 1, "origins": len(own)}
        found.append(about | counts)
    return pd.DataFrame(found)


def _drift(arrow: ArrowTables, as_of: datetime) -> pd.DataFrame:
    """Verdicts of the newest seven judged days of each data set and group."""
    key = ["data_set", "series_group", "day", "feature"]
    rows = newest_days(arrow, DRIFT, as_of, key)
    if rows.empty:
        return rows
    newest = pd.to_datetime(rows.groupby(key[:2])["day"].transform("max"))
    return rows[(newest - pd.to_datetime(rows["day"])).dt.days < _DAYS]


def _weather(tables: SparkTables, week: Span) -> pd.DataFrame:
    """gold.weather_performance of the newest seven days of actual weather, and of the 28 before.

    The view is about all days; here the days are bound, so that cost follows the newest.
    """
    since = week[0] - _BEFORE - 28 * DAY
    return frame_of(
        tables,
        f"""
        WITH actual AS (
          SELECT location_id, variable, event_time AS valid_time,
                 max_by(value, available_at) AS actual
          FROM silver.weather_observations
          WHERE event_time >= {literal(since)} AND available_at <= {literal(week[1])}
          GROUP BY ALL),
        placed AS (
          SELECT *, (unix_seconds(max(valid_time) OVER (PARTITION BY location_id))
                     - unix_seconds(valid_time)) / {HOUR.total_seconds()} AS hours_ago
          FROM actual WHERE actual IS NOT NULL)
        SELECT f.location_id, f.variable, max(f.unit) AS unit,
               int(floor((unix_seconds(f.valid_time) - unix_seconds(f.issue_time)) / 86400))
                 AS lead_day,
               count_if(hours_ago < 168) AS n,
               avg(abs(f.value - actual)) FILTER (WHERE hours_ago < 168) AS mae,
               avg(f.value - actual) FILTER (WHERE hours_ago < 168) AS bias,
               avg(abs(f.value - actual)) FILTER (WHERE hours_ago >= 168) AS before_mae
        FROM silver.weather_forecasts f JOIN placed a USING (location_id, variable, valid_time)
        WHERE f.issue_time >= {literal(since - _LEADS)} AND f.value IS NOT NULL
          AND hours_ago < 840
        GROUP BY ALL HAVING n > 0""",
    )
