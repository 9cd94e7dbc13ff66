"""A step as a job of EMR Serverless: sent once, followed, cancelled, and told as if done here."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.emrserverless.exceptions import ResourceNotFoundException
from moto.emrserverless.models import JobRun
from moto.emrserverless.responses import EMRServerlessResponse
from pydantic import SecretStr

from flows import job as jobs
from flows import steps
from flows.emr_serverless import EmrServerlessRunner
from flows.run import Run, new_run
from flows.runners import LocalRunner
from lakehouse.errors import ConfigError, JobError
from lakehouse.settings import PROJECT, Settings
from lakehouse.tables.gold import RUNS
from tests.flows.emr import Emr, Fate, Lost, by_spark_submit, emr_serverless
from tests.worlds import Shared, World, short_catalogue

LOG = logging.getLogger("gridcast.test")
Sending = Callable[[Fate], AbstractContextManager[Emr]]


@pytest.fixture
def emr(monkeypatch: pytest.MonkeyPatch) -> Sending:
    return lambda fate: emr_serverless(monkeypatch, fate)


@pytest.fixture(scope="module")
def landed(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A few days that have landed and are not built. Copy it; do not live in it."""
    Shared.prefect(pytestconfig)
    folder = tmp_path_factory.mktemp("landed")
    catalogue = short_catalogue(folder, "2024-10-12T00:00:00Z")
    world = World(folder / "lakehouse", {"GRIDCAST_CATALOGUE": str(catalogue)})
    world.live("ingest")
    return world


@pytest.fixture
def world(landed: World, tmp_path: Path) -> Iterator[World]:
    """A copy of it that this process lives in."""
    copied = landed.copy(tmp_path / "lakehouse")
    with copied.entered():
        yield copied


def never(_: Emr, job: JobRun) -> None:
    job.state = "RUNNING"


def well(emr: Emr, job: JobRun) -> None:
    emr.end(job, "SUCCESS")


def failing(emr: Emr, job: JobRun) -> None:
    emr.end(job, "FAILED", "Worker ran out of memory.", "a line\nExit code 137\n")


def runner(emr: Emr, run: Run, wait: Callable[[float], None] | None = None) -> EmrServerlessRunner:
    return EmrServerlessRunner(emr.settings(run.settings), LOG, wait or (lambda _: None))


def test_a_step_tells_from_a_job_what_it_tells_here(
    world: World, tmp_path: Path, emr: Sending, settings: Settings, landed: World
) -> None:
    """The real entry file, by a real spark-submit, in a process and a JVM of its own."""
    run = new_run(None, None)
    with emr(by_spark_submit(settings.jars)) as service:
        sent = runner(service, run).do(steps.build, run)
    there = world.checksums()
    [row] = world.rows(RUNS, step="build")
    assert (row["run_id"], row["status"]) == (run.run_id, "ok")

    twin = landed.copy(tmp_path / "twin")
    with twin.entered():
        done = LocalRunner().do(steps.build, new_run(None, None))
    assert sent.rows_in == done.rows_in > 0
    assert sent.rows_out == done.rows_out > 1000
    assert sent.written == done.written
    assert sorted(sent.landing_ids) == sorted(done.landing_ids)
    assert (sent.quarantined, sent.detail) == (done.quarantined, done.detail)
    assert " ".join(sent.sentences) == " ".join(done.sentences)
    assert twin.checksums() == there


def test_a_job_fails_with_the_steps_own_reason(
    world: World, emr: Sending, settings: Settings
) -> None:
    run = new_run(None, None)
    with (
        emr(by_spark_submit(settings.jars)) as service,
        pytest.raises(JobError, match=r"ended as FAILED: BadInput: .*'nobody'"),
    ):
        runner(service, run).do(steps.train, run, groups=["nobody"])
    [row] = world.rows(RUNS, step="train")
    assert (row["run_id"], row["status"]) == (run.run_id, "failed")
    assert row["reason"].startswith("BadInput: ")


def test_a_job_that_died_fails_with_emrs_word_and_the_end_of_its_log(
    world: World, emr: Sending
) -> None:
    """Through the flow, as Prefect runs it."""
    with emr(failing) as service:
        sending = World(world.folder, world.variables | service.variables)
        with pytest.raises(JobError) as told:
            sending.live("build")
        place = f"applications/{service.application}/jobs/{service.jobs[0].id}"
    said = str(told.value)
    assert "ended as FAILED: Worker ran out of memory. The end of s3://artifacts/" in said
    assert f"spark-logs/{place}/SPARK_DRIVER/stderr.gz:\na line\nExit code 137" in said
    [row] = world.rows(RUNS, step="build")
    assert (row["status"], row["reason"]) == ("failed", f"JobError: {said}")


def test_a_job_that_ended_well_without_a_row_is_a_failure(world: World, emr: Sending) -> None:
    run = new_run(None, None)
    with emr(well) as service, pytest.raises(JobError, match="without a word of the step"):
        runner(service, run).do(steps.build, run)
    assert world.last_run("build")["status"] == "failed"


