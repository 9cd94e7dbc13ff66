"""Fourteen days of scheduled runs that nobody attends; worker and server die on the way."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import get_client

from flows.deployed import FILE, deploy
from lakehouse.tables import Table
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import FEATURES, INCIDENTS, RUNS
from tests.faults.commands import gains_a_commit
from tests.served import Served, awaited
from tests.worlds import Shared, World, origin_of

pytestmark = [pytest.mark.fortnight, pytest.mark.timeout(3600)]
DAYS = 14
EVERY_SECONDS = 20
#: The end of summer time lies among them: its origins are an hour later in UTC from then on.
ORIGINS = [
    origin_of("2024-10-18") + timedelta(days=day, hours=1 if day >= 9 else 0) for day in range(DAYS)
]
#: For what comes, on a machine that others use too.
PATIENCE = 600.0


@pytest.fixture(scope="module")
def undisturbed(trained: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same fortnight by hand, one `daily` after the other."""

    def make() -> World:
        world = trained.copy(tmp_path_factory.mktemp("undisturbed") / "lakehouse")
        for _ in range(DAYS):
            world.live("daily", report=False)
        return world

    return Shared.world("undisturbed fortnight", make)


@pytest.fixture
def world(trained: World, tmp_path: Path) -> World:
    return trained.copy(tmp_path / "lakehouse")


@pytest.fixture
def served(world: World, tmp_path: Path) -> Iterator[Served]:
    """Server and worker of a world; their runs have the JVM options of the profile.

    A day lasts seconds: a run that waits for another is not late, and tells nobody.
    """
    lived_in = {k: v for k, v in world.environment.items() if k != "GRIDCAST_SPARK_JVM_OPTIONS"}
    patient = {"PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "7200"}
    home = tmp_path / "prefect"
    home.mkdir()
    served = Served(home, lived_in | patient)
    try:
        yield served
    finally:
        served.stop()


def every_few_seconds(folder: Path) -> Path:
    """`prefect.yaml` with `daily` as the one schedule; trainings that drift asks for are left out."""
    text = yaml.safe_load(FILE.read_text())
    for one in text["deployments"]:
        one.pop("schedules", None)
        if one["name"] == "train":
            del one["triggers"]
        if one["name"] == "daily":
            one["parameters"]["report"] = False
            one["schedules"] = [{"interval": EVERY_SECONDS, "anchor_date": "2024-01-01T00:00:00Z"}]
    file = folder / "prefect.yaml"
    file.write_text(yaml.safe_dump(text))
    return file


def finished(world: World) -> Counter[datetime]:
    """How often each day was finished."""
    return Counter(row["as_of"] for row in world.rows(RUNS, step="daily", status="ok"))


def await_days(world: World, days: int) -> None:
    awaited(lambda: len(finished(world)) >= days, days * PATIENCE, f"day {days}")


def await_middle_of_next_day(world: World, table: Table) -> None:
    awaited(gains_a_commit(world, table), PATIENCE, f"a commit of {table.name}")


def test_a_fortnight_goes_unattended_and_loses_nothing(
    world: World, undisturbed: World, served: Served, tmp_path: Path
) -> None:
    file = every_few_seconds(tmp_path)
    served.start_server()
    with served.told(), get_client(sync_client=True) as client:
        deploy(file)
        served.start_worker()

        await_days(world, 4)
        await_middle_of_next_day(world, FEATURES)
        served.kill("worker")
        deploy(file)
        served.start_worker()

        await_days(world, 8)
        await_middle_of_next_day(world, LANDINGS)
        served.kill("server")
        served.start_server()

        await_days(world, DAYS - 1)
        awaited(
            lambda: [r for r in world.rows(RUNS, step="ingest") if r["as_of"] > ORIGINS[-2]],
            PATIENCE,
            "the last day",
        )
        daily = client.read_deployment_by_name("daily/daily")
        client.pause_deployment(daily.id)
        await_days(world, DAYS)
        told = awaited(
            lambda: [r for r in world.rows(INCIDENTS) if r["about"] == "daily"], PATIENCE, "a word"
        )
        states = Counter(run.state_name for run in client.read_flow_runs())

    assert finished(world) == Counter(ORIGINS)
    print(states, told)
