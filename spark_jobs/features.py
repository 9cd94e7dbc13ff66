"""The one point-in-time door: what a model may see at a forecast origin.

Training and daily scoring both come through `samples`. Silver is sliced by
`available_at <= forecast_origin < superseded_at`; of weather forecasts the newest vintage that
the origin could have is taken; truth is joined at the caller's own `truth_as_of`.
"""

from datetime import date, datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.gold import FEATURES
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import iso
from spark_jobs.origins import origin_rows, origins_between

FEATURE_VERSION = "1"
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
    origins = origin_rows(tables.spark, catalogue, issued).localCheckpoint()
    first = origins.agg(F.min("past_start")).first()
    since = iso(first[0]) if first and first[0] else iso(catalogue.history_start)
    observations = tables.read(OBSERVATIONS).where(f"event_time >= TIMESTAMP '{since}'")
    weather = tables.read(WEATHER_OBSERVATIONS).where(f"event_time >= TIMESTAMP '{since}'")
    forecasts = tables.read(WEATHER_FORECASTS).where(f"valid_time >= TIMESTAMP '{since}'")
    seen = samples(origins, observations, weather, forecasts)
    if truth_as_of is None:
        return seen
    return with_truth(seen, origins, observations, truth_as_of)


def samples(
    origins: DataFrame, observations: DataFrame, weather: DataFrame, forecasts: DataFrame
) -> DataFrame:
    """What each series may see at each origin. Pure.

    Past values come as two lists, `past_hours` (index from past_start) and `past_value`, of the
    known hours only; past weather likewise. Forecast weather comes parallel to target_time.
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
        .groupBy(*_SAMPLE, "place")
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
    """Per series and origin the known hours of the past grid, and the newest event time known.

    A vintage that is about a time after the origin (a published price of tomorrow) counts too:
    what matters is when it became known.
    """
    vintages = with_superseded_at(observations, "series_id").select(
        "series_id", "event_time", "available_at", "superseded_at", "value",
        F.to_date("event_time").alias("day"),
    )  # fmt: skip
    wanted = _past_days(origins.select(
        "series_id", "forecast_origin", "past_start", "target_start", "kind", "resolution_minutes",
    ))  # fmt: skip
    return (
        wanted.join(vintages, on=["series_id", "day"], how="inner")
        .where(_KNOWN_AT_ORIGIN)
        .groupBy("series_id", "forecast_origin", _hour_index().alias("hour"))
        .agg(hour_value(), F.max("event_time").alias("event_time"))
        .where("value IS NOT NULL")
        .groupBy(*_SAMPLE)
        .agg(
            F.collect_list(F.struct("hour", "value")).alias("past"),
            F.max("event_time").alias("history_end"),
        )
        .select(*_SAMPLE, "history_end", *_parallel("past", "value"))
    )


def past_weather(origins: DataFrame, weather: DataFrame) -> DataFrame:
    """Per location and origin the actual weather known of the past grid."""
    wide = (
        with_superseded_at(weather, "location_id", "variable")
        .groupBy("location_id", "event_time", "available_at", "superseded_at")
        .pivot("variable", list(WEATHER_VARIABLES))
        .agg(F.first("value"))
        .withColumn("day", F.to_date("event_time"))
    )
    places = origins.select("location_id", "forecast_origin", "past_start", "target_start")
    return (
        _past_days(places.distinct())
        .join(wide, on=["location_id", "day"], how="inner")
        .where(_KNOWN_AT_ORIGIN)
        .groupBy("location_id", "forecast_origin", "past_start")
        .agg(
            F.collect_list(F.struct(_hour_index().alias("hour"), *WEATHER_VARIABLES)).alias(
                "weather"
            )
        )
        .select(*_PLACE, *_parallel("weather", *WEATHER_VARIABLES))
    )


def weather_known_at(origins: DataFrame, forecasts: DataFrame) -> DataFrame:
    """Per location and origin the newest forecast of each target hour that the origin had.

    Arrays are parallel to target_time; null where no forecast was known.
    """
    hours = (
        origins.select("location_id", "forecast_origin", "past_start", "target_time")
        .distinct()
        .select(*_PLACE, F.posexplode("target_time").alias("place", "valid_time"))
    )
    newest = {
        name: F.max_by(
            F.when(F.col("variable") == name, F.col("value")),
            F.when(F.col("variable") == name, F.struct("available_at", "issue_time")),
        ).alias(name)
        for name in WEATHER_VARIABLES
    }
    known = forecasts.select(
        "location_id", "valid_time", "variable", "value", "available_at", "issue_time"
    )
    chosen = (
        hours.join(known, on=["location_id", "valid_time"], how="left")
        .where("available_at IS NULL OR available_at <= forecast_origin")
        .groupBy(*_PLACE, "place")
        .agg(*newest.values(), F.max("issue_time").alias("issue_time"))
    )
    return (
        hours.select(*_PLACE, "place")
        .join(chosen, on=[*_PLACE, "place"], how="left")
        .groupBy(*_PLACE)
        .agg(
            F.array_sort(F.collect_list(F.struct("place", *WEATHER_VARIABLES))).alias("ahead"),
            F.min("issue_time").alias("weather_issue_time"),
        )
        .select(
            *_PLACE,
            "weather_issue_time",
            *(F.expr(f"transform(ahead, a -> a.{v})").alias(v) for v in WEATHER_VARIABLES),
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
_KNOWN_AT_ORIGIN = (
    "event_time >= past_start AND event_time < target_start AND available_at <= forecast_origin "
    "AND (superseded_at IS NULL OR forecast_origin < superseded_at)"
)


def _parallel(collected: str, *fields: str) -> list[Column]:
    """The fields of a collected list of structs as lists of their own: NAME_hours, past_FIELD."""
    return [
        F.col(f"{collected}.hour").alias(f"{collected}_hours"),
        *(F.col(f"{collected}.{field}").alias(f"past_{field}") for field in fields),
    ]


def _past_days(wanted: DataFrame) -> DataFrame:
    """One row per UTC day of the past grid: an equality to join on."""
    days = F.expr("explode(sequence(to_date(past_start), to_date(target_start)))")
    return wanted.withColumn("day", days)


def _hour_index() -> Column:
    return F.expr("int((unix_seconds(event_time) - unix_seconds(past_start)) div 3600)")


def hour_value() -> Column:
    """The value of an hour from its intervals: prices averaged, energy summed.

    An hour of which one interval is not known is not known.
    """
    return F.expr(
        """CASE WHEN count(value) < 60 div any_value(resolution_minutes) THEN NULL
                WHEN any_value(kind) = 'price' THEN avg(value)
                ELSE sum(value) END"""
    ).alias("value")
