"""PostgreSQL from the system's packages: a cluster of its own, on a free port, until it is left."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from lakehouse.settings import PROJECT
from tests.containers.image import NOBODY
from tests.system_packages import require_command

SECRETS = {"PREFECT_DATABASE_PASSWORD": "prefects0wn", "MLFLOW_DATABASE_PASSWORD": "mlflows0wn"}


@dataclass(frozen=True)
class Cluster:
    """Where it listens, and its tools."""

    port: int
    psql: str

    def rows(self, database: str, query: str) -> list[str]:
        """The lines of a query, asked as the database's owner with its password."""
        password = SECRETS[f"{database.upper()}_DATABASE_PASSWORD"]
        address = f"postgresql://{database}:{password}@127.0.0.1:{self.port}/{database}"
        asked = [self.psql, "-XAt", "-c", query, address]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """An empty cluster in which the project's script has made its databases."""
    tools = _tools()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    folder = Path(mkdtemp(prefix="postgresql-"))
    folder.chmod(0o777)
    run = [str(tools / "pg_ctl"), "-D", f"{folder}/data", "-l", f"{folder}/log", "-w"]
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    try:
        _do([f"{tools}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "scram-sha-256",
             "--pwfile", _password(folder)])  # fmt: skip
        _do([*run, "-o", options, "start"])
        script = str(PROJECT / "deployments" / "containers" / "databases.sh")
        _do(
            ["sh", script],
            POSTGRES_USER="postgres", PGHOST="127.0.0.1", PGPORT=str(port), PGPASSWORD="postgress",
            **SECRETS,
        )  # fmt: skip
        yield Cluster(port, str(tools / "psql"))
    finally:
        subprocess.run(
            [*run, "-m", "immediate", "stop"], cwd="/", check=False, capture_output=True, **NOBODY
        )
        shutil.rmtree(folder)


def _password(folder: Path) -> str:
    file = folder / "password"
    file.write_text("postgress\n")
    return str(file)


def _tools() -> Path:
    """The folder of the newest server that Debian's package put here, or of the one on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    return (found[-1] if found else Path(require_command("initdb", "postgresql"))).parent


def _do(command: list[str], **variables: str) -> None:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | variables
    # pg_ctl's server keeps its streams open: they are files, or nobody would see the end.
    done = subprocess.run(
        command, cwd="/", env=environment, check=False, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **NOBODY,
    )  # fmt: skip
    assert done.returncode == 0, f"{command} ended with {done.returncode}"
