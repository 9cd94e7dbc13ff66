"""Landed bodies -> bronze -> silver, for every landing that no build has taken in yet."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.landing import LandingZone
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.gold import RUNS
from lakehouse.tables.silver import LOCATIONS, SERIES
from spark_jobs import bronze, silver

STEP = "build"
_BULK_BYTES = 2_000_000


@dataclass
class Built:
    """What a build did: bodies taken in, rows written per table, repeats, gaps."""

    landing_ids: list[str] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)

    def add(self, counts: dict[str, int]) -> None:
        for name, count in counts.items():
            self.written[name] = self.written.get(name, 0) + count


def pending(arrow: ArrowTables) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(manifest rows that no finished build took in, the whole manifest)."""
    manifest = arrow.rows(LANDINGS)
    builds = arrow.rows(RUNS, ["landing_ids"], [("step", "=", STEP), ("status", "=", "ok")])
    taken = {landing_id for row in builds for landing_id in row["landing_ids"]}
    return [row for row in manifest if row["landing_id"] not in taken], manifest


def run(tables: SparkTables, arrow: ArrowTables, zone: LandingZone, catalogue: Catalogue) -> Built:
    """Take in all pending landings. Safe to repeat: what was written is not written again."""
    built = Built()
    built.add({SERIES.name: arrow.insert_new(SERIES, silver.series_rows(catalogue))})
    built.add({LOCATIONS.name: arrow.insert_new(LOCATIONS, silver.location_rows(catalogue))})
    landings, manifest = pending(arrow)
    if not landings:
        return built
    built.landing_ids = [row["landing_id"] for row in landings]
    size = sum(row["body_bytes"] for row in landings)
    with tables.in_bulk() if size > _BULK_BYTES else nullcontext():
        _take_in(built, tables, arrow, zone, catalogue, landings, manifest)
    return built


def _take_in(
    built: Built,
    tables: SparkTables,
    arrow: ArrowTables,
    zone: LandingZone,
    catalogue: Catalogue,
    landings: list[dict[str, Any]],
    manifest: list[dict[str, Any]],
) -> None:
    built.add(bronze.run(tables, arrow, zone, landings))
    for observed in silver.observation_tables(catalogue):
        built.add(silver.update_observations(tables, catalogue, observed, landings, manifest))
    built.add(silver.update_weather_forecasts(tables, catalogue, landings))
    built.written.setdefault(QUARANTINE.name, 0)
