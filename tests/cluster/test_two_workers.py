"""The jobs on a Spark cluster of two worker processes, driver apart, leave what they leave here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES
from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS, RUNS, TRAINING_RUNS
from lakehouse.tables.watched import PROFILES
from models.trained import LSTM
from spark_jobs.profiled import FEW_DAYS
from tests.cluster.standalone import cluster, tasks_by_executor
from tests.faults.two_series import new_small_world
from tests.gridcast.conftest import BARE
from tests.worlds import World

OPTIONS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.executor.memory": "1g",
}


def lived(world: World) -> World:
    """The world after a training and two days, lived by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster.lived", world.folder, json.dumps(world.variables)],
        cwd=PROJECT,
        env=BARE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return world


def short_lived(folder: Path) -> World:
    """An empty world whose JVMs live for minutes: their second compiler would not pay."""
    world = new_small_world(folder)
    world.variables["GRIDCAST_SPARK_JVM_OPTIONS"] = "-XX:TieredStopAtLevel=1"
    return world


def lived_on_two_workers(folder: Path, events: Path) -> World:
    """The same, on a cluster whose driver that process is; Spark's log of events in `events`."""
    events.mkdir(parents=True)
    logged = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    with cluster(events.parent, workers=2, memory="1g") as address:
        world = short_lived(folder)
        world.variables["GRIDCAST_SPARK_MASTER"] = address
        world.variables["GRIDCAST_SPARK_OPTIONS"] = json.dumps(OPTIONS | logged)
        return lived(world)


def assert_the_same(here: World, there: World, events: Path) -> None:
    assert {row["status"] for row in there.rows(RUNS)} == {"ok"}
    assert {row["status"] for row in there.rows(TRAINING_RUNS)} == {"ok"}
    assert there.rows(FORECASTS, model_name=LSTM)
    assert there.rows(FORECAST_ERRORS)
    # So many that the workers made them, and not the driver.
    assert len(there.rows(PROFILES)) > FEW_DAYS
    [log] = events.iterdir()
    assert set(tasks_by_executor(log)) == {"0", "1"}
    others = tuple(table for table in TABLES if table is not FORECAST_ERRORS)
    assert there.checksums(others) == here.checksums(others)
    assert_the_same_sums(here, there)


def assert_the_same_sums(here: World, there: World) -> None:
    """Sums over several tasks differ in the last bit: by which partial sum comes first."""
    key, names = FORECAST_ERRORS.key, FORECAST_ERRORS.content_columns
    mine, theirs = (
        {tuple(row[name] for name in key): row for row in world.rows(FORECAST_ERRORS)}
        for world in (here, there)
    )
    assert mine.keys() == theirs.keys()
    for one, row in mine.items():
        for name in names:
            wanted = row[name]
            near = pytest.approx(wanted, rel=1e-12) if isinstance(wanted, float) else wanted
            assert theirs[one][name] == near, name


@pytest.mark.cluster
@pytest.mark.timeout(1800)
def test_two_workers_and_a_driver_apart_leave_the_same_tables(tmp_path: Path) -> None:
    events = tmp_path / "events"
    there = lived_on_two_workers(tmp_path / "there", events)
    here = lived(short_lived(tmp_path / "here"))
    assert_the_same(here, there, events)
