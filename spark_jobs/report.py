"""The daily report: collects what it says from the tables, and puts the mail in the outbox."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import NEVER, Catalogue
from lakehouse.settings import Settings
from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables import TABLES, Table
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.gold import PROMOTIONS
from lakehouse.tables.preference import ANSWER, NEWEST_TRUTH, order_by
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from lakehouse.tables.watched import DRIFT, QUALITY
from lakehouse.time import DAY, iso
from monitoring import report
from monitoring.content import ReportContent
from spark_jobs.champions import FALLBACK, in_order
from spark_jobs.incidents import open_at
from spark_jobs.known_at import as_of as known_as_of
from spark_jobs.papers import Delivered, Paper, deliver
from spark_jobs.resolution import LONGEST, at_resolution

_IN_CHARGE = ("champion_model", "champion_version")
_DAYS_SHOWN = 15
_DRIFT_DAYS = 21
_SEEN_DAYS = 56
"""The newest judged day is younger than that less those shown: an overdue day is judged, too."""

SIMULATED = (
    "Publication times are simulated by rule: prices 12:45 local time the day before, consumption "
    "9 days after the hour, actual weather 5 days after.",
    "Weather forecasts are simulated from the recorded weather with errors that grow with lead "
    "time: runs at 00, 06, 12 and 18 UTC, public 6 hours later.",
    "The clock is the sample's: it shows the recorded date, not today's.",
)


def run(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    as_of: datetime,
    run_id: str,
) -> Delivered:
    """Build the report as of a moment, write the page, and put the mails in the outbox once."""
    told = content(tables, arrow, catalogue, settings, as_of)
    local = as_of.astimezone(catalogue.schedule.zone)
    paper = Paper("report", iso(as_of), f"{local:%Y-%m-%d %H:%M}", as_of, report.build)
    return deliver(arrow, catalogue, settings, told, paper, run_id)


def content(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    as_of: datetime,
) -> ReportContent:
    """Everything that the report says, as known at a moment."""
    tables.register()
    return ReportContent(
        title="Gridcast report",
        profile=settings.profile,
        as_of=as_of,
        timezone=catalogue.schedule.timezone,
        simulated=SIMULATED if settings.emulated else (),
        accuracy=accuracy(tables),
        daily_errors=frame_of(tables, _DAILY_ERRORS),
        forecasts=_forecasts(tables, as_of),
        drift=newest_days(arrow, DRIFT, as_of, ["data_set", "series_group", "day", "feature"]),
        quality=newest_days(arrow, QUALITY, as_of, ["data_set", "owner", "feature", "day"]),
        incidents=incidents_open(arrow, as_of),
        quarantine=_quarantine(arrow),
        gaps=frame_of(tables, _GAPS),
        freshness=frame_of(tables, _FRESHNESS),
        tables=pd.DataFrame([{"table": t.name, "rows": arrow.count(t)} for t in TABLES]),
        champions=champions(arrow, catalogue),
    )


def accuracy(tables: SparkTables) -> pd.DataFrame:
    """gold.performance of the live forecasts, one row per series and model."""
    return frame_of(
        tables,
        "SELECT * FROM gold.performance WHERE run_kind = 'live' "
        "ORDER BY series_id, forecast_source",
    )


def frame_of(tables: SparkTables, query: str) -> pd.DataFrame:
    """The rows of a query; times carry UTC."""
    frame: pd.DataFrame = tables.spark.sql(query).toArrow().to_pandas()
    return frame


_DAILY_ERRORS = f"""
    SELECT series_id, model_name, target_day, sum(sum_abs) / sum(n) AS mae FROM (
      SELECT *, row_number() OVER (
          PARTITION BY series_id, model_name, target_day, horizon_band
          ORDER BY {order_by((*NEWEST_TRUTH, *ANSWER))}) AS age
      FROM gold.forecast_errors WHERE run_kind = 'live')
    WHERE age = 1 GROUP BY ALL ORDER BY ALL"""

_GAPS = """
    SELECT series_id, coalesce(bigint(sum(missing)), 0L) AS gaps
    FROM (SELECT DISTINCT series_id FROM silver.observations)
    LEFT JOIN gold.gaps USING (series_id)
    GROUP BY series_id ORDER BY series_id"""

_FRESHNESS = """
    SELECT series_id, max(event_time) AS newest_event_time,
           max(available_at) AS newest_available_at
    FROM silver.observations GROUP BY series_id ORDER BY series_id"""


def _forecasts(tables: SparkTables, as_of: datetime) -> pd.DataFrame:
    first = as_of - timedelta(days=_DAYS_SHOWN)
    _truth(tables, first - LONGEST).createOrReplaceTempView("truth_of_report")
    since = literal(first)
    return frame_of(
        tables,
        f"""
        WITH naive AS (
          SELECT series_id, valid_time, max_by(q50, forecast_origin) AS naive
          FROM gold.forecasts WHERE model_name = 'seasonal_naive' AND run_kind = 'live'
          GROUP BY ALL)
        SELECT f.series_id, f.unit, f.valid_time, q05, q10, q25, q50, q75, q90, q95, truth, naive
        FROM gold.forecast_latest f
        LEFT JOIN truth_of_report USING (series_id, valid_time)
        LEFT JOIN naive USING (series_id, valid_time)
        WHERE f.valid_time >= {since}
        ORDER BY series_id, valid_time""",
    )


def _truth(tables: SparkTables, first: datetime) -> DataFrame:
    """The newest values in intervals as long as those that are forecast."""
    about = tables.read(SERIES).select(
        "series_id", "kind", F.col("resolution_minutes").alias("wanted_minutes")
    )
    newest = known_as_of(
        tables.read(OBSERVATIONS).where(f"event_time >= {literal(first)}"), F.lit(NEVER)
    )
    known = newest.join(F.broadcast(about), on="series_id", how="inner")
    return at_resolution(known, F.col("wanted_minutes")).select(
        "series_id", F.col("event_time").alias("valid_time"), F.col("value").alias("truth")
    )


def newest_days(
    arrow: ArrowTables, table: Table, as_of: datetime, key: Sequence[str]
) -> pd.DataFrame:
    """The findings of the newest days judged by a moment; of a day's revisions the newest."""
    since = as_of.date() - _SEEN_DAYS * DAY
    judged = [("day", ">=", since), ("as_of", "<=", as_of)]
    frame: pd.DataFrame = arrow.read(table, filters=judged).to_pandas()
    if frame.empty:
        return frame
    frame = frame.loc[frame["day"] > frame["day"].max() - timedelta(days=_DRIFT_DAYS)]
    return frame.sort_values("as_of", kind="stable").drop_duplicates(key, keep="last")


