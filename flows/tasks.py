"""The steps of a day as Prefect's tasks; those with Spark run where the profile says."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Concatenate, ParamSpec

from prefect import Task, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows import steps
from flows.emr_serverless import EmrServerlessRunner
from flows.run import Outcome, Run
from flows.runners import LocalRunner, Runner
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from lakehouse.time import iso

P = ParamSpec("P")


def on_spark(
    step: Callable[Concatenate[Run, P], Outcome],
) -> Task[Concatenate[Run, P], Outcome]:
    """The task of a step that needs Spark: the runner of the run's settings does it."""

    @task(name=step.__name__, cache_policy=NO_CACHE)
    @wraps(step)
    def sent(run: Run, *args: P.args, **kwargs: P.kwargs) -> Outcome:
        _, *rest = signature(step).bind(run, *args, **kwargs).arguments.items()
        return runner(run.settings).do(step, run, **dict(rest))

    return sent


def runner(settings: Settings) -> Runner:
    """Where a profile's steps with Spark run."""
    if settings.spark_runner == "local":
        return LocalRunner()
    return EmrServerlessRunner(settings, get_run_logger())


ingest = task(name="ingest", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=[10, 60])(
    steps.ingest
)
build = on_spark(steps.build)
train = on_spark(steps.train)
forecast = on_spark(steps.forecast)
evaluate = on_spark(steps.evaluate)
watch = on_spark(steps.watch)
alert = task(name="alert", cache_policy=NO_CACHE)(steps.alert)
news = task(name="news", cache_policy=NO_CACHE)(steps.news)
report = on_spark(steps.report)


def publish(run: Run, flow: str, steps: dict[str, Outcome]) -> None:
    """A markdown artifact for Prefect's page: rows in, rows out, quarantined, table versions."""
    lines = [
        f"## {flow} as of {iso(run.as_of)} ({run.settings.profile}, {run.run_kind})",
        "",
        "| step | in | out | quarantined |",
        "|---|---:|---:|---:|",
        *(f"| {n} | {o.rows_in} | {o.rows_out} | {o.quarantined} |" for n, o in steps.items()),
        "",
        *(f"- {sentence}" for o in steps.values() for sentence in o.sentences),
        "",
        "| table | version |",
        "|---|---:|",
        *(f"| {name} | {version} |" for name, version in run.arrow.versions(TABLES).items()),
    ]
    create_markdown_artifact(
        "\n".join(lines), key=f"{flow}-{run.settings.profile}", description=f"What {flow} did"
    )
