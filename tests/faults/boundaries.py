"""Where a command writes, found by watching it, and its death there: see boundaries.c."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings import PROJECT
from tests.system_packages import require_command
from tests.worlds import World

_SOURCE = Path(__file__).with_name("boundaries.c")


@dataclass(frozen=True)
class Boundary:
    """A call by which a process changes the lakehouse folder, the `number`th of its run."""

    number: int
    call: str
    path: str


@dataclass(frozen=True)
class Watched:
    """How a run ended, what it said, and the boundaries that it came to."""

    code: int
    said: str
    boundaries: list[Boundary]


def build_instrument(folder: Path) -> Path:
    """The instrument, compiled. Skips the test where there is no C compiler."""
    compiler = require_command("cc", "gcc libc6-dev")
    library = folder / "boundaries.so"
    wanted = [
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-Werror",
        "-o",
        str(library),
        str(_SOURCE),
        "-ldl",
    ]
    subprocess.run([compiler, *wanted], check=True)
    return library


def run_watched(
    instrument: Path,
    world: World,
    arguments: Sequence[str],
    server: str,
    kill_at: int = 0,
    by: int = signal.SIGKILL,
) -> Watched:
    """Run a module in a world, in a session of its own, to its end or to its `kill_at`th boundary,
    where it gets a signal.

    server: the address of a Prefect server that outlives it.
    """
    beside = world.folder.parent
    world.folder.mkdir(exist_ok=True)
    counter, told, said = (beside / name for name in ("counter", "boundaries.tsv", "said.txt"))
    counter.write_bytes(bytes(8))
    told.write_bytes(b"")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCAST_")}
    lived_in = {k: v for k, v in world.environment.items() if k != "GRIDCAST_SPARK_JVM_OPTIONS"}
    watch = {
        "LD_PRELOAD": str(instrument),
        "BOUNDARIES_UNDER": str(world.folder),
        "BOUNDARIES_COUNTER": str(counter),
        "BOUNDARIES_TOLD": str(told),
        "BOUNDARIES_KILL_AT": str(kill_at),
        "BOUNDARIES_SIGNAL": str(int(by)),
        "PREFECT_API_URL": server,
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=PROJECT,
            env=bare | lived_in | watch,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            code = process.wait()
        finally:
            for left in _session(process.pid):
                os.kill(left, signal.SIGKILL)
            process.wait()
    return Watched(code, said.read_text(errors="replace"), list(_read(told)))


def spread(boundaries: Sequence[Boundary], count: int) -> list[Boundary]:
    """So many of them, as far from each other as can be; all where there are not that many."""
    total = len(boundaries)
    if total <= count:
        return list(boundaries)
    return [boundaries[(2 * i + 1) * total // (2 * count)] for i in range(count)]


def _read(told: Path) -> Iterator[Boundary]:
    for line in told.read_text().splitlines():
        number, call, path = line.split("\t", 2)
        yield Boundary(int(number), call, path)


def _session(leader: int) -> Iterator[int]:
    """What lives on of a session: Python workers of Spark are in process groups of their own."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == leader and int(entry.name) != leader:
                    yield int(entry.name)
            except ProcessLookupError:
                continue
