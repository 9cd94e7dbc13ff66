"""Steps as jobs of an EMR Serverless application: sent, followed, and read back from gold.runs."""

import gzip
import hashlib
import logging
import time
import zlib
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from flows.job import Job, Step
from flows.run import Outcome, Run
from lakehouse.errors import ConfigError, JobError
from lakehouse.settings import Settings

Log = logging.Logger | logging.LoggerAdapter[Any]

SUCCESS = "SUCCESS"
_ENDED = (SUCCESS, "FAILED", "CANCELLED")
_NEEDED = ("emr_application", "emr_role", "emr_entry")
#: A job waits for its driver for a minute or two, and then runs for minutes.
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 2.0, 30.0
_LAST_LINES = 20
#: A training's flow ends after four hours. A job whose sender died is not to run for ever.
_LONGEST_MINUTES = 5 * 60


class EmrServerlessRunner:
    """Sends a step as a job, and fails as the job fails, with its reason.

    The step takes its lanes and writes its row of gold.runs in the job, as it does anywhere.
    Where this process is interrupted, the job is cancelled.
    """

    def __init__(
        self, settings: Settings, log: Log, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """log: what a person who follows the step reads. Raises ConfigError for settings that do
        not say where to send a step."""
        missing = [name for name in _NEEDED if not getattr(settings, name)]
        if missing:
            raise ConfigError(f"spark_runner is emr; set {', '.join(missing)}, too.")
        if settings.mail_transport == "smtp":
            raise ConfigError(
                "spark_runner is emr, whose jobs mail the report and are never sent a password; "
                "set mail_transport to ses, or to folder."
            )
        self._settings, self._log, self._wait = settings, log, wait
        # The service's own faults are met with back-off; by its token a job is sent once.
        patient = Config(retries={"mode": "standard", "total_max_attempts": 8})
        region = settings.emr_region or None
        self._emr = boto3.client("emr-serverless", region_name=region, config=patient)
        self._s3 = boto3.client("s3", region_name=region, config=patient)

    def do(self, step: Step, run: Run, **arguments: Any) -> Outcome:
        """Send the step and wait for its end. Raises JobError where it does not end well."""
        job = Job.of(step, run, arguments)
        try:
            job_id = self._send(job)
            ended = self._followed(job_id)
            rows = run.noted(job.step)
            failed = [row["reason"] for row in rows if row["status"] != "ok"]
            if ended["state"] != SUCCESS or failed or not rows:
                raise JobError(self._sentence(job.step, job_id, ended, failed))
        except Exception as fault:
            self._note(run, job.step, fault)
            raise
        return Outcome.told(rows)

    def _note(self, run: Run, step: str, fault: Exception) -> None:
        """The failure in gold.runs, unless the step itself told of it; batches may have ended."""
        rows = run.noted(step)
        if all(row["status"] == "ok" for row in rows):
            noting = run.part("job") if rows else run
            noting.note_failure(step, f"{type(fault).__name__}: {fault}")

    def _send(self, job: Job) -> str:
        """The id of the job. Sent again, by whoever, the same step of a run is the same job."""
        token = hashlib.sha256(f"{job.run_id} {job.step} {job.as_of}".encode()).hexdigest()
        settings = self._settings
        try:
            answer = self._emr.start_job_run(
                applicationId=settings.emr_application,
                clientToken=token,
                executionRoleArn=settings.emr_role,
                name=f"{job.step} {job.profile} {job.as_of:%Y-%m-%d %H:%M} {job.run_id}",
                jobDriver={
                    "sparkSubmit": {
                        "entryPoint": settings.emr_entry,
                        "entryPointArguments": [job.model_dump_json()],
                    }
                },
                executionTimeoutMinutes=_LONGEST_MINUTES,
            )
        except (BotoCoreError, ClientError) as fault:
            raise JobError(
                f"Expected application {settings.emr_application} to take the step {job.step}; "
                f"EMR Serverless said: {fault} Look at emr_application, emr_role and emr_region."
            ) from fault
        job_id = str(answer["jobRunId"])
        self._log.info("Step %s is job %s of EMR Serverless.", job.step, job_id)
        if settings.emr_logs:
            self._log.info(
                "Its logs: %s/ with SPARK_DRIVER/stdout.gz and stderr.gz, SPARK_EXECUTOR/N/….",
                self._logs(job_id),
            )
        return job_id

    def _followed(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended. Whatever stops us from following it cancels it."""
        try:
            return self._wait_for(job_id)
        except BaseException:
            self._cancel(job_id)
            raise

    def _wait_for(self, job_id: str) -> dict[str, Any]:
        application = self._settings.emr_application
        pause, told = _FIRST_WAIT_SECONDS, ""
        while True:
            job: dict[str, Any] = self._emr.get_job_run(applicationId=application, jobRunId=job_id)[
                "jobRun"
            ]
            state = job["state"]
            if state != told:
                self._log.info("Job %s is %s.", job_id, state)
                if state == "RUNNING" or state in _ENDED:
                    self._tell_page(job_id)
                told = state
            if state in _ENDED:
                return job
            self._wait(pause)
            pause = min(2 * pause, _LONGEST_WAIT_SECONDS)

    def _tell_page(self, job_id: str) -> None:
        """Log the address of Spark's own page of the job; it is open for an hour."""
        try:
            page = self._emr.get_dashboard_for_job_run(
                applicationId=self._settings.emr_application, jobRunId=job_id
            )
        except (BotoCoreError, ClientError) as fault:
            self._log.warning("Job %s has no page of Spark's: %s", job_id, fault)
            return
        self._log.info("Spark's page of job %s, for an hour: %s", job_id, page["url"])

    def _cancel(self, job_id: str) -> None:
        try:
            self._emr.cancel_job_run(applicationId=self._settings.emr_application, jobRunId=job_id)
        except (BotoCoreError, ClientError) as fault:
            self._log.error("Job %s may still run, cancel it by hand: %s", job_id, fault)
            return
        self._log.warning("Job %s is cancelled.", job_id)

    def _sentence(self, step: str, job_id: str, ended: dict[str, Any], failed: list[str]) -> str:
        """What happened: the step's own word, else EMR's and the end of the driver's log."""
        said = f"Expected job {job_id} to do the step {step}; it ended as {ended['state']}"
        if failed:
            return f"{said}: {' '.join(failed)}"
        details = ended.get("stateDetails") or "without a word of the step in gold.runs."
        return f"{said}: {details} {self._last_lines(job_id)}"

    def _last_lines(self, job_id: str) -> str:
        """The end of the driver's standard error, as far as it can be read."""
        if not self._settings.emr_logs:
            return "Set emr_logs, and its last lines stand here."
        place = f"{self._logs(job_id)}/SPARK_DRIVER/stderr.gz"
        bucket, _, key = place.removeprefix("s3://").partition("/")
        try:
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            lines = gzip.decompress(body).decode(errors="replace").strip().splitlines()
        except (BotoCoreError, ClientError, OSError, EOFError, zlib.error) as fault:
            return f"Its log cannot be read: {fault} ({place})."
        return f"The end of {place}:\n" + "\n".join(lines[-_LAST_LINES:])

    def _logs(self, job_id: str) -> str:
        """The folder of a job's logs, as EMR Serverless lays it out."""
        root = self._settings.emr_logs.rstrip("/")
        return f"{root}/applications/{self._settings.emr_application}/jobs/{job_id}"
