"""`gridcast backfill`: collect history, or land a downloaded file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from flows.progress import listening
from flows.run import new_run
from gridcast.front import Front
from gridcast.run import print_outcomes
from lakehouse.errors import BadInput
from spark_jobs.backfill import Past, checked


@dataclass(frozen=True)
class Asked:
    """What the command line says."""

    first: datetime | None
    last: datetime | None
    sources: list[str]
    data_sets: list[str]
    forecast: bool
    file: Path | None


def run_backfill(front: Front, asked: Asked) -> None:
    """Ask for past windows or land a file, build it, and say in a few lines what was done."""
    if asked.file:
        _land(front, asked, asked.file)
        return
    if asked.first is None:
        raise BadInput("Expected --from, such as --from 2021-01-01, or --file with a data set.")
    run = new_run(front.settings.profile, None)
    last = asked.last or run.as_of
    # Bad input is told of before servers start.
    wanted = Past(asked.first, last, tuple(asked.sources), tuple(asked.data_sets))
    checked(wanted, run.catalogue, run.as_of)
    with front.flows() as flows, _watched(front):
        outcomes = flows["backfill"](
            first=asked.first,
            last=last,
            profile=front.settings.profile,
            sources=asked.sources,
            data_sets=asked.data_sets,
            forecast=asked.forecast,
        )
    print_outcomes(front, outcomes)


def _land(front: Front, asked: Asked, file: Path) -> None:
    if asked.first or asked.last or asked.sources or asked.forecast or len(asked.data_sets) != 1:
        raise BadInput(
            "Expected --file with one --data-set and nothing else: a file is landed whole. Leave "
            "out the other options."
        )
    with front.flows() as flows:
        outcomes = flows["land"](
            file=str(file.resolve()), data_set=asked.data_sets[0], profile=front.settings.profile
        )
    print_outcomes(front, outcomes)


@contextmanager
def _watched(front: Front) -> Iterator[None]:
    """A bar for each long step, where a person watches."""
    bars = Progress(
        TextColumn("{task.fields[step]}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=front.console,
        transient=True,
        disable=not front.console.is_terminal,
    )
    steps: dict[str, TaskID] = {}

    def hear(step: str, done: int, total: int, what: str) -> None:
        if step not in steps:
            steps[step] = bars.add_task(what, total=total, step=step)
        bars.update(steps[step], completed=done, total=total, description=what)

    with bars, listening(hear):
        yield
