"""Landed bodies -> bronze -> silver, for every landing that no build has taken in yet."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.landing import LandingZone
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import RUNS
from lakehouse.tables.silver import LOCATIONS, SERIES
from sources import energi_data_service, open_meteo
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
    energy, weather = silver.observation_tables(catalogue)

    def into_bronze(source: str) -> dict[str, int]:
        mine = [row for row in landings if row["source"] == source]
        return bronze.run(tables, arrow, zone, mine)

    def observations(observed: silver.Observed) -> dict[str, int]:
        return silver.update_observations(tables, catalogue, observed, landings, manifest)

    def take_in_energy() -> list[dict[str, int]]:
        return [into_bronze(energi_data_service.SOURCE), observations(energy)]

    def take_in_weather() -> list[dict[str, int]]:
        return [
            into_bronze(open_meteo.SOURCE),
            observations(weather),
            silver.update_weather_forecasts(tables, catalogue, landings),
        ]

    for counts in chain(*side_by_side(take_in_energy, take_in_weather)):
        built.add(counts)
