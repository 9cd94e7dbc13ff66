"""`gridcast up`: everything that people and programs use, with one log and one end.

Prefect's server with the deployments and a worker, MLflow's page, the HTTP API, the dashboards and
the SQL server.
"""

import json
import os
import shlex
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
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
from models import mlflow_store

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Service:
    """A process of its own, and where it answers; a worker answers nowhere. Without a command it is
    somebody else's, at its address."""

    name: str
    command: str
    port: int = 0
    address: str = ""
    told: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def services(settings: Settings) -> list[Service]:
    """All of them, in the order of the table of addresses."""
    tools = shlex.quote(str(Path(sys.executable).parent))
    serve = f"{tools}/gridcast serve"
    mlflow = _mlflow(settings, tools)
    dashboards = f"{serve} dashboards --port {DASHBOARDS_PORT} --api http://{HOST}:{API_PORT} "
    dashboards += f"--mlflow {shlex.quote(mlflow.address)}"
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
        mlflow,
        Service("worker", f"{shlex.quote(sys.executable)} -m gridcast.up"),
    ]


def _mlflow(settings: Settings, tools: str) -> Service:
    """The page of the store that trainings are logged to: the server that it is, or one in front of
    the database that it is. Its address may hold a password, which no command line shows."""
    store, told = settings.mlflow_store, "trainings and models"
    if store.startswith(("http://", "https://")):
        return Service("mlflow", "", address=store, told=told)
    serve = f"exec {tools}/mlflow server --host {HOST} --port {MLFLOW_PORT} --workers 1"
    if store.startswith(mlflow_store.SQLITE):
        file = shlex.quote(store.removeprefix(mlflow_store.SQLITE))
        serve = f"{shlex.quote(sys.executable)} -m {mlflow_store.__name__} {file} && {serve}"
    address = f"http://{HOST}:{MLFLOW_PORT}"
    return Service("mlflow", serve, MLFLOW_PORT, address, told, {"MLFLOW_BACKEND_STORE_URI": store})


def run_up(front: Front) -> None:
    """Start everything and stay until Ctrl-C. Raises SetupError where a port is taken."""
    settings = front.settings
    found = services(settings)
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
        if service.command:
            known = environment | dict(service.variables)
            manager.add_process(service.name, service.command, env=known, cwd=str(PROJECT))
    manager.loop()
    sys.exit(manager.returncode or 0)


def _pages(settings: Settings, found: list[Service]) -> str:
    """Where a browser finds what has pages, as JSON; an API that asks for a key opens none."""
    named = {
        service.name: f"http://{HOST}:{service.port}" if service.port else service.address
        for service in found
    }
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
