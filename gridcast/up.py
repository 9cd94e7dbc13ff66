"""`gridcast up`: Prefect server, deployments, worker and MLflow's page, with one log."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from honcho.manager import Manager
from honcho.printer import Printer

from gridcast.front import MLFLOW_PORT, PREFECT_PORT, SERVER, Front
from gridcast.server import await_server
from lakehouse.errors import SetupError
from lakehouse.settings import PROJECT

POOL = "gridcast-local"


def run_up(front: Front) -> None:
    """Start everything and stay until Ctrl-C. Raises SetupError where a port is taken."""
    settings = front.settings
    for port, what in ((PREFECT_PORT, "Prefect"), (MLFLOW_PORT, "MLflow")):
        if _taken(port):
            raise SetupError(
                f"Expected port {port} to be free for {what}; something listens there. "
                f"Find it with 'ss -ltnp sport = :{port}' and stop it, then run 'gridcast up'."
            )
    front.prepare_prefect()
    mlflow = settings.lakehouse / "mlflow"
    mlflow.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "PREFECT_API_URL": f"{SERVER}/api",
        "PREFECT_LOGGING_LEVEL": "INFO",
        "GRIDCAST_PROFILE": settings.profile,
        "GRIDCAST_LAKEHOUSE": str(settings.lakehouse),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONUNBUFFERED": "1",
    }
    tools = Path(sys.executable).parent
    commands = {
        "prefect": f"{tools}/prefect server start --host 127.0.0.1 --port {PREFECT_PORT}",
        "worker": f"{sys.executable} -m gridcast.up",
        "mlflow": (
            f"{tools}/mlflow server --host 127.0.0.1 --port {MLFLOW_PORT} --workers 1 "
            f"--backend-store-uri sqlite:///{mlflow / 'mlflow.db'}"
        ),
    }
    front.console.print(f"Prefect  {SERVER}")
    front.console.print(f"MLflow   http://127.0.0.1:{MLFLOW_PORT}")
    front.console.print("Stop all with Ctrl-C.")
    manager = Manager(Printer(sys.stderr))
    for name, command in commands.items():
        manager.add_process(name, command, env=environment, cwd=str(PROJECT))
    manager.loop()
    sys.exit(manager.returncode or 0)


def work() -> None:
    """Once the server answers: register pool and deployments, then become the worker."""
    await_server(SERVER)
    prefect = str(Path(sys.executable).parent / "prefect")
    file = PROJECT / "deployments" / "prefect.yaml"
    os.environ["PROJECT_FOLDER"] = str(PROJECT)
    subprocess.run(
        [prefect, "--no-prompt", "work-pool", "create", POOL, "--type", "process", "--overwrite"],
        check=True,
    )
    subprocess.run(
        [prefect, "--no-prompt", "deploy", "--all", "--prefect-file", str(file)],
        check=True,
        cwd=PROJECT,
    )
    os.execv(prefect, [prefect, "worker", "start", "--pool", POOL, "--limit", "1"])


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    work()
