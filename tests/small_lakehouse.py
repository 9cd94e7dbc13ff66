"""A lakehouse folder of one test, and how rows and bodies get into it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.landing import LandingZone, Request, Response
from lakehouse.spark.tables import SparkTables, struct_type
from lakehouse.tables import TABLES, Table
from lakehouse.tables.bronze import LANDINGS
from lakehouse.time import parse_utc
from spark_jobs import build
from spark_jobs.build import Built

SOURCES = {
    **dict.fromkeys(("forecast", "single_runs", "archive", "previous_runs"), "open_meteo"),
    "agile": "octopus",
}


def utc(text: str) -> datetime:
    """`2024-10-18 07:30` (UTC) as an instant."""
    return parse_utc(f"{text}Z")


def forget_logs(spark: SparkSession) -> None:
    """Delta holds the log of every table for an hour, with all of its plans: hundreds of small
    lakehouses would fill the memory of the one session."""
    jvm = spark._jvm
    assert jvm is not None
    jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()


@dataclass(frozen=True)
class SmallLakehouse:
    """The tables of a folder, through both doors, and its landing zone."""

    folder: Path
    arrow: ArrowTables
    tables: SparkTables
    zone: LandingZone

    @classmethod
    def create(cls, spark: SparkSession, folder: Path) -> "SmallLakehouse":
        arrow = ArrowTables(folder)
        arrow.create_missing(TABLES)
        return cls(folder, arrow, SparkTables(spark, folder), LandingZone(folder / "landing"))

    def frame(self, table: Table, rows: Iterable[dict[str, Any]]) -> DataFrame:
        """Rows of a contract as a DataFrame."""
        return self.tables.spark.createDataFrame(list(rows), struct_type(table))

    def append(self, table: Table, rows: Iterable[dict[str, Any]]) -> None:
        self.tables.append(table, self.frame(table, rows))

    def rows(self, table: Table, *columns: str) -> list[dict[str, Any]]:
        """The rows of a table in the order of its key."""
        found = self.arrow.rows(table, columns or None)
        return sorted(found, key=lambda row: [row[k] for k in table.key if k in row])

    def land(
        self,
        data_set: str,
        body: Any,
        fetched_at: datetime,
        window: tuple[datetime, datetime],
        asked: Sequence[str],
        status: int = 200,
        content_type: str = "application/json",
        params: tuple[tuple[str, str], ...] = (),
    ) -> dict[str, Any]:
        """Keep a body (text, or what becomes JSON) and its manifest row, which is returned."""
        text = body if isinstance(body, str) else json.dumps(body)
        request = Request(
            source=SOURCES.get(data_set, "energi_data_service"),
            data_set=data_set,
            path=f"/{data_set}",
            params=params,
            window_start=window[0],
            window_end=window[1],
            asked=tuple(asked),
        )
        response = Response(request, fetched_at, status, content_type, text.encode())
        row = self.zone.write(response) | {"run_id": "test"}
        self.arrow.insert_new(LANDINGS, [row])
        return row

    def register(self) -> None:
        """Let Spark SQL know the tables of this folder by name, and no other's."""
        for name in ("bronze", "silver", "gold"):
            self.tables.spark.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        self.tables.register()

    def build(self, catalogue: Catalogue) -> Built:
        """Take in what has landed, and note it as the flow does."""
        built = build.run(self.tables, self.arrow, self.zone, catalogue)
        self.note_build(built)
        return built

    def note_build(self, built: Built) -> None:
        """The row of gold.runs by which the next build knows what was taken in."""
        from lakehouse.tables.gold import RUNS

        number = str(self.arrow.count(RUNS))
        row = RUNS.row(run_id=number, step=build.STEP, status="ok", landing_ids=built.landing_ids)
        self.arrow.append(RUNS, [row])
