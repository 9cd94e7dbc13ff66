"""Small worlds that live on the sample clock: a folder, its settings, and days that flows made.

One world is trained per test run and kept as it is; a test takes a copy and lives on in it.
"""

import hashlib
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.clock import SampleClock
from lakehouse.settings import PROJECT, Settings, load_settings
from lakehouse.tables import TABLES, Table
from lakehouse.tables.gold import PROMOTIONS, RUNS, TRAINING_RUNS
from lakehouse.time import parse_utc
from models.trained import LSTM
from tests.small_lakehouse import forget_logs

#: Four weeks to train on, two held out: a training takes seconds and is worth nothing.
SMALL = {
    "GRIDCAST_TRAIN_EPOCHS": "1",
    "GRIDCAST_TRAIN_DAYS": "28",
    "GRIDCAST_HOLDOUT_DAYS": "14",
    "GRIDCAST_SPARK_JVM_OPTIONS": "",  # whoever starts the one session of the run
}
HISTORY_START = "2024-07-20T00:00:00Z"
#: At the discard port of this machine nothing listens.
NOBODY = "http://127.0.0.1:9"
#: A past time across a quarter's end: requests are made for whole quarters.
COLLECTED = parse_utc("2024-09-10T00:00Z"), parse_utc("2024-10-17T00:00Z")


@dataclass(frozen=True)
class World:
    """A lakehouse folder and the variables under which commands and flows live in it."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**SMALL, **self.variables, "GRIDCAST_LAKEHOUSE": str(self.folder)}

    @property
    def arrow(self) -> ArrowTables:
        return ArrowTables(self.folder)

    def copy(self, folder: Path, **variables: str) -> "World":
        """The same world in another folder, to live on differently."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, variables=self.variables | variables)

    @contextmanager
    def entered(self) -> Iterator[Settings]:
        """The process lives in this world: variables, and no Spark names of another one."""
        before = dict(os.environ)
        for name in [name for name in os.environ if name.startswith("GRIDCAST_")]:
            del os.environ[name]
        os.environ.update(self.environment)
        forget_names()
        try:
            with warnings.catch_warnings():
                # Errors in the rest of the suite. Here MLflow, Prefect and TensorFlow run whole,
                # and warn of what is theirs: told in pytest's summary.
                warnings.simplefilter("default")
                yield load_settings()
        finally:
            forget_names()
            os.environ.clear()
            os.environ.update(before)

    def live(self, flow: str, **parameters: Any) -> Any:
        """Run a flow in this world and return what it returns."""
        from flows.flows import FLOWS, HISTORY

        with self.entered():
            return (FLOWS | HISTORY)[flow](**parameters)

    def clock(self) -> SampleClock:
        with self.entered() as settings:
            clock = settings.make_clock()
            assert isinstance(clock, SampleClock)
            return clock

    def rows(self, table: Table, **equal: Any) -> list[dict[str, Any]]:
        """The rows of a table whose columns have these values."""
        filters = [(name, "=", value) for name, value in equal.items()]
        return self.arrow.rows(table, filters=filters or None)

    def content(self, table: Table) -> list[str]:
        """The content columns of a table, a text per row, in an order of their own."""
        return sorted(repr(tuple(row.values())) for row in self._content_rows(table))

    def checksums(self, tables: tuple[Table, ...] = TABLES) -> dict[str, str]:
        """A checksum of the content of every table but gold.runs, which grows with every run."""
        return {
            table.name: hashlib.sha256("\n".join(self.content(table)).encode()).hexdigest()
            for table in tables
            if table is not RUNS
        }

    def _content_rows(self, table: Table) -> list[dict[str, Any]]:
        return self.arrow.rows(table, table.content_columns)

    def last_run(self, step: str) -> dict[str, Any]:
        """The newest row that a step left in gold.runs."""
        return max(self.rows(RUNS, step=step), key=lambda row: row["started_at"])


