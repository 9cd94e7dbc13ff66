"""The one point-in-time door: what a model may see at a forecast origin.

Training and daily scoring both come through `samples`. Silver is sliced by
`available_at <= forecast_origin < superseded_at`; of weather forecasts the newest vintage that
the origin could have is taken; truth is joined at the caller's own `truth_as_of`.
"""

from collections.abc import Sequence
from datetime import date, datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.spark.local import local_frame
from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables.gold import FEATURES
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import HOUR
from spark_jobs.origins import SCHEMA, origin_rows, origins_between

FEATURE_VERSION = "1"
#: What `hour_value` must know of an interval.
INTERVAL = ("kind", "resolution_minutes")
CALENDAR = ("local_hour", "weekday", "day_of_year", "is_holiday")


def training_set(
    tables: SparkTables,
    catalogue: Catalogue,
    series_group: str,
    first: date,
    last: date,
    as_of: datetime,
) -> DataFrame:
    """Samples with truth of a group's target days `first` to `last`, as known at `as_of`."""
    origins = origins_between(catalogue.groups[series_group], first, last, as_of)
    return samples_at(tables, catalogue, [(series_group, o) for o in origins], truth_as_of=as_of)


def samples_at(
    tables: SparkTables,
    catalogue: Catalogue,
    issued: list[tuple[str, datetime]],
    truth_as_of: datetime | None = None,
) -> DataFrame:
    """Samples of (group, origin) pairs, one row per series and origin.

    Only the event times that the samples can use are read.
    """
    rows = origin_rows(catalogue, issued)
    origins = local_frame(tables.spark, rows, SCHEMA)
    past = min((row["past_start"] for row in rows), default=catalogue.history_start)
    first = min((row["target_start"] for row in rows), default=catalogue.history_start)
    last = max((row["target_time"][-1] for row in rows), default=catalogue.history_start)
    observations = _between(tables.read(OBSERVATIONS), "event_time", past, last + HOUR)
    weather = _between(tables.read(WEATHER_OBSERVATIONS), "event_time", past, last + HOUR)
    forecasts = _between(tables.read(WEATHER_FORECASTS), "valid_time", first, last + HOUR)
    seen = samples(origins, observations, weather, forecasts)
    if truth_as_of is None:
        return seen
    return with_truth(seen, origins, observations, truth_as_of)


def samples(
    origins: DataFrame, observations: DataFrame, weather: DataFrame, forecasts: DataFrame
) -> DataFrame:
    """What each series may see at each origin. Pure.

    Past values come as two lists, `past_minutes` (from past_start) and `past_value`, of the known
    intervals only; past weather likewise. Forecast weather comes parallel to target_time.
    """
    return (
        origins.join(past_values(origins, observations), on=_SAMPLE, how="left")
        .join(past_weather(origins, weather), on=_PLACE, how="left")
        .join(weather_known_at(origins, forecasts), on=_PLACE, how="left")
    )


def with_truth(
    seen: DataFrame, origins: DataFrame, observations: DataFrame, truth_as_of: datetime
) -> DataFrame:
    """Adds `target`, parallel to target_time: the truth as known at `truth_as_of`, or null."""
    hours = origins.select(
        "series_id", "forecast_origin", "resolution_minutes", "kind",
        F.posexplode("target_time").alias("place", "hour"),
    )  # fmt: skip
    known = as_of(observations, F.lit(truth_as_of)).select(
        "series_id", "value", F.date_trunc("hour", "event_time").alias("hour")
    )
    truth = (
        hours.join(known, on=["series_id", "hour"], how="left")
        .groupBy(*_SAMPLE, "place", *INTERVAL)
        .agg(hour_value())
        .groupBy(*_SAMPLE)
        .agg(F.array_sort(F.collect_list(F.struct("place", "value"))).alias("truth"))
        .select(*_SAMPLE, F.expr("transform(truth, t -> t.value)").alias("target"))
    )
    return seen.join(truth, on=_SAMPLE, how="left")


def as_of(vintages: DataFrame, instant: Column) -> DataFrame:
    """Of each event time the newest vintage with `available_at <= instant`."""
    order = Window.partitionBy("series_id", "event_time").orderBy(F.desc("available_at"))
    known = vintages.where(F.col("available_at") <= instant)
    return known.withColumn("age", F.row_number().over(order)).where("age = 1").drop("age")


def with_superseded_at(vintages: DataFrame, *key: str) -> DataFrame:
    """Adds when the next vintage of the same event time became known; null for the newest."""
    order = Window.partitionBy(*key, "event_time").orderBy("available_at")
    return vintages.withColumn("superseded_at", F.lead("available_at").over(order))


def past_values(origins: DataFrame, observations: DataFrame) -> DataFrame:
    """Per series and origin the known intervals of the past grid, and the newest event time known.

    A vintage that is about a time after the origin (a published price of tomorrow) counts too:
    what matters is when it became known.
    """
    days = _days(with_superseded_at(observations, "series_id"), ["series_id"], ["value"])
    wanted = origins.select(*_SAMPLE, "past_start", "target_start")
    return _known_of(wanted, days, _SAMPLE, "series_id").select(
        *_SAMPLE,
        F.expr("array_max(known.event_time)").alias("history_end"),
        _minutes().alias("past_minutes"),
        F.col("known.value").alias("past_value"),
    )


