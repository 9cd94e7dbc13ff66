"""A Prefect server and a worker in processes of their own, to be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.deployed import worker_arguments
from gridcast.server import await_server
from lakehouse.settings import PROJECT

PREFECT = str(Path(sys.executable).parent / "prefect")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Served:
    """`home` holds the server's database and what the processes say; `variables` are for all that
    is started here, such as the lakehouse that the runs live in."""

    home: Path
    variables: Mapping[str, str]
    port: int = field(default_factory=free_port)
    _processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        bare = {name: told for name, told in os.environ.items() if not name.startswith("GRIDCAST_")}
        return bare | {
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "PREFECT_LOGGING_LEVEL": "INFO",
            **self.variables,
        }

    def start_server(self) -> None:
        """A whole server, with the services that watch events; it answers."""
        at = ["--host", "127.0.0.1", "--port", str(self.port)]
        self.start("server", PREFECT, "server", "start", *at)
        await_server(f"http://127.0.0.1:{self.port}")

    def start_worker(self) -> None:
        """As `gridcast up` starts it."""
        self.start("worker", PREFECT, *worker_arguments())

    def start(self, name: str, *command: str) -> None:
        """A process of that name, with a group of its own."""
        with self.said(name).open("ab") as said:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def said(self, name: str) -> Path:
        """The file of all that a process said."""
        return self.home / f"{name}.txt"

    def kill(self, name: str, *, alone: bool = False) -> None:
        """SIGKILL it and, unless alone, all that it started: nobody tidies up."""
        process = self._processes.pop(name)
        family = [] if alone else psutil.Process(process.pid).children(recursive=True)
        for pid in [process.pid, *(one.pid for one in family)]:
            os.kill(pid, signal.SIGKILL)
        process.wait()

    @contextmanager
    def told(self) -> Iterator[None]:
        """This process speaks to the server, and what it starts lives in the lakehouse."""
        api = self.environment["PREFECT_API_URL"]
        with pytest.MonkeyPatch.context() as patch, temporary_settings({PREFECT_API_URL: api}):
            for name, value in self.environment.items():
                patch.setenv(name, value)
            yield

    def stop(self) -> None:
        """Kill what is left."""
        for name in list(self._processes):
            if self._processes[name].poll() is None:
                self.kill(name)


def awaited(look: Callable[[], Any], seconds: float, what: str = "it") -> Any:
    """What `look` finds, as soon as it finds anything."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.5)
    return found
