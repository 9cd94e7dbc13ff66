"""`gridcast demo`: the main job on the sample, from an empty folder to a report."""

from datetime import datetime
from time import monotonic
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from gridcast.front import Front
from gridcast.incident import Chronicle, Incident, front_of, read_incident
from gridcast.page import print_page
from lakehouse.catalogue import SeriesGroup
from lakehouse.clock import SampleClock
from lakehouse.errors import BadInput
from lakehouse.places import Place, remove
from lakehouse.time import DAY, day_start, local_day

DAYS = 17
"""So many days have truth of all kinds: consumption is published nine days late."""


def run_demo(front: Front, fresh: bool, days: int | None, incident: str | None) -> None:
    """Live through `days` days of the sample. Interrupted and started again, it goes on.

    incident: the name of what goes wrong meanwhile, told day by day.
    """
    goes_wrong = read_incident(incident) if incident else None
    if goes_wrong:
        front = front_of(front, str(incident), goes_wrong)
        front.console.print(goes_wrong.story)
    settings = front.settings
    clock = settings.make_clock()
    if not isinstance(clock, SampleClock):
        raise BadInput(
            f"The demo needs a sample clock; profile '{settings.profile}' has the system's. "
            "Run it with --profile sample."
        )
    if fresh:
        _empty(settings.lakehouse)
    started = monotonic()
    with _progress(front) as progress:
        _live_through(front, clock, days or _days(goes_wrong), goes_wrong, progress)
    from flows.run import new_run

    print_page(front, new_run(settings.profile, None), monotonic() - started)


def _empty(lakehouse: Place) -> None:
    """Remove a lakehouse folder. Raises BadInput for a folder that is something else."""
    if not lakehouse.exists():
        return
    if any(lakehouse.iterdir()) and not (lakehouse / "bronze").is_dir():
        raise BadInput(
            f"--fresh removes the lakehouse folder, but {lakehouse} holds no tables: is it the "
            "right one? Remove it by hand, or choose another with --lakehouse."
        )
    remove(lakehouse)


def _days(incident: Incident | None) -> int:
    return incident.days if incident else DAYS


def _live_through(
    front: Front, clock: SampleClock, days: int, incident: Incident | None, progress: Progress
) -> None:
    bar = progress.add_task("Starting Spark and Prefect", total=days + 4)
    profile = front.settings.profile
    with front.flows() as flows:
        from flows.flows import INGEST_BEFORE_ORIGIN, finished_days
        from flows.run import new_run

        run = new_run(profile, None)
        schedule = run.catalogue.schedule
        chronicle = Chronicle(incident, progress.console, flows) if incident else None

        def step(told: str, flow: str, **parameters: Any) -> None:
            progress.update(bar, description=told)
            begun = monotonic()
            flows[flow](profile=profile, **parameters)
            progress.console.print(f"  {told} [dim]{monotonic() - begun:.0f} s[/]")

        origins = _origins(front, schedule, days)
        if clock.now() < origins[0] - INGEST_BEFORE_ORIGIN:
            step("Ingest: the recorded history, through the sources' own protocols", "ingest")
            step("Build: bronze and silver", "build")
            step("Train: four models per series group on Spark, logged to MLflow", "train")
        done = finished_days(run)
        progress.update(bar, completed=3 + len(done & set(origins)))
        for origin in origins:
            if origin not in done:
                day = local_day(origin, schedule.zone)
                step(f"Day {day}: ingest, build, watch, evaluate, forecast", "daily", report=False)
                progress.advance(bar)
                if chronicle:
                    chronicle.after_day(new_run(profile, None))
        evening = day_start(local_day(origins[-1], schedule.zone) + DAY, schedule.zone)
        if clock.now() < evening:
            clock.move_to(evening)
        for flow in ("ingest", "build", "evaluate"):
            step(f"Close the last day: {flow}", flow)
        step("Monitor: profiles, drift, report", "monitor")


def _origins(front: Front, schedule: SeriesGroup, days: int) -> list[datetime]:
    """The first `days` origins of the sample."""
    start = front.settings.sample_start
    assert start is not None  # a sample clock has one
    origins = [schedule.next_origin(start)]
    while len(origins) < days:
        origins.append(schedule.next_origin(origins[-1]))
    return origins


def _progress(front: Front) -> Progress:
    return Progress(
        SpinnerColumn(),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=front.console,
        transient=True,
    )
