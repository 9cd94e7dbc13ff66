"""`gridcast demo`: the main job on the sample, from an empty folder to a report."""

import shutil
from datetime import timedelta
from time import monotonic
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn

from gridcast.front import Front
from gridcast.page import print_page
from lakehouse.clock import SampleClock
from lakehouse.errors import BadInput
from lakehouse.time import DAY, day_start, local_day


def run_demo(front: Front, fresh: bool, days: int) -> None:
    """Live through `days` days of the sample. Interrupted and started again, it goes on."""
    settings = front.settings
    clock = settings.make_clock()
    if not isinstance(clock, SampleClock):
        raise BadInput(
            f"The demo needs a sample clock; profile '{settings.profile}' has the system's. "
            "Run it with --profile sample."
        )
    if fresh:
        shutil.rmtree(settings.lakehouse, ignore_errors=True)
    started = monotonic()
    flows = front.flows()
    from flows.flows import finished_days
    from flows.run import new_run

    run = new_run(settings.profile, None)
    schedule = run.catalogue.schedule
    assert settings.sample_start is not None
    origins = [schedule.next_origin(settings.sample_start)]
    while len(origins) < days:
        origins.append(schedule.next_origin(origins[-1]))
    evening = day_start(local_day(origins[-1], schedule.zone) + DAY, schedule.zone)
    with _progress(front) as progress:
        bar = progress.add_task("Starting", total=days + 4)

        def step(told: str, flow: str, **parameters: Any) -> None:
            progress.update(bar, description=told)
            begun = monotonic()
            flows[flow](profile=settings.profile, **parameters)
            progress.console.print(f"  {told} [dim]{monotonic() - begun:.0f} s[/]")

        if run.clock.now() < origins[0] - timedelta(hours=1):
            step("Ingest: the recorded history, through the sources' own protocols", "ingest")
            step("Build: bronze and silver", "build")
            step("Train: one LSTM per series group on Spark, logged to MLflow", "train")
        progress.update(bar, completed=3)
        done = finished_days(run)
        progress.advance(bar, len(done & set(origins)))
        for origin in origins:
            if origin in done:
                continue
            day = local_day(origin, schedule.zone)
            step(f"Day {day}: ingest, build, forecast, evaluate", "daily", report=False)
            progress.advance(bar)
        if clock.now() < evening:
            clock.move_to(evening)
        for flow in ("ingest", "build", "evaluate"):
            step(f"Close the last day: {flow}", flow)
        step("Monitor: profiles, drift, report", "monitor")
        progress.update(bar, completed=days + 4, description="Done")
    print_page(front, new_run(settings.profile, None), monotonic() - started)


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
