"""A health check says what is wrong in one line, and never a trace."""

import subprocess
import sys

import pytest

from lakehouse.settings import PROJECT
from tests.serving.dashboards.stage import free_port

SCRIPT = PROJECT / "deployments" / "containers" / "healthy.py"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["http://127.0.0.1:{port}/health"], "Connection refused"),
        (["port", "127.0.0.1", "{port}"], "Connection refused"),
        (["worker", "gridcast-local"], "expected PREFECT_API_URL"),
        (["something", "else"], "expected URL, 'port HOST PORT' or 'worker POOL'"),
    ],
)
def test_what_is_not_well_is_one_line(words: list[str], said: str) -> None:
    told = [word.format(port=free_port()) for word in words]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *told], env={}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("unhealthy: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
