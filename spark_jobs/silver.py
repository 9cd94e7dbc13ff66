"""Bronze records -> silver observations, actual weather and weather forecasts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F

from lakehouse.catalogue import Catalogue
from lakehouse.spark.quality import refused, with_broken_rule
from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables import Table
from lakehouse.tables.bronze import QUARANTINE, WEATHER_RECORDS
from lakehouse.tables.silver import WEATHER_FORECASTS, WEATHER_RULES
from lakehouse.time import as_utc
from sources.open_meteo import FORECAST, PREVIOUS_RUNS, SINGLE_RUNS
from spark_jobs.asked import (
    asked_before,
    asked_for_the_same,
    comes_late,
    data_sets_of,
    readable,
    window,
)
from spark_jobs.bronze import first_fetch, is_bulk, refuse
from spark_jobs.observed import Observed, judged_candidates, slim
from spark_jobs.records import with_conflicts
from spark_jobs.vintages import vintages, with_first_asked
from spark_jobs.weather_records import weather_candidates

Landings = Sequence[dict[str, Any]]

_WEATHER_KEY = ("location_id", "variable", "days_before")
FORECAST_DATA_SETS = (FORECAST, SINGLE_RUNS, PREVIOUS_RUNS)


def update_observations(
    tables: SparkTables,
    catalogue: Catalogue,
    observed: Observed,
    pending: Landings,
    manifest: Landings,
) -> dict[str, int]:
    """Bring the records of pending landings into one bitemporal table.

    Landings that come in the order in which they were fetched only add vintages. Where one
    comes late, the event times that it asked for are made anew from all of their records.

    Returns rows written per table, and `repeats` and `gaps` met in the new records.
    """
    mine = [row for row in pending if row["data_set"] in observed.data_sets]
    if not mine:
        return {}
    records = landed(tables.read(observed.records), mine)
    candidates = observed.candidates(records, catalogue, data_sets_of(mine))
    fresh, alone = judged_candidates(candidates, observed, is_bulk(mine))
    counts = _counts(fresh, "event_time")
    written = {"gaps": counts["gaps"]}
    if counts["refused"]:
        written[QUARANTINE.name] = refuse(tables, refused(fresh, observed.table.name), mine)
    older = asked_for_the_same(catalogue, observed, manifest, mine)
    if comes_late(older, mine):
        span = window(mine)
        if counts["values"]:  # a body may hold more than it was asked for
            span = (
                min(span[0], as_utc(counts["first"])),
                max(span[1], as_utc(counts["last"])),
            )
        inserted = _remake(tables, catalogue, observed, [*older, *mine], span)
    elif counts["values"]:
        span = (as_utc(counts["first"]), as_utc(counts["last"]))
        asked = asked_before(tables, observed, older, mine)
        inserted = _insert(tables, observed, usable(fresh), span, asked, alone, mine)
    else:
        inserted = 0
    written[observed.table.name] = inserted
    written["repeats"] = counts["values"] - inserted
    return written


def _insert(
    tables: SparkTables,
    observed: Observed,
    records: DataFrame,
    span: tuple[datetime, datetime],
    asked: DataFrame | None,
    alone: bool,
    mine: Landings,
) -> int:
    """Add the vintages of records that were fetched after all that is held; returns how many."""
    held = held_within(tables, observed.table, span)
    new = new_vintages(records, held, asked, observed, mine, alone)
    if alone and held is None:
        tables.append(observed.table, new)
        return records.count()
    new = new.localCheckpoint()
    inserted = new.count()
    if inserted:
        tables.append(observed.table, new)
    return inserted


def held_within(
    tables: SparkTables, table: Table, span: tuple[datetime, datetime]
) -> DataFrame | None:
    """What a table holds of some event times; None where that is nothing."""
    if not tables.count(table, [("event_time", ">=", span[0]), ("event_time", "<=", span[1])]):
        return None
    return _between(tables.read(table), *span)


def new_vintages(
    records: DataFrame,
    held: DataFrame | None,
    asked: DataFrame | None,
    observed: Observed,
    mine: Landings,
    alone: bool = False,
) -> DataFrame:
    """The vintages of usable records that are not held; all were fetched after what is held."""
    if held is None:
        return vintage_rows(records, None, asked, observed, alone)
    # A build that was killed after its write is done again: what it wrote is left out of what
    # was known before, made again, and not inserted again.
    before = held.where(f"recorded_at < {literal(first_fetch(mine))}")
    key = list(observed.table.key)
    new = vintage_rows(records, before, asked, observed, alone)
    return new.join(held.select(*key), on=key, how="left_anti")


def vintage_rows(
    records: DataFrame,
    held: DataFrame | None,
    landings: DataFrame | None,
    observed: Observed,
    alone: bool = False,
) -> DataFrame:
    """Usable records, the vintages held of their event times -> new rows of the table. Pure.

    `landings`: every manifest row whose window covers one of the event times; None where nobody
    had asked before, or where publication is simulated and does not depend on it.
    """
    if landings is None:
        asked = records.withColumn("first_asked_at", F.lit(None).cast("timestamp"))
    else:
        asked = with_first_asked(records, landings, observed.asked_key)
    return (
        vintages(asked, held, observed.key, alone)
        .withColumnRenamed("fetched_at", "recorded_at")
        .select(*observed.table.column_names)
    )


def update_weather_forecasts(
    tables: SparkTables, catalogue: Catalogue, pending: Landings
) -> dict[str, int]:
    """Insert the weather forecasts of pending landings, every vintage by its issue time."""
    mine = [row for row in pending if row["data_set"] in FORECAST_DATA_SETS]
    if not mine:
        return {}
    records = landed(tables.read(WEATHER_RECORDS), mine)
    candidates = weather_candidates(records, catalogue, data_sets_of(mine))
    together = with_conflicts(candidates, _WEATHER_KEY)
    fresh = slim(with_broken_rule(together, WEATHER_RULES)).localCheckpoint()
    counts = _counts(fresh, "issue_time")
    written = {"gaps": counts["gaps"], "repeats": counts["values"]}
    if counts["refused"]:
        written[QUARANTINE.name] = refuse(tables, refused(fresh, WEATHER_FORECASTS.name), mine)
    if counts["values"]:
        key = [k for k in WEATHER_FORECASTS.key if k != "valid_time"]
        order = Window.partitionBy(*key, "event_time").orderBy("available_at", "landing_id")
        rows = (
            usable(fresh)
            .withColumn("arrival", F.row_number().over(order))
            .where("arrival = 1")
            .withColumnsRenamed({"event_time": "valid_time", "fetched_at": "recorded_at"})
        )
        inserted = tables.insert_new(
            WEATHER_FORECASTS, rows, since=("issue_time", as_utc(counts["first"]))
        )
        written |= {WEATHER_FORECASTS.name: inserted, "repeats": counts["values"] - inserted}
    return written


def _counts(fresh: DataFrame, time_column: str) -> Row:
    counts = fresh.agg(
        F.min(time_column).alias("first"),
        F.max(time_column).alias("last"),
        F.expr("count_if(broken IS NULL AND value IS NULL)").alias("gaps"),
        F.expr("count_if(broken IS NULL AND value IS NOT NULL)").alias("values"),
        F.expr("count_if(broken IS NOT NULL)").alias("refused"),
    ).first()
    assert counts is not None
    return counts


def landed(records: DataFrame, landings: Landings) -> DataFrame:
    """The records of some landings."""
    return records.where(f"fetched_at >= {literal(first_fetch(landings))}").where(
        F.col("landing_id").isin([row["landing_id"] for row in landings])
    )


def usable(candidates: DataFrame) -> DataFrame:
    """Those that break no rule and have a value."""
    return candidates.where("broken IS NULL AND value IS NOT NULL")


def _remake(
    tables: SparkTables,
    catalogue: Catalogue,
    observed: Observed,
    landings: Landings,
    span: tuple[datetime, datetime],
) -> int:
    """Make the vintages of a time anew from all of its records; returns how many are new.

    What changed is written in one commit.
    """
    records = landed(tables.read(observed.records), landings)
    candidates = observed.candidates(records, catalogue, data_sets_of(landings))
    judged = with_broken_rule(with_conflicts(candidates, observed.key), observed.rules)
    records = _between(usable(judged), *span)
    held = _between(tables.read(observed.table), *span)
    if "series_id" in observed.key:
        # What other data sets gave is not among these records, and stays.
        names = data_sets_of(landings)
        mine = {series.series_id for name in names for _, series in catalogue.feeds_of(name)}
        held = held.where(F.col("series_id").isin(mine))
    columns = observed.table.column_names
    asked = None if observed.simulated else readable(tables, landings)
    wanted = vintage_rows(records, None, asked, observed)
    change = (
        wanted.withColumn("side", F.lit(1))
        .unionByName(held.withColumn("side", F.lit(-1)))
        .groupBy(*columns)
        .agg(F.sum("side").alias("side"))
        .where("side <> 0")
        .localCheckpoint()
    )
    new = change.where("side > 0")
    gone = change.where("side < 0").join(new, on=list(observed.table.key), how="left_anti")
    tables.replace_keys(observed.table, new, gone)
    return new.count()


def _between(rows: DataFrame, first: datetime, last: datetime) -> DataFrame:
    return rows.where(f"event_time >= {literal(first)} AND event_time <= {literal(last)}")
