"""What is asked again: the outside world where it did not answer. What is wrong stays wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows import history_steps, steps, tasks
from flows.run import Run, new_run
from lakehouse.errors import BadInput, SourceError, TableError
from lakehouse.tables.gold import RUNS
from spark_jobs.ingest import Ingested
from tests.worlds import Shared, World, new_world


@pytest.fixture
def run(pytestconfig: pytest.Config, tmp_path: Path) -> Any:
    Shared.prefect(pytestconfig)
    world: World = new_world(tmp_path / "world")
    with world.entered():
        yield new_run(None, None)


def failing(times: int, fault: Exception) -> tuple[list[int], Callable[..., Ingested]]:
    """An ingest job that fails so many times, and how often it was asked."""
    asked: list[int] = []

    def job(*_: object) -> Ingested:
        asked.append(len(asked) + 1)
        if len(asked) <= times:
            raise fault
        return Ingested(requests=1, landed=0)

    return asked, job


@pytest.mark.parametrize(
    ("fault", "asked_so_often"),
    [
        (SourceError("No source answered."), 3),
        (BadInput("That is no month."), 1),
        (TableError("silver.observations lacks a column."), 1),
        (KeyError("unit"), 1),
    ],
    ids=lambda told: type(told).__name__,
)
def test_only_a_source_that_does_not_answer_is_asked_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, fault: Exception, asked_so_often: int
) -> None:
    asked, job = failing(9, fault)
    monkeypatch.setattr(steps.ingest_job, "run", job)
    with pytest.raises(type(fault)):
        tasks.ingest.with_options(retry_delay_seconds=0)(run)
    assert len(asked) == asked_so_often
    told = [row["status"] for row in run.arrow.rows(RUNS) if row["step"] == "ingest"]
    assert told == ["failed"] * asked_so_often


def test_a_source_that_comes_back_is_heard(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, job = failing(2, SourceError("No source answered."))
    monkeypatch.setattr(steps.ingest_job, "run", job)
    assert tasks.ingest.with_options(retry_delay_seconds=0)(run).rows_in == 1
    assert asked == [1, 2, 3]


def test_every_task_that_is_tried_again_says_for_what() -> None:
    tried = [
        step
        for module in (tasks, history_steps)
        for step in vars(module).values()
        if getattr(step, "retries", 0)
    ]
    assert {step.name for step in tried} == {"ingest", "backfill"}
    assert all(step.retry_condition_fn and max(step.retry_delay_seconds) > 0 for step in tried)
