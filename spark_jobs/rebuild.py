"""Make tables anew: silver from the landing zone's files alone, gold from silver.

Everything is made in a staging folder first and then swapped in, one commit per table; older
versions stay readable. A rebuild that is killed is started again: staging begins empty, and tables
that were swapped already hold the same content. Decisions and bookkeeping are kept as they are:
gold.promotions, training_runs, backtests, retraining, incidents, runs and outbox.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.errors import TableError
from lakehouse.landing import LandingZone
from lakehouse.places import Place, remove
from lakehouse.settings import Settings
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import Table
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS, QUARANTINE, WEATHER_RECORDS
from lakehouse.tables.gold import (
    CALIBRATION,
    FEATURES,
    FORECAST_ERRORS,
    FORECASTS,
    QUANTILES,
    RUNS,
)
from lakehouse.tables.silver import (
    COVARIATES,
    DATA_SETS,
    LOCATIONS,
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.tables.watched import DRIFT, PROFILE_FEATURES, PROFILES, QUALITY
from spark_jobs import build as build_job
from spark_jobs import evaluate, forecast, monitor

FROM_FILES = (
    ENERGY_RECORDS,
    WEATHER_RECORDS,
    QUARANTINE,
    OBSERVATIONS,
    COVARIATES,
    WEATHER_OBSERVATIONS,
    WEATHER_FORECASTS,
)
FROM_SILVER = (
    FEATURES,
    CALIBRATION,
    FORECASTS,
    FORECAST_ERRORS,
    PROFILES,
    PROFILE_FEATURES,
    DRIFT,
    QUALITY,
)
#: What the building of silver writes besides.
_BESIDES = (LANDINGS, SERIES, DATA_SETS, LOCATIONS, RUNS)
_FAULTS_TOLD = 5


@dataclass(frozen=True)
class PastRun:
    """A step of gold.runs that wrote something, as it is repeated.

    `clock`: what the profile's clock said then, so what had been fetched by then counts.
    """

    step: str
    run_id: str
    run_kind: str
    as_of: datetime
    clock: datetime
    started_at: datetime
    since: datetime | None


@dataclass(frozen=True)
class Staging:
    """Some tables of a lakehouse in a folder beside it, empty at first."""

    folder: Place
    arrow: ArrowTables
    tables: SparkTables

    @classmethod
    def of(
        cls, tables: SparkTables, arrow: ArrowTables, folder: Place, moved: Sequence[Table]
    ) -> "Staging":
        """Begin anew in `folder`."""
        remove(folder)
        beside = arrow.beside(folder, moved)
        beside.create_missing(moved)
        return cls(folder, beside, SparkTables(tables.spark, beside))

    def swap_in(self, tables: SparkTables, swapped: Sequence[Table]) -> dict[str, int]:
        """Put the staged content in the place of the tables'; returns rows per table."""
        for table in swapped:
            tables.overwrite(table, self.tables.read(table))
        rows = {table.name: self.arrow.count(table) for table in swapped}
        remove(self.folder)
        return rows


def silver(
    tables: SparkTables,
    arrow: ArrowTables,
    zone: LandingZone,
    catalogue: Catalogue,
    folder: Place,
) -> tuple[dict[str, int], list[str]]:
    """Make bronze and silver anew from the files of the landing zone.

    Returns rows per table, and the landings that they hold. Raises TableError, and changes
    nothing, where a body is damaged or the files lack a landing that the tables have.
    """
    _check_files(arrow, zone)
    staging = Staging.of(tables, arrow, folder, (*FROM_FILES, *_BESIDES))
    taken: list[str] = []
    while fresh := zone.manifest(known=set(taken)):
        # What lands in the meantime is taken in, too.
        staging.arrow.insert_new(LANDINGS, fresh)
        for ids in _build(staging, zone, catalogue):
            taken += ids
    rows = staging.swap_in(tables, FROM_FILES)
    arrow.insert_new(LANDINGS, zone.manifest())
    return rows, taken


def _build(staging: Staging, zone: LandingZone, catalogue: Catalogue) -> Iterator[list[str]]:
    number = 0
    while build_job.pending(staging.arrow)[0]:
        built = build_job.run(staging.tables, staging.arrow, zone, catalogue)
        told = {"step": build_job.STEP, "status": "ok", "landing_ids": built.landing_ids}
        staging.arrow.append(RUNS, [RUNS.row(run_id=str(number), **told)])
        number += 1
        yield built.landing_ids


def _check_files(arrow: ArrowTables, zone: LandingZone) -> None:
    faults = list(zone.damaged())
    there = {row["landing_id"] for row in zone.manifest()}
    faults += [
        f"{row['body_path']} has no sidecar file."
        for row in arrow.rows(LANDINGS, ["landing_id", "body_path"])
        if row["landing_id"] not in there
    ]
    if faults:
        told = " ".join(faults[:_FAULTS_TOLD])
        raise TableError(
            f"Expected every landed body to be whole; {len(faults)} are not: {told} Nothing was "
            "changed. Restore the files from a copy; silver as it is does not need them."
        )


def gold(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    folder: Place,
    past_runs: Sequence[PastRun],
) -> tuple[dict[str, int], list[str]]:
    """Make features, forecasts, errors, profiles, drift and quality anew, in the order of runs.

    Each run sees of silver what it saw then. Returns rows per table, and sentences about what is
    not as it was. Raises TableError, and changes nothing, where forecasts that were issued could
    not be made again.
    """
    staging = Staging.of(tables, arrow, folder, FROM_SILVER)
    sentences: list[str] = []
    for past in past_runs:
        seen = staging.arrow.as_recorded(past.clock)
        sentences += _repeat(past, SparkTables(tables.spark, seen), seen, catalogue, settings)
    sentences += _compare(tables, staging)
    return staging.swap_in(tables, FROM_SILVER), sentences


def _repeat(
    past: PastRun,
    tables: SparkTables,
    seen: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
) -> list[str]:
    """One run again; returns the sentences of champions that could not answer."""
    if past.step == "forecast":
        return forecast.run(
            tables, seen, catalogue, settings,
            past.as_of, past.run_kind, past.run_id, past.started_at,
        )[1]  # fmt: skip
    if past.step == "evaluate":
        evaluate.run(tables, past.as_of, past.since, past.run_id)
    if past.step in ("watch", "monitor") and past.run_kind == "live":
        monitor.run(tables, seen, catalogue, past.as_of, past.run_id)
    return []


def _compare(tables: SparkTables, staging: Staging) -> list[str]:
    """That no forecast is lost, and how many are another."""
    held = tables.read(FORECASTS)
    made = staging.tables.read(FORECASTS)
    lost = held.join(made.select(*FORECASTS.key), on=list(FORECASTS.key), how="left_anti")
    first = lost.orderBy(*FORECASTS.key).first()
    if first is not None:
        raise TableError(
            f"Expected to make every issued forecast again; {lost.count()} could not be made, "
            f"first {first['series_id']} of {first['forecast_origin']} by {first['model_name']} "
            f"{first['model_version']}. Nothing was changed. Restore that model below models/, or "
            "the series in the catalogue, and run it again."
        )
    said = [*FORECASTS.key, *QUANTILES]
    others = held.select(*said).exceptAll(made.select(*said)).agg(F.count(F.lit(1))).first()
    changed = int(others[0]) if others else 0
    return [f"{changed} forecasts are not what was issued."] if changed else []
