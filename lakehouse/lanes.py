"""Lanes: one writer at a time, of all threads and processes that share a lakehouse folder.

Delta's log store for local files is safe for the writers of one JVM. Of two processes that commit
the same version at once one silently takes the other's place, and a writer that looks at what a
table holds before it adds to it must not be overtaken either. A lane is a lock of the operating
system on a file (flock): where its holder dies, the kernel frees it, so it needs no expiry.
"""

import fcntl
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lakehouse.errors import BusyError
from lakehouse.time import iso

_FOLDER = ".lanes"
_LOOK_EVERY_SECONDS = 0.05
#: A wait that long is told of.
_TOLD_AFTER_SECONDS = 2.0
#: A step of a day takes minutes, a training hours.
PATIENCE_SECONDS = 4 * 3600.0


@dataclass
class _Held:
    """A lane in this process: the thread that is in it, and how often it entered."""

    turn: threading.RLock = field(default_factory=threading.RLock)
    entered: int = 0
    file: int = -1


_HELD: dict[Path, _Held] = {}
_NEW = threading.Lock()


@contextmanager
def lane(lakehouse: Path, name: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Be alone in a lane of a lakehouse folder; a thread that is in it may enter again.

    name: of a table, or of a step. Raises BusyError, which names the holder, where it does not
    become free in time.
    """
    file = (lakehouse / _FOLDER / f"{name}.lock").absolute()
    with _NEW:
        held = _HELD.setdefault(file, _Held())
    until = time.monotonic() + patience_seconds
    if not held.turn.acquire(timeout=patience_seconds):
        raise _busy(name, file, patience_seconds)
    try:
        if held.entered == 0:
            held.file = _locked(name, file, until, patience_seconds)
        held.entered += 1
        try:
            yield
        finally:
            held.entered -= 1
            if held.entered == 0:
                os.close(held.file)
    finally:
        held.turn.release()


@contextmanager
def lanes(lakehouse: Path, names: Sequence[str]) -> Iterator[None]:
    """Be alone in several lanes. All who want some of them must ask in the same order."""
    if not names:
        yield
        return
    with lane(lakehouse, names[0]), lanes(lakehouse, names[1:]):
        yield


def _locked(name: str, file: Path, until: float, patience_seconds: float) -> int:
    """The open, locked file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    begun, told = time.monotonic(), False
    while True:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            now = time.monotonic()
            if now >= until:
                os.close(opened)
                raise _busy(name, file, patience_seconds) from None
            if not told and now - begun >= _TOLD_AFTER_SECONDS:
                logging.getLogger(__name__).warning("Waiting for %s: %s.", name, _holder(file))
                told = True
            time.sleep(_LOOK_EVERY_SECONDS)
    os.ftruncate(opened, 0)
    os.pwrite(opened, json.dumps(_myself()).encode(), 0)
    return opened


def _myself() -> dict[str, str]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:80]
    return {
        "process": str(os.getpid()),
        "host": socket.gethostname(),
        "command": command,
        "since": iso(datetime.now(UTC)),
    }


def _holder(file: Path) -> str:
    """Who is in a lane, as far as the file tells."""
    try:
        told = json.loads(file.read_text())
    except (OSError, ValueError):
        return "another writer is in it"
    return (
        f"process {told['process']} ({told['command']}) on {told['host']} is in it since "
        f"{told['since']}"
    )


def _busy(name: str, file: Path, patience_seconds: float) -> BusyError:
    return BusyError(
        f"Expected {name} to be free within {patience_seconds:.0f} s; {_holder(file)}. "
        "Wait for it, or end it, then run this again."
    )
