"""What is seen as of a moment is, of each event time, the newest vintage that was known by then.

Thousands of event times in one frame, each with a history of its own, against a plain look-up.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.spark.local import local_frame
from lakehouse.spark.tables import struct_type
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY, HOUR, as_utc
from spark_jobs.known_at import as_of, past_values
from spark_jobs.resolution import LONGEST
from tests.small_lakehouse import utc

START = utc("2024-10-25 00:00")
END = START + 4 * DAY
MINUTE = timedelta(minutes=1)
Rows = list[dict[str, Any]]


def vintages(dice: Random) -> Rows:
    """Up to four vintages of each hour; some known long before it, some long after."""
    return [
        OBSERVATIONS.row(
            series_id=f"s{number}", event_time=hour, available_at=known_at,
            value=float(dice.randrange(5)), resolution_minutes=60,
        )
        for number in range(12)
        for hour in (START + i * HOUR for i in range(-2, 98))
        for known_at in {moment(dice) for _ in range(dice.randrange(5))}
    ]  # fmt: skip


def moment(dice: Random) -> datetime:
    """Any minute of some days; often one and the same, which is an origin, too."""
    return dice.choice([START + 2 * DAY, START + dice.randrange(-2_000, 8_000) * MINUTE])


def known(rows: Rows, at: datetime) -> dict[tuple[str, datetime], float]:
    """The plain look-up."""
    found: dict[tuple[str, datetime], float] = {}
    for row in sorted(rows, key=lambda row: row["available_at"]):
        if row["available_at"] <= at:
            found[row["series_id"], row["event_time"]] = row["value"]
    return found


@pytest.fixture(scope="module")
def told(spark: SparkSession) -> tuple[Rows, DataFrame]:
    rows = vintages(Random(1))
    shuffled = Random(2).sample(rows, len(rows))
    return rows, local_frame(spark, shuffled, struct_type(OBSERVATIONS))


def test_as_of_a_moment_nothing_of_later_is_seen(told: tuple[Rows, DataFrame]) -> None:
    rows, frame = told
    dice = Random(3)
    moments = sorted({START + 2 * DAY, *(moment(dice) for _ in range(6))})
    asked = [as_of(frame, F.lit(at)).withColumn("asked", F.lit(at)) for at in moments]
    together = asked[0]
    for one in asked[1:]:
        together = together.unionByName(one)
    found: dict[datetime, dict[tuple[str, datetime], float]] = {at: {} for at in moments}
    for row in together.select("asked", "series_id", "event_time", "value").collect():
        place = row["series_id"], as_utc(row["event_time"])
        assert place not in found[as_utc(row["asked"])]
        found[as_utc(row["asked"])][place] = row["value"]
    assert found == {at: known(rows, at) for at in moments}
    assert all(found.values())


def test_a_sample_holds_what_its_origin_knew(
    spark: SparkSession, told: tuple[Rows, DataFrame]
) -> None:
    """Of each series at origins of its own."""
    rows, frame = told
    dice = Random(4)
    origins = [
        {"series_id": f"s{number}", "forecast_origin": at, "past_start": START, "target_start": END}
        for number in range(12)
        for at in {START + 2 * DAY, moment(dice), moment(dice)}
    ]
    schema = (
        "series_id string, forecast_origin timestamp, past_start timestamp, target_start timestamp"
    )
    seen = past_values(local_frame(spark, origins, schema), frame).collect()
    found = {}
    for row in seen:
        times = [START + minutes * MINUTE for minutes in row["past_minutes"]]
        assert len(times) == len(set(times))
        at = as_utc(row["forecast_origin"])
        found[row["series_id"], at] = dict(zip(times, row["past_value"], strict=True))
        assert row["history_end"] is None or as_utc(row["history_end"]) == max(times)
    expected = {
        (origin["series_id"], origin["forecast_origin"]): {
            time: value
            for (series_id, time), value in known(rows, origin["forecast_origin"]).items()
            if series_id == origin["series_id"] and START - LONGEST <= time < END
        }
        for origin in origins
    }
    assert found == expected
    assert sum(map(len, expected.values())) > 1_000
