"""`gridcast up`: everything that people and programs use, with one log and one end.

Prefect's server with the deployments and a worker, MLflow's page, the HTTP API, the dashboards and
the SQL server.
"""

import json
import os
import shlex
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from honcho.manager import Manager
from honcho.printer import Printer
from rich.table import Table

from flows.deployed import deploy, worker_arguments
from gridcast.front import (
    API_PORT,
    DASHBOARDS_PORT,
    MLFLOW_PORT,
    PREFECT_PORT,
    SERVER,
    SQL_PORT,
    Front,
)
from gridcast.server import await_server
from lakehouse.arrow import ArrowTables
from lakehouse.errors import SetupError
from lakehouse.settings import PROJECT, Page, Settings
from lakehouse.tables import TABLES

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Service:
    """A process of its own, and where it answers; a worker answers nowhere."""

    name: str
    command: str
    port: int = 0
    address: str = ""
    told: str = ""


def services(here: Path) -> list[Service]:
    """All of them, in the order of the table of addresses."""
    tools = shlex.quote(str(Path(sys.executable).parent))
    python = shlex.quote(sys.executable)
    serve = f"{tools}/gridcast serve"
    database = here / "mlflow" / "mlflow.db"
    dashboards = f"{serve} dashboards --port {DASHBOARDS_PORT} --api http://{HOST}:{API_PORT}"
    return [
        Service(
            "dashboards",
            dashboards,
            DASHBOARDS_PORT,
            f"http://{HOST}:{DASHBOARDS_PORT}",
            "forecasts and monitoring",
        ),
        Service(
            "api",
            f"{serve} api --port {API_PORT}",
            API_PORT,
            f"http://{HOST}:{API_PORT}/v1/forecasts",
            "the same over HTTP: JSON, CSV, Arrow",
        ),
        Service(
            "sql",
            f"{serve} sql --port {SQL_PORT}",
            SQL_PORT,
            f"jdbc:hive2://{HOST}:{SQL_PORT}/gold",
            "the tables, for beeline, JDBC, ODBC, PyHive",
        ),
        Service(
            "prefect",
            f"{tools}/prefect server start --host {HOST} --port {PREFECT_PORT}",
            PREFECT_PORT,
            SERVER,
            "flows, schedules, runs",
        ),
        Service(
            "mlflow",
            f"{python} -m models.mlflow_store {shlex.quote(str(database))} && "
            f"exec {tools}/mlflow server --host {HOST} --port {MLFLOW_PORT} --workers 1 "
            f"--backend-store-uri {shlex.quote(f'sqlite:///{database}')}",
            MLFLOW_PORT,
            f"http://{HOST}:{MLFLOW_PORT}",
            "trainings and models",
        ),
        Service("worker", f"{python} -m gridcast.up"),
    ]


def run_up(front: Front) -> None:
    """Start everything and stay until Ctrl-C. Raises SetupError where a port is taken."""
    settings = front.settings
    found = services(settings.here)
    for service in found:
        if service.port and _taken(service.port):
            raise SetupError(
                f"Expected port {service.port} to be free for {service.name}; something listens "
                f"there. Find it with 'ss -ltnp sport = :{service.port}' and stop it, then run "
                "'gridcast up'."
            )
    front.prepare_prefect()
    ArrowTables(settings.lakehouse).create_missing(TABLES)
    environment = os.environ | {
        "PREFECT_API_URL": f"{SERVER}/api",
        "PREFECT_LOGGING_LEVEL": "INFO",
        "GRIDCAST_PROFILE": settings.profile,
        "GRIDCAST_LAKEHOUSE": str(settings.lakehouse),
        "GRIDCAST_PAGES": _pages(settings, found),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONUNBUFFERED": "1",
    }
    front.console.print(_addresses(found))
    front.console.print("They take up to a minute to answer. Stop all with Ctrl-C.")
    manager = Manager(Printer(sys.stderr))
    for service in found:
        manager.add_process(service.name, service.command, env=environment, cwd=str(PROJECT))
    manager.loop()
    sys.exit(manager.returncode or 0)


def _pages(settings: Settings, found: list[Service]) -> str:
    """Where a browser finds what has pages, as JSON; an API that asks for a key opens none."""
    named = {service.name: f"http://{HOST}:{service.port}" for service in found}
    open_to_all = [name for name in get_args(Page) if not (name == "api" and settings.api_keys)]
    return json.dumps({name: named[name] for name in open_to_all} | settings.pages)


def _addresses(found: list[Service]) -> Table:
    table = Table(box=None, header_style="bold")
    for heading in ("service", "address", "what for"):
        table.add_column(heading, no_wrap=heading != "what for")
    for service in found:
        if service.address:
            table.add_row(service.name, service.address, service.told)
    return table


def work(server: str = SERVER) -> None:
    """Once the server answers: register pool and deployments, then become the worker."""
    await_server(server)
    for sentence in deploy():
        print(sentence, flush=True)
    # A run of a worker that died is found by the heartbeats that stay away.
    os.environ["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] = "30"
    prefect = str(Path(sys.executable).parent / "prefect")
    os.execv(prefect, [prefect, *worker_arguments()])


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


if __name__ == "__main__":
    work()
