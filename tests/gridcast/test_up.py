"""`gridcast up` shows the store that trainings are logged to, wherever that is."""

from pathlib import Path

import pytest

from gridcast.up import Service, services
from lakehouse.settings import load_settings


def started(tracking: str, folder: Path) -> dict[str, Service]:
    settings = load_settings("sample", lakehouse=folder, mlflow_tracking=tracking)
    return {service.name: service for service in services(settings)}


def test_a_server_elsewhere_is_named_and_none_is_started(tmp_path: Path) -> None:
    found = started("https://mlflow.example.com", tmp_path)
    assert found["mlflow"].command == ""
    assert found["mlflow"].address == "https://mlflow.example.com"
    assert found["dashboards"].command.endswith("--mlflow https://mlflow.example.com")


@pytest.mark.parametrize(
    ("tracking", "store"),
    [
        ("", "sqlite:///{}/mlflow/mlflow.db"),
        ("postgresql://me:secret@db/mlflow", "postgresql://me:secret@db/mlflow"),
    ],
)
def test_before_a_database_there_is_a_server_whose_command_tells_no_password(
    tmp_path: Path, tracking: str, store: str
) -> None:
    mlflow = started(tracking, tmp_path)["mlflow"]
    assert mlflow.variables == {"MLFLOW_BACKEND_STORE_URI": store.format(tmp_path)}
    assert "mlflow server" in mlflow.command and "secret" not in mlflow.command
    assert ("models.mlflow_store" in mlflow.command) == (not tracking)
