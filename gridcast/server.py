"""A Prefect server that lives as long as the command that needs it.

Prefect would start one by itself, but only after importing the whole server into this process;
as a process of its own it starts while the JVM does. Run as `python -m gridcast.server PORT`.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from lakehouse.damage import told
from lakehouse.errors import GridcastError, SetupError

_PATIENCE_SECONDS = 180
_ENOUGH = signal.SIGUSR1
_LAST_ANSWERS_SECONDS = 2


@dataclass(frozen=True)
class _Own:
    """A server that this process started, and the file of what it says."""

    process: "subprocess.Popen[bytes]"
    said: IO[bytes]

    def fault(self) -> GridcastError:
        """Why it ended, as far as it said."""
        self.said.seek(0)
        words = self.said.read().decode(errors="replace").strip()
        return told(RuntimeError(words)) or SetupError(
            f"Expected a Prefect server of its own; it ended with {self.process.returncode} at its "
            f"start and said: {words[-300:] or 'nothing'}. Look at it by hand: prefect server "
            "start."
        )


_OWN: dict[str, _Own] = {}


def start_server() -> str:
    """Start a server on a free port with PREFECT_HOME's store; returns its address at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = tempfile.TemporaryFile()  # noqa: SIM115 - as long-lived as the server
    process = subprocess.Popen(
        [sys.executable, "-m", "gridcast.server", str(port)],
        stdout=said,
        stderr=said,
        stdin=subprocess.DEVNULL,
    )
    atexit.register(_stop, process)
    address = f"http://127.0.0.1:{port}"
    _OWN[address] = _Own(process, said)
    return address


def await_server(address: str) -> None:
    """Return once the server answers. Raises SetupError where it does not in three minutes, or
    ends before."""
    begun, own = time.monotonic(), _OWN.get(address)
    while not server_answers(address):
        if own and own.process.poll() is not None:
            raise own.fault()
        if time.monotonic() - begun > _PATIENCE_SECONDS:
            raise SetupError(
                f"Expected a Prefect server at {address} within {_PATIENCE_SECONDS} s; none "
                "answered. Look at it by hand: prefect server start."
            )
        time.sleep(0.1)


def server_answers(address: str) -> bool:
    """Whether a Prefect server answers at an address."""
    try:
        with urllib.request.urlopen(f"{address}/api/health", timeout=0.5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(_ENOUGH)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _end_with_parent() -> None:
    """A killed command must not leave its server behind."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def serve(port: int) -> None:
    """Serve until the parent ends."""
    _end_with_parent()
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.SIG_IGN)
    import uvicorn

    class Server(uvicorn.Server):
        """Ends when its parent says so. Ctrl-C and a machine that shuts down ask all processes at
        once: the parent has yet to tell how its run ended, and would try for a minute."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            signal.signal(_ENOUGH, self.handle_exit)
            yield

    application = "prefect.server.api.server:create_app"
    config = uvicorn.Config(
        application, factory=True, host="127.0.0.1", port=port, log_level="critical",
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
    )  # fmt: skip
    Server(config).run()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
