"""Fourteen days of scheduled runs that nobody attends; worker and server die on the way."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType

from flows.deployed import FILE, deploy
from lakehouse.tables import TABLES, Table
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import FEATURES, FORECASTS, INCIDENTS, OUTBOX, RUNS
from lakehouse.tables.silver import SERIES
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
    """`daily` is the one schedule; the trainings that drift asks for are left out."""
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
        stop_after_the_day_that_begins(client, world)
        await_days(world, DAYS)
        awaited(lambda: untold(world), PATIENCE, "a word of the run that died")
        ended = Counter(run.state_name for run in client.read_flow_runs() if run.end_time)

    assert ended["Crashed"] == 1, ended

    assert_nothing_lost(world, undisturbed)


def stop_after_the_day_that_begins(client: SyncPrefectClient, world: World) -> None:
    """Nothing more is scheduled once the last day is under way."""

    def begun() -> bool:
        return any(row["as_of"] > ORIGINS[-2] for row in world.rows(RUNS, step="ingest"))

    awaited(begun, PATIENCE, "the last day")
    daily = client.read_deployment_by_name("daily/daily").id
    client.pause_deployment(daily)
    # Pausing takes away what lies ahead, not what waits for its slot already.
    for run in client.read_flow_runs():
        if run.deployment_id == daily and run.state_type == StateType.SCHEDULED:
            client.delete_flow_run(run.id)


def untold(world: World) -> list[str]:
    """Why a `daily` ended without a word of its own, as a person was told."""
    return [row["reason"] for row in world.rows(INCIDENTS, about="daily")]


def assert_nothing_lost(world: World, undisturbed: World) -> None:
    assert finished(world) == finished(undisturbed) == Counter(ORIGINS)
    names = {row["series_id"] for row in world.rows(SERIES)}
    issued = Counter(
        (row["forecast_origin"], row["series_id"])
        for row in world.rows(FORECASTS, forecast_source="champion")
    )
    assert set(issued) == {(origin, name) for origin in ORIGINS for name in names}
    # Summer time ends on the 27th: that local day has 25 hours.
    longest = {origin for (origin, _), hours in issued.items() if hours == 25}
    assert longest == {origin_of("2024-10-26")}
    assert set(issued.values()) == {24, 25}

    # Of the run that died a person was told, by an incident and a mail more.
    told = (INCIDENTS, OUTBOX)
    same = tuple(table for table in TABLES if table not in told)
    assert world.checksums(same) == undisturbed.checksums(same)
    for table in told:
        more = Counter(world.content(table)) - Counter(undisturbed.content(table))
        less = Counter(undisturbed.content(table)) - Counter(world.content(table))
        assert not less, table.name
        assert all("daily" in row for row in more), table.name
    assert all("No heartbeat for two minutes" in reason for reason in untold(world))
