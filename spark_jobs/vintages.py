"""From records to vintages: the bitemporal rule, as pure transforms.

Per key and event time, in the order in which the values became known, the first of each run of
equal values is a vintage. It depends only on the set of records, so any order of arrival gives
the same history.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

SIMULATED = "simulated"


def usual_publication() -> Column:
    """When the value of an interval usually becomes known, from the catalogue's rule.

    Columns: event_time, resolution_minutes, publication_rule, delay_hours, publish_at (HH:mm:ss),
    publish_zone. The Spark twin of `Publication.available_at`.
    """
    return F.expr(
        """CASE publication_rule
             WHEN 'after_interval' THEN timestamp_seconds(
               unix_seconds(event_time) + resolution_minutes * 60 + delay_hours * 3600)
             WHEN 'day_before' THEN to_utc_timestamp(to_timestamp(concat(
               date_sub(to_date(from_utc_timestamp(event_time, publish_zone)), 1),
               ' ', publish_at)), publish_zone)
           END"""
    )


def with_first_asked(rows: DataFrame, landings: DataFrame, key: str) -> DataFrame:
    """Adds `first_asked_at`: when a landing first asked for the row's event time.

    `landings` are manifest rows; `key` is the column of `rows` that `asked` lists.
    """
    asked = landings.where("status = 200").select(
        F.col("data_set").alias("asked_data_set"),
        F.explode("asked").alias("asked_key"),
        "window_start",
        "window_end",
        F.col("fetched_at").alias("asked_at"),
    )
    covered = (
        F.col("asked_data_set").eqNullSafe(F.col("data_set"))
        & (F.col("asked_key") == F.col(key))
        & (F.col("window_start") <= F.col("event_time"))
        & (F.col("event_time") < F.col("window_end"))
    )
    first = (
        rows.select("data_set", key, "event_time")
        .distinct()
        .join(F.broadcast(asked), on=covered, how="inner")
        .groupBy("data_set", key, "event_time")
        .agg(F.min("asked_at").alias("first_asked_at"))
    )
    return rows.join(first, on=["data_set", key, "event_time"], how="left")


def vintages(records: DataFrame, held: DataFrame, key: Sequence[str]) -> DataFrame:
    """Records of some event times, after the vintages already held of them -> new vintages.

    `records`: the key, event_time, value, fetched_at, landing_id, usual_at, basis and
    first_asked_at; all of them fetched after what `held` holds. `held`: vintages, possibly none.

    The first value of an event time has the usual publication time where nobody had asked for
    it before, or where publication is simulated; every other one was seen to arrive when it was
    fetched. Two bodies fetched at the same moment that disagree leave the one with the higher
    landing_id.
    """
    newest = held.groupBy(*key, "event_time").agg(
        F.max_by("value", "available_at").alias("held_value")
    )
    arrival = Window.partitionBy(*key, "event_time").orderBy("fetched_at", "landing_id")
    is_first = F.col("held_value").isNull() & (F.row_number().over(arrival) == 1)
    never_asked = F.coalesce("first_asked_at", "fetched_at") >= F.col("fetched_at")
    return (
        records.withColumn("next_at", F.lead("fetched_at").over(arrival))
        .where("next_at IS NULL OR next_at > fetched_at")
        .join(newest, on=[*key, "event_time"], how="left")
        .withColumns(
            {
                "is_usual": is_first & ((F.col("basis") == SIMULATED) | never_asked),
                "before": F.coalesce(F.lag("value").over(arrival), F.col("held_value")),
            }
        )
        .where("before IS NULL OR before <> value")
        .withColumns(
            {
                "available_at": F.expr(
                    "CASE WHEN is_usual THEN least(usual_at, fetched_at) ELSE fetched_at END"
                ),
                "available_basis": F.expr(
                    f"CASE WHEN is_usual OR basis = '{SIMULATED}' THEN basis ELSE 'observed' END"
                ),
            }
        )
    )
