"""Landed bodies -> bronze -> silver for a million observations, beside a plain Spark job.

    .venv/bin/python -m benchmarks.intake [SERIES [DAYS]]

114 series x 8,766 hours, in twelve answers as Energi Data Service writes them. The plain job only
reads the same JSON, with its schema given, and writes the same records as Parquet. Both run in
one session, in turn; the first round warms up and is not counted. Limit: 2.5 times its time.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.landing import LandingZone, Response
from lakehouse.settings import load_settings
from lakehouse.spark.session import spark_session
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS
from lakehouse.tables.silver import OBSERVATIONS
from sources.energi_data_service import request
from spark_jobs import build

ROUNDS = 3
ANSWERS = 12
START = datetime(2023, 1, 1, tzinfo=UTC)
FETCHED = datetime(2024, 6, 1, tzinfo=UTC)
DATA_SET = "ConsumptionDE35Hour"
_RECORD = "HourUTC string, HourDK string, PriceArea string, ConsumerType_DE35 string"
_SCHEMA = f"records array<struct<{_RECORD.replace(' string', ':string')},TotalCon:double>>"


def main() -> None:
    """Land the bodies once, then time both jobs in turn and print their medians."""
    series = int(sys.argv[1]) if len(sys.argv) > 1 else 114
    days = int(sys.argv[2]) if len(sys.argv) > 2 else 365
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_settings("sample", lakehouse=folder, spark_jvm_options="")
        spark = spark_session(settings)
        catalogue = a_catalogue(series)
        zone = LandingZone(folder / "landing")
        landings = land(zone, catalogue, days)
        rows = series * days * 24
        size = sum(row["body_bytes"] for row in landings)
        print(f"{rows:,} observations in {len(landings)} bodies of {size / 1e6:.0f} MB together")
        ours, plain = [], []
        for turn in range(ROUNDS + 1):
            plain.append(timed(lambda: plain_job(spark, zone, landings, folder / "plain")))
            ours.append(timed(lambda: intake(spark, zone, catalogue, landings, folder, rows)))
            print(f"  round {turn}: plain {plain[-1]:.1f} s, ours {ours[-1]:.1f} s")
        a, b = statistics.median(plain[1:]), statistics.median(ours[1:])
        print(f"plain JSON to Parquet: {a:.1f} s, {rows / a:,.0f} rows/s")
        print(f"bronze and silver:     {b:.1f} s, {rows / b:,.0f} rows/s, {b / a:.2f} times")


def a_catalogue(series: int) -> Catalogue:
    """So many series of one data set, two key columns."""
    publication = {"rule": "after_interval", "delay_hours": 216, "basis": "assumed"}
    return Catalogue.model_validate(
        {
            "history_start": START,
            "groups": {"load": {"kind": "energy", "origin": "09:30", "timezone": "UTC"}},
            "data_sets": {
                DATA_SET: {
                    "name": DATA_SET,
                    "time_column": "HourUTC",
                    "value_column": "TotalCon",
                    "key_columns": ["PriceArea", "ConsumerType_DE35"],
                    "unit": "kWh",
                    "lookback_days": 3,
                    "publication": publication,
                }
            },
            "locations": {},
            "weather": {"weather_model": "none", "issue_basis": "run", "actual": publication},
            "series": {
                f"s{i}": {
                    "series_id": f"s{i}",
                    "series_group": "load",
                    "data_set": DATA_SET,
                    "source_key": [f"DK{i % 3}", str(111 + i // 3)],
                    "unit": "kWh",
                    "description": "made up",
                }
                for i in range(series)
            },
        }
    )


def land(zone: LandingZone, catalogue: Catalogue, days: int) -> list[dict[str, Any]]:
    """Answers to `ANSWERS` windows, kept in the landing zone; their manifest rows."""
    edges = [START + timedelta(hours=days * 24 * i // ANSWERS) for i in range(ANSWERS + 1)]
    return [
        zone.write(answer) | {"run_id": "benchmark"}
        for answer in answers(catalogue, edges, FETCHED)
    ]


def answers(
    catalogue: Catalogue, edges: list[datetime], fetched_at: datetime
) -> Iterator[Response]:
    """One answer between each two edges, as the service writes it; a value is a function of its
    series and hour, so overlapping answers agree."""
    data_set = catalogue.data_sets[DATA_SET]
    keys = [series.source_key for series in catalogue.series.values()]
    for first, end in pairwise(edges):
        hours = int((end - first) / timedelta(hours=1))
        place = int(first.timestamp()) // 3600 + np.arange(hours)[:, None]
        numbers = (np.sin(place * 0.7 + np.arange(len(keys))) * 5e4 + 5e4).round(6)
        records = ",".join(
            f'{{"HourUTC":"{t:%Y-%m-%dT%H:%M:%S}",'
            f'"HourDK":"{t + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}",'
            f'"PriceArea":"{area}","ConsumerType_DE35":"{kind}","TotalCon":{value}}}'
            for i, t in enumerate(first + timedelta(hours=h) for h in range(hours))
            for (area, kind), value in zip(keys, numbers[i], strict=True)
        )
        body = f'{{"total":1,"dataset":"{DATA_SET}","records":[{records}]}}'.encode()
        asked = request(data_set, keys, first, end)
        yield Response(asked, fetched_at, 200, "application/json", body)


def timed(job: Any) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


def plain_job(
    spark: SparkSession, zone: LandingZone, landings: list[dict[str, Any]], folder: Path
) -> None:
    """What anybody would write: read the JSON, one row per record, write Parquet."""
    files = [str(zone.path(row["body_path"])) for row in landings]
    with SparkTables(spark, folder).in_bulk():
        answers = spark.read.schema(_SCHEMA).option("multiLine", True).json(files)
        records = answers.select(F.explode("records").alias("r")).select("r.*")
        records.write.mode("overwrite").parquet(str(folder))


def intake(
    spark: SparkSession,
    zone: LandingZone,
    catalogue: Catalogue,
    landings: list[dict[str, Any]],
    folder: Path,
    expected: int,
) -> None:
    """Bronze and silver of a fresh lakehouse folder."""
    place = folder / "ours"
    shutil.rmtree(place, ignore_errors=True)
    arrow = ArrowTables(place)
    arrow.create_missing(TABLES)
    arrow.insert_new(LANDINGS, landings)
    built = build.run(SparkTables(spark, place), arrow, zone, catalogue)
    assert built.written[ENERGY_RECORDS.name] == built.written[OBSERVATIONS.name] == expected, built


if __name__ == "__main__":
    main()
