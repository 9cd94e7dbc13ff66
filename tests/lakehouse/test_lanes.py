"""One writer at a time: threads, processes, and what a killed one leaves."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lakehouse.errors import BusyError
from lakehouse.lanes import lane, lanes

_HOLDER = """
import sys
from pathlib import Path
from lakehouse.lanes import lane
with lane(Path(sys.argv[1]), "gold.forecasts"):
    print("in", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that is in the lane of gold.forecasts until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == "in\n"
    yield process
    process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_who_waits_in_vain_is_told_who_is_in_it(tmp_path: Path, holder) -> None:
    told = rf"gold.forecasts to be free within 0 s; process {holder.pid} \(-c .* is in it since 20"
    with pytest.raises(BusyError, match=told), lane(tmp_path, "gold.forecasts", 0):
        pytest.fail("two were in the lane")


def test_another_lane_and_another_lakehouse_are_free(tmp_path: Path, holder) -> None:
    with lane(tmp_path, "gold.features", 0), lane(tmp_path / "other", "gold.forecasts", 0):
        assert holder.poll() is None


def test_the_lane_of_a_killed_process_is_free(tmp_path: Path, holder) -> None:
    holder.kill()
    holder.wait()
    with lane(tmp_path, "gold.forecasts", 0):
        assert str(os.getpid()) in (tmp_path / ".lanes" / "gold.forecasts.lock").read_text()


def test_who_waits_comes_in_when_the_other_is_done(tmp_path: Path, holder) -> None:
    other = threading.Thread(target=holder.stdin.close)
    other.start()
    with lane(tmp_path, "gold.forecasts"):
        other.join()
        assert holder.wait() == 0


def test_a_thread_enters_its_own_lane_again_and_another_thread_does_not(tmp_path: Path) -> None:
    refused = []

    def enter() -> None:
        try:
            with lane(tmp_path, "build", 0.05):
                pass
        except BusyError as fault:
            refused.append(fault)

    with lane(tmp_path, "build"), lanes(tmp_path, ["build", "daily"]):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert len(refused) == 1
    enter()
    assert len(refused) == 1