def test_a_job_that_died_after_a_batch_is_a_failure(world: World, emr: Sending) -> None:
    run = new_run(None, None)

    def after_a_batch(service: Emr, job: JobRun) -> None:
        with run.recorded("build"):
            pass
        failing(service, job)

    with emr(after_a_batch) as service, pytest.raises(JobError, match="ran out of memory"):
        runner(service, run).do(steps.build, run)
    rows = world.rows(RUNS, step="build")
    assert sorted((row["run_id"], row["status"]) for row in rows) == [
        (run.run_id, "ok"), (f"{run.run_id}-job", "failed"),
    ]  # fmt: skip


def test_batches_of_a_step_are_one_outcome(world: World, emr: Sending) -> None:
    run = new_run(None, None)

    def two_batches(service: Emr, job: JobRun) -> None:
        for part, rows in ((run, 3), (run.part("batch2"), 4), (run.part("20241018T0730"), 100)):
            with part.recorded("build") as outcome:
                outcome.rows_in = rows
                outcome.written = {"silver.observations": 10 * rows}
                outcome.landing_ids = [f"landing-{rows}"]
        service.end(job, "SUCCESS")

    with emr(two_batches) as service:
        outcome = runner(service, run).do(steps.build, run)
    assert outcome.rows_in == 7
    assert outcome.written == {"silver.observations": 70}
    assert outcome.landing_ids == ["landing-3", "landing-4"]


