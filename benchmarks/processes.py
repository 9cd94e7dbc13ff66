"""Time and memory of a command with all of its processes."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Measured:
    """seconds: wall time; peak_gib: largest sum over all processes of their proportional memory."""

    seconds: float
    peak_gib: float
    returncode: int
    told: str


def measure(arguments: list[str], environment: dict[str, str] | None = None) -> Measured:
    """Run a command and watch its process tree twice a second."""
    started = time.monotonic()
    process = psutil.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.5):
            peak = max(peak, _memory(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    told = process.stdout.read() if process.stdout else ""
    code = process.wait()
    seconds = time.monotonic() - started
    done.set()
    watcher.join()
    return Measured(seconds, peak / 2**30, code, told)


def _memory(process: psutil.Process) -> float:
    """Proportional set size of the tree in bytes: pages shared by two processes count once."""
    total = 0.0
    try:
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for member in tree:
        try:
            total += member.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def gridcast() -> str:
    """The command line of this environment."""
    return str(Path(sys.executable).parent / "gridcast")
