"""The rows of one forecast day, written to Delta and as plain Parquet: `python -m benchmarks.writes
FOLDER`, where FOLDER is a lakehouse with one such day.

In one process, by turns, from rows that Spark holds: into empty tables as the forecast job does it
(no key twice, one commit each), as Delta appends them, and as Spark writes Parquet files.
Writes FOLDER/writes.json: for each way the seconds of each turn.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lakehouse.arrow import ArrowTables
from lakehouse.settings import load_settings
from lakehouse.tables import Table
from lakehouse.tables.gold import FEATURES, FORECASTS

TURNS = 3
OURS, APPEND, PARQUET = "our insert", "Delta append", "plain Parquet"


def main() -> None:
    """Time each way a few times."""
    from lakehouse.spark.session import spark_session
    from lakehouse.spark.tables import SparkTables

    folder = Path(sys.argv[1])
    spark = spark_session(load_settings("live", lakehouse=folder))
    whole = SparkTables(spark, folder)
    rows = {table: whole.read(table).localCheckpoint() for table in (FEATURES, FORECASTS)}
    ways: dict[str, Callable[[SparkTables, Table], object]] = {
        OURS: lambda tables, table: tables.insert_new(table, rows[table]),
        APPEND: lambda tables, table: tables.append(table, rows[table]),
        PARQUET: lambda tables, table: rows[table].write.parquet(f"{tables.path(table)}-plain"),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(TURNS + 1):
        with tempfile.TemporaryDirectory() as name:
            for way, write in ways.items():
                there = Path(name) / way
                ArrowTables(there).create_missing(rows)
                tables = SparkTables(spark, there)
                begun = time.perf_counter()
                for table in rows:
                    write(tables, table)
                seconds[way].append(time.perf_counter() - begun)
    told = {way: of_turns[1:] for way, of_turns in seconds.items()}  # the first turn compiles
    (folder / "writes.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
