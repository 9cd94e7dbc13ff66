"""Wall clock -> UTC: days of 23 and 25 hours, and the hour that a clock shows twice. Pure."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

_WITH_OFFSET = r"(Z|[+-]\\d\\d:?\\d\\d)$"
#: Java gives the summer-time instant of a time that the clock shows twice.
_FIRST = "to_utc_timestamp(wall, timezone)"
#: By the offset that holds three hours on: no clock is put back by more, one by half an hour.
_NEXT_OFFSET = f"(from_utc_timestamp({_FIRST} + INTERVAL 3 HOURS, timezone) - wall)"
_LATER = f"{_FIRST} + INTERVAL 3 HOURS - {_NEXT_OFFSET}"


def with_instants(records: DataFrame) -> DataFrame:
    """Makes `event_time`, read as if it were UTC, an instant; adds `time_fault`.

    Records: landing_id, record_index, source_key, time_text, event_time, timezone (IANA name or
    offset). A time that says its offset stays as it is. A time that the clock shows twice is told
    apart by its place: a body gives the two in its own order of time, forwards or backwards.
    `time_fault` is null, `skipped` for a time that the clock never shows, or `ambiguous` where the
    body does not give such a time exactly twice; the event_time is then null.
    """
    body = Window.partitionBy("landing_id", "source_key")
    twice = Window.partitionBy("landing_id", "source_key", "wall")
    placed = (
        records.withColumnRenamed("event_time", "wall")
        .withColumns(
            {
                "said": F.expr(f"timezone = 'UTC' OR time_text RLIKE '{_WITH_OFFSET}'"),
                "exists": F.expr(f"from_utc_timestamp({_FIRST}, timezone) = wall"),
                "repeated": F.expr(
                    f"{_LATER} > {_FIRST} AND from_utc_timestamp({_LATER}, timezone) = wall"
                ),
            }
        )
        .withColumns(
            {
                "backwards": F.max_by("wall", "record_index").over(body)
                < F.min_by("wall", "record_index").over(body),
                "place": F.row_number().over(twice.orderBy("record_index")),
                "times": F.count(F.lit(1)).over(twice),
            }
        )
    )
    return (
        placed.withColumn("time_fault", F.expr(_FAULT))
        .withColumn("event_time", F.expr(_INSTANT))
        .drop("wall", "said", "exists", "repeated", "backwards", "place", "times")
    )


_FAULT = """CASE WHEN said OR wall IS NULL THEN NULL
                 WHEN NOT exists THEN 'skipped'
                 WHEN repeated AND times <> 2 THEN 'ambiguous'
            END"""
_INSTANT = f"""CASE WHEN said THEN wall
                    WHEN time_fault IS NOT NULL THEN NULL
                    WHEN repeated AND (place = 2) <> backwards THEN {_LATER}
                    ELSE {_FIRST}
               END"""
