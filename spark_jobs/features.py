"""The one point-in-time door: what a model may see at a forecast origin.

Training and daily scoring both come through `samples`. Silver is sliced by what was known at the
origin (`spark_jobs.known_at`); truth is joined at the caller's own `truth_as_of`. Values are in
intervals as they came until a model, or truth, wants them at its group's resolution.
"""

from datetime import date, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.spark.local import local_frame
from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables import Table
from lakehouse.tables.gold import FEATURES
from lakehouse.tables.silver import (
    COVARIATES,
    OBSERVATIONS,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.time import HOUR
from spark_jobs.known_at import (
    PLACE,
    PLACE_AHEAD,
    SAMPLE,
    as_of,
    covariates_known_at,
    past_values,
    past_weather,
    truth_vintages,
    weather_known_at,
)
from spark_jobs.origins import SCHEMA, origin_rows, origins_between
from spark_jobs.resolution import LONGEST, at_resolution

FEATURE_VERSION = "1"
CALENDAR = ("local_hour", "weekday", "day_of_year", "is_holiday")


def inputs(catalogue: Catalogue) -> tuple[Table, ...]:
    """The tables that samples are made from."""
    read = (OBSERVATIONS, WEATHER_OBSERVATIONS, WEATHER_FORECASTS)
    return (*read, COVARIATES) if any(g.covariates for g in catalogue.groups.values()) else read


def training_set(
    tables: SparkTables,
    catalogue: Catalogue,
    series_group: str,
    first: date,
    last: date,
    as_of: datetime,
) -> DataFrame:
    """Samples with truth of a group's target days `first` to `last`, as known at `as_of`, and with
    every vintage of it until then: what was the truth at any origin follows from them."""
    origins = origins_between(catalogue.groups[series_group], first, last, as_of)
    issued = [(series_group, origin) for origin in origins]
    seen = samples_at(tables, catalogue, issued, truth_as_of=as_of)
    asked = local_frame(tables.spark, origin_rows(catalogue, issued), SCHEMA)
    vintages = truth_vintages(asked, tables.read(OBSERVATIONS), as_of)
    return seen.join(vintages, on=SAMPLE, how="left")


def samples_at(
    tables: SparkTables,
    catalogue: Catalogue,
    issued: list[tuple[str, datetime]],
    truth_as_of: datetime | None = None,
) -> DataFrame:
    """Samples of (group, origin) pairs, one row per series and origin.

    Only the event times that the samples can use are read, and covariates only where a group asked
    for has some.
    """
    rows = origin_rows(catalogue, issued)
    origins = local_frame(tables.spark, rows, SCHEMA)
    past = min((row["past_start"] for row in rows), default=catalogue.history_start) - LONGEST
    first = min((row["target_start"] for row in rows), default=catalogue.history_start)
    last = max((row["target_time"][-1] for row in rows), default=catalogue.history_start)
    observations = _between(tables.read(OBSERVATIONS), "event_time", past, last + HOUR)
    weather = _between(tables.read(WEATHER_OBSERVATIONS), "event_time", past, last + HOUR)
    forecasts = _between(tables.read(WEATHER_FORECASTS), "valid_time", first - HOUR, last + HOUR)
    seen = samples(origins, observations, weather, forecasts)
    if any(row["covariates"] for row in rows):
        covariates = _between(tables.read(COVARIATES), "event_time", past, last + HOUR)
        seen = seen.join(covariates_known_at(origins, covariates), on=SAMPLE, how="left")
    if truth_as_of is None:
        return seen
    return with_truth(seen, origins, observations, truth_as_of)


def samples(
    origins: DataFrame, observations: DataFrame, weather: DataFrame, forecasts: DataFrame
) -> DataFrame:
    """What each series may see at each origin. Pure.

    Past values come as three lists, `past_minutes` (from past_start), `past_length` (minutes) and
    `past_value`, of the known intervals only; past weather likewise, in hours. Forecast weather
    comes parallel to target_time. A series without a location has none.
    """
    return (
        origins.join(past_values(origins, observations), on=SAMPLE, how="left")
        .join(past_weather(origins, weather), on=PLACE, how="left")
        .join(weather_known_at(origins, forecasts), on=PLACE_AHEAD, how="left")
    )


def with_truth(
    seen: DataFrame, origins: DataFrame, observations: DataFrame, truth_as_of: datetime
) -> DataFrame:
    """Adds `target`, parallel to target_time: the truth as known at `truth_as_of`, or null."""
    about = origins.select(
        "series_id", "kind", F.col("resolution_minutes").alias("minutes")
    ).distinct()
    known = as_of(observations, F.lit(truth_as_of)).join(
        F.broadcast(about), on="series_id", how="inner"
    )
    values = at_resolution(known, F.col("minutes")).select("series_id", "event_time", "value")
    truth = (
        origins.select(*SAMPLE, F.posexplode("target_time").alias("place", "event_time"))
        .join(values, on=["series_id", "event_time"], how="left")
        .groupBy(*SAMPLE)
        .agg(F.array_sort(F.collect_list(F.struct("place", "value"))).alias("truth"))
        .select(*SAMPLE, F.expr("transform(truth, t -> t.value)").alias("target"))
    )
    return seen.join(truth, on=SAMPLE, how="left")


def feature_rows(seen: DataFrame) -> DataFrame:
    """Samples -> gold.features, one row per target interval."""
    nothing = "transform(target_time, t -> CAST(NULL AS double))"
    known = {v: F.coalesce(F.col(v), F.expr(nothing)) for v in WEATHER_VARIABLES}
    arrays = [*CALENDAR, *WEATHER_VARIABLES]
    per_interval = F.arrays_zip(F.col("target_time").alias("valid_time"), *arrays)
    rows = (
        seen.withColumns(known)
        .withColumn("interval", F.explode(per_interval))
        .drop(*arrays, "covariates")
        .select("*", "interval.*")
    )
    none = F.expr("CAST(map() AS map<string,double>)")
    if "covariate_value" in seen.columns:
        ahead = _covariates_ahead(seen)
        rows = rows.join(ahead, on=[*SAMPLE, "valid_time"], how="left")
        covariates = F.coalesce("covariates", none)
    else:
        covariates = none
    return rows.withColumns(
        {
            "feature_version": F.lit(FEATURE_VERSION),
            "covariates": covariates,
            "horizon_hours": F.expr(
                "(unix_seconds(valid_time) - unix_seconds(forecast_origin)) / 3600.0D"
            ),
        }
    ).select(*FEATURES.column_names)


def _covariates_ahead(seen: DataFrame) -> DataFrame:
    """Per sample and target interval the known covariates, by name."""
    lists = ("place", "minutes", "length", "value")
    one = F.explode(F.arrays_zip(*(F.col(f"covariate_{part}").alias(part) for part in lists)))
    times = F.expr("timestamp_seconds(unix_seconds(past_start) + c.minutes * 60)")
    rows = seen.withColumn("c", one).select(
        *SAMPLE,
        F.expr("element_at(covariates, c.place)").alias("name"),
        F.col("resolution_minutes").alias("minutes"),
        F.col("c.length").alias("resolution_minutes"),
        F.col("c.value").alias("value"),
        F.lit("price").alias("kind"),
        times.alias("event_time"),
        F.col("forecast_origin").alias("available_at"),
        "target_start",
    )
    ends = "unix_seconds(event_time) + 60 * resolution_minutes"
    recent = rows.where(f"{ends} > unix_seconds(target_start)")
    named = F.array_sort(F.collect_list(F.struct("name", "value")))
    return (
        at_resolution(recent, F.col("minutes"), key=[*SAMPLE, "name"])
        .groupBy(*SAMPLE, F.col("event_time").alias("valid_time"))
        .agg(F.map_from_entries(named).alias("covariates"))
    )


def _between(rows: DataFrame, column: str, first: datetime, end: datetime) -> DataFrame:
    return rows.where(f"{column} >= {literal(first)} AND {column} < {literal(end)}")
