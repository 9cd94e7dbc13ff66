"""What every command starts from: settings, the console, and a quiet Prefect."""

import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from lakehouse.settings import Settings, load_settings

PREFECT_PORT = 4200
MLFLOW_PORT = 5000
SERVER = f"http://127.0.0.1:{PREFECT_PORT}"


@dataclass
class Front:
    """The shared options of the command line."""

    profile: str | None = None
    lakehouse: Path | None = None
    verbose: bool = False

    @cached_property
    def settings(self) -> Settings:
        """Settings of the chosen profile. What the command line overrides reaches the flows, and
        the processes that `up` starts, as variables."""
        if self.profile:
            os.environ["GRIDCAST_PROFILE"] = self.profile
        if self.lakehouse:
            os.environ["GRIDCAST_LAKEHOUSE"] = str(self.lakehouse)
        if self.verbose:
            os.environ["GRIDCAST_VERBOSE"] = "true"
        return load_settings()

    @cached_property
    def console(self) -> Console:
        """Progress and pages go to standard error: standard output is for results."""
        return Console(stderr=True, highlight=False)

    def prepare_prefect(self) -> None:
        """Point Prefect at this lakehouse's own store, before it is imported.

        A server that `gridcast up` started is used; else one lives as long as the command.
        """
        home = self.settings.lakehouse / "prefect"
        home.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("PREFECT_HOME", str(home))
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
        os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if self.verbose else "CRITICAL")
        if "PREFECT_API_URL" not in os.environ and server_answers():
            os.environ["PREFECT_API_URL"] = f"{SERVER}/api"

    def flows(self) -> dict[str, Any]:
        """The flows by name; importing them imports Prefect."""
        self.prepare_prefect()
        from flows.flows import FLOWS

        return FLOWS


def server_answers() -> bool:
    """Whether a Prefect server listens where `gridcast up` starts one."""
    try:
        with urllib.request.urlopen(f"{SERVER}/api/health", timeout=0.5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
