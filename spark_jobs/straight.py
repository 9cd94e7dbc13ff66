"""The straight way: a large batch in which nothing is wrong, read once for each table it fills.

Spark reads the bodies as files and writes what it made of them beside the table; a look at what
was written tells whether all of the batch is good and new, and only then is it taken in. Nothing
is held in memory, counted or sorted on the way. Where there is any doubt - a body or record that
may break a rule, a key that may be told twice or may have been told before - nothing is taken in
here, and the batch goes the careful way of `bronze` and `silver`, which gives the same content.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, reduce
from operator import or_
from typing import Any

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, DoubleType, StringType, StructType

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue, DataSet
from lakehouse.landing import LandingZone
from lakehouse.places import spark_uri
from lakehouse.spark.local import local_frame
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.quality import keeps
from lakehouse.spark.staged import Staged
from lakehouse.spark.tables import SparkTables, struct_type
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import as_utc
from sources import energi_data_service
from spark_jobs.asked import (
    AROUND,
    asked_before,
    asked_for_the_same,
    comes_late,
    data_sets_of,
    is_asked_twice,
    window,
)
from spark_jobs.bronze import energy_records, is_bulk, judged_answers, not_held
from spark_jobs.observed import Observed, energy_tables
from spark_jobs.records import energy_candidates, record_type, with_conflicts
from spark_jobs.silver import held_within, landed, new_vintages, vintage_rows

Landings = Sequence[dict[str, Any]]

#: No two records are the same text: a dictionary of them would be built for nothing.
_FOR_TEXTS = {"parquet.enable.dictionary#record": "false"}
#: All fields of a body are in memory at once: as packed rows they are a few large objects.
_FOR_FIELDS = {"spark.sql.json.useUnsafeRow": "true"}
#: So far inside its window that no other body reaches there.
_INSIDE = (
    "window_start + INTERVAL {seconds} SECONDS <= event_time "
    "AND event_time < window_end - INTERVAL {seconds} SECONDS"
)
#: What is read of a body to see the times at its two ends.
_LOOKED_AT = 4096


def take_in(
    tables: SparkTables,
    arrow: ArrowTables,
    zone: LandingZone,
    catalogue: Catalogue,
    landings: Landings,
    manifest: Landings,
) -> dict[str, int]:
    """Take pending landings of energy into bronze, and into silver.observations; rows per table.

    A table that is not named got nothing, and is for the careful way to fill. Beside the rows:
    `gaps` and `repeats`, as they say there.
    """
    if not _fits(arrow, zone, landings):
        return {}
    older = asked_for_the_same(catalogue, energy_tables(catalogue)[0], manifest, landings)
    batch = _Batch(tables, zone, catalogue, landings, older)
    bronze, silver = side_by_side(
        lambda: _staged_records(batch),
        lambda: _staged_vintages(batch) if batch.is_first() else None,
    )
    if bronze.distinct(["landing_id"]) < len(landings):
        bronze.discard()
        if silver:
            silver.rows.discard()
        return {}
    taken = {ENERGY_RECORDS.name: bronze.commit()}
    if silver and silver.is_good(batch):
        taken |= {OBSERVATIONS.name: silver.rows.commit()}
        taken |= {"gaps": silver.others, "repeats": silver.repeats}
    elif silver:
        silver.rows.discard()
    return taken


def _fits(arrow: ArrowTables, zone: LandingZone, landings: Landings) -> bool:
    """Whether a batch is large, new, and of answers that a reader of files reads as we do."""
    return (
        is_bulk(landings)
        and all(row["source"] == energi_data_service.SOURCE for row in landings)
        and all(_begins_like_an_object(zone, row) for row in landings)
        and len(not_held(arrow, ENERGY_RECORDS, landings)) == len(landings)
    )


@dataclass(frozen=True)
class _Batch:
    """Landings to take in, and the older ones that asked for the same series and time."""

    tables: SparkTables
    zone: LandingZone
    catalogue: Catalogue
    landings: Landings
    older: Landings

    @property
    def names(self) -> list[str]:
        return data_sets_of(self.landings)

    @property
    def data_sets(self) -> list[DataSet]:
        known = self.catalogue.data_sets
        return [known[name] for name in self.names if name in known]

    @cached_property
    def reach(self) -> timedelta:
        """How far into a window another body may reach: answers hold more than was asked for."""
        columns = {data_set.name: data_set.time_column for data_set in self.data_sets}
        reaches_out = any(
            _reaches_out(self.zone, row, columns[row["data_set"]]) for row in self.landings
        )
        return AROUND if reaches_out else timedelta()

    def is_first(self) -> bool:
        """Whether nothing is known from inside its windows, whose clocks are UTC."""
        return (
            len(self.data_sets) == len(self.names)
            and all(data_set.timezone == "UTC" for data_set in self.data_sets)
            and not comes_late(self.older, self.landings)
            and not is_asked_twice(self.landings, [*self.older, *self.landings])
            and not self._is_held()
        )

    def _is_held(self) -> bool:
        series = [s.series_id for name in self.names for _, s in self.catalogue.feeds_of(name)]
        within = [
            [
                ("event_time", ">=", row["window_start"] + self.reach),
                ("event_time", "<", row["window_end"] - self.reach),
                ("series_id", "in", series),
            ]
            for row in self.landings
        ]
        return self.tables.count(OBSERVATIONS, within) > 0


def _staged_records(batch: _Batch) -> Staged:
    """The records of the bodies that break no rule."""
    judged = judged_answers(_answers(batch, StringType()).withColumn("body", F.lit("")))
    with batch.tables.with_options(_FOR_TEXTS):
        return batch.tables.stage(ENERGY_RECORDS, energy_records(judged))


@dataclass(frozen=True)
class _Vintages:
    """New rows of silver.observations, and what there was beside the records that made them."""

    rows: Staged
    repeats: int
    others: int

    def is_good(self, batch: _Batch) -> bool:
        """Whether each body gave some, each event time has one, and all others are gaps."""
        return (
            self.rows.distinct(["landing_id"]) == len(batch.landings)
            and self.rows.distinct(["series_id", "event_time"]) == self.rows.count()
            and (not self.others or self.others == _gaps(batch))
        )


def _staged_vintages(batch: _Batch) -> _Vintages:
    """Deep inside its window an event time is told by one body alone. What lies near the ends may
    be told by two, and is sorted out as `silver` does it.
    """
    observed = energy_tables(batch.catalogue)[0]
    answers = _answers(batch, record_type(batch.data_sets, DoubleType()))
    read = energy_candidates(_fields(answers), batch.catalogue, batch.names)
    inside = F.expr(_INSIDE.format(seconds=int(batch.reach.total_seconds())))
    deep, near = Observation(), Observation()
    alone = _usable(read.withColumn("conflicting", F.lit(False)), observed, inside, deep)
    rows = vintage_rows(alone, None, None, observed, alone=True)
    if batch.reach:
        ends = with_conflicts(read.where(~F.coalesce(inside, F.lit(False))), observed.key)
        sorted_out = new_vintages(
            _usable(ends, observed, F.lit(True), near),
            held_within(batch.tables, OBSERVATIONS, window(batch.landings)),
            asked_before(batch.tables, observed, batch.older, batch.landings),
            observed,
            batch.landings,
        )
        rows = rows.unionByName(sorted_out)
    with batch.tables.with_options(_FOR_FIELDS):
        staged = batch.tables.stage(OBSERVATIONS, rows)
    good = deep.get["good"] + (near.get["good"] if batch.reach else 0)
    return _Vintages(staged, good - staged.count(), deep.get["all"] - good)


def _usable(
    candidates: DataFrame, observed: Observed, inside: Column, seen: Observation
) -> DataFrame:
    """Those that break no rule and have a value; `seen` hears how many of how many they are."""
    good = keeps(observed.rules) & inside & F.col("value").isNotNull()
    told = candidates.withColumn("good", F.coalesce(good, F.lit(False))).observe(
        seen, F.count(F.lit(1)).alias("all"), F.count_if("good").alias("good")
    )
    return told.where("good")


def _gaps(batch: _Batch) -> int:
    """How many records say null of their value. Without its text, one that lacks it looks so."""
    texts = {f'"{data_set.value_column}":null' for data_set in batch.data_sets}
    records = landed(batch.tables.read(ENERGY_RECORDS), batch.landings).where(
        reduce(or_, (F.contains("record", F.lit(text)) for text in texts))
    )
    candidates = energy_candidates(records, batch.catalogue, batch.names)
    rules = energy_tables(batch.catalogue)[0].rules
    unbroken = candidates.withColumn("conflicting", F.lit(False)).where(keeps(rules))
    return unbroken.where("value IS NULL").count()


def _answers(batch: _Batch, record: DataType) -> DataFrame:
    """The manifest rows with the `records` of their bodies; see `judged_answers`."""
    schema = StructType().add("records", ArrayType(record)).add("_broken", StringType())
    read = (
        batch.tables.spark.read.schema(schema)
        .option("multiLine", True)
        .option("columnNameOfCorruptRecord", "_broken")
        .json([spark_uri(batch.zone.path(row["body_path"])) for row in batch.landings])
    )
    answers = read.select(
        F.regexp_extract("_metadata.file_name", r"^(.*)\.body$", 1).alias("landing_id"),
        "records",
        F.struct("_broken").alias("json"),
    )
    manifest = local_frame(batch.tables.spark, batch.landings, struct_type(LANDINGS))
    return F.broadcast(manifest).join(answers, on="landing_id", how="inner")


def _fields(answers: DataFrame) -> DataFrame:
    """Records as `energy_candidates` takes them, with their fields in place of their text."""
    nothing = F.lit(None).cast("string")
    return answers.where("json._broken IS NULL").select(
        "landing_id", "data_set", "fetched_at", "window_start", "window_end",
        nothing.alias("record"), nothing.alias("asked"), nothing.alias("decimal"),
        F.explode("records").alias("f"),
    )  # fmt: skip


def _begins_like_an_object(zone: LandingZone, landing: dict[str, Any]) -> bool:
    """That reader would take a list for several answers, and knows encodings but UTF-8."""
    with zone.path(landing["body_path"]).open("rb") as body:
        begin = body.read(64)
    return begin.lstrip().startswith(b"{") and b"\0" not in begin


def _reaches_out(zone: LandingZone, landing: dict[str, Any], time_column: str) -> bool:
    """Whether an answer, sorted by time as it was asked for, begins or ends out of its window.

    A guess that only saves work: what it misses is found in what was written.
    """
    body = zone.path(landing["body_path"])
    with body.open("rb") as file:
        ends = file.read(_LOOKED_AT)
        file.seek(max(0, body.stat().st_size - _LOOKED_AT))
        ends += file.read()
    for text in re.findall(rf'"{time_column}": ?"([^"]+)"', ends.decode(errors="replace")):
        with suppress(ValueError):
            time = as_utc(datetime.fromisoformat(text))
            if not landing["window_start"] <= time < landing["window_end"]:
                return True
    return False
