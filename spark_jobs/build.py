"""Landed bodies -> bronze -> silver, for every landing that no build has taken in yet."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.landing import LandingZone
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.gold import RUNS
from lakehouse.tables.silver import COVARIATES
from sources import open_meteo
from spark_jobs import bronze, catalogue_tables, damaged_bodies, observed, silver, straight

STEP = "build"
#: Bodies that one build takes in: what is read of them must fit in memory.
BATCH_BYTES = 200_000_000


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


def first_batch(
    waiting: list[dict[str, Any]], manifest: list[dict[str, Any]], most_bytes: int = BATCH_BYTES
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(the landings of the next batch in order of arrival, the manifest without later batches)."""
    ordered = sorted(waiting, key=lambda r: (r["fetched_at"], r["window_start"], r["landing_id"]))
    sizes = accumulate(row["body_bytes"] for row in ordered)
    batch = [row for row, size in zip(ordered, sizes, strict=True) if size <= most_bytes]
    batch = batch or ordered[:1]
    later = {row["landing_id"] for row in ordered[len(batch) :]}
    return batch, [row for row in manifest if row["landing_id"] not in later]


def run(tables: SparkTables, arrow: ArrowTables, zone: LandingZone, catalogue: Catalogue) -> Built:
    """Take in the oldest pending landings, as many as fit into one batch.

    Safe to repeat: what was written is not written again. The caller notes what was taken in, and
    comes back until nothing is pending.
    """
    built = Built()
    built.add(catalogue_tables.mirror(arrow, catalogue))
    landings, manifest = first_batch(*pending(arrow))
    if not landings:
        return built
    built.landing_ids = [row["landing_id"] for row in landings]
    landings, refused = damaged_bodies.refuse(tables, zone, landings)
    if refused:
        built.add({QUARANTINE.name: refused})
    if not landings:
        return built
    with tables.in_bulk() if bronze.is_bulk(landings) else nullcontext():
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
    weather, rest = open_meteo.SOURCE, {row["source"] for row in landings} - {open_meteo.SOURCE}

    def of(*sources: str) -> list[dict[str, Any]]:
        return [row for row in landings if row["source"] in sources]

    def observations(table: observed.Observed) -> dict[str, int]:
        counts = silver.update_observations(tables, catalogue, table, landings, manifest)
        if table.table is COVARIATES:
            # Their records are those of the values, whose repeats and gaps are counted already.
            return {n: count for n, count in counts.items() if n not in ("repeats", "gaps")}
        return counts

    def take_in_energy() -> list[dict[str, int]]:
        mine = of(*rest)
        straight_in = straight.take_in(tables, arrow, zone, catalogue, mine, manifest)
        return [
            straight_in or bronze.run(tables, arrow, zone, mine),
            *(
                observations(table)
                for table in observed.energy_tables(catalogue)
                if table.table.name not in straight_in
            ),
        ]

    def take_in_weather() -> list[dict[str, int]]:
        return [
            bronze.run(tables, arrow, zone, of(weather)),
            observations(observed.weather_table(catalogue)),
            silver.update_weather_forecasts(tables, catalogue, landings),
        ]

    for counts in chain(*side_by_side(take_in_energy, take_in_weather)):
        built.add(counts)
