"""Commands in processes of their own, and how to kill them at a chosen moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lakehouse.settings import PROJECT
from lakehouse.tables import Table
from tests.worlds import World

_PATIENCE_SECONDS = 300.0
_LOOK_EVERY_SECONDS = 0.02


def start(world: World, *arguments: str) -> "subprocess.Popen[bytes]":
    """`gridcast` in a world, in a process group of its own; what it says goes to a file."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCAST_")}
    # Its JVM lives for a minute, as the profile's options expect; that of the tests for many.
    lived_in = {k: v for k, v in world.environment.items() if k != "GRIDCAST_SPARK_JVM_OPTIONS"}
    with (world.folder.parent / "said.txt").open("ab") as said:
        return subprocess.Popen(
            [Path(sys.executable).with_name("gridcast"), *arguments],
            cwd=PROJECT,
            env=bare | lived_in,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def said(world: World) -> str:
    """All that the commands of a world said."""
    return (world.folder.parent / "said.txt").read_text()


def kill_when(world: World, moment: Callable[[], bool], *arguments: str) -> None:
    """Start a command and kill it, its JVM and its servers as soon as `moment` is there.

    Fails where the command ends before that.
    """
    process = start(world, *arguments)
    try:
        waited = 0.0
        while not moment():
            try:
                code = process.wait(_LOOK_EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                waited += _LOOK_EVERY_SECONDS
                assert waited < _PATIENCE_SECONDS, f"the moment did not come:\n{said(world)}"
            else:
                raise AssertionError(f"ended with {code} before the moment:\n{said(world)}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def gains_a_commit(world: World, table: Table) -> Callable[[], bool]:
    """Whether a table has a commit that it has not now."""
    log = world.folder / table.folder / "_delta_log"
    before = _commits(log)
    return lambda: _commits(log) > before


def _commits(log: Path) -> int:
    """How many commits a table has had; its creation is not one."""
    return max((int(file.stem) for file in log.glob("*.json")), default=0)