def new_world(folder: Path) -> World:
    """An empty lakehouse of the sample's series, whose history starts late."""
    folder.mkdir(exist_ok=True)
    return World(folder / "lakehouse", {"GRIDCAST_CATALOGUE": str(short_catalogue(folder))})


def short_catalogue(folder: Path, history_start: str = HISTORY_START) -> Path:
    """The sample's catalogue with a later start: a world is made in seconds, not minutes."""
    text = (PROJECT / "deployments" / "catalogues" / "sample.toml").read_text()
    short, found = re.subn(r"(?m)^history_start = .*$", f"history_start = {history_start}", text)
    assert found == 1
    file = folder / "catalogue.toml"
    file.write_text(short)
    return file


def forget_names() -> None:
    """Spark keeps table names per session and worlds share one: drop the names, keep the files."""
    from pyspark.sql import SparkSession

    spark = SparkSession.getActiveSession()
    if spark:
        for schema in ("bronze", "silver", "gold"):
            spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        forget_logs(spark)


def origin_of(day: str) -> datetime:
    """The Danish groups' origin on a day of summer time: 09:30 local is 07:30 UTC."""
    return datetime.fromisoformat(f"{day}T07:30:00+00:00")


def promote_all(world: World) -> None:
    """Put every trained LSTM in charge: one epoch does not beat seasonal naive by itself."""
    trained = world.rows(TRAINING_RUNS)
    assert {row["status"] for row in trained} == {"ok"}, trained
    world.arrow.append(
        PROMOTIONS,
        [
            PROMOTIONS.row(
                series_group=row["series_group"],
                decided_at=row["as_of"] + timedelta(minutes=1),
                champion_model=row["model_name"],
                champion_version=row["model_version"],
                candidate_model=row["model_name"],
                candidate_version=row["model_version"],
                promoted=True,
                reason="The tests need champions.",
            )
            for row in trained
            if row["model_name"] == LSTM
        ],
    )


class Shared:
    """What is made once per test run, when the first test asks for it."""

    _made: dict[str, Any] = {}  # noqa: RUF012 - one per process is what it is for

    @classmethod
    def prefect(cls, config: pytest.Config) -> None:
        """A Prefect server of this test run, with a database of its own."""
        if "prefect" in cls._made:
            return
        import flows  # noqa: F401 - switches Prefect's telemetry off before its first import

        stack = ExitStack()
        config.add_cleanup(stack.close)
        from prefect.testing.utilities import prefect_test_harness

        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        stack.enter_context(prefect_test_harness(server_startup_timeout=120))
        cls._made["prefect"] = True

    @classmethod
    def world(cls, name: str, make: Callable[[], World]) -> World:
        if name not in cls._made:
            try:
                cls._made[name] = make()
            except Exception as fault:
                # Every test that needs it tells why; none makes it again.
                cls._made[name] = fault
        made = cls._made[name]
        if isinstance(made, Exception):
            raise made
        assert isinstance(made, World)
        return made


def trained_world(config: pytest.Config, folders: pytest.TempPathFactory) -> World:
    """History ingested and built, one model per group trained, the clock still at its start."""

    def make() -> World:
        world = new_world(folders.mktemp("trained"))
        for flow in ("ingest", "build", "train"):
            world.live(flow)
        promote_all(world)
        return world

    Shared.prefect(config)
    return Shared.world("trained", make)


def world_one_day_on(config: pytest.Config, folders: pytest.TempPathFactory) -> World:
    """The trained world after one undisturbed `daily`."""

    def make() -> World:
        world = trained_world(config, folders).copy(folders.mktemp("one-day-on") / "lakehouse")
        world.live("daily", report=False)
        return world

    return Shared.world("one day on", make)


def collected_world(config: pytest.Config, folders: pytest.TempPathFactory) -> World:
    """A world in which a past time was collected in one undisturbed backfill."""

    def make() -> World:
        world = new_world(folders.mktemp("collected"))
        world.live("backfill", first=COLLECTED[0], last=COLLECTED[1])
        return world

    Shared.prefect(config)
    return Shared.world("collected", make)
