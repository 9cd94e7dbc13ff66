"""A SQL server in a process of its own, as a user starts it, and what it is asked over the wire."""

import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyhive import hive

from lakehouse.arrow import ArrowTables
from lakehouse.places import Place
from lakehouse.settings import PROJECT
from tests.gridcast.conftest import BARE
from tests.serving.api.world import fill

GRIDCAST = (str(Path(sys.executable).with_name("gridcast")),)
#: Any Python of this version finds the project and its packages with it.
PACKAGES = BARE | {"PYTHONPATH": f"{PROJECT}:{sysconfig.get_path('purelib')}"}
_SAID = re.compile(r"SQL  jdbc:hive2://127\.0\.0\.1:(\d+)/gold")


@dataclass(frozen=True)
class Running:
    """A server over a lakehouse, started in a folder that was empty."""

    process: "subprocess.Popen[str]"
    port: int
    lakehouse: Place
    started_in: Path

    @property
    def arrow(self) -> ArrowTables:
        return ArrowTables(self.lakehouse)

    def ask(self, *statements: str) -> list[tuple[Any, ...]]:
        """The rows of the last of some statements, which one connection makes."""
        with (
            closing(hive.connect("127.0.0.1", self.port)) as connection,
            closing(connection.cursor()) as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def stop(self) -> str:
        """Ctrl-C; what it then said. Asserts that it ends well."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, said
        return said


@contextmanager
def lakehouse_for_all() -> Iterator[Path]:
    """A filled lakehouse that every user of the machine can read: pytest's own folders are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        lakehouse = Path(folder, "lakehouse")
        fill(ArrowTables(lakehouse))
        yield lakehouse


@contextmanager
def running(
    lakehouse: Place,
    command: Sequence[str] = GRIDCAST,
    environment: Mapping[str, str] = PACKAGES,
    **user: Any,
) -> Iterator[Running]:
    """A server at any free port; `user` is as subprocess takes it."""
    started_in = Path(tempfile.mkdtemp())
    arguments = [*command, "--lakehouse", str(lakehouse), "serve", "sql", "--port", "0"]
    process = subprocess.Popen(
        arguments, cwd=started_in, env={**environment, "COLUMNS": "80"},
        stderr=subprocess.PIPE, text=True, **user,
    )  # fmt: skip
    try:
        assert process.stderr
        first = process.stderr.readline()
        found = _SAID.match(first)
        assert found, first + (process.communicate()[1] or "")
        yield Running(process, int(found[1]), lakehouse, started_in)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # killed, it would leave its folder behind
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=60)
            process.kill()
        shutil.rmtree(started_in)
