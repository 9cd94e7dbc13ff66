"""`gridcast serve …`: it says where it answers, and in one sentence why it cannot."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES
from tests.gridcast.conftest import BARE, Gridcast, assert_one_sentence


def test_it_says_where_it_answers_until_it_is_stopped(tmp_path: Path) -> None:
    ArrowTables(tmp_path).create_missing(TABLES)
    script = Path(sys.executable).with_name("gridcast")
    command = [script, "--lakehouse", str(tmp_path), "serve", "api", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=PROJECT, env=BARE | {"COLUMNS": "40"}, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr
        found = re.search(
            r"All paths: (http://127\.0\.0\.1:\d+/v1/openapi\.json)", process.stderr.readline()
        )
        assert found
        assert "/v1/forecasts" in httpx.get(found[1], timeout=60).json()["paths"]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("what", ["api", "sql"])
def test_an_empty_lakehouse_is_one_sentence(gridcast: Gridcast, what: str) -> None:
    said = gridcast("serve", what, "--port", "0")
    assert_one_sentence(said)
    assert "Run 'gridcast demo'" in said.err


@pytest.mark.parametrize("what", ["api", "sql"])
def test_a_port_that_is_taken_is_one_sentence(gridcast: Gridcast, what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = gridcast("serve", what, "--port", str(port))
    assert_one_sentence(said)
    assert f"Expected port {port} of 127.0.0.1 to be free" in said.err


def test_keys_come_from_a_variable(gridcast: Gridcast) -> None:
    said = gridcast("serve", "api", "--port", "0", GRIDCAST_API_KEYS="not a list")
    assert_one_sentence(said)
    assert "Expected GRIDCAST_API_KEYS to be JSON" in said.err


def test_a_port_that_the_dashboards_cannot_have_is_one_sentence(gridcast: Gridcast) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = gridcast("serve", "dashboards", "--port", str(port))
    assert_one_sentence(said)
    assert f"Expected port {port} of 127.0.0.1 to be free for the dashboards" in said.err
