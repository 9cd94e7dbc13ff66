"""Collected data and historic performance as one file: streamed, typed, and whole or absent."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.plain_values import finite, plain
from lakehouse.spark.local import arrow_schema
from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables.gold import FORECAST_BLOCK, FORECAST_ERRORS, FORECASTS
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from spark_jobs.known_at import newest
from spark_jobs.resolution import LONGEST, at_resolution


@dataclass(frozen=True)
class Wanted:
    """What to export: times from `first` to before `last`, as known at `as_of`.

    No series is all, no moment is now, and no resolution is the intervals as they came.
    """

    series: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None
    as_of: datetime | None = None
    resolution_minutes: int | None = None

    def checked(self, catalogue: Catalogue) -> "Wanted":
        """The same. Raises BadInput for series that the catalogue does not have."""
        unknown = sorted(set(self.series) - set(catalogue.series))
        if unknown:
            known = ", ".join(sorted(catalogue.series))
            raise BadInput(f"Unknown series {', '.join(unknown)}. Known: {known}.")
        return self

    def cut(self, rows: DataFrame, column: str) -> DataFrame:
        """The rows of the wanted series and times."""
        if self.series:
            rows = rows.where(F.col("series_id").isin(list(self.series)))
        if self.first:
            rows = rows.where(f"{column} >= {literal(self.first)}")
        return rows.where(f"{column} < {literal(self.last)}") if self.last else rows

    def known(self, rows: DataFrame, column: str) -> DataFrame:
        """The rows that were there at the wanted moment."""
        return rows.where(f"{column} <= {literal(self.as_of)}") if self.as_of else rows


def rows(tables: SparkTables, kind: str, wanted: Wanted) -> DataFrame:
    """The rows to export, in order: observations, forecasts or performance."""
    return _ROWS[kind](tables, wanted)


def _observations(tables: SparkTables, wanted: Wanted) -> DataFrame:
    """Per series and interval the newest value, or the one that was known."""
    if wanted.resolution_minutes:
        return _at_resolution(tables, wanted, wanted.resolution_minutes)
    return _known_values(tables, wanted).orderBy("series_id", "event_time").select(
        "series_id", "event_time", "resolution_minutes", "value", "unit",
        "available_at", "available_basis", "recorded_at",
    )  # fmt: skip


def _known_values(tables: SparkTables, wanted: Wanted) -> DataFrame:
    held = wanted.known(wanted.cut(tables.read(OBSERVATIONS), "event_time"), "available_at")
    return newest(held, ["series_id", "event_time"], "available_at")


def _at_resolution(tables: SparkTables, wanted: Wanted, minutes: int) -> DataFrame:
    """Values of intervals of so many minutes; those that are not known throughout are left out."""
    around = replace(
        wanted,
        first=wanted.first - LONGEST if wanted.first else None,
        last=wanted.last + LONGEST if wanted.last else None,
    )
    about = F.broadcast(tables.read(SERIES).select("series_id", "kind", "unit"))
    known = _known_values(tables, around).drop("unit").join(about, on="series_id", how="inner")
    return (
        wanted.cut(at_resolution(known, minutes), "event_time")
        .join(about, on="series_id", how="inner")
        .orderBy("series_id", "event_time")
        .select("series_id", "event_time", "resolution_minutes", "value", "unit", "available_at")
    )


def _forecasts(tables: SparkTables, wanted: Wanted) -> DataFrame:
    """Every forecast issued, live and replay, by every model."""
    held = wanted.known(wanted.cut(tables.read(FORECASTS), "valid_time"), "forecast_origin")
    return held.orderBy(*FORECASTS.key).select(*FORECASTS.content_columns, "produced_at")


def _performance(tables: SparkTables, wanted: Wanted) -> DataFrame:
    """The errors of each block of six hours by the newest truth, with sums that add up further."""
    held = wanted.known(wanted.cut(tables.read(FORECAST_ERRORS), "target_day"), "truth_as_of")
    return (
        newest(held, FORECAST_BLOCK, "truth_as_of")
        .orderBy(*FORECAST_BLOCK)
        .select(
            *FORECAST_ERRORS.content_columns,
            F.expr("sum_abs / n").alias("mae"),
            F.expr("sum_pinball / n").alias("pinball"),
            F.expr("n_in_80 / n").alias("coverage_80"),
        )
    )


def write(frame: DataFrame, output: Path, form: str) -> int:
    """Write rows to a file, which is there whole or not at all; returns how many.

    Spark leaves them in order in files of its own, which are then read batch by batch: any number
    of rows fits. Raises BadInput where the file cannot be written.
    """
    schema = arrow_schema(frame.schema)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as folder:
            parts = Path(folder, "parts")
            frame.write.parquet(str(parts))
            draft = Path(folder, output.name)
            written = _WRITERS[form](_batches(parts, schema), schema, draft)
            os.replace(draft, output)
    except OSError as fault:
        raise BadInput(
            f"Expected to write {output}; got {fault.strerror or fault}. Choose another --output."
        ) from None
    return written


def _batches(parts: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for file in sorted(parts.glob("part-*.parquet")):
        for batch in ds.dataset(file).to_batches():
            yield from pa.Table.from_batches([batch]).cast(schema).to_batches()


def _write_parquet(batches: Iterator[pa.RecordBatch], schema: pa.Schema, file: Path) -> int:
    count = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _write_csv(batches: Iterator[pa.RecordBatch], schema: pa.Schema, file: Path) -> int:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(schema.names)
        count = 0
        for row in _rows(batches):
            writer.writerow(["" if value is None else plain(value) for value in row.values()])
            count += 1
    return count


def _write_json(batches: Iterator[pa.RecordBatch], schema: pa.Schema, file: Path) -> int:
    """One array, an object per line."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        out.write("[")
        for count, row in enumerate(_rows(batches), 1):
            told = {name: finite(value) for name, value in row.items()}
            text = json.dumps(told, default=plain, ensure_ascii=False)
            out.write(f"{',' if count > 1 else ''}\n{text}")
        out.write("\n]\n")
    return count


def _rows(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        yield from batch.to_pylist()


_ROWS: dict[str, Callable[[SparkTables, Wanted], DataFrame]] = {
    "observations": _observations,
    "forecasts": _forecasts,
    "performance": _performance,
}
_WRITERS: dict[str, Callable[[Iterator[pa.RecordBatch], pa.Schema, Path], int]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "json": _write_json,
}
