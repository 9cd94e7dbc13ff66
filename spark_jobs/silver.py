"""Bronze records -> silver observations, actual weather and weather forecasts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F

from lakehouse.catalogue import Catalogue
from lakehouse.spark.local import local_frame
from lakehouse.spark.quality import refused, with_broken_rule
from lakehouse.spark.tables import SparkTables, literal, struct_type
from lakehouse.tables import Table
from lakehouse.tables.bronze import (
    ENERGY_RECORDS,
    LANDINGS,
    QUARANTINE,
    WEATHER_RECORDS,
    WHOLE_BODY,
)
from lakehouse.tables.silver import (
    LOCATIONS,
    OBSERVATION_RULES,
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
    WEATHER_RULES,
)
from lakehouse.time import DAY, as_utc
from spark_jobs.bronze import first_fetch
from spark_jobs.records import energy_candidates, weather_candidates
from spark_jobs.vintages import SIMULATED, vintages, with_first_asked

Landings = Sequence[dict[str, Any]]

#: Answers hold up to a day beside the window that was asked for: whole days, or padded hours.
_AROUND = DAY


@dataclass(frozen=True)
class Observed:
    """A bitemporal table: where its records lie and how they are told apart."""

    table: Table
    records: Table
    data_sets: tuple[str, ...]
    key: tuple[str, ...]
    asked_key: str
    simulated: bool
    candidates: Callable[[DataFrame, Catalogue], DataFrame]


def series_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """silver.series, from the catalogue."""
    return [
        SERIES.row(
            **series.model_dump(include={"series_id", "series_group", "description", "unit"}),
            kind=catalogue.groups[series.series_group].kind,
            timezone=catalogue.groups[series.series_group].timezone,
            resolution_minutes=catalogue.data_sets[series.data_set].resolution_minutes,
            data_set=series.data_set,
            source_key="|".join(series.source_key),
            location_id=series.location_id,
        )
        for series in catalogue.series.values()
    ]


def location_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """silver.locations, from the catalogue."""
    return [LOCATIONS.row(**location.model_dump()) for location in catalogue.locations.values()]


def observation_tables(catalogue: Catalogue) -> tuple[Observed, Observed]:
    """The two bitemporal tables of a catalogue."""
    return (
        Observed(
            OBSERVATIONS,
            ENERGY_RECORDS,
            tuple(catalogue.data_sets),
            ("series_id",),
            "source_key",
            all(d.publication.basis == SIMULATED for d in catalogue.data_sets.values()),
            lambda rows, c: with_broken_rule(energy_candidates(rows, c), OBSERVATION_RULES),
        ),
        Observed(
            WEATHER_OBSERVATIONS,
            WEATHER_RECORDS,
            ("archive",),
            ("location_id", "variable"),
            "location_id",
            catalogue.weather.actual.basis == SIMULATED,
            lambda rows, c: with_broken_rule(weather_candidates(rows, c), WEATHER_RULES),
        ),
    )


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
    fresh = _slim(observed.candidates(_landed(tables.read(observed.records), mine), catalogue))
    fresh = fresh.localCheckpoint()
    counts = _counts(fresh, "event_time")
    written = {"gaps": counts["gaps"]}
    if counts["refused"]:
        written[QUARANTINE.name] = _refuse(tables, fresh, observed.table, mine)
    older = _asked_for_the_same(manifest, mine)
    if older and max(o["fetched_at"] for o in older) >= min(m["fetched_at"] for m in mine):
        inserted = _remake(tables, catalogue, observed, [*older, *mine], _window(mine))
    elif counts["values"]:
        held = _between(tables.read(observed.table), counts["first"], counts["last"])
        # A build that was killed after this write is done again: what it wrote is left out of
        # what was known before, made again, and not inserted again.
        before = held.where(f"recorded_at < {literal(min(m['fetched_at'] for m in mine))}")
        asked = None if observed.simulated else _asked(tables, [*older, *mine])
        new = (
            vintage_rows(_usable(fresh), before, asked, observed)
            .join(held.select(*observed.table.key), on=list(observed.table.key), how="left_anti")
            .localCheckpoint()
        )
        inserted = new.count()
        if inserted:
            tables.append(observed.table, new)
    else:
        inserted = 0
    written[observed.table.name] = inserted
    written["repeats"] = counts["values"] - inserted
    return written


def vintage_rows(
    records: DataFrame, held: DataFrame, landings: DataFrame | None, observed: Observed
) -> DataFrame:
    """Usable records, the vintages held of their event times -> new rows of the table. Pure.

    `landings`: every manifest row whose window covers one of the event times; None where
    publication is simulated and does not depend on who had asked.
    """
    if landings is None:
        asked = records.withColumn("first_asked_at", F.lit(None).cast("timestamp"))
    else:
        asked = with_first_asked(records, landings, observed.asked_key)
    return (
        vintages(asked, held, observed.key)
        .withColumnRenamed("fetched_at", "recorded_at")
        .select(*observed.table.column_names)
    )


def update_weather_forecasts(
    tables: SparkTables, catalogue: Catalogue, pending: Landings
) -> dict[str, int]:
    """Insert the weather forecasts of pending landings, every vintage by its issue time."""
    mine = [row for row in pending if row["data_set"] in ("forecast", "single_runs")]
    if not mine:
        return {}
    records = _landed(tables.read(WEATHER_RECORDS), mine)
    judged = with_broken_rule(weather_candidates(records, catalogue), WEATHER_RULES)
    fresh = _slim(judged).localCheckpoint()
    counts = _counts(fresh, "issue_time")
    written = {"gaps": counts["gaps"], "repeats": counts["values"]}
    if counts["refused"]:
        written[QUARANTINE.name] = _refuse(tables, fresh, WEATHER_FORECASTS, mine)
    if counts["values"]:
        key = [k for k in WEATHER_FORECASTS.key if k != "valid_time"]
        order = Window.partitionBy(*key, "event_time").orderBy("available_at", "landing_id")
        rows = (
            _usable(fresh)
            .withColumn("arrival", F.row_number().over(order))
            .where("arrival = 1")
            .withColumnsRenamed({"event_time": "valid_time", "fetched_at": "recorded_at"})
        )
        inserted = tables.insert_new(
            WEATHER_FORECASTS, rows, since=("issue_time", as_utc(counts["first"]))
        )
        written |= {WEATHER_FORECASTS.name: inserted, "repeats": counts["values"] - inserted}
    return written


def _refuse(tables: SparkTables, fresh: DataFrame, table: Table, mine: Landings) -> int:
    since = ("fetched_at", first_fetch(mine))
    return tables.insert_new(QUARANTINE, refused(fresh, table.name), since)


def _slim(candidates: DataFrame) -> DataFrame:
    """Drops what only the rules needed; the raw record stays with the refused ones."""
    wide = ("fields", "units", "request", "missing_fields", "value_text", "time_text")
    record = F.when(F.col("broken").isNotNull(), F.to_json("fields"))
    return candidates.withColumn("record", record).drop(*wide)


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


def _landed(records: DataFrame, landings: Landings) -> DataFrame:
    return records.where(f"fetched_at >= {literal(first_fetch(landings))}").where(
        F.col("landing_id").isin([row["landing_id"] for row in landings])
    )


def _usable(candidates: DataFrame) -> DataFrame:
    return candidates.where("broken IS NULL AND value IS NOT NULL")


def _asked(tables: SparkTables, landings: Landings) -> DataFrame:
    """The manifest rows, less those that brought nothing readable: we learned nothing by them.

    An empty answer did tell something: that there was no value yet.
    """
    unreadable = tables.read(QUARANTINE).where(
        f"fetched_at >= {literal(first_fetch(landings))} AND record_index = {WHOLE_BODY} "
        "AND rule <> 'not_empty'"
    )
    asked = local_frame(tables.spark, landings, struct_type(LANDINGS))
    return asked.join(unreadable.select("landing_id"), on="landing_id", how="left_anti")


def _window(landings: Landings) -> tuple[datetime, datetime]:
    """The event times that the bodies may hold: what was asked for, and what lies around it."""
    first, last = min(r["window_start"] for r in landings), max(r["window_end"] for r in landings)
    return first - _AROUND, last + _AROUND


def _asked_for_the_same(manifest: Landings, mine: Landings) -> list[dict[str, Any]]:
    """The other landings of the same data sets whose windows overlap those of `mine`."""
    first, last = _window(mine)
    data_sets = {row["data_set"] for row in mine}
    own = {row["landing_id"] for row in mine}
    return [
        row
        for row in manifest
        if row["data_set"] in data_sets
        and row["landing_id"] not in own
        and _window([row])[0] < last
        and _window([row])[1] > first
    ]


def _remake(
    tables: SparkTables,
    catalogue: Catalogue,
    observed: Observed,
    landings: Landings,
    window: tuple[datetime, datetime],
) -> int:
    """Make the vintages of a window anew from all of its records; returns how many are new.

    What changed is written in one commit.
    """
    records = observed.candidates(_landed(tables.read(observed.records), landings), catalogue)
    usable = _between(_usable(records), *window)
    held = _between(tables.read(observed.table), *window)
    columns = observed.table.column_names
    asked = None if observed.simulated else _asked(tables, landings)
    wanted = vintage_rows(usable, held.limit(0), asked, observed)
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