def past_weather(origins: DataFrame, weather: DataFrame) -> DataFrame:
    """Per location and origin the actual weather known of the past grid."""
    wide = (
        with_superseded_at(weather, "location_id", "variable")
        .groupBy("location_id", "event_time", "available_at", "superseded_at")
        .agg(*(F.max(F.expr(f"CASE variable WHEN '{v}' THEN value END")).alias(v)
               for v in WEATHER_VARIABLES))
    )  # fmt: skip
    days = _days(wide, ["location_id"], WEATHER_VARIABLES)
    wanted = origins.select(*_PLACE, "target_start").distinct()
    return _known_of(wanted, days, ["location_id", "forecast_origin"], "location_id").select(
        *_PLACE,
        _minutes().alias("weather_minutes"),
        *(F.col(f"known.{v}").alias(f"past_{v}") for v in WEATHER_VARIABLES),
    )


def weather_known_at(origins: DataFrame, forecasts: DataFrame) -> DataFrame:
    """Per location and origin the newest forecast of each target hour that the origin had.

    Arrays are parallel to target_time; null where no forecast was known.
    """
    vintage = F.struct("available_at", "issue_time", "variable", "value")
    per_hour = forecasts.groupBy("location_id", "valid_time").agg(
        F.collect_list(vintage).alias("vintages")
    )
    known = "filter(vintages, v -> v.available_at <= forecast_origin)"
    newest = (
        "array_max(transform(filter(known, v -> v.variable = '{}'), "
        "v -> struct(v.available_at, v.issue_time, v.value))) AS {}"
    )
    return (
        origins.select(*_PLACE, "target_time")
        .distinct()
        .select(*_PLACE, F.posexplode("target_time").alias("place", "valid_time"))
        .join(per_hour, on=["location_id", "valid_time"], how="left")
        .select(*_PLACE, "place", F.expr(known).alias("known"))
        .select(*_PLACE, "place", *(F.expr(newest.format(v, v)) for v in WEATHER_VARIABLES))
        .groupBy(*_PLACE)
        .agg(F.array_sort(F.collect_list(F.struct("place", *WEATHER_VARIABLES))).alias("ahead"))
        .select(
            *_PLACE,
            F.expr(f"array_min(transform(ahead, a -> {_NEWEST_ISSUE}))").alias(
                "weather_issue_time"
            ),
            *(F.col(f"ahead.{v}.value").alias(v) for v in WEATHER_VARIABLES),
        )
    )


def feature_rows(seen: DataFrame) -> DataFrame:
    """Samples -> gold.features, one row per target hour."""
    arrays = [*CALENDAR, *WEATHER_VARIABLES]
    per_hour = F.arrays_zip(F.col("target_time").alias("valid_time"), *arrays)
    return (
        seen.withColumn("hour", F.explode(per_hour))
        .drop(*arrays)
        .select("*", "hour.*")
        .withColumns(
            {
                "feature_version": F.lit(FEATURE_VERSION),
                "horizon_hours": F.expr(
                    "(unix_seconds(valid_time) - unix_seconds(forecast_origin)) / 3600.0D"
                ),
            }
        )
        .select(*FEATURES.column_names)
    )


_SAMPLE = ["series_id", "forecast_origin"]
_PLACE = ["location_id", "forecast_origin", "past_start"]
_NEWEST_ISSUE = f"greatest({', '.join(f'a.{v}.issue_time' for v in WEATHER_VARIABLES)})"
_KNOWN_AT_ORIGIN = (
    "v.event_time >= past_start AND v.event_time < target_start "
    "AND v.available_at <= forecast_origin "
    "AND (v.superseded_at IS NULL OR forecast_origin < v.superseded_at)"
)


def _days(vintages: DataFrame, key: Sequence[str], values: Sequence[str]) -> DataFrame:
    """Vintages of a UTC day in one list: an origin is joined to days, not to every interval."""
    vintage = F.struct("event_time", "available_at", "superseded_at", *values)
    return vintages.groupBy(*key, F.to_date("event_time").alias("day")).agg(
        F.collect_list(vintage).alias("vintages")
    )


def _known_of(
    wanted: DataFrame, days: DataFrame, sample: Sequence[str], joined_by: str
) -> DataFrame:
    """Per sample, in one list `known`, the vintages of the past grid that count at its origin."""
    past_days = F.expr("explode(sequence(to_date(past_start), to_date(target_start)))")
    known = F.expr(f"filter(vintages, v -> {_KNOWN_AT_ORIGIN})")
    return (
        wanted.withColumn("day", past_days)
        .join(days, on=[joined_by, "day"], how="inner")
        .select(*sample, "past_start", known.alias("known"))
        .groupBy(*sample, "past_start")
        .agg(F.flatten(F.collect_list("known")).alias("known"))
    )


def _minutes() -> Column:
    return F.expr(
        "transform(known, v -> int((unix_seconds(v.event_time) - unix_seconds(past_start)) div 60))"
    )


def _between(rows: DataFrame, column: str, first: datetime, end: datetime) -> DataFrame:
    return rows.where(f"{column} >= {literal(first)} AND {column} < {literal(end)}")


def hour_value() -> Column:
    """The value of an hour from its intervals: prices averaged, energy summed.

    An hour of which one interval is not known is not known. Group by INTERVAL too.
    """
    return F.expr(
        """CASE WHEN count(value) < 60 div resolution_minutes THEN NULL
                WHEN kind = 'price' THEN avg(value)
                ELSE sum(value) END"""
    ).alias("value")
