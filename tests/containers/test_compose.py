"""What compose.yaml names exists, starts in a healthy order, and may do no more than it needs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from gridcast.front import API_PORT, DASHBOARDS_PORT, MLFLOW_PORT, PREFECT_PORT, SQL_PORT
from lakehouse.settings import PROJECT, Settings
from tests.containers.dockerfile import stages

FOLDER = PROJECT / "deployments"
TEXT = (FOLDER / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
STAGES = stages()
OWN = {name: service for name, service in SERVICES.items() if "build" in service}
ONCE = ("bucket", "tables")


def command(name: str) -> list[str]:
    """What a service of ours starts."""
    words: list[str] = SERVICES[name].get("command") or stage(name).command
    return words


def stage(name: str) -> Any:
    return STAGES[SERVICES[name]["build"]["target"]]


def health(name: str) -> list[str]:
    """The health check of a service of ours: compose's own, else the image's."""
    told = SERVICES[name].get("healthcheck", {}).get("test")
    return told[1:] if told else stage(name).health


@pytest.mark.parametrize("name", OWN)
def test_it_is_built_from_a_target_of_the_dockerfile(name: str) -> None:
    build = OWN[name]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).is_file()
    assert build["target"] in STAGES
    assert OWN[name]["image"].startswith(f"gridcast-{build['target']}:${{GRIDCAST_VERSION")


@pytest.mark.parametrize("name", OWN)
def test_its_command_and_health_check_are_in_the_image(name: str) -> None:
    words = command(name)
    if words[0] == "python":
        assert words[1] == "-m"
        path = words[2].replace(".", "/")
        assert (PROJECT / f"{path}.py").exists() or (PROJECT / path / "__main__.py").exists()
    else:
        lock = (PROJECT / "requirements.lock").read_text()
        assert stage(name).name == "worker"
        assert re.search(rf"^{words[0]}==", lock, flags=re.M)
    assert name in ONCE or health(name)[1] == "deployments/containers/healthy.py"


@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("prefect", PREFECT_PORT),
        ("mlflow", MLFLOW_PORT),
        ("api", API_PORT),
        ("dashboards", DASHBOARDS_PORT),
        ("sql", SQL_PORT),
        ("scorer", 8080),
    ],
)
def test_a_port_is_the_same_wherever_it_is_named(name: str, port: int) -> None:
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    words = command(name)
    assert words[words.index("--port") + 1] == str(port)
    assert re.search(rf"(:{port}/| {port}$)", " ".join(health(name)))


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert not service.get("privileged")


@pytest.mark.parametrize("name", SERVICES)
def test_it_waits_for_the_well_being_of_what_it_needs(name: str) -> None:
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        once = wanted["condition"] == "service_completed_successfully"
        assert once == (other in ONCE)
        assert once or wanted["condition"] == "service_healthy"
        checked = "test" in SERVICES[other].get("healthcheck", {})
        assert once or checked or stage(other).health


@pytest.mark.parametrize("name", SERVICES)
def test_the_services_that_it_names_are_those_that_it_waits_for(name: str) -> None:
    service = SERVICES[name]
    told = " ".join([*service.get("environment", {}).values(), *command_of(service)])
    named = {other for other in SERVICES if re.search(rf"(//|@){other}:\d+", told)}
    named -= {"store"} if "bucket" in service.get("depends_on", {}) else set()
    assert named <= set(service.get("depends_on", {}))
    for other in named:
        networks = [set(SERVICES[one].get("networks", ["default"])) for one in (name, other)]
        assert networks[0] & networks[1]


def command_of(service: dict[str, Any]) -> list[str]:
    return service.get("command") or (stages_command(service) if "build" in service else [])


def stages_command(service: dict[str, Any]) -> list[str]:
    return list(STAGES[service["build"]["target"]].command)


def mounts() -> Iterator[tuple[str, list[str]]]:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            yield name, volume.split(":")


def test_volumes_are_named_and_files_are_there() -> None:
    used = set()
    for _, (source, *_) in mounts():
        if source.startswith("."):
            assert (FOLDER / source).is_file()
        else:
            used.add(source)
    assert used == set(COMPOSE["volumes"])


def test_only_the_worker_and_who_makes_the_tables_write_the_lakehouse() -> None:
    writers = {name for name, (source, *rest) in mounts() if source == "data" and "ro" not in rest}
    assert writers == {"tables", "worker"}
    for name, (source, target, *_) in mounts():
        if source == "data":
            assert stage(name).environment["GRIDCAST_LAKEHOUSE"].startswith(f"{target}/")


def test_every_secret_comes_from_the_file_that_the_example_shows() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    example = (FOLDER / ".env.example").read_text()
    shown = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, flags=re.M))
    assert asked == set(shown)
    for name, value in shown.items():
        if name.endswith(("PASSWORD", "ACCESS_KEY", "SECRET_KEY")):
            assert value == ""
            assert f"${{{name}:?see deployments/.env.example}}" in TEXT


def test_variables_are_settings_and_images_are_pinned() -> None:
    known = {f"GRIDCAST_{name.upper()}" for name in Settings.model_fields}
    for service in SERVICES.values():
        told = set(service.get("environment", {}))
        assert {name for name in told if name.startswith("GRIDCAST_")} <= known
        assert re.search(r":(\S*\d+\.\d+\S*|\$\{GRIDCAST_VERSION:-\d\S+\})$", service["image"])
        assert "latest" not in service["image"]
