"""A command that is asked to end says so, shows no trace, and goes on where it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.exceptions import TerminationSignal

from flows import steps
from flows.run import new_run
from gridcast.ending import asked_to_end
from lakehouse.settings import PROJECT
from lakehouse.tables.bronze import LANDINGS
from tests.faults.commands import said, start
from tests.faults.two_series import new_small_world
from tests.worlds import World

_WORD = "gridcast: asked to end (SIGTERM). Run it again: it goes on where it was.\n"
_WAITING = """
from gridcast.ending import end_with_a_word
end_with_a_word()
print("waiting", flush=True)
input()
"""


def test_a_command_that_is_asked_to_end_says_so_and_ends_by_the_signal() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WAITING],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "waiting\n"
    process.terminate()
    assert process.communicate()[1] == _WORD
    assert process.returncode == -signal.SIGTERM


def end_of_a_server() -> None:
    raise ConnectionError("All connection attempts failed")


def cut_short_by(fault: BaseException) -> BaseException:
    """What comes of it when the note of the end fails, too."""
    try:
        try:
            raise fault
        finally:
            end_of_a_server()
    except ConnectionError as last:
        return last


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (KeyboardInterrupt(), signal.SIGINT),
        (TerminationSignal(signal=signal.SIGTERM), signal.SIGTERM),
        (ValueError("a fault of its own"), None),
    ],
)
def test_what_fails_because_of_a_signal_is_told_from_a_fault(
    fault: BaseException, asked: signal.Signals | None
) -> None:
    assert asked_to_end(fault) == asked
    assert asked_to_end(cut_short_by(fault)) == asked


def to_all(process: int) -> None:
    """As Ctrl-C, timeout(1) and a machine that shuts down do: its Prefect server gets it, too."""
    os.killpg(process, signal.SIGTERM)


def to_it_alone(process: int) -> None:
    os.kill(process, signal.SIGTERM)


@pytest.mark.parametrize("ask", [to_all, pytest.param(to_it_alone, marks=pytest.mark.slow)])
def test_an_ingest_that_is_asked_to_end_keeps_what_landed_and_goes_on(
    tmp_path: Path, ask: Callable[[int], None]
) -> None:
    """In a flow SIGTERM is Prefect's; without Spark, which ingest does not need."""
    world = new_small_world(tmp_path)
    world.folder.mkdir()
    remote = World(world.folder, world.variables | {"GRIDCAST_SPARK_RUNNER": "emr"})
    process = start(remote, "run", "ingest")
    try:
        while not any(world.folder.glob("landing/*/*/*/*.json")):
            assert process.poll() is None, said(world)
            _pause(process)
        ask(process.pid)
        assert process.wait() == -signal.SIGTERM
    finally:
        process.kill()
        process.wait()
    assert said(world) == _WORD
    kept = {file: file.read_bytes() for file in world.folder.glob("landing/*/*/*/*")}
    undisturbed = World(tmp_path / "undisturbed", world.variables)
    for one in (world, undisturbed):
        with one.entered():
            steps.ingest(new_run(None, None))
    assert world.checksums() == undisturbed.checksums()
    assert len(world.rows(LANDINGS)) > len(kept) // 2 > 0
    assert all(file.read_bytes() == body for file, body in kept.items())


def _pause(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(0.02)
    except subprocess.TimeoutExpired:
        return
