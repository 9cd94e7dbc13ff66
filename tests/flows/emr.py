"""EMR Serverless as moto plays it, made to run what it is sent: by a spark-submit of this machine.

Of itself moto ends every job well at once, runs nothing, takes a token for a new job each time, and
has no page of Spark's. The first three are mended here, by what AWS's documentation says.
"""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pyspark
import pytest
from moto import mock_aws
from moto.core.exceptions import JsonRESTError
from moto.emrserverless.models import EMRServerlessBackend, JobRun

from lakehouse.settings import PROJECT, Settings

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/gridcast/gridcast-test-job"
ENTRY = PROJECT / "deployments" / "spark" / "step.py"

#: What happens to a job when somebody asks how it is.
Fate = Callable[["Emr", JobRun], None]


class Lost(JsonRESTError):
    """The service did what it was asked, and its answer did not come."""

    code = 500

    def __init__(self) -> None:
        super().__init__("InternalServerException", "The answer was lost.")


class Emr:
    """An application with a place for logs, and what becomes of its jobs."""

    def __init__(self, fate: Fate) -> None:
        self.fate = fate
        client = boto3.client("emr-serverless", REGION)
        # moto does not know labels such as emr-spark-8.2.0.
        created = client.create_application(
            name="gridcast-test-spark", releaseLabel="emr-7.13.0", type="SPARK"
        )
        self.application: str = created["applicationId"]
        self.s3 = boto3.client("s3", REGION)
        self.s3.create_bucket(
            Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.jobs: list[JobRun] = []

    @property
    def variables(self) -> dict[str, str]:
        """The settings of a flow that sends its steps here."""
        return {
            "GRIDCAST_SPARK_RUNNER": "emr",
            "GRIDCAST_EMR_APPLICATION": self.application,
            "GRIDCAST_EMR_ROLE": ROLE,
            "GRIDCAST_EMR_ENTRY": f"local://{ENTRY}",
            "GRIDCAST_EMR_LOGS": "s3://artifacts/spark-logs/",
            "GRIDCAST_EMR_REGION": REGION,
        }

    def settings(self, settings: Settings) -> Settings:
        """The same, of settings that are there."""
        told = {name.removeprefix("GRIDCAST_").lower(): v for name, v in self.variables.items()}
        return settings.model_copy(update=told)

    def end(self, job: JobRun, state: str, details: str = "", stderr: str | None = None) -> None:
        """Let a job end, and leave the driver's standard error where EMR Serverless puts it."""
        job.state, job.state_details = state, details
        if stderr is not None:
            self.s3.put_object(
                Bucket="artifacts",
                Key=f"spark-logs/applications/{self.application}/jobs/{job.id}"
                "/SPARK_DRIVER/stderr.gz",
                Body=gzip.compress(stderr.encode()),
            )


@contextmanager
def emr_serverless(monkeypatch: pytest.MonkeyPatch, fate: Fate) -> Iterator[Emr]:
    """No credentials, no network, no job of another test."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    start, look = EMRServerlessBackend.start_job_run, EMRServerlessBackend.get_job_run

    def started(self: Any, application_id: str, client_token: str, **told: Any) -> JobRun:
        for job in emr.jobs:
            if job.client_token == client_token:
                return job
        job = start(self, application_id=application_id, client_token=client_token, **told)
        job.state = "SUBMITTED"
        emr.jobs.append(job)
        return job

    def looked_at(self: Any, application_id: str, job_run_id: str) -> JobRun:
        job = look(self, application_id, job_run_id)
        if job.state not in ("SUCCESS", "FAILED", "CANCELLED"):
            emr.fate(emr, job)
        return job

    monkeypatch.setattr(EMRServerlessBackend, "start_job_run", started)
    monkeypatch.setattr(EMRServerlessBackend, "get_job_run", looked_at)
    with mock_aws():
        emr = Emr(fate)
        yield emr


def by_spark_submit(jars: Path) -> Fate:
    """The job is done by Spark's own spark-submit, with none of our variables but those sent."""

    def run(emr: Emr, job: JobRun) -> None:
        sent: dict[str, Any] = job.job_driver["sparkSubmit"]
        command = [
            str(Path(pyspark.__file__).parent / "bin" / "spark-submit"),
            *("--master", "local[2]", "--driver-memory", "1g"),
            *("--driver-class-path", ":".join(str(jar) for jar in sorted(jars.glob("*.jar")))),
            *("--conf", "spark.ui.enabled=false"),
            sent["entryPoint"].removeprefix("local://"),
            *sent["entryPointArguments"],
        ]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GRIDCAST_")} | {
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(PROJECT),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        state = "SUCCESS" if done.returncode == 0 else "FAILED"
        emr.end(job, state, f"Job ended with exit code {done.returncode}.", done.stderr)

    return run
