"""A process with a JVM of its own that writes one table: `python -m tests.faults.writer ...`."""

import sys
from datetime import UTC, datetime, timedelta

from lakehouse.places import Place, place
from lakehouse.settings import load_settings
from lakehouse.spark.local import local_frame
from lakehouse.spark.session import spark_session
from lakehouse.spark.tables import SparkTables, struct_type
from lakehouse.tables.silver import OBSERVATIONS

ROUNDS = 6
_START = datetime(2024, 10, 1, tzinfo=UTC)


def row(series_id: str, number: int, value: float) -> dict[str, object]:
    """An hour of a series."""
    moment = _START + timedelta(hours=number)
    times = dict.fromkeys((c.name for c in OBSERVATIONS.columns if c.type == "timestamp"), moment)
    texts = dict.fromkeys((c.name for c in OBSERVATIONS.columns if c.type == "string"), "x")
    return texts | times | {"series_id": series_id, "value": value, "resolution_minutes": 60}


def main(lakehouse: Place, name: str) -> None:
    """Add rows of its own, and what another adds, too; and change a row that both change."""
    tables = SparkTables(spark_session(load_settings("sample", lakehouse=lakehouse)), lakehouse)

    def frame(*rows: dict[str, object]):
        return local_frame(tables.spark, rows, struct_type(OBSERVATIONS))

    nothing = frame()
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(ROUNDS):
        tables.append(OBSERVATIONS, frame(row(name, number, 1.0)))
        tables.insert_new(OBSERVATIONS, frame(row("both", number, 2.0)))
        tables.replace_keys(OBSERVATIONS, frame(row(f"{name} changed", 0, number)), nothing)


if __name__ == "__main__":
    main(place(sys.argv[1]), sys.argv[2])
