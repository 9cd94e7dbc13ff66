"""The image of steps on EMR Serverless: EMR's Spark, our packages, and the program that it starts.

No image of EMR was at hand: the Spark that it brings is played by that of this environment.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyspark
import pytest

from flows.job import Job
from gridcast.jars import read_lock
from lakehouse.arrow import ArrowTables
from lakehouse.settings import PROJECT
from lakehouse.tables.gold import RUNS
from tests.containers.dockerfile import FILE, stages
from tests.containers.image import NOBODY, Image, image
from tests.containers.test_dockerfile import copied

STAGE = stages()["emr"]
CONTAINERS = PROJECT / "deployments" / "containers"
SHARED = (PROJECT / "terraform" / "environments" / "shared" / "main.tf").read_text()
SPARK = (PROJECT / "terraform" / "modules" / "spark" / "settings.tf").read_text()
SPARK_HOME = Path(pyspark.__file__).parent


def test_it_is_built_on_the_release_that_terraform_asks_for() -> None:
    [base] = re.findall(r"^ARG EMR=\S+/(emr-[\w.-]+)$", FILE.read_text(), flags=re.M)
    for environment in ("live-testing", "prod"):
        told = PROJECT / "terraform" / "environments" / environment / "terraform.tfvars"
        assert re.findall(r'^\s+release\s+= "(.*)"$', told.read_text(), flags=re.M) == [base]


def test_the_entry_and_the_python_that_terraform_names_are_in_it() -> None:
    [entry] = re.findall(r'EMR_ENTRY\s+= "local:///app/(.*)"', SHARED)
    assert (PROJECT / entry).is_file()
    assert copied(STAGE, entry)
    [python] = re.findall(r'python = "(.*)"', SPARK)
    assert f"venv --without-pip {Path(python).parents[1]}\n" in FILE.read_text().replace(" \\", "")
    assert STAGE.user == "hadoop:hadoop"  # as EMR asks for


def test_its_delta_is_ours_for_the_spark_of_the_release() -> None:
    ours = read_lock().package.rpartition(":")[2]
    lock = read_lock(CONTAINERS / "emr-jars.lock")
    assert lock.package == f"io.delta:delta-spark_4.1_2.13:{ours}"
    assert f"io.delta_delta-spark_4.1_2.13-{ours}.jar" in lock.sha256


def test_its_packages_are_a_part_of_the_lock_without_spark_and_prefect() -> None:
    pins = set(re.findall(r"^([a-z0-9]\S*==\S+)", (CONTAINERS / "emr.lock").read_text(), re.M))
    whole = (PROJECT / "requirements.lock").read_text()
    assert pins <= set(re.findall(r"^([a-z0-9]\S*==\S+)", whole, flags=re.M))
    assert not {pin.split("==")[0] for pin in pins} & {"pyspark", "py4j", "prefect", "streamlit"}


@pytest.fixture(scope="module")
def emr() -> Iterator[Image]:
    with image("emr", CONTAINERS / "emr.lock") as found:
        yield found


def in_image(emr: Image, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=emr.app, env=emr.environment(PATH=os.environ["PATH"], **more),
        capture_output=True, text=True, check=False, **NOBODY,
    )  # fmt: skip


@pytest.mark.slow
def test_every_module_of_a_step_can_be_imported(emr: Image) -> None:
    folders = ("spark_jobs", "models", "monitoring", "sources", "lakehouse")
    files = [file for folder in folders for file in (emr.app / folder).rglob("*.py")]
    names = [".".join(f.relative_to(emr.app).with_suffix("").parts) for f in files]
    assert len(names) > 100
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    zips = ":".join(str(file) for file in (SPARK_HOME / "python" / "lib").glob("*.zip"))
    done = in_image(
        emr, [str(emr.python), "-c", code, "flows.job", *names], PYTHONPATH=f"{emr.app}:{zips}"
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_a_step_is_done_by_the_program_of_the_image(emr: Image) -> None:
    moment = datetime(2024, 10, 17, 22, tzinfo=UTC)
    lakehouse = emr.data / "lakehouse"
    job = Job(
        step="evaluate", profile="sample", as_of=moment, run_id="of-the-image", started_at=moment,
        variables={"GRIDCAST_LAKEHOUSE": str(lakehouse)},
    )  # fmt: skip
    jars = ":".join(str(jar) for jar in (PROJECT / ".jars").glob("*.jar"))
    done = in_image(
        emr,
        [str(SPARK_HOME / "bin" / "spark-submit"), "--master", "local[2]",
         "--driver-class-path", jars, "--conf", "spark.ui.enabled=false",
         str(emr.app / "deployments" / "spark" / "step.py"), job.model_dump_json()],
        SPARK_HOME=str(SPARK_HOME), PYSPARK_PYTHON=str(emr.python), SPARK_LOCAL_IP="127.0.0.1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    [row] = ArrowTables(lakehouse).rows(RUNS)
    assert (row["run_id"], row["step"], row["status"]) == ("of-the-image", "evaluate", "ok")
