"""What the Dockerfile names exists, and what an image runs is in it."""

import fnmatch
import re

import pytest

from flows.deployed import POOL
from gridcast.front import API_PORT, DASHBOARDS_PORT
from lakehouse.settings import PROJECT, Settings
from tests.containers.dockerfile import FILE, Stage, stages

TARGETS = ["worker", "worker-s3", "api", "dashboards", "scorer"]
STAGES = stages()
IGNORED = (PROJECT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_what_is_copied_is_there_and_not_kept_from_the_build(stage: Stage) -> None:
    for name in [name for sources, _ in stage.copies for name in sources]:
        assert (PROJECT / name).exists() or name == "champion", name
        assert f"!{name.split('/')[0]}" in IGNORED, name


def test_nothing_is_let_into_the_build_that_no_image_takes() -> None:
    copied = {n.split("/")[0] for s in STAGES.values() for sources, _ in s.copies for n in sources}
    assert copied == {line[1:] for line in IGNORED if line.startswith("!")}
    assert "*" in IGNORED
    assert any(fnmatch.fnmatch("deployments/.env", line) for line in IGNORED)


def test_every_stage_that_is_used_comes_before() -> None:
    seen: set[str] = set()
    for stage in STAGES.values():
        assert set(stage.stages_used) <= seen
        seen.add(stage.name)
    assert set(TARGETS) <= seen


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_runs_as_a_user_by_number_and_says_how_it_is(target: str) -> None:
    stage = STAGES[target]
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", stage.user)
    assert stage.health[:2] == ["python", "deployments/containers/healthy.py"]
    assert copied(stage, "deployments/containers/healthy.py")


@pytest.mark.parametrize("target", TARGETS)
def test_the_module_that_an_image_runs_is_in_it(target: str) -> None:
    python, flag, module = STAGES[target].command[:3]
    assert (python, flag) == ("python", "-m")
    path = module.replace(".", "/")
    file = f"{path}.py" if (PROJECT / f"{path}.py").exists() else f"{path}/__main__.py"
    assert (PROJECT / file).exists()
    assert copied(STAGES[target], file)


@pytest.mark.parametrize("target", ["api", "dashboards", "scorer"])
def test_ports_agree(target: str) -> None:
    stage = STAGES[target]
    [port] = stage.ports
    assert f":{port}/" in stage.health[-1]
    assert stage.command[stage.command.index("--port") + 1] == str(port)
    assert port == {"api": API_PORT, "dashboards": DASHBOARDS_PORT}.get(target, port)


def test_the_worker_is_looked_for_in_its_pool() -> None:
    assert STAGES["worker"].health[-2:] == ["worker", POOL]
    assert f"    {POOL}:\n" in (PROJECT / "deployments" / "prefect.yaml").read_text()


def test_a_lakehouse_on_s3_finds_its_jars_where_the_settings_look() -> None:
    assert Settings.model_fields["s3_jars"].default == PROJECT / ".jars-s3"
    assert {"worker", "s3-jars"} <= set(STAGES["worker-s3"].stages_used)
    assert "s3-jars" in STAGES["emr"].stages_used


def test_variables_are_settings() -> None:
    known = {f"GRIDCAST_{name.upper()}" for name in Settings.model_fields}
    for stage in STAGES.values():
        assert {name for name in stage.environment if name.startswith("GRIDCAST_")} <= known


def test_the_base_is_pinned_and_of_the_python_that_the_locks_are_for() -> None:
    assert re.search(r"^ARG PYTHON=3\.11\.\d+-slim-bookworm$", FILE.read_text(), flags=re.M)
    assert "latest" not in FILE.read_text()


@pytest.mark.parametrize("target", ["api", "dashboards", "scorer"])
def test_small_images_hold_a_part_of_the_lock_and_nothing_heavy(target: str) -> None:
    lock = (PROJECT / "deployments" / "containers" / f"{target}.lock").read_text()
    pins = set(re.findall(r"^([a-z0-9]\S*==\S+)", lock, flags=re.M))
    whole = (PROJECT / "requirements.lock").read_text()
    assert pins <= set(re.findall(r"^([a-z0-9]\S*==\S+)", whole, flags=re.M))
    names = {pin.split("==")[0] for pin in pins}
    heavy = {"pyspark", "delta-spark", "mlflow", "prefect", "whylogs"}
    assert not names & (heavy if target == "scorer" else heavy | {"tensorflow", "keras"})
    for package in re.split(r"^(?=\S)", lock, flags=re.M)[1:]:
        assert re.match(r"[a-z0-9-]+==\S+ \\\n    --hash=sha256:", package), package[:80]


def copied(stage: Stage, file: str) -> bool:
    names = [name for sources, _ in stage.copies for name in sources]
    return any(file == name or file.startswith(f"{name}/") for name in names)
