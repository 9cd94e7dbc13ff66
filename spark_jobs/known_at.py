"""What was known at an origin: silver sliced by when its values became known.

A vintage counts at an origin where `available_at <= forecast_origin < superseded_at`; of weather
forecasts the newest that the origin had.
"""

from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.catalogue import WEATHER_VARIABLES
from lakehouse.spark.tables import literal
from spark_jobs.resolution import LONGEST

SAMPLE = ["series_id", "forecast_origin"]
PLACE = ["location_id", "forecast_origin", "past_start"]
PLACE_AHEAD = [*PLACE, "resolution_minutes"]
_OLDEST_ISSUE = f"least({', '.join(f'a.{v}.issue_time' for v in WEATHER_VARIABLES)})"
_SEEN = "v.event_time >= seen_from AND v.event_time < seen_until "
_KNOWN_AT_ORIGIN = (
    f"{_SEEN} AND v.available_at <= forecast_origin "
    "AND (v.superseded_at IS NULL OR forecast_origin < v.superseded_at)"
)


def as_of(vintages: DataFrame, instant: Column) -> DataFrame:
    """Of each event time the newest vintage with `available_at <= instant`."""
    known = vintages.where(F.col("available_at") <= instant)
    return newest(known, ["series_id", "event_time"], "available_at")


def newest(rows: DataFrame, key: Sequence[str], order: str) -> DataFrame:
    """Of each key the row with the greatest `order`."""
    age = F.row_number().over(Window.partitionBy(*key).orderBy(F.desc(order)))
    return rows.withColumn("age", age).where("age = 1").drop("age")


def with_superseded_at(vintages: DataFrame, *key: str) -> DataFrame:
    """Adds when the next vintage of the same event time became known; null for the newest.

    One window for all times of a key: what then groups by key and day moves no row again.
    """
    order = Window.partitionBy(*key).orderBy("event_time", "available_at")
    following = [F.lead(name).over(order) for name in ("event_time", "available_at")]
    same = following[0] == F.col("event_time")
    return vintages.withColumn("superseded_at", F.when(same, following[1]))