def incidents_open(arrow: ArrowTables, as_of: datetime) -> pd.DataFrame:
    """What needs a person at a moment, the oldest first."""
    columns = ["incident_id", "kind", "about", "at", "reason"]
    rows = sorted(open_at(arrow, as_of).values(), key=lambda row: (row["at"], row["about"]))
    return pd.DataFrame(rows, columns=columns)


def _quarantine(arrow: ArrowTables) -> pd.DataFrame:
    columns = ["rule", "table", "data_set", "reason"]
    frame: pd.DataFrame = arrow.read(QUARANTINE, columns).to_pandas()
    if frame.empty:
        return pd.DataFrame()
    return (
        frame.groupby(["rule", "table", "data_set"])["reason"]
        .agg(records="size", example_reason="first")
        .reset_index()
    )


def champions(arrow: ArrowTables, catalogue: Catalogue) -> pd.DataFrame:
    """Who is in charge of each group, by the decision that put it there; seasonal naive by the
    newest one, which says why nobody took over."""
    told: dict[str, dict[str, Any]] = {}
    for row in in_order(arrow.rows(PROMOTIONS)):
        before = told.get(row["series_group"])
        stays = before and all(row[name] == before[name] for name in _IN_CHARGE)
        if not stays or row["champion_model"] == FALLBACK:
            told[row["series_group"]] = row
    return pd.DataFrame(
        [
            {
                "series_group": group,
                "model_name": told[group]["champion_model"],
                "model_version": told[group]["champion_version"],
                "decided_at": told[group]["decided_at"],
                "reason": told[group]["reason"],
            }
            for group in catalogue.groups
            if group in told
        ]
    )