def test_whoever_follows_the_step_is_told_where_the_job_can_be_seen(
    world: World, emr: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    page = {"url": "https://page.example/spark?token=1"}
    run = new_run(None, None)
    with emr(failing) as service, caplog.at_level(logging.INFO, LOG.name):
        boto3.setup_default_session()
        assert boto3.DEFAULT_SESSION is not None
        boto3.DEFAULT_SESSION.events.register(
            "before-call.emr-serverless.GetDashboardForJobRun",
            lambda **_: (SimpleNamespace(status_code=200), page),
        )
        with pytest.raises(JobError):
            runner(service, run).do(steps.build, run)
        boto3.setup_default_session()
        [job] = service.jobs
    logs = f"s3://artifacts/spark-logs/applications/{service.application}/jobs/{job.id}/"
    assert logs in caplog.text
    assert page["url"] in caplog.text


def test_a_job_without_a_page_of_sparks_is_followed_all_the_same(
    world: World, emr: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    run = new_run(None, None)
    with emr(failing) as service, pytest.raises(JobError, match="ran out of memory"):
        runner(service, run).do(steps.build, run)
    assert "has no page of Spark's" in caplog.text  # moto has none


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_who_is_interrupted_cancels_the_job(
    world: World, emr: Sending, stop: type[BaseException]
) -> None:
    run = new_run(None, None)

    def interrupted(_: float) -> None:
        raise stop

    with emr(never) as service:
        with pytest.raises(stop):
            runner(service, run, interrupted).do(steps.build, run)
        assert [job.state for job in service.jobs] == ["CANCELLED"]
    assert world.rows(RUNS, step="build") == []  # as of a step that is interrupted here


def test_a_flow_whose_time_is_over_cancels_the_job(world: World, emr: Sending) -> None:
    from flows.flows import build

    with emr(never) as service:
        sending = World(world.folder, world.variables | service.variables)
        with sending.entered():
            ended = build.with_options(timeout_seconds=5)(return_state=True)
        assert ended.name == "TimedOut"
        assert [job.state for job in service.jobs] == ["CANCELLED"]


def test_a_job_that_cannot_be_followed_is_cancelled_and_noted(world: World, emr: Sending) -> None:
    run = new_run(None, None)

    def lost(_: Emr, job: JobRun) -> None:
        raise ResourceNotFoundException(job.id, "JobRun")

    with emr(lost) as service:
        with pytest.raises(ClientError):
            runner(service, run).do(steps.build, run)
        assert [job.state for job in service.jobs] == ["CANCELLED"]
    assert "ResourceNotFoundException" in world.last_run("build")["reason"]


def test_a_job_that_somebody_cancelled_is_a_failure(world: World, emr: Sending) -> None:
    run = new_run(None, None)

    def by_hand(service: Emr, job: JobRun) -> None:
        service.end(job, "CANCELLED", "Cancelled by a person.")

    with emr(by_hand) as service, pytest.raises(JobError, match="CANCELLED: Cancelled by a person"):
        runner(service, run).do(steps.build, run)


def test_an_application_that_is_not_there_is_a_sentence(world: World, emr: Sending) -> None:
    run = new_run(None, None)
    with emr(never) as service:
        settings = service.settings(run.settings).model_copy(update={"emr_application": "gone"})
        with pytest.raises(JobError, match=r"to take the step build; .* Look at emr_application"):
            EmrServerlessRunner(settings, LOG).do(steps.build, run)
    assert world.last_run("build")["status"] == "failed"


def test_a_step_whose_answer_was_lost_is_sent_again_and_runs_once(
    world: World, emr: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(None, None)
    start, lost = EMRServerlessResponse.start_job_run, []

    def lose(self: EMRServerlessResponse) -> Any:
        answer = start(self)
        if not lost:
            lost.append(answer)
            raise Lost
        return answer

    monkeypatch.setattr(EMRServerlessResponse, "start_job_run", lose)
    with emr(failing) as service:
        with pytest.raises(JobError):
            runner(service, run).do(steps.build, run)
        assert len(lost) == 1
        assert len(service.jobs) == 1
        for other in (run.part("batch2"), run):
            with pytest.raises(JobError):
                runner(service, other).do(steps.evaluate, other)
        assert len(service.jobs) == 3


def test_waits_grow_and_stay_below_half_a_minute(world: World, emr: Sending) -> None:
    run, waits = new_run(None, None), []

    def slow(service: Emr, job: JobRun) -> None:
        if len(waits) == 7:
            service.end(job, "FAILED", "At last.")

    with emr(slow) as service, pytest.raises(JobError):
        runner(service, run, waits.append).do(steps.build, run)
    assert waits == [2, 4, 8, 16, 30, 30, 30]


def test_what_a_job_is_sent_is_the_run_its_settings_and_no_secret(
    world: World, emr: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDCAST_SMTP_PASSWORD", "secret")
    monkeypatch.setenv("GRIDCAST_API_KEYS", '["secret"]')
    since = datetime(2024, 10, 1, tzinfo=UTC)
    run = new_run(None, None)
    with emr(failing) as service, pytest.raises(JobError):
        runner(service, run).do(steps.evaluate, run, since=since)
    [job] = service.jobs
    [told] = job.job_driver["sparkSubmit"]["entryPointArguments"]
    assert "secret" not in told
    sent = jobs.Job.model_validate_json(told)
    assert (sent.run_id, sent.as_of, sent.started_at) == (run.run_id, run.as_of, run.started_at)
    assert sent.variables["GRIDCAST_LAKEHOUSE"] == str(world.folder)
    assert sent.variables["GRIDCAST_CATALOGUE"] == world.variables["GRIDCAST_CATALOGUE"]


def test_every_secret_among_the_settings_stays_with_the_sender() -> None:
    secret = {
        name for name, field in Settings.model_fields.items() if field.annotation is SecretStr
    }
    assert {f"GRIDCAST_{name.upper()}" for name in secret} < jobs.SECRET


def test_a_job_does_its_step_with_the_arguments_that_it_was_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def evaluate(run: Run, since: datetime | None = None) -> Any:
        seen.append((run.run_id, run.as_of, run.started_at, run.run_kind, since))
        return steps.Outcome()

    monkeypatch.setitem(jobs.SPARK_STEPS, "evaluate", evaluate)
    clock = new_run(None, None).as_of
    run = new_run(None, clock - timedelta(days=1))
    since = run.as_of - timedelta(days=2)
    sent = jobs.Job.of(steps.evaluate, run, {"since": since})
    assert jobs.main([sent.model_dump_json()]) == 0
    assert seen == [(run.run_id, run.as_of, clock, "replay", since)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [([], "Expected one job"), (["{}"], "Expected a job of this version"),
     (['{"step": "alert"}'], "expected one of ['build', 'evaluate',")],
)  # fmt: skip
def test_a_job_that_is_none_is_refused_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jobs.main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_a_job_needs_no_prefect() -> None:
    code = "import flows.job, sys; print([m for m in sys.modules if m.startswith('prefect')])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"emr_application": "", "emr_role": ""}, "set emr_application, emr_role, too"),
     ({"mail_transport": "smtp"}, "set mail_transport to ses, or to folder")],
)  # fmt: skip
def test_settings_that_do_not_say_where_to_send_a_step_are_refused(
    settings: Settings, emr: Sending, changed: dict[str, str], sentence: str
) -> None:
    with emr(never) as service, pytest.raises(ConfigError, match=sentence):
        EmrServerlessRunner(service.settings(settings).model_copy(update=changed), LOG)


def test_a_task_hands_its_runner_the_step_and_its_arguments_by_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import tasks

    handed: list[Any] = []

    class Noting:
        def do(self, step: Any, run: Run, **arguments: Any) -> steps.Outcome:
            handed.append((step, arguments))
            return steps.Outcome()

    monkeypatch.setattr(tasks, "runner", lambda _: Noting())
    run: Any = SimpleNamespace(settings=settings)
    tasks.report.fn(run, True)
    tasks.train.fn(run, groups=["a"])
    tasks.watch.fn(run)
    assert handed == [
        (steps.report, {"weekly": True}), (steps.train, {"groups": ["a"]}), (steps.watch, {}),
    ]  # fmt: skip