def past_values(origins: DataFrame, observations: DataFrame) -> DataFrame:
    """Per series and origin the known intervals of the past grid, and the newest event time known.

    A vintage that is about a time after the origin (a published price of tomorrow) counts too:
    what matters is when it became known.
    """
    vintages = with_superseded_at(observations, "series_id")
    days = _days(vintages, ["series_id"], ["resolution_minutes", "value"])
    wanted = _wanted(origins, SAMPLE, "target_start")
    return _known_of(wanted, days, SAMPLE, "series_id").select(
        *SAMPLE,
        F.expr("array_max(known.event_time)").alias("history_end"),
        _minutes().alias("past_minutes"),
        F.col("known.resolution_minutes").alias("past_length"),
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
    wanted = _wanted(origins, ["location_id", "forecast_origin"], "target_start").distinct()
    return _known_of(wanted, days, ["location_id", "forecast_origin"], "location_id").select(
        *PLACE,
        _minutes().alias("weather_minutes"),
        *(F.col(f"known.{v}").alias(f"past_{v}") for v in WEATHER_VARIABLES),
    )


def weather_known_at(origins: DataFrame, forecasts: DataFrame) -> DataFrame:
    """Per location and origin the newest forecast of each target interval that the origin had.

    Arrays are parallel to target_time; null where no forecast was known. Forecasts are hourly: an
    interval has its hour's.
    """
    vintage = F.struct("available_at", "issue_time", "variable", "value")
    per_hour = forecasts.groupBy("location_id", F.col("valid_time").alias("hour")).agg(
        F.collect_list(vintage).alias("vintages")
    )
    known = "filter(vintages, v -> v.available_at <= forecast_origin)"
    newest = (
        "array_max(transform(filter(known, v -> v.variable = '{}'), "
        "v -> struct(v.available_at, v.issue_time, v.value))) AS {}"
    )
    return (
        origins.select(*PLACE_AHEAD, "target_time")
        .distinct()
        .select(*PLACE_AHEAD, F.posexplode("target_time").alias("place", "valid_time"))
        .withColumn("hour", F.date_trunc("hour", "valid_time"))
        .join(per_hour, on=["location_id", "hour"], how="left")
        .select(*PLACE_AHEAD, "place", F.expr(known).alias("known"))
        .select(*PLACE_AHEAD, "place", *(F.expr(newest.format(v, v)) for v in WEATHER_VARIABLES))
        .groupBy(*PLACE_AHEAD)
        .agg(F.array_sort(F.collect_list(F.struct("place", *WEATHER_VARIABLES))).alias("ahead"))
        .select(
            *PLACE_AHEAD,
            F.expr(f"array_min(transform(ahead, a -> {_OLDEST_ISSUE}))").alias(
                "weather_issue_time"
            ),
            *(F.col(f"ahead.{v}.value").alias(v) for v in WEATHER_VARIABLES),
        )
    )


def covariates_known_at(origins: DataFrame, covariates: DataFrame) -> DataFrame:
    """Per series and origin what was known of its group's covariates, past and target day.

    Four parallel lists, covariate_: `place` of the name in the group's list, from 1; `minutes` from
    past_start; `length`, minutes; `value`.
    """
    vintages = with_superseded_at(covariates, "series_id", "name")
    days = _days(vintages, ["series_id"], ["name", "resolution_minutes", "value"])
    sample = [*SAMPLE, "covariates"]
    wanted = _wanted(origins.where("size(covariates) > 0"), sample, "target_end")
    named = "filter(known, v -> array_contains(covariates, v.name))"
    place = "transform(known, v -> int(array_position(covariates, v.name)))"
    return (
        _known_of(wanted, days, sample, "series_id")
        .withColumn("known", F.expr(named))
        .select(
            *SAMPLE,
            F.expr(place).alias("covariate_place"),
            _minutes().alias("covariate_minutes"),
            F.col("known.resolution_minutes").alias("covariate_length"),
            F.col("known.value").alias("covariate_value"),
        )
    )


def truth_vintages(origins: DataFrame, observations: DataFrame, known_by: datetime) -> DataFrame:
    """Per series and origin every vintage that its target's intervals had by a moment.

    Four parallel lists, truth_: `minutes` from past_start; `length`, minutes; `value`; `known_at`,
    microseconds since 1970. What covers the first interval may begin before it.
    """
    vintages = with_superseded_at(observations, "series_id")
    days = _days(vintages, ["series_id"], ["resolution_minutes", "value"])
    seen_from = F.col("target_start") - F.lit(LONGEST)
    wanted = origins.select(
        *SAMPLE, "past_start", seen_from.alias("seen_from"), F.col("target_end").alias("seen_until")
    )
    held = f"{_SEEN} AND v.available_at <= {literal(known_by)}"
    return _known_of(wanted, days, SAMPLE, "series_id", held).select(
        *SAMPLE,
        _minutes().alias("truth_minutes"),
        F.col("known.resolution_minutes").alias("truth_length"),
        F.col("known.value").alias("truth_value"),
        F.expr("transform(known, v -> unix_micros(v.available_at))").alias("truth_known_at"),
    )


def _days(vintages: DataFrame, key: Sequence[str], values: Sequence[str]) -> DataFrame:
    """Vintages of a UTC day in one list: an origin is joined to days, not to every interval."""
    vintage = F.struct("event_time", "available_at", "superseded_at", *values)
    return vintages.groupBy(*key, F.to_date("event_time").alias("day")).agg(
        F.collect_list(vintage).alias("vintages")
    )


def _wanted(origins: DataFrame, sample: Sequence[str], until: str) -> DataFrame:
    """Samples and the event times that they may see: of intervals that reach into the past grid."""
    seen_from = F.col("past_start") - F.lit(LONGEST)
    return origins.select(
        *sample, "past_start", seen_from.alias("seen_from"), F.col(until).alias("seen_until")
    )


def _known_of(
    wanted: DataFrame,
    days: DataFrame,
    sample: Sequence[str],
    joined_by: str,
    held: str | None = None,
) -> DataFrame:
    """Per sample, in one list `known`, the vintages `v` of `_wanted` times that are `held`: by
    default those that count at its origin."""
    past_days = F.expr("explode(sequence(to_date(seen_from), to_date(seen_until)))")
    known = F.expr(f"filter(vintages, v -> {held or _KNOWN_AT_ORIGIN})")
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
