"""What a day does for each series in the driver alone, however many workers there are.

    .venv/bin/python -m benchmarks.driver [SERIES ...]

Reading the catalogue; the grid of hours of each series as rows of the plan; the corrections of its
intervals in gold.calibration; and, of 1,000 series, what `watch` reads there before the workers
get their parts, and what those cost. Processor seconds and the memory that was needed at most; each
line is of a process of its own, without Spark.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from benchmarks.many_series import START, TRAIN_DAYS, World, settle
from lakehouse.arrow import ArrowTables
from lakehouse.tables import TABLES
from lakehouse.tables.gold import CALIBRATION, FEATURES
from lakehouse.tables.watched import PROFILES
from lakehouse.time import DAY
from models.samples import PAST_DAYS
from models.trained import LINEAR, LSTM
from spark_jobs.calibrated import in_force
from spark_jobs.champions import Model, Standing
from spark_jobs.origins import origin_rows
from spark_jobs.profiled import days_of
from spark_jobs.to_profile import OBSERVED, WEATHER, ToProfile

T = TypeVar("T")

_SERIES = ("1000", "3000", "10000", "30000")
_WATCHED = "1000"
"""Numbers of series, where none are named; a child is told one, after what it is to measure."""


def main() -> None:
    """Print a line for each number of series, and one of `watch`."""
    measures = {"forecast": _measure, "watch": _watch}
    if sys.argv[1:] and sys.argv[1] in measures:
        measures[sys.argv[1]](int(sys.argv[2]))
        return
    lines = [("forecast", count) for count in sys.argv[1:] or _SERIES]
    for what, count in [*lines, ("watch", _WATCHED)]:
        subprocess.run([sys.executable, "-m", __spec__.name, what, count], check=True)


def _watch(n_series: int) -> None:
    """One new day of each group, on a lakehouse in which all days before have a profile."""
    world = World(n_series)
    as_of = START + (PAST_DAYS + TRAIN_DAYS) * DAY + timedelta(hours=9, minutes=30)
    day = as_of.date()
    with tempfile.TemporaryDirectory() as name:
        settle(world, Path(name))
        arrow = ArrowTables(Path(name))
        arrow.append(FEATURES, [FEATURES.row(forecast_origin=as_of - 2 * DAY)])
        profiled = [
            PROFILES.row(data_set=data_set, series_group=group, day=day - n * DAY,
                         recorded_until=as_of, revision="made up")
            for data_set in (OBSERVED, WEATHER)
            for group in world.catalogue.groups
            for n in range(1, 60)
        ]  # fmt: skip
        arrow.append(PROFILES, profiled)
        before = _peak_mib()
        reading, works = _timed(lambda: ToProfile(arrow, world.catalogue, as_of).new_days())
        more = _peak_mib() - before
        observed = [work for work in works if work.data_set == OBSERVED]
        working, found = _timed(
            lambda: [day for work in observed for part in work.parts() for day in days_of(part)]
        )
        rows = sum(len(work.vintages) for work in works)
        series_days = sum(len(day.quality) for day in found)
    print(
        f"watch of {n_series:,} series: reading {reading:.1f} s, {1e3 * reading / n_series:.2f} ms "
        f"a series, {rows:,} vintages in {more:.0f} MiB; {series_days:,} days of a series judged "
        f"in {working:.1f} s, {1e3 * working / series_days:.1f} ms each"
    )


def _measure(n_series: int) -> None:
    before = _peak_mib()
    world = World(n_series)
    origin = START + timedelta(days=PAST_DAYS + TRAIN_DAYS, hours=9, minutes=30)
    reading, catalogue = _timed(lambda: world.catalogue)
    issued = [(name, group.last_origin(origin)) for name, group in catalogue.groups.items()]
    grid, rows = _timed(lambda: pa.Table.from_pylist(origin_rows(catalogue, issued)))
    standings = {
        name: Standing(champion=Model(name, LSTM, "1"), challengers=(Model(name, LINEAR, "1"),))
        for name in catalogue.groups
    }
    with tempfile.TemporaryDirectory() as folder:
        arrow = ArrowTables(Path(folder))
        arrow.create_missing(TABLES)
        stretch, (written, _) = _timed(
            lambda: in_force(arrow, catalogue, issued, standings, "live", "benchmark")
        )
        size = sum(arrow.open(CALIBRATION).get_add_actions(flatten=True)["size_bytes"].to_pylist())
    whole = reading + grid + stretch
    print(
        f"{n_series:,} series: {whole:.1f} s, {1e3 * whole / n_series:.2f} ms a series: catalogue "
        f"{reading:.1f}, grid {grid:.1f} ({rows.nbytes / n_series / 1e3:.1f} kB a series in the "
        f"plan), corrections {stretch:.1f} ({written:,} rows, {size / written:.0f} bytes each); "
        f"{_peak_mib() - before:.0f} MiB more than imports",
        flush=True,
    )


def _timed(job: Callable[[], T]) -> tuple[float, T]:
    begun = time.process_time()
    made = job()
    return time.process_time() - begun, made


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
