"""From records to vintages: the bitemporal rule, as pure transforms.

Per key and event time, in the order in which the values became known, the first of each run of
equal values is a vintage. Values are equal when their intervals are of one length, too: 3 MWh of
an hour and 3 MWh of its first quarter are two statements. It depends only on the set of records,
so any order of arrival gives the same history.
"""

from collections.abc import Sequence
from datetime import time

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.catalogue import Publication

SIMULATED = "simulated"
#: What tells one vintage from the next.
_TOLD = ("value", "resolution_minutes")


def usual_publication(publication: Publication) -> Column:
    """When the value of an interval usually becomes known, by a rule of the catalogue.

    Columns: event_time, resolution_minutes. The Spark twin of `Publication.available_at`.
    """
    if publication.rule == "after_interval":
        seconds = publication.delay_hours * 3600
        return F.expr(
            f"timestamp_seconds(unix_seconds(event_time) + resolution_minutes * 60 + {seconds})"
        )
    zone, at = publication.timezone, (publication.at or time(0)).isoformat()
    return F.expr(
        f"to_utc_timestamp(to_timestamp(concat(date_sub(to_date(from_utc_timestamp(event_time, "
        f"'{zone}')), 1), ' {at}')), '{zone}')"
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


def vintages(
    records: DataFrame, held: DataFrame | None, key: Sequence[str], alone: bool = False
) -> DataFrame:
    """Records of some event times, after the vintages already held of them -> new vintages.

    `records`: the key, event_time, value, resolution_minutes, fetched_at, landing_id, usual_at,
    basis and first_asked_at; all of them fetched after what `held` holds. `held`: vintages; None
    where there are none. `alone`: no two records have the same key and event time.

    The first value of an event time has the usual publication time where nobody had asked for
    it before, or where publication is simulated; every other one was seen to arrive when it was
    fetched. Of bodies fetched at the same moment that disagree, a file that somebody landed
    (`by_hand`) stands over an answer; else the one with the higher landing_id is left.
    """
    # Weather is always hourly: what is held of it does not say so.
    told = F.struct(*(c for c in _TOLD if held is None or c in held.columns))
    saying = records.withColumn("told", told)
    arrived = _alone(saying) if alone else _in_order_of_arrival(saying, key)
    known = _after(arrived, held if held is None else held.withColumn("told", told), key)
    never_asked = F.coalesce("first_asked_at", "fetched_at") >= F.col("fetched_at")
    return (
        known.withColumns(
            {
                "is_usual": F.col("is_first")
                & F.col("held_told").isNull()
                & ((F.col("basis") == SIMULATED) | never_asked),
                "before": F.coalesce("told_before", "held_told"),
            }
        )
        .where("before IS NULL OR before <> told")
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


def _in_order_of_arrival(records: DataFrame, key: Sequence[str]) -> DataFrame:
    """The last of those fetched at one moment, with what came before it in the same batch."""
    order = [c for c in ("fetched_at", "by_hand", "landing_id") if c in records.columns]
    arrival = Window.partitionBy(*key, "event_time").orderBy(*order)
    return (
        records.withColumn("next_at", F.lead("fetched_at").over(arrival))
        .where("next_at IS NULL OR next_at > fetched_at")
        .withColumns(
            {
                "is_first": F.row_number().over(arrival) == 1,
                "told_before": F.lag("told").over(arrival),
            }
        )
    )


def _alone(records: DataFrame) -> DataFrame:
    nothing = F.when(F.lit(False), F.col("told"))
    return records.withColumns({"is_first": F.lit(True), "told_before": nothing})


def _after(records: DataFrame, held: DataFrame | None, key: Sequence[str]) -> DataFrame:
    """Adds `held_told`: what the newest vintage held of each event time tells."""
    if held is None:
        return records.withColumn("held_told", F.when(F.lit(False), F.col("told")))
    newest = held.groupBy(*key, "event_time").agg(
        F.max_by("told", "available_at").alias("held_told")
    )
    return records.join(newest, on=[*key, "event_time"], how="left")
