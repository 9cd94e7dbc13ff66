"""One series at any resolution: what came in intervals of some lengths, read in intervals of one.

Intervals start at multiples of their length since midnight UTC. A longer one is made of shorter
ones: energy is summed, price and power are averaged, each for as long as it lasted. A shorter one
is a part of a longer one: price and power hold throughout it, energy is spread evenly. An interval
that is not known throughout is not known: a gap stays a gap. Where the lengths change, an interval
ends when the next one begins, so a series may pass from hours to quarter-hours in mid-hour.
`spark_jobs.dense` does the same for arrays.

For example, every series of silver at quarter-hours, by the newest values:

    newest = as_of(tables.read(OBSERVATIONS), F.current_timestamp())
    series = tables.read(SERIES).select("series_id", "kind")
    quarters = at_resolution(newest.join(series, on="series_id", how="inner"), 15)
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.time import DAY

#: Intervals are at most this long, so what covers a moment starts at most this long before it.
LONGEST = DAY


def at_resolution(
    rows: DataFrame, minutes: Column | int, key: Sequence[str] = ("series_id",)
) -> DataFrame:
    """Values of intervals as they came -> values of intervals of `minutes`. Pure.

    `rows`: the key, event_time, resolution_minutes (the length as it came), kind (energy, price or
    power), value, available_at; one row per key and event_time, so slice by `as_of` first.
    `minutes` is a number or a column that depends on the key alone.

    Returns the key, event_time, resolution_minutes, value, and the newest available_at of what it
    was made from; only the intervals that are known throughout.
    """
    return (
        _pieces(rows, F.lit(minutes) if isinstance(minutes, int) else minutes, key)
        .withColumn("part", F.expr(_PART))
        .groupBy(*key, "size", "slot")
        .agg(
            F.sum("lasts").alias("covered"),
            # In the order of time: sums of doubles depend on it.
            F.array_sort(F.collect_list(F.struct("begin", "part"))).alias("parts"),
            F.max("available_at").alias("available_at"),
        )
        .where("covered = size")
        .select(
            *key,
            F.expr("timestamp_seconds(slot * size)").alias("event_time"),
            F.expr("int(size / 60)").alias("resolution_minutes"),
            F.expr("aggregate(parts, 0D, (sum, p) -> sum + p.part)").alias("value"),
            "available_at",
        )
    )


_PART = """
    CASE kind WHEN 'energy' THEN value * (lasts / length)
              WHEN 'price' THEN value * (lasts / size)
              WHEN 'power' THEN value * (lasts / size) END"""
_LASTS = "least(end, (slot + 1) * size) - greatest(begin, slot * size)"


def _pieces(rows: DataFrame, minutes: Column, key: Sequence[str]) -> DataFrame:
    """The intervals, cut where one of the wanted length begins; times in seconds."""
    following = F.lead("begin").over(Window.partitionBy(*key).orderBy("begin"))
    return (
        rows.select(
            *key,
            "kind",
            "value",
            "available_at",
            F.unix_seconds("event_time").alias("begin"),
            (F.col("resolution_minutes") * 60).cast("bigint").alias("length"),
            (minutes * 60).cast("bigint").alias("size"),
        )
        .withColumn("end", F.least(F.col("begin") + F.col("length"), following))
        .where("end > begin")
        .withColumn("slot", F.expr("explode(sequence(begin div size, (end - 1) div size))"))
        .withColumn("lasts", F.expr(_LASTS))
    )
