"""What every command starts from: settings, the console, and a quiet Prefect."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rich.console import Console

from gridcast.server import await_server, server_answers, start_server
from lakehouse.settings import Settings, load_settings

PREFECT_PORT = 4200
MLFLOW_PORT = 5000
API_PORT, DASHBOARDS_PORT, SQL_PORT = 8000, 8501, 10000
SERVER = f"http://127.0.0.1:{PREFECT_PORT}"


@dataclass
class Front:
    """The shared options of the command line."""

    profile: str | None = None
    lakehouse: str | None = None
    verbose: bool = False
    lasting: bool = False

    @cached_property
    def settings(self) -> Settings:
        """Settings of the chosen profile. What the command line overrides reaches the flows, and
        the processes that `up` starts, as variables. A lasting command lets the JVM compile."""
        if self.lasting:
            os.environ.setdefault("GRIDCAST_SPARK_JVM_OPTIONS", "")
        if self.profile:
            os.environ["GRIDCAST_PROFILE"] = self.profile
        if self.lakehouse:
            os.environ["GRIDCAST_LAKEHOUSE"] = self.lakehouse
        if self.verbose:
            os.environ["GRIDCAST_VERBOSE"] = "true"
        return load_settings()

    @cached_property
    def console(self) -> Console:
        """Progress and pages go to standard error: standard output is for results."""
        return Console(stderr=True, highlight=False)

    def prepare_prefect(self) -> None:
        """Point Prefect at this lakehouse's own store, before it is imported."""
        home = self.settings.here / "prefect"
        home.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("PREFECT_HOME", str(home))
        os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if self.verbose else "CRITICAL")

    @contextmanager
    def flows(self) -> Iterator[dict[str, Any]]:
        """The flows by name, with a server to tell of their runs and Spark under way.

        A server that `gridcast up` started is used; else one lives as long as the command.
        """
        self.prepare_prefect()
        from lakehouse.spark.session import spark_session  # the API's image has no Spark

        address = None
        if "PREFECT_API_URL" not in os.environ:
            address = SERVER if server_answers(SERVER) else start_server()
            os.environ["PREFECT_API_URL"] = f"{address}/api"
        if self.settings.spark_runner == "local":
            spark_session(self.settings)
        from flows.flows import FLOWS, HISTORY, attended

        if address:
            await_server(address)
        with attended():
            yield FLOWS | HISTORY
