"""A day that is killed anywhere is completed by the next `daily`, with the same content."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import Table
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS, WEATHER_RECORDS
from lakehouse.tables.gold import FEATURES, FORECASTS
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from tests.faults.commands import gains_a_commit, kill_when
from tests.worlds import World

pytestmark = pytest.mark.slow  # the default run kills at ten places: test_killed_at_boundaries.py


def test_a_daily_killed_between_features_and_forecasts_is_completed(
    trained: World, one_day_on: World, tmp_path: Path
) -> None:
    """The real command, and a real kill of it and all that it started."""
    world = trained.copy(tmp_path / "lakehouse")
    kill_when(world, gains_a_commit(world, FEATURES), "run", "daily")
    assert world.arrow.count(FEATURES) > 0
    world.live("daily", report=False)
    assert world.checksums() == one_day_on.checksums()


class KilledError(BaseException):
    """Nothing handles it, so nothing is tidied up or noted down: the process might be gone."""


@contextmanager
def killed_after_writing(table: Table) -> Iterator[None]:
    """The next write of a table succeeds; from then on no thread writes anything."""
    dead = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        for kind in (SparkTables, ArrowTables):
            write = kind.append

            def fatal(self: Any, written: Table, rows: Any, write: Any = write) -> None:
                if not dead.is_set():
                    write(self, written, rows)
                if written is table:
                    dead.set()
                if dead.is_set():
                    raise KilledError(table.name)

            patch.setattr(kind, "append", fatal)
        with pytest.raises(KilledError, match=table.name):
            yield


WRITTEN = (
    LANDINGS,
    ENERGY_RECORDS,
    WEATHER_RECORDS,
    OBSERVATIONS,
    WEATHER_OBSERVATIONS,
    WEATHER_FORECASTS,
    FEATURES,
    FORECASTS,
)


def assert_completed_after(deaths: tuple[Table, ...], world: World, undisturbed: World) -> None:
    for table in deaths:
        with killed_after_writing(table):
            world.live("daily", report=False)
    world.live("daily", report=False)
    assert world.checksums() == undisturbed.checksums()


def test_a_day_that_dies_in_bronze_and_in_silver_is_completed(
    trained: World, one_day_on: World, tmp_path: Path
) -> None:
    world = trained.copy(tmp_path / "lakehouse")
    assert_completed_after((LANDINGS, WEATHER_OBSERVATIONS), world, one_day_on)


@pytest.mark.slow
@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_a_day_that_dies_after_a_write_is_completed(
    trained: World, one_day_on: World, tmp_path: Path, table: Table
) -> None:
    world = trained.copy(tmp_path / "lakehouse")
    assert_completed_after((table,), world, one_day_on)
