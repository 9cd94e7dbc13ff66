"""What Prefect does by itself, on a server of its own: events of ours start deployments."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.deployed import FILE, POOL, deploy
from gridcast.server import await_server
from lakehouse.arrow import ArrowTables
from lakehouse.lanes import lane
from lakehouse.settings import PROJECT
from lakehouse.tables.gold import INCIDENTS
from tests.served import awaited

pytestmark = pytest.mark.slow
PREFECT = str(Path(sys.executable).parent / "prefect")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the server, the worker and their runs share; the lakehouse is empty."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCAST_")}
    return bare | {
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "GRIDCAST_LAKEHOUSE": str(tmp_path_factory.mktemp("lakehouse")),
    }


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[str]:
    """A whole server, with the services that watch events, and all that the files say."""
    api = environment["PREFECT_API_URL"]
    port = api.split(":")[2].split("/")[0]
    command = [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", port]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        await_server(api.removesuffix("/api"))
        with pytest.MonkeyPatch.context() as patch, temporary_settings({PREFECT_API_URL: api}):
            for name, value in environment.items():
                patch.setenv(name, value)
            deploy()
            yield api
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def client(server: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


def test_a_training_that_is_asked_for_becomes_a_run_of_its_deployment(client) -> None:
    from flows.events import ask_for_training

    row = {
        "series_group": "day_ahead_price",
        "as_of": datetime(2024, 11, 20, 8, 30, tzinfo=UTC),
        "reason": "It drifts.",
    }
    ask_for_training("sample", row)

    def of_groups() -> list[dict[str, Any]]:
        return [r.parameters for r in client.read_flow_runs() if r.parameters.get("groups")]

    assert awaited(of_groups, 60) == [
        {"profile": "sample", "as_of": None, "groups": ["day_ahead_price"]}
    ]


def test_a_worker_that_dies_frees_its_slot_and_a_person_is_told(
    client, environment: dict[str, str]
) -> None:
    lakehouse = Path(environment["GRIDCAST_LAKEHOUSE"])
    ingest = client.read_deployment_by_name("ingest/ingest")
    first = client.create_flow_run_from_deployment(ingest.id)
    worker = [PREFECT, "worker", "start", "--pool", POOL]
    with lane(lakehouse, "ingest"):  # its step waits here while it is killed
        process = subprocess.Popen(worker, env=environment, cwd=PROJECT, start_new_session=True)
        awaited(lambda: (lakehouse / ".lanes").exists() and has_told(client, first.id), 240)
        children = psutil.Process(process.pid).children(recursive=True)
        for one in [*children, process]:
            one.kill()
        process.wait()
    # A worker that is started again, as it is at once in a container, registers all anew first.
    deploy()
    awaited(lambda: client.read_flow_run(first.id).state_name == "Crashed", 240)
    second = client.create_flow_run_from_deployment(ingest.id)
    process = subprocess.Popen(worker, env=environment, cwd=PROJECT, start_new_session=True)
    try:
        awaited(lambda: client.read_flow_run(second.id).state_name == "Completed", 300)
        arrow = ArrowTables(lakehouse)
        told = awaited(
            lambda: [row for row in arrow.rows(INCIDENTS) if row["about"] == "ingest"], 240
        )
    finally:
        for one in psutil.Process(process.pid).children(recursive=True):
            one.kill()
        process.kill()
        process.wait()
    assert "No heartbeat for two minutes" in told[0]["reason"]


def has_told(client: SyncPrefectClient, run_id: UUID) -> bool:
    """Whether a run has told that it lives."""
    answer = client._client.post(
        "/events/filter",
        json={
            "filter": {
                "event": {"name": ["prefect.flow-run.heartbeat"]},
                "resource": {"id": [f"prefect.flow-run.{run_id}"]},
                "occurred": {"since": "2020-01-01T00:00:00Z"},
            }
        },
    )
    return bool(answer.json()["events"])


def test_what_is_taken_out_of_the_files_leaves_the_server(client, tmp_path: Path) -> None:
    text = yaml.safe_load(FILE.read_text())
    text["deployments"] = [one for one in text["deployments"] if one["name"] != "evaluate"]
    for one in text["deployments"]:
        one["schedules"] = [s for s in one.get("schedules", []) if s["cron"] != "0 1 * * 0"]
    file, automations = tmp_path / "prefect.yaml", tmp_path / "automations.yaml"
    file.write_text(yaml.safe_dump(text))
    automations.write_text("automations: []")
    assert len(deploy(file, automations)) == 3
    held = {one.name: one for one in client.read_deployments()}
    assert "evaluate" not in held
    assert client.read_deployment_schedules(held["maintain"].id) == []
    assert len(client.read_deployment_schedules(held["ingest"].id)) == 2
    deploy()
    held = {one.name: one for one in client.read_deployments()}
    assert len(client.read_deployment_schedules(held["maintain"].id)) == 1
    assert deploy() == []
