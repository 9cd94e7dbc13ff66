"""The steps of a day as Prefect's tasks; those with Spark run where the profile says."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec

from prefect import State, Task, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows import steps
from flows.emr_serverless import EmrServerlessRunner
from flows.run import Outcome, Run
from flows.runners import LocalRunner, Runner
from lakehouse.errors import SourceError
from lakehouse.settings import Settings

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


def no_source_answered(task: Any, task_run: Any, state: State[Any]) -> bool:
    """Whether a task failed for what may be over in a minute; wrong data stay wrong."""
    return isinstance(state.result(raise_on_failure=False), SourceError)


#: Of the tasks that ask sources. Mail and MLflow ask again by themselves, call by call.
ASKED_AGAIN: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [10, 60],
    "retry_condition_fn": no_source_answered,
}

ingest = task(name="ingest", cache_policy=NO_CACHE, **ASKED_AGAIN)(steps.ingest)
build = on_spark(steps.build)
train = on_spark(steps.train)
forecast = on_spark(steps.forecast)
evaluate = on_spark(steps.evaluate)
watch = on_spark(steps.watch)
alert = task(name="alert", cache_policy=NO_CACHE)(steps.alert)
news = task(name="news", cache_policy=NO_CACHE)(steps.news)
report = on_spark(steps.report)
