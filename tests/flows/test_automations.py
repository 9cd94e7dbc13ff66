"""What Prefect does by itself, on a server of its own: events of ours start deployments."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from gridcast.server import await_server
from gridcast.up import POOL
from lakehouse.settings import PROJECT

pytestmark = pytest.mark.slow
PREFECT = str(Path(sys.executable).parent / "prefect")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A whole server, with the services that watch events, and the deployment `train`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    environment = os.environ | {
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_API_URL": api,
        "PROJECT_FOLDER": str(PROJECT),
    }
    command = [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        await_server(api.removesuffix("/api"))
        file = PROJECT / "deployments" / "prefect.yaml"
        for arguments in (
            ["work-pool", "create", POOL, "--type", "process"],
            ["deploy", "--name", "train", "--prefect-file", str(file)],
        ):
            command = [PREFECT, "--no-prompt", *arguments]
            subprocess.run(command, env=environment, cwd=PROJECT, check=True, capture_output=True)
        yield api
    finally:
        process.terminate()
        process.wait(30)


def runs_of_groups(client: SyncPrefectClient) -> list[dict[str, object]]:
    """The parameters of the runs that were made for some groups, once there are any."""
    for _ in range(120):
        found = [r.parameters for r in client.read_flow_runs() if r.parameters.get("groups")]
        if found:
            return found
        time.sleep(0.5)
    return []


def test_a_training_that_is_asked_for_becomes_a_run_of_its_deployment(server: str) -> None:
    from flows.events import ask_for_training

    row = {
        "series_group": "day_ahead_price",
        "as_of": datetime(2024, 11, 20, 8, 30, tzinfo=UTC),
        "reason": "It drifts.",
    }
    with temporary_settings({PREFECT_API_URL: server}):
        ask_for_training("sample", row)
        with get_client(sync_client=True) as client:
            assert runs_of_groups(client) == [
                {"profile": "sample", "as_of": None, "groups": ["day_ahead_price"]}
            ]
