"""Lanes: one writer at a time, of all threads and processes that share a lakehouse folder.

Delta's log store for local files is safe for the writers of one JVM. Of two processes that commit
the same version at once one silently takes the other's place, and a writer that looks at what a
table holds before it adds to it must not be overtaken either. A lane is a lock of the operating
system on a file (flock): where its holder dies, the kernel frees it, so it needs no expiry. Of a
lakehouse on S3 it is a lease (`lakehouse.leases`), which has one.
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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from lakehouse.errors import BusyError
from lakehouse.leases import Lease
from lakehouse.places import Place
from lakehouse.time import iso

_FOLDER = ".lanes"
_LOOK_EVERY_SECONDS = 0.05
_ASK_EVERY_SECONDS = 0.5
#: A wait that long is told of.
_TOLD_AFTER_SECONDS = 2.0
#: A step of a day takes minutes, a training hours.
PATIENCE_SECONDS = 4 * 3600.0


class _Lock(Protocol):
    """What keeps other processes out of a lane."""

    def take(self) -> bool:
        """Try to be the one that is in it."""

    def release(self) -> None:
        """Let the next one in."""

    def holder(self) -> dict[str, str] | None:
        """Who is in it, as `_myself` says of itself, as far as it tells."""


@dataclass
class _Held:
    """A lane in this process: the thread that is in it, and how often it entered."""

    turn: threading.RLock = field(default_factory=threading.RLock)
    entered: int = 0
    lock: _Lock | None = None


_HELD: dict[Place, _Held] = {}
_NEW = threading.Lock()


@contextmanager
def lane(
    lakehouse: Place, name: str, patience_seconds: float = PATIENCE_SECONDS
) -> Iterator[Lease | None]:
    """Be alone in a lane of a lakehouse; a thread that is in it may enter again. On S3 the lease.

    name: of a table, or of a step. Raises BusyError, which names the holder, where it does not
    become free in time.
    """
    file = lakehouse / _FOLDER / f"{name}.lock"
    if isinstance(file, Path):
        file = file.absolute()
    with _NEW:
        held = _HELD.setdefault(file, _Held())
    until = time.monotonic() + patience_seconds
    lock: _Lock = _FileLock(file) if isinstance(file, Path) else Lease(file, _myself())
    if not held.turn.acquire(timeout=patience_seconds):
        raise _busy(name, lock, patience_seconds)
    try:
        if held.lock is None:
            _wait(name, lock, until, patience_seconds)
            held.lock = lock
        held.entered += 1
        try:
            yield held.lock if isinstance(held.lock, Lease) else None
        finally:
            held.entered -= 1
            if held.entered == 0:
                held.lock.release()
                held.lock = None
    finally:
        held.turn.release()


@contextmanager
def lanes(lakehouse: Place, names: Sequence[str]) -> Iterator[None]:
    """Be alone in several lanes. All who want some of them must ask in the same order."""
    if not names:
        yield
        return
    with lane(lakehouse, names[0]), lanes(lakehouse, names[1:]):
        yield


def _wait(name: str, lock: _Lock, until: float, patience_seconds: float) -> None:
    begun, told = time.monotonic(), False
    while not lock.take():
        now = time.monotonic()
        if now >= until:
            raise _busy(name, lock, patience_seconds)
        if not told and now - begun >= _TOLD_AFTER_SECONDS:
            logging.getLogger(__name__).warning("Waiting for %s: %s.", name, _holder(lock))
            told = True
        time.sleep(_LOOK_EVERY_SECONDS if isinstance(lock, _FileLock) else _ASK_EVERY_SECONDS)


class _FileLock:
    """A lock of the operating system on a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._opened = -1

    def take(self) -> bool:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return False
        self._opened = opened
        # On a full disk the lane is held all the same, and nobody told by whom.
        with suppress(OSError):
            os.ftruncate(opened, 0)
            os.pwrite(opened, json.dumps(_myself()).encode(), 0)
        return True

    def release(self) -> None:
        os.close(self._opened)

    def holder(self) -> dict[str, str] | None:
        try:
            told: dict[str, str] = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return None
        return told


def _myself() -> dict[str, str]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:80]
    return {
        "process": str(os.getpid()),
        "host": socket.gethostname(),
        "command": command,
        "since": iso(datetime.now(UTC)),
    }


def _holder(lock: _Lock) -> str:
    told = lock.holder()
    if told is None:
        return "another writer is in it"
    return (
        f"process {told['process']} ({told['command']}) on {told['host']} is in it since "
        f"{told['since']}"
    )


def _busy(name: str, lock: _Lock, patience_seconds: float) -> BusyError:
    return BusyError(
        f"Expected {name} to be free within {patience_seconds:.0f} s; {_holder(lock)}. "
        "Wait for it, or end it, then run this again."
    )
