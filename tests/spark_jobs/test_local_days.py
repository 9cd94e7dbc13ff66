"""Spark's local time is Python's, in every zone of the catalogues and in odd ones.

Each test asks for all days beside the changes of all zones in one frame.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.catalogue import Publication
from lakehouse.spark.local import local_frame
from lakehouse.spark.tables import struct_type
from lakehouse.tables.gold import FORECASTS, QUANTILES
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from lakehouse.time import DAY, intervals_of
from spark_jobs.evaluate import errors
from spark_jobs.local_time import with_instants
from spark_jobs.vintages import usual_publication
from tests.small_lakehouse import utc
from tests.zones import ODD, changes, longest, of_catalogues

ZONES = [ZoneInfo(name) for name in sorted({*of_catalogues(), *ODD})]
KNOWN_AT = utc("2036-01-01 00:00")


def days(zone: ZoneInfo) -> list[date]:
    """The days of two changes, to summer time and back, those beside them, and an ordinary one."""
    changed = [day + apart * DAY for day in changes(zone)[-2:] for apart in (-1, 0, 1)]
    return sorted({*changed, date(2024, 6, 10)})


def intervals(minutes: int | None = None) -> Iterator[tuple[ZoneInfo, int, date, datetime]]:
    for zone in ZONES:
        length = minutes or longest(zone)
        for day in days(zone):
            yield from ((zone, length, day, start) for start in intervals_of(day, zone, length))


@pytest.mark.parametrize("minutes", [15, None], ids=["quarters", "longest"])
def test_what_a_wall_clock_shows_in_order_is_read_as_the_instants_that_it_showed(
    spark: SparkSession, minutes: int | None
) -> None:
    """Both times of an hour that is shown twice, and of the half hour of Lord Howe Island."""
    told = [
        {
            "landing_id": f"{zone.key} {day}",
            "source_key": "",
            "record_index": place,
            "time_text": "",
            "timezone": zone.key,
            "event_time": start.astimezone(zone).replace(tzinfo=utc("2024-01-01 00:00").tzinfo),
            "meant": start,
        }
        for place, (zone, _, day, start) in enumerate(intervals(minutes))
    ]
    schema = (
        "landing_id string, source_key string, record_index int, time_text string, "
        "timezone string, event_time timestamp, meant timestamp"
    )
    read = with_instants(local_frame(spark, told, schema))
    wrong = read.where("time_fault IS NOT NULL OR NOT event_time <=> meant").toPandas()
    assert wrong.empty, wrong
    assert len(told) > 3_000


def test_publication_on_the_day_before_is_the_catalogue_s_in_every_zone(
    spark: SparkSession,
) -> None:
    at = (time(0), time(0, 30), time(2, 30), time(12, 45))
    rules = [
        Publication(rule="day_before", basis="assumed", at=clock, timezone=zone.key)
        for zone in ZONES
        for clock in at
    ]
    places = {(rule.timezone, rule.at): number for number, rule in enumerate(rules)}
    rows = [
        {
            "rule": places[zone.key, clock],
            "event_time": start,
            "resolution_minutes": minutes,
            "expected": rules[places[zone.key, clock]].available_at(start, minutes),
        }
        for zone, minutes, _, start in intervals()
        for clock in at
    ]
    schema = "rule int, event_time timestamp, resolution_minutes int, expected timestamp"
    by_rule = [F.when(F.col("rule") == i, usual_publication(r)) for i, r in enumerate(rules)]
    told = local_frame(spark, rows, schema).withColumn("usual", F.coalesce(*by_rule))
    wrong = told.where("NOT usual <=> expected").toPandas()
    assert wrong.empty, wrong


def test_the_blocks_of_a_local_day_hold_all_of_its_intervals(spark: SparkSession) -> None:
    """A block that is counted as short or long by mistake would never be scored."""
    series, forecasts, truth = [], [], []
    expected: dict[tuple[str, date], int] = {}
    for zone, minutes, day, start in intervals():
        name = zone.key
        about = {"series_id": name, "resolution_minutes": minutes}
        if not any(row["series_id"] == name for row in series):
            series.append(SERIES.row(**about, timezone=name, kind="energy"))
        quantiles: dict[str, Any] = dict.fromkeys(QUANTILES, 1.0)
        origin = datetime.combine(day - DAY, time(9), tzinfo=zone)
        forecasts.append(
            FORECASTS.row(
                series_id=name, forecast_origin=origin, valid_time=start, model_name="m",
                model_version="1", run_kind="live", **quantiles,
            )
        )  # fmt: skip
        known_at = start + timedelta(days=9)
        truth.append(OBSERVATIONS.row(**about, event_time=start, available_at=known_at, value=2.0))
        expected[name, day] = expected.get((name, day), 0) + 1
    frames = [
        local_frame(spark, rows, struct_type(table))
        for table, rows in ((FORECASTS, forecasts), (OBSERVATIONS, truth), (SERIES, series))
    ]
    found = errors(*frames, KNOWN_AT).groupBy("series_id", "target_day").agg(F.sum("n").alias("n"))
    scored = {(row["series_id"], row["target_day"]): row["n"] for row in found.collect()}
    assert scored == expected
